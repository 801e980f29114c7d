//! The agent's life: its settings, its end, whether it gives out anything, and what is noted of all that it does.

mod attempts;
pub(crate) mod auditing;
pub(crate) mod disk;
pub(crate) mod flights;
mod lock_note;
pub(crate) mod locking;
pub(crate) mod settings;
pub(crate) mod stopping;
pub(crate) mod thrift;
