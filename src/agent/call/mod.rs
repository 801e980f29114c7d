//! One request: who asks, what it takes, who carries it out.

pub(crate) mod caller;
pub(crate) mod dispatch;
