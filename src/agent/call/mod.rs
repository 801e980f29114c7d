pub(crate) mod caller;
pub(crate) mod dispatch;
