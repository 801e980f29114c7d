//! The audit log as others use it: two chains, one for what changed rights and one for everything else, so that a flood
//! of ordinary entries pushes out no important one. Readers get the two in the order of time.

use std::io;

use super::audit_files::AuditFiles;
use super::audit_reader::{Entries, Merged, Place};
use crate::base::Paths;
use crate::wire::{AuditEntry, AuditVerifyReply};

/// The append-only audit log. It has two chains, so that many everyday entries cannot push out those that changed
/// rights.
pub struct AuditLog {
    /// What changed anybody's rights, such as a new token.
    pub rights: AuditFiles,
    /// Everything else.
    pub daily: AuditFiles,
}

/// How far a reader of the log has come in each of its chains.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Places {
    rights: Place,
    daily: Place,
}

impl AuditLog {
    /// The log of these directories. Nothing is opened or created yet.
    pub fn new(paths: &Paths) -> AuditLog {
        AuditLog {
            rights: AuditFiles::new(paths.audit_rights(), paths.audit_rights_lock()),
            daily: AuditFiles::new(paths.audit_log(), paths.audit_lock()),
        }
    }

    /// Hands the last `count` entries for which `fits` is true to `each`, oldest first, until `each` returns false. No
    /// entry is kept in memory. Returns the place at which reading ended, for [`AuditLog::since`].
    pub fn last(
        &self,
        count: usize,
        fits: impl Fn(&AuditEntry) -> bool,
        mut each: impl FnMut(AuditEntry) -> bool,
    ) -> io::Result<Places> {
        let mut found = 0;
        let mut all = self.all()?;
        // What is written meanwhile comes with the second reading or to who follows.
        let mut again = self.all()?;
        if count > 0 {
            while let Some(entry) = all.next()? {
                found += usize::from(fits(&entry));
            }
        }
        let mut spare = found.saturating_sub(count);
        while let Some(entry) = again.next()? {
            let is_one = count > 0 && fits(&entry);
            let is_spare = is_one && spare > 0;
            spare -= usize::from(is_spare);
            if is_one && !is_spare && !each(entry) {
                break;
            }
        }
        Ok(places(&again))
    }

    /// Hands every entry written since `place` to `each`, until `each` returns false, and moves `place` on. Only what
    /// was appended is read.
    pub fn since(&self, place: &mut Places, mut each: impl FnMut(AuditEntry) -> bool) -> io::Result<()> {
        let rights = Entries::since(&self.rights, place.rights)?;
        let mut new = Merged::new([rights, Entries::since(&self.daily, place.daily)?]);
        while let Some(entry) = new.next()? {
            if !each(entry) {
                break;
            }
        }
        *place = places(&new);
        Ok(())
    }

    /// Checks the hashes of both chains through all files that still exist. What is broken is said in the reply; an
    /// error means that a file could not be read.
    pub fn verify(&self) -> io::Result<AuditVerifyReply> {
        let chains = vec![self.rights.verify()?, self.daily.verify()?];
        Ok(AuditVerifyReply {
            entries: chains.iter().map(|chain| chain.entries).sum(),
            head: chains.last().map(|chain| chain.head.clone()).unwrap_or_default(),
            cut: chains.iter().map(|chain| chain.cut).sum(),
            broken: chains.iter().find_map(|chain| chain.broken.clone()),
            chains,
            trouble: None,
        })
    }

    fn all(&self) -> io::Result<Merged<2>> {
        Ok(Merged::new([Entries::all(&self.rights)?, Entries::all(&self.daily)?]))
    }
}

fn places(read: &Merged<2>) -> Places {
    let [rights, daily] = &read.chains;
    Places { rights: rights.place, daily: daily.place }
}

#[cfg(test)]
pub(super) mod tests {
    use std::fs::File;
    use std::io::Write;

    use super::*;
    use crate::access::audit_files::KEPT;
    use crate::wire::{Actor, Uid};

    pub(in crate::access) fn entry(event: &str, account: &str, second: u32) -> AuditEntry {
        AuditEntry {
            time: format!("2026-01-01T00:{:02}:{:02}Z", second / 60, second % 60),
            event: event.into(),
            actor: Actor::Process { uid: Uid::Number(1), pid: 2, exe: Some("/usr/bin/git".into()), token_id: None },
            door: None,
            server: None,
            account: Some(account.into()),
            sent_to: None,
            method: None,
            path: None,
            repository: None,
            reference: None,
            old: None,
            new: None,
            grant: None,
            outcome: "ok".into(),
            more: None,
            about: None,
            since: None,
        }
    }

    pub(in crate::access) fn log() -> (tempfile::TempDir, AuditLog) {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        std::fs::create_dir_all(paths.state_dir()).unwrap();
        let log = AuditLog::new(&paths);
        (dir, log)
    }

