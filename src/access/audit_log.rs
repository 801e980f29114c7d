use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::audit_chain::{Head, Line};
use crate::base::private_file;
use crate::wire::{AuditEntry, AuditVerifyReply};

/// A file is closed and another begun at this size.
const MAX_SIZE: u64 = 4 * 1024 * 1024;

/// How many closed files are kept: `audit.log.1` is the youngest.
const KEPT: u32 = 4;

/// The end of a file in which its last line is looked for.
const MAX_LINE: u64 = 64 * 1024;

/// The append-only log `audit.log`. Several agents can share it: each write looks where the chain ends.
pub struct AuditLog {
    path: PathBuf,
    lock: PathBuf,
}

/// How far somebody has read: to there in this file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    inode: u64,
    offset: u64,
}

impl AuditLog {
    pub fn new(path: PathBuf, lock: PathBuf) -> Self {
        AuditLog { path, lock }
    }

    /// Writes the entries, all or none as far as the disk allows.
    pub fn append(&self, entries: &[AuditEntry]) -> io::Result<()> {
        let _lock = private_file::lock(&self.lock).map_err(io::Error::other)?;
        let mut file = private_file::append(&self.path).map_err(io::Error::other)?;
        let size = file.metadata()?.len();
        let (mut head, is_cut) = self.head()?;
        if size >= MAX_SIZE {
            self.rotate()?;
            file = private_file::append(&self.path).map_err(io::Error::other)?;
        }
        // A line that a crash cut short stays as it is; the chain goes on from the one before it.
        let mut text = if is_cut && size < MAX_SIZE { "\n".to_owned() } else { String::new() };
        entries.iter().for_each(|entry| head.add(entry, &mut text));
        let size = file.metadata()?.len();
        file.write_all(text.as_bytes()).inspect_err(|_| {
            // Half a batch would only be in the way.
            let _ = file.set_len(size);
        })
    }

    /// Hands on the last `count` entries that fit, the oldest first, for as long as they are wanted; nothing is held of them.
    /// Returns where the log ended.
    pub fn last(
        &self,
        count: usize,
        fits: impl Fn(&AuditEntry) -> bool,
        mut each: impl FnMut(AuditEntry) -> bool,
    ) -> io::Result<Place> {
        // All at once: one that is closed meanwhile is still read.
        let paths = (1..=KEPT).rev().map(|number| self.closed(number)).chain([self.path.clone()]);
        let mut files: Vec<File> = Vec::new();
        for path in paths {
            files.extend(private_file::open_to_read(&path).map_err(io::Error::other)?);
        }
        let mut found = 0;
        if count > 0 {
            for file in &mut files {
                entries(file, 0, |entry| {
                    found += usize::from(fits(&entry));
                    true
                })?;
            }
        }
        let (mut spare, mut place, mut wanted) = (found.saturating_sub(count), Place::default(), true);
        for file in &mut files {
            let offset = entries(file, 0, |entry| {
                let is_one = count > 0 && fits(&entry);
                let is_spare = is_one && spare > 0;
                spare -= usize::from(is_spare);
                wanted = wanted && (!is_one || is_spare || each(entry));
                wanted
            })?;
            place = Place { inode: file.metadata()?.ino(), offset };
        }
        Ok(place)
    }

    /// Hands on what was written since, and moves the place on: only what was appended is read.
    pub fn since(&self, place: &mut Place, mut each: impl FnMut(AuditEntry) -> bool) -> io::Result<()> {
        for path in [self.closed(1), self.path.clone()] {
            let Some(mut file) = private_file::open_to_read(&path).map_err(io::Error::other)? else { continue };
            let inode = file.metadata()?.ino();
            // The one before is read on only if it is the one that was read last.
            let offset = if inode == place.inode { place.offset } else { 0 };
            if inode == place.inode || path == self.path {
                *place = Place { inode, offset: entries(&mut file, offset, &mut each)? };
            }
        }
        Ok(())
    }

    /// Follows the chain through all files that are left.
    pub fn verify(&self) -> io::Result<AuditVerifyReply> {
        let mut reply = AuditVerifyReply::default();
        let mut head: Option<Head> = None;
        self.each_line(KEPT, |path, number, line| {
            let Some(line) = line else {
                reply.cut += 1;
                return;
            };
            let follows = match &mut head {
                Some(head) => head.follow(&line),
                // What came before the oldest file is gone; the very first entry of all follows nothing.
                None => {
                    let mut first = Head::default();
                    let is_first = first.follow(&line);
                    head = Some(first);
                    is_first || self.closed(1).exists()
                }
            };
            match follows {
                true => reply.entries += 1,
                false => {
                    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                    reply.broken.get_or_insert(format!("{name}:{number}"));
                }
            }
        })?;
        reply.head = head.unwrap_or_default().0;
        Ok(reply)
    }

    /// Every line of so many closed files and the current one, the oldest first; `None` for one that is no entry.
    fn each_line(&self, closed: u32, mut each: impl FnMut(&Path, usize, Option<Line>)) -> io::Result<()> {
        let files = (1..=closed).rev().map(|number| self.closed(number)).chain([self.path.clone()]);
        for path in files {
            for (number, line) in lines(&read(&path)?).enumerate() {
                each(&path, number + 1, serde_json::from_slice(line).ok());
            }
        }
        Ok(())
    }

    /// Where the chain ends, and whether something unfinished follows. A file that was just begun goes on from the one
    /// before it.
    fn head(&self) -> io::Result<(Head, bool)> {
        let current = read_end(&self.path)?;
        let is_cut = current.last().is_some_and(|last| *last != b'\n');
        let last = |bytes: &[u8]| lines(bytes).filter_map(|line| serde_json::from_slice::<Line>(line).ok()).last();
        let last = match last(&current) {
            Some(line) => Some(line),
            None => last(&read_end(&self.closed(1))?),
        };
        Ok((last.map_or_else(Head::default, |line| Head(line.chain)), is_cut))
    }

