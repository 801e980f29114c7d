pub(crate) mod control;
pub(crate) mod http_door;
