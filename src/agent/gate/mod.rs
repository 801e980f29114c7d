pub(crate) mod devices;
pub(crate) mod guard;
pub(crate) mod guest;
pub(crate) mod issued;
pub(crate) mod lasting;
pub(crate) mod needs;
pub(crate) mod over;
pub(crate) mod people;
