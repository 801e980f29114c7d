//! Floor 2: who may do what, and who did.

mod api_scopes;
mod audit_chain;
mod audit_log;
mod authority;
mod issued_token;
mod ledger;

pub use api_scopes::{Need, needed};
pub use audit_log::AuditLog;
pub use authority::{Authority, Rights};
pub use issued_token::{IssuedToken, Order, PREFIX};
pub use ledger::{Ledger, LedgerError};
