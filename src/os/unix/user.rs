use std::sync::OnceLock;

/// A user of this machine, as its system tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserId(u32);

/// Whom the system itself is, to which more is allowed than to anybody.
const ROOT: UserId = UserId(0);

/// Whom a user namespace shows for everybody whom it does not map.
const NOBODY: UserId = UserId(65534);

impl UserId {
    /// The one whose rights this process has.
    pub fn own() -> UserId {
        // It stays the same, and is asked for with every file and connection.
        static OWN: OnceLock<UserId> = OnceLock::new();
        *OWN.get_or_init(|| UserId(rustix::process::geteuid().as_raw()))
    }

    pub(super) fn from_raw(number: u32) -> UserId {
        UserId(number)
    }

    /// The number by which messages and logs name the user.
    pub fn number(self) -> Option<u32> {
        Some(self.0)
    }

    /// The text by which the system names the user where it has no number for them.
    pub fn name(self) -> String {
        self.0.to_string()
    }

    /// Whether it is the system's own user, whose things are fit for everybody to use.
    pub fn is_system(self) -> bool {
        self == ROOT
    }

    /// Whether it is this process' user, and nobody else has the same number here.
    pub fn is_own(self) -> bool {
        self == UserId::own() && !self.is_anybody()
    }

    /// Whether every user of the machine has this number here: in a user namespace that maps nobody, this process
    /// included.
    fn is_anybody(self) -> bool {
        let maps = |line: &str| {
            let numbers: Vec<u64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
            matches!(numbers[..], [first, _, count] if (first..first.saturating_add(count)).contains(&self.0.into()))
        };
        self == NOBODY && std::fs::read_to_string("/proc/self/uid_map").is_ok_and(|map| !map.lines().any(maps))
    }
}