    fn last(log: &AuditLog, count: usize) -> Vec<String> {
        let mut found = Vec::new();
        let each = |entry: AuditEntry| {
            found.extend(entry.account);
            true
        };
        log.last(count, |_| true, each).unwrap();
        found
    }

    #[test]
    fn both_chains_are_read_by_time() {
        let (_dir, log) = log();
        log.daily.append(&[entry("token.get", "1", 1), entry("token.get", "3", 3)], false).unwrap();
        log.rights.append(&[entry("login", "0", 0), entry("lock", "2", 2), entry("unlock", "4", 4)], true).unwrap();
        assert_eq!(last(&log, 10), ["0", "1", "2", "3", "4"]);
        assert_eq!(last(&log, 2), ["3", "4"]);
        let found = log.verify().unwrap();
        assert_eq!((found.entries, found.broken), (5, None));
    }

    #[test]
    fn who_follows_gets_every_entry_once_also_through_rotation() {
        let (_dir, log) = log();
        log.daily.append(&[entry("a", "old", 0)], false).unwrap();
        let mut place = log.last(0, |_| true, |_| true).unwrap();
        let mut found = Vec::new();
        let long = "a".repeat(3_000);
        for number in 0..100 {
            let chain = if number % 10 == 0 { &log.rights } else { &log.daily };
            chain.append(&[entry("a", &format!("{number} {long}"), 1)], false).unwrap();
            if number == 7 {
                let mut file = File::options().append(true).open(log.daily.at(0)).unwrap();
                file.write_all(b"{\"time\":\"2026").unwrap();
            }
            log.since(&mut place, |entry| {
                found.extend(entry.account.and_then(|account| account.split(' ').next()?.parse::<usize>().ok()));
                true
            })
            .unwrap();
        }
        assert_eq!(found, (0..100).collect::<Vec<_>>());
        assert!(log.daily.at(2).exists(), "nothing was rotated");
        assert_eq!(last(&log, 2).iter().map(|name| &name[..3]).collect::<Vec<_>>(), ["98 ", "99 "]);
        assert_eq!(log.verify().unwrap().broken, None);
    }

    #[test]
    fn who_follows_misses_nothing_however_many_files_were_begun() {
        let (_dir, log) = log();
        log.daily.append(&[entry("a", "old", 0)], false).unwrap();
        let mut place = log.last(0, |_| true, |_| true).unwrap();
        let long = "a".repeat(3_000);
        for number in 0..75 {
            log.daily.append(&[entry("a", &format!("{number} {long}"), 1)], false).unwrap();
        }
        assert!(log.daily.at(3).exists(), "nothing was rotated");
        let mut found = 0;
        let each = |_| {
            found += 1;
            true
        };
        log.since(&mut place, each).unwrap();
        assert_eq!(found, 75);
    }

    #[test]
    fn what_rotation_dropped_is_told_from_what_somebody_took_away() {
        let (dir, log) = log();
        let long = "a".repeat(1_000);
        for _ in 0..9 {
            log.daily.append(&[(); 80].map(|()| entry("a", &long, 1)), false).unwrap();
        }
        let whole = &log.verify().unwrap().chains[1];
        assert!(whole.broken.is_none(), "{whole:?}");
        assert!(!whole.beginning_missing, "{whole:?}");
        assert_eq!((whole.dropped_files, whole.dropped_entries, whole.entries), (4, 320, 400), "{whole:?}");
        assert!(!log.daily.at(KEPT + 1).exists());
        std::fs::remove_file(log.daily.at(KEPT)).unwrap();
        let cut = &log.verify().unwrap().chains[1];
        assert!(cut.beginning_missing, "{cut:?}");
        assert!(cut.broken.is_some(), "{cut:?}");
        // What this process wrote it goes on from, whatever is left of it.
        std::fs::remove_dir_all(Paths::below(dir.path()).state_dir()).unwrap();
        std::fs::create_dir_all(Paths::below(dir.path()).state_dir()).unwrap();
        log.daily.append(&[entry("a", "after", 2)], false).unwrap();
        let gone = &log.verify().unwrap().chains[1];
        assert!(gone.beginning_missing, "{gone:?}");
        assert!(gone.dropped_entries == 720, "{gone:?}");
        assert!(gone.entries == 1, "{gone:?}");
    }

    #[test]
    fn a_log_cut_off_at_its_end_while_the_agent_runs_is_noticed() {
        let (_dir, log) = log();
        for n in 0..4 {
            log.daily.append(&[entry("a", &n.to_string(), n)], false).unwrap();
        }
        let whole = std::fs::read_to_string(log.daily.at(0)).unwrap();
        let cut: Vec<&str> = whole.split_inclusive('\n').take(3).collect();
        std::fs::write(log.daily.at(0), cut.concat()).unwrap();
        log.daily.append(&[entry("a", "after", 9)], false).unwrap();
        assert_eq!(log.verify().unwrap().broken.as_deref(), Some("audit.log:4"));
    }

