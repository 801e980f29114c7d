//! One request: who asks, what it takes, who carries it out.

pub(crate) mod caller;
pub(crate) mod dispatch;
mod git_server;
pub(crate) mod handover;
pub(crate) mod noting;

pub(crate) use git_server::git_server;
