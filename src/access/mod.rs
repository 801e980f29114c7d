//! Floor 3: who may do what, and who did.

mod api_scopes;
mod audit_chain;
mod audit_check;
mod audit_files;
mod audit_log;
mod audit_reader;
mod authority;
mod handed_on;
mod identity;
mod issued_token;
mod jwt;
mod jwt_claims;
mod jwt_crypto;
mod jwt_error;
mod jwt_header;
mod key_set;
mod ledger;
mod path_template;
mod role_claims;
mod secret_paths;
mod secret_routes;
mod standing;
mod token_list;

pub use api_scopes::{Need, needed};
pub use audit_files::AuditFiles;
pub use audit_log::{AuditLog, Places};
pub use authority::{Authority, Holder, Rights};
pub use identity::{Identity, Refused};
pub use issued_token::{IssuedToken, Order, PREFIX};
pub use jwt::{Expected, Purpose, is_jwt, issuer_of, verify};
pub use jwt_claims::Claims;
pub use jwt_error::JwtError;
pub use key_set::KeySet;
pub use ledger::{Ledger, LedgerError};
pub use standing::Standing;
pub use token_list::{Listed, Presented, Use};
