use super::calls::security::own_user;
use super::sid::Sid;

/// A user of this machine, as its system tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserId(Sid);

/// Whom the system itself is, and its administrators, to whom everything is allowed anyway.
const SYSTEM: Sid = Sid::of_authority([18]);
const ADMINISTRATORS: Sid = Sid::of_authority([32, 544]);

/// What a process counts as that cannot even be told who it is: nobody.
const NULL: Sid = Sid::of_authority([]);

impl UserId {
    /// The one whose rights this process has.
    pub fn own() -> UserId {
        UserId(own_user().unwrap_or(NULL))
    }

    pub(super) fn of(sid: Sid) -> UserId {
        UserId(sid)
    }

    /// The number by which messages and logs name the user: a user has none here.
    pub fn number(self) -> Option<u32> {
        None
    }

    /// The text by which messages and logs name the user, `S-1-5-21-…`.
    pub fn name(self) -> String {
        self.0.to_string()
    }

    /// Whether it is the system's own user, whose things are fit for everybody to use.
    pub fn is_system(self) -> bool {
        self.0 == SYSTEM || self.0 == ADMINISTRATORS
    }

    /// Whether it is this process' user. One that cannot be told is nobody's.
    pub fn is_own(self) -> bool {
        self == UserId::own() && self.0 != NULL
    }
}