    #[test]
    fn several_agents_share_a_chain() {
        let (dir, log) = log();
        let other = AuditLog::new(&Paths::below(dir.path()));
        for n in 0..6 {
            let log = if n % 2 == 0 { &log } else { &other };
            log.rights.append(&[entry("login", &n.to_string(), n)], true).unwrap();
        }
        assert_eq!(log.verify().unwrap().broken, None);
        assert_eq!(last(&log, 9), ["0", "1", "2", "3", "4", "5"]);
    }

    /// Just before another file is begun.
    fn full(log: &AuditLog) {
        let long = "a".repeat(1_000);
        while log.rights.open().unwrap().last().is_none_or(|(_, _, size)| *size < 64 * 1024) {
            log.rights.append(&[entry("a", &long, 0)], true).unwrap();
        }
    }

    #[test]
    fn a_file_begun_without_an_entry_is_gone_on_with_by_who_writes_next() {
        let (dir, log) = log();
        let other = AuditLog::new(&Paths::below(dir.path()));
        for (begins, goes_on) in [(&log, &log), (&log, &other), (&other, &log), (&other, &other)] {
            full(&log);
            // What finds out whether the log can be written begins the file.
            begins.rights.append(&[], true).unwrap();
            begins.rights.append(&[], true).unwrap();
            goes_on.rights.append(&[entry("login", "after", 1)], true).unwrap();
            assert_eq!(log.verify().unwrap().broken, None);
            assert_eq!(last(&log, 1), ["after"]);
        }
    }

    #[test]
    fn a_file_that_another_agent_began_without_an_entry_is_gone_on_with() {
        let (dir, log) = log();
        full(&log);
        AuditLog::new(&Paths::below(dir.path())).rights.append(&[], true).unwrap();
        log.rights.append(&[entry("login", "after", 1)], true).unwrap();
        assert_eq!(log.verify().unwrap().broken, None);
    }

    #[test]
    fn an_end_cut_off_behind_another_agents_new_file_is_noticed() {
        let (dir, log) = log();
        full(&log);
        let other = AuditLog::new(&Paths::below(dir.path()));
        other.rights.append(&[], true).unwrap();
        log.rights.append(&[entry("a", "gone", 1)], true).unwrap();
        let whole = std::fs::read_to_string(log.rights.at(0)).unwrap();
        let first: Vec<&str> = whole.split_inclusive('\n').take(1).collect();
        std::fs::write(log.rights.at(0), first.concat()).unwrap();
        log.rights.append(&[entry("a", "after", 9)], true).unwrap();
        assert_eq!(log.verify().unwrap().chains[0].broken.as_deref(), Some("audit-rights.log:2"));
    }

    #[test]
    fn an_entry_that_makes_no_line_is_noted_with_what_is_short_of_it() {
        let (dir, log) = log();
        for length in [65_000, 65_536, 130_000, 1_000_000] {
            let long = "\u{1}".repeat(length);
            let mut entry = entry(&long, &long, 1);
            entry.actor =
                Actor::Process { uid: Uid::Number(1), pid: 2, exe: Some(long.clone()), token_id: Some(long.clone()) };
            (entry.method, entry.path, entry.outcome) = (Some(long.clone()), Some(long.clone()), long.clone());
            log.daily.append(&[entry], false).unwrap();
            AuditLog::new(&Paths::below(dir.path())).daily.append(&[self::entry("a", "after", 1)], false).unwrap();
        }
        let found = log.verify().unwrap();
        assert_eq!((found.entries, found.broken), (8, None));
        let shown = last(&log, 9);
        assert_eq!(shown.len(), 8, "what is noted is shown");
        assert!(shown.iter().all(|account| account.chars().count() <= 201));
    }

    #[test]
    fn a_line_cut_short_behind_a_whole_one_hides_nothing_however_long() {
        let (dir, log) = log();
        let long = entry("a", &"a".repeat(65_100), 1);
        log.daily.append(std::slice::from_ref(&long), false).unwrap();
        let text = serde_json::to_string(&long).unwrap();
        File::options()
            .append(true)
            .open(log.daily.at(0))
            .unwrap()
            .write_all(&text.as_bytes()[..text.len() - 1])
            .unwrap();
        AuditLog::new(&Paths::below(dir.path())).daily.append(&[entry("a", "after", 2)], false).unwrap();
        let found = log.verify().unwrap();
        assert_eq!((found.entries, found.cut, found.broken), (2, 1, None));
    }
}
