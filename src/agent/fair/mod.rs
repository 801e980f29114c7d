//! What there is only so much of, shared among those who want it: whoever takes all they can get keeps nobody else out.

pub(crate) mod party;
pub(crate) mod places;
pub(crate) mod shares;
pub(crate) mod tally;
