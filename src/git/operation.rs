/// What git asks a helper to do: the last word of its command line (gitcredentials(7), "CUSTOM HELPERS").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Print a credential, if there is one.
    Get,
    /// Keep a credential that the server accepted.
    Store,
    /// Forget a credential that the server refused.
    Erase,
    /// Print which extensions the helper speaks.
    Capability,
}

impl Operation {
    /// Reads an operation; `None` for those of a newer git, which a helper ignores in silence.
    pub fn from_name(name: &str) -> Option<Operation> {
        match name {
            "get" => Some(Operation::Get),
            "store" => Some(Operation::Store),
            "erase" => Some(Operation::Erase),
            "capability" => Some(Operation::Capability),
            _ => None,
        }
    }
}
