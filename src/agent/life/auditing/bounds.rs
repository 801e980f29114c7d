//! How much of the log one party can fill, so that nobody empties it who may not even read it.

use std::time::Duration;

use super::allowance::Allowance;
use super::kind::{Kind, is_noted_by_itself};
use super::rates::{ALL_RESTRICTED, ALL_SESSIONS, ALL_STRANGERS, bounded, own, window};
use super::room::Reserved;
use super::table::Table;
use super::who::Author;
use crate::base::Moment;
use crate::wire::AuditEntry;

/// Others than these are counted together.
const MAX_AUTHORS: usize = 256;
const MAX_LINES: usize = 32;

/// Whoever may only read the log has these lines written at most so often.
const ASKED: Duration = Duration::from_secs(60);

pub(super) struct Bounds {
    /// What changed rights: as many as there are tokens and people, and none of them in the place of another.
    rights: Table,
    tokens: Table,
    /// What is counted by network. Anybody can have many addresses, so these are kept apart from tokens.
    networks: Table,
    restricted: Option<Allowance>,
    sessions: Option<Allowance>,
    strangers: Option<Allowance>,
    asked: Option<Moment>,
}

impl Default for Bounds {
    fn default() -> Self {
        Bounds {
            rights: Table::new(usize::MAX, usize::MAX),
            tokens: Table::new(MAX_AUTHORS, MAX_LINES),
            networks: Table::new(MAX_AUTHORS, MAX_LINES),
            restricted: None,
            sessions: None,
            strangers: None,
            asked: None,
        }
    }
}

impl Bounds {
    /// The entry, if it is to be noted by itself; else it is counted.
    pub(super) fn admit(&mut self, who: &Author, kind: Kind, entry: AuditEntry, room: Reserved) -> Option<AuditEntry> {
        let Some(own) = own(who, kind) else { return Some(entry) };
        let now = Moment::now();
        let table = self.table(who, kind);
        let is_left = room == Reserved::Yes || table.allowance(who, kind, own, now).take(now);
        if is_noted_by_itself(&entry) {
            // Whoever has nothing left was refused it, but for what was under way by then.
            return Some(entry);
        }
        if !is_left {
            return table.count(who.clone(), kind, entry, now);
        }
        let (all, of_all) = match (who, kind) {
            (Author::Restricted(_), Kind::Session) => (&mut self.sessions, ALL_SESSIONS),
            (Author::Restricted(_), Kind::Refusal | Kind::Deed) => (&mut self.restricted, ALL_RESTRICTED),
            (Author::Network(_), _) => (&mut self.strangers, ALL_STRANGERS),
            _ => return Some(entry),
        };
        if all.get_or_insert_with(|| Allowance::full(of_all, now)).take(now) {
            return Some(entry);
        }
        // Of entries that changed rights, each author's are counted apart in any case.
        let counted = if kind.is_of_rights() { who.clone() } else { who.all() };
        self.table(who, kind).count(counted, kind, entry, now)
    }

    /// Takes what an entry will need that has to be noted by itself, or says for how many seconds this author has to
    /// wait.
    pub(super) fn take_room(&mut self, who: &Author, kind: Kind) -> Result<(), u64> {
        let Some((own, now)) = bounded(who, kind).zip(Some(Moment::now())) else { return Ok(()) };
        let allowance = self.table(who, kind).allowance(who, kind, own, now);
        match allowance.waits(now) {
            Some(seconds) => Err(seconds),
            None => {
                allowance.take(now);
                Ok(())
            }
        }
    }

    /// Gives back what was taken for an entry that was not made.
    pub(super) fn give_back(&mut self, who: &Author, kind: Kind) {
        if let Some(own) = bounded(who, kind) {
            self.table(who, kind).allowance(who, kind, own, Moment::now()).give_back();
        }
    }

