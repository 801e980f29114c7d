pub(crate) mod auditing;
pub(crate) mod disk;
pub(crate) mod flights;
pub(crate) mod lock_note;
pub(crate) mod locking;
pub(crate) mod settings;
pub(crate) mod stopping;
