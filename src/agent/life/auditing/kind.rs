use super::outcome::Outcome;
use super::rights::changes_rights;
use crate::wire::{AuditEntry, Code, OUTCOME_OK};

/// What changes an account is noted by itself, or not done: a line that only counts does not say which one it was.
const OF_ACCOUNTS: &[&str] = &["credential.erase", "credential.store", "login", "logout"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Refusal,
    Deed,
    /// A ref was pushed, or may have been. Which one it was is never only counted, and what else is done takes no room
    /// from it.
    Push,
    Right,
    /// Somebody signed in or out: that changes rights too, and people do it every day.
    Session,
}

impl Kind {
    pub(super) fn of(event: &str, outcome: Outcome) -> Kind {
        match (outcome, changes_rights(event)) {
            (Outcome::Done | Outcome::Refused(Code::Cancelled | Code::Unavailable), _) if event == "git.push" => {
                Kind::Push
            }
            (Outcome::Done, true) if event.starts_with("auth.") => Kind::Session,
            (Outcome::Done, true) => Kind::Right,
            (Outcome::Done, false) | (Outcome::Unchanged, _) => Kind::Deed,
            (Outcome::Refused(_), _) => Kind::Refusal,
        }
    }

    /// Whether entries of this kind are in the chain of what changes rights.
    pub(super) fn is_of_rights(self) -> bool {
        matches!(self, Kind::Right | Kind::Session)
    }
}

/// Only what was done: of what changed nothing, any number can be asked for.
pub(super) fn is_noted_by_itself(entry: &AuditEntry) -> bool {
    entry.outcome == OUTCOME_OK && OF_ACCOUNTS.contains(&&*entry.event)
}