    /// A line for each kind of entry that was only counted, once its time is over. For somebody who reads the log all
    /// such lines are made now.
    pub(super) fn lines(&mut self, asker: Option<&Author>) -> Vec<(Kind, AuditEntry)> {
        let is_owner = asker == Some(&Author::Owner);
        let is_asked = asker.is_some() && (is_owner || self.asked.is_none_or(|asked| asked.elapsed() >= ASKED));
        if is_asked && !is_owner {
            self.asked = Some(Moment::now());
        }
        let mut lines = Vec::new();
        for table in [&mut self.rights, &mut self.tokens, &mut self.networks] {
            let due = table.more.extract_if(.., |(kind, ..), more| {
                // Nobody who may only read the log fills the chain of rights by asking.
                is_owner || is_asked && !kind.is_of_rights() || more.begun.elapsed() >= window(*kind)
            });
            lines.extend(due.filter_map(|((kind, ..), mut more)| Some((kind, more.line()?))));
        }
        lines
    }

    /// When there is a line to be written, if nobody asks before.
    pub(super) fn due(&self) -> Option<Duration> {
        let all = [&self.rights, &self.tokens, &self.networks].into_iter().flat_map(|table| &table.more);
        all.map(|((kind, ..), more)| window(*kind).saturating_sub(more.begun.elapsed())).min()
    }

