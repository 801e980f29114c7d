use super::rights::changes_rights;

/// What changes an account is noted by itself, or not done: a line that only counts does not say which one it was.
const OF_ACCOUNTS: &[&str] = &["credential.erase", "credential.store", "login", "logout"];

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Refusal,
    Deed,
    Right,
    /// Somebody signed in or out: that changes rights too, and people do it every day.
    Session,
}

impl Kind {
    pub(super) fn of(event: &str, is_ok: bool) -> Kind {
        match (is_ok, changes_rights(event)) {
            (true, true) if event.starts_with("auth.") => Kind::Session,
            (true, true) => Kind::Right,
            (true, false) => Kind::Deed,
            (false, _) => Kind::Refusal,
        }
    }

    /// Whether entries of this kind are in the chain of what changes rights.
    pub(super) fn is_of_rights(self) -> bool {
        matches!(self, Kind::Right | Kind::Session)
    }

    pub(super) fn is_noted_by_itself(self, event: &str) -> bool {
        self != Kind::Refusal && OF_ACCOUNTS.contains(&event)
    }
}
