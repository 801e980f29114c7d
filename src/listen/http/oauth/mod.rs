//! Logins of machines elsewhere: this agent as their authorization server, in Loom's dialect and by RFC 8628.

mod client;
mod device;
mod dialect;
mod metadata;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use super::shared::Shared;

/// The requests of OAuth, which are forms.
pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/oauth/register", post(client::register))
        .route("/oauth/device", post(device::authorize))
        .route("/oauth/token", post(device::token))
        .route("/oauth/revoke", post(client::revoke))
}

/// Loom's dialect, and what describes all of it.
pub(super) fn dialect_routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/.well-known/oauth-authorization-server", get(metadata::metadata))
        .route("/auth/device/start", post(dialect::start))
        .route("/auth/device/poll", post(dialect::poll))
        .route("/auth/device/complete", post(dialect::complete))
        .route("/auth/logout", post(dialect::logout))
}
