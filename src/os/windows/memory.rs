/// Not asked here.
pub fn resident() -> Option<usize> {
    None
}

/// Nothing is given back here: the system takes by itself what nobody uses.
#[derive(Clone, Default)]
pub struct Unchanging;

impl Unchanging {
    /// What a process has that has just begun.
    pub fn of_start() -> Unchanging {
        Unchanging
    }

    /// Does nothing.
    pub fn give_back(&self) {}
}
