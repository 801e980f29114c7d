pub(crate) mod check;
pub(crate) mod chores;
pub(crate) mod network;
pub(crate) mod oauth_fault;
pub(crate) mod registrations;
pub(crate) mod renewals;
pub(crate) mod revocation;
pub(crate) mod turns;
