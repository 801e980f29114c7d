//! Floor 2: who may do what, and who did. So far, who did: the audit log.

mod audit_chain;
mod audit_log;

pub use audit_log::AuditLog;
