/// What git asks a helper to do: the last word of its command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    Get,
    Store,
    Erase,
    /// Which extensions the helper speaks.
    Capability,
}

impl Operation {
    /// `None` for operations of a newer git, which a helper ignores in silence.
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