    fn rotate(&self) -> io::Result<()> {
        for number in (1..KEPT).rev() {
            match std::fs::rename(self.closed(number), self.closed(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        std::fs::rename(&self.path, self.closed(1))
    }

    fn closed(&self, number: u32) -> PathBuf {
        self.path.with_extension(format!("log.{number}"))
    }
}

/// Hands on the entries from this place of a file on, for as long as they are wanted. Returns where its last whole line ends.
fn entries(file: &mut File, offset: u64, mut each: impl FnMut(AuditEntry) -> bool) -> io::Result<u64> {
    file.seek(SeekFrom::Start(offset))?;
    let (mut reader, mut line, mut offset) = (BufReader::new(file), Vec::new(), offset);
    loop {
        line.clear();
        reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut line)?;
        if line.last() != Some(&b'\n') && (line.len() as u64) < MAX_LINE {
            return Ok(offset);
        }
        offset += line.len() as u64;
        if let Ok(Line { entry, .. }) = serde_json::from_slice(&line)
            && !each(entry)
        {
            return Ok(offset);
        }
    }
}

/// The whole of a file that only its owner can have written; empty where there is none.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    Ok(private_file::read(path).map_err(io::Error::other)?.unwrap_or_default())
}

/// Its last lines, enough for one that is whole.
fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let Some(mut file) = private_file::open_to_read(path).map_err(io::Error::other)? else { return Ok(Vec::new()) };
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(MAX_LINE)))?;
    let mut end = Vec::new();
    file.read_to_end(&mut end)?;
    Ok(end)
}

/// The lines, without the nothing after the last one.
fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.strip_suffix(b"\n").unwrap_or(bytes).split(|byte| *byte == b'\n').filter(|line| !line.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Actor;

    fn entry(account: &str) -> AuditEntry {
        AuditEntry {
            time: "2026-01-01T00:00:00Z".into(),
            event: "token.get".into(),
            actor: Actor::Process { uid: 1, pid: 2, exe: Some("/usr/bin/git".into()), token_id: None },
            server: None,
            account: Some(account.into()),
            outcome: "ok".into(),
        }
    }

    fn log() -> (tempfile::TempDir, AuditLog) {
        let dir = tempfile::tempdir().unwrap();
        let log = AuditLog::new(dir.path().join("audit.log"), dir.path().join("audit.lock"));
        (dir, log)
    }

    fn last(log: &AuditLog, count: usize) -> Vec<String> {
        let mut found = Vec::new();
        log.last(
            count,
            |_| true,
            |entry| {
                found.extend(entry.account);
                true
            },
        )
        .unwrap();
        found
    }

    #[test]
    fn who_follows_gets_every_entry_once_also_through_rotation_and_unfinished_lines() {
        let (_dir, log) = log();
        log.append(&[entry("old")]).unwrap();
        let mut place = log.last(0, |_| true, |_| true).unwrap();
        let mut found = Vec::new();
        let long = "a".repeat(30_000);
        for number in 0..400 {
            log.append(&[entry(&format!("{number} {long}"))]).unwrap();
            if number == 7 {
                let mut file = File::options().append(true).open(&log.path).unwrap();
                file.write_all(b"{\"time\":\"2026").unwrap();
            }
            log.since(&mut place, |entry| {
                found.extend(entry.account.and_then(|account| account.split(' ').next()?.parse::<usize>().ok()));
                true
            })
            .unwrap();
        }
        assert_eq!(found, (0..400).collect::<Vec<_>>());
        assert!(log.closed(2).exists(), "nothing was rotated");
        assert_eq!(last(&log, 2).iter().map(|name| &name[..3]).collect::<Vec<_>>(), ["398", "399"]);
    }

    #[test]
    fn any_change_of_any_line_is_noticed() {
        let (_dir, log) = log();
        for n in 0..4 {
            log.append(&[entry(&n.to_string()), entry("x\n{\"event\":\"forged\"}")]).unwrap();
        }
        let whole = std::fs::read_to_string(&log.path).unwrap();
        assert_eq!(log.verify().unwrap().entries, 8, "no line break of a name makes a line");
        let lines: Vec<&str> = whole.lines().collect();
        for n in 0..lines.len() - 1 {
            let mut without = lines.clone();
            without.remove(n);
            let mut swapped = lines.clone();
            swapped.swap(n, n + 1);
            for changed in [without.join("\n"), swapped.join("\n"), whole.replacen("git", "gut", n + 1)] {
                std::fs::write(&log.path, changed + "\n").unwrap();
                assert!(log.verify().unwrap().broken.is_some(), "line {n}");
            }
        }
    }

    #[test]
    fn the_chain_goes_on_after_a_crash_and_through_rotation() {
        let (_dir, log) = log();
        log.append(&[entry("before")]).unwrap();
        let mut file = File::options().append(true).open(&log.path).unwrap();
        file.write_all(b"{\"time\":\"2026").unwrap();
        log.append(&[entry("after")]).unwrap();
        let found = log.verify().unwrap();
        assert_eq!((found.entries, found.cut, found.broken), (2, 1, None));
        let long = "a".repeat(30_000);
        for _ in 0..(MAX_SIZE as usize * 6 / 30_000 / 20) {
            log.append(&[(); 20].map(|()| entry(&long))).unwrap();
        }
        assert!(log.closed(KEPT).exists() && !log.closed(KEPT + 1).exists());
        let found = log.verify().unwrap();
        assert!(found.broken.is_none() && found.entries > 100, "{found:?}");
        assert_eq!(last(&log, 3).len(), 3);
    }
}
