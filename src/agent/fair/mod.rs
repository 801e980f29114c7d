pub(crate) mod party;
pub(crate) mod places;
pub(crate) mod shares;
pub(crate) mod tally;