    fn table(&mut self, who: &Author, kind: Kind) -> &mut Table {
        match who {
            Author::Network(_) | Author::Processes => &mut self.networks,
            _ if kind.is_of_rights() => &mut self.rights,
            _ => &mut self.tokens,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::own;
    use super::super::rates::WINDOW;
    use super::*;
    use crate::base::moment;
    use crate::wire::Actor;

    fn entry(actor: Actor) -> AuditEntry {
        AuditEntry { time: "2026-01-01T00:00:00Z".into(), ..own::entry("auth.fail", actor, "denied") }
    }

    /// How many of so many are noted one by one.
    fn noted(bounds: &mut Bounds, author: &Author, kind: Kind, count: usize) -> usize {
        let actor = Actor::Stranger { address: "192.0.2.1".into() };
        let mut note = || bounds.admit(author, kind, entry(actor.clone()), Reserved::No);
        (0..count).filter(|_| note().is_some_and(|entry| entry.more.is_none())).count()
    }

    /// For how long they have to wait; nothing is taken.
    fn waits(bounds: &mut Bounds, who: &Author, kind: Kind) -> Option<u64> {
        let taken = bounds.take_room(who, kind);
        taken.inspect(|()| bounds.give_back(who, kind)).err()
    }

    #[test]
    fn what_the_owner_did_is_noted_however_much_it_is() {
        let mut bounds = Bounds::default();
        for kind in [Kind::Refusal, Kind::Deed, Kind::Right] {
            assert_eq!(noted(&mut bounds, &Author::Owner, kind, 20_000), 20_000);
        }
        assert!(bounds.lines(Some(&Author::Owner)).is_empty());
    }

    #[test]
    fn what_one_token_was_refused_is_noted_so_often_and_then_counted() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        assert_eq!(noted(&mut bounds, &token, Kind::Refusal, 96_000), 100);
        assert_eq!(noted(&mut bounds, &token, Kind::Deed, 10), 10, "what it does is noted all the same");
        assert_eq!(noted(&mut bounds, &Author::Restricted("u".into()), Kind::Refusal, 10), 10, "and what others do");
        assert!(bounds.lines(None).is_empty());
        assert!(bounds.due().is_some());
        moment::sleep(WINDOW);
        let lines = bounds.lines(None);
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].1.more, lines[0].1.since.as_deref()), (Some(95_900), Some("2026-01-01T00:00:00Z")));
        assert!(bounds.due().is_none());
        // Whoever keeps still for a while is heard again.
        assert_eq!(noted(&mut bounds, &token, Kind::Refusal, 1_000), 10);
    }

    #[test]
    fn what_is_counted_names_nothing_of_one_and_a_push_is_never_only_counted() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        let actor = || Actor::Token { token_id: "t".into(), address: None };
        let push = || AuditEntry {
            repository: Some("/org/app".into()),
            reference: Some("refs/heads/main".into()),
            old: Some("0".into()),
            new: Some("1".into()),
            grant: Some("push".into()),
            ..own::entry("git.push", actor(), "ok")
        };
        for _ in 0..5_000 {
            let _ = bounds.admit(&token, Kind::Deed, own::entry("git.fetch", actor(), "ok"), Reserved::No);
        }
        bounds.take_room(&token, Kind::Push).unwrap();
        let noted = bounds.admit(&token, Kind::Push, push(), Reserved::Yes).unwrap();
        assert_eq!(noted.reference.as_deref(), Some("refs/heads/main"), "noise takes no room from it");
        for _ in 0..5_000 {
            let _ = bounds.admit(&token, Kind::Push, push(), Reserved::No);
        }
        assert!(bounds.take_room(&token, Kind::Push).is_err(), "it has to wait");
        let lines = bounds.lines(Some(&Author::Owner));
        let line = &lines.iter().find(|(_, line)| line.event == "git.push").unwrap().1;
        let named = [&line.repository, &line.reference, &line.old, &line.new, &line.grant];
        assert!(named.into_iter().all(Option::is_none), "{line:?}");
    }

    #[test]
    fn strangers_are_bounded_by_network_and_all_together() {
        let mut bounds = Bounds::default();
        let mut all = 0;
        for n in 0..6_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0x7f00_0000 + n);
            all += noted(&mut bounds, &Author::at(address.into()), Kind::Refusal, 3);
        }
        assert_eq!(all, 20, "who is on this machine has one network, however many addresses");
        for n in 0..6_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0xc000_0200 + n);
            all += noted(&mut bounds, &Author::at(address.into()), Kind::Refusal, 3);
        }
        assert_eq!(all, 200);
        let lines = bounds.lines(Some(&Author::Owner));
        assert!(lines.len() <= MAX_LINES + 1, "{}", lines.len());
        assert!(bounds.networks.len() <= MAX_AUTHORS + 1, "{}", lines.len());
        assert_eq!(lines.iter().filter_map(|(_, line)| line.more).sum::<u64>(), 36_000 - 200);
    }

    #[test]
    fn whoever_gave_so_many_rights_has_to_wait_before_they_give_more() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        let waits = |bounds: &mut Bounds, who: &Author| waits(bounds, who, Kind::Right);
        assert_eq!(waits(&mut bounds, &token), None);
        assert_eq!(noted(&mut bounds, &token, Kind::Right, 101), 100);
        assert!(waits(&mut bounds, &token).is_some_and(|seconds| seconds <= 60));
        for other in [Author::Owner, Author::Restricted("u".into())] {
            assert_eq!(waits(&mut bounds, &other), None);
        }
        moment::sleep(Duration::from_secs(60));
        assert_eq!(waits(&mut bounds, &token), None);
        assert!(bounds.lines(Some(&Author::Owner)).iter().all(|(kind, _)| *kind == Kind::Right));
    }

    #[test]
    fn who_may_only_read_the_log_does_not_fill_it_by_asking() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        let mut lines = 0;
        for _ in 0..1_000 {
            noted(&mut bounds, &token, Kind::Refusal, 2);
            lines += bounds.lines(Some(&token)).len();
        }
        assert!(lines <= 1, "{lines}");
    }

    #[test]
    fn what_changes_an_account_is_noted_with_its_name_or_refused() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        for (kind, event, count) in [(Kind::Right, "login", 100), (Kind::Deed, "credential.store", 1_000)] {
            assert_eq!(noted(&mut bounds, &token, kind, count), count);
            assert!(waits(&mut bounds, &token, kind).is_some());
            let actor = Actor::Token { token_id: "t".into(), address: None };
            let entry = AuditEntry { event: event.into(), account: Some("owner".into()), ..entry(actor) };
            // Of what changed nothing any number can be asked for.
            let unchanged = AuditEntry { outcome: "unchanged".into(), ..entry.clone() };
            assert!(bounds.admit(&token, kind, unchanged, Reserved::No).is_none_or(|entry| entry.account.is_none()));
            let last = AuditEntry { outcome: "ok".into(), ..entry };
            assert!(
                bounds.admit(&token, kind, last, Reserved::No).is_some_and(|entry| entry.account.is_some()),
                "{event}"
            );
        }
    }

    #[test]
    fn however_many_strangers_there_are_what_tokens_did_is_told_apart() {
        let mut bounds = Bounds::default();
        for n in 0..1_000_u32 {
            let address = std::net::Ipv4Addr::from_bits(0xc000_0200 + n);
            noted(&mut bounds, &Author::at(address.into()), Kind::Refusal, 21);
        }
        let tokens = ["a", "b"].map(|id| Author::Restricted(id.into()));
        assert_eq!(noted(&mut bounds, &tokens[0], Kind::Refusal, 101), 100);
        assert_eq!(noted(&mut bounds, &tokens[1], Kind::Refusal, 100), 100);
        assert!(bounds.tokens.more.keys().all(|(_, who, ..)| *who == tokens[0]));
        // Nor do others who changed rights take each other's places, however many they are.
        for n in 0..1_000 {
            assert_eq!(noted(&mut bounds, &Author::Restricted(format!("{n}")), Kind::Right, 101), 100);
        }
        assert_eq!(bounds.rights.more.len(), 1_000);
    }

    #[test]
    fn who_signs_in_and_out_all_day_is_a_few_lines_in_the_chain_of_rights() {
        let (mut bounds, person) = (Bounds::default(), Author::Restricted("p https://issuer.example".into()));
        let actor = Actor::Stranger { address: "192.0.2.1".into() };
        let mut lines = 0;
        for _ in 0..24 * 60 {
            for _ in 0..10 {
                lines +=
                    usize::from(bounds.admit(&person, Kind::Session, entry(actor.clone()), Reserved::No).is_some());
            }
            lines += bounds.lines(None).len();
            lines += bounds.lines(Some(&Author::Restricted("reader".into()))).len();
            moment::sleep(Duration::from_secs(60));
        }
        assert!(lines <= 40 + 24 + 14 + 2, "{lines}");
        let more: u64 = bounds.lines(Some(&Author::Owner)).iter().filter_map(|(_, line)| line.more).sum();
        assert!(more > 6_000, "{more}");
        assert_eq!(noted(&mut bounds, &person, Kind::Right, 100), 100, "what else they do is noted all the same");
    }

    #[test]
    fn at_least_half_of_the_rights_that_are_counted_have_a_line_at_once() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        noted(&mut bounds, &token, Kind::Right, 100);
        let actor = Actor::Token { token_id: "t".into(), address: None };
        let (mut told, mut lines) = (0, 0);
        for count in 1..=1_000 {
            let line = bounds.admit(&token, Kind::Right, entry(actor.clone()), Reserved::No);
            lines += u64::from(line.is_some());
            told += line.and_then(|line| line.more).unwrap_or_default();
            assert!(told * 2 > count, "{told} of {count}");
        }
        assert_eq!(lines, 10);
        let left: u64 = bounds.lines(Some(&Author::Owner)).iter().filter_map(|(_, line)| line.more).sum();
        assert_eq!(told + left, 1_000);
        // Of what changes no rights nobody waits for a line.
        noted(&mut bounds, &token, Kind::Refusal, 100);
        assert!(bounds.admit(&token, Kind::Refusal, entry(actor), Reserved::No).is_none());
    }

    #[test]
    fn of_many_who_ask_at_once_no_more_are_let_in_than_can_be_noted() {
        let (mut bounds, token) = (Bounds::default(), Author::Restricted("t".into()));
        let taken = (0..200).filter(|_| bounds.take_room(&token, Kind::Right).is_ok()).count();
        assert_eq!(taken, 100);
        let actor = Actor::Token { token_id: "t".into(), address: None };
        for _ in 0..99 {
            let entry = bounds.admit(&token, Kind::Right, entry(actor.clone()), Reserved::Yes);
            assert!(entry.is_some_and(|entry| entry.more.is_none()));
        }
        assert!(bounds.take_room(&token, Kind::Right).is_err());
        bounds.give_back(&token, Kind::Right);
        assert!(bounds.take_room(&token, Kind::Right).is_ok(), "what was not done needs no room");
    }
}
