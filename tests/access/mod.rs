//! Who may do what, and who did: issued tokens, sockets with tokens, tokens of an issuer, the audit log.

mod audit;
mod audit_evidence;
mod audit_outcomes;
mod detours;
mod endings;
mod exec_granted;
mod exec_only;
mod grants;
pub mod jwt;
mod jwt_hostile;
mod rotate;
mod sockets;
mod tokens;
