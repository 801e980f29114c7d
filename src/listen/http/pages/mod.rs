//! Pages for people: who is logged in where, who may do what, and machines that wait for a decision. Plain HTML that
//! works without a script; nothing stands in it but what the agent said to whoever looks.

mod accounts;
mod approval;
mod device;
mod entry;
mod fault;
mod home;
mod language;
mod live;
mod local_path;
mod oidc;
mod page;
mod parts;
mod sender;
mod sessions;
mod sign_in;
mod tokens;

use std::sync::Arc;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::{MethodRouter, get, post};

pub(super) use fault::{not_found, not_understood};

use sender::of_row;

use super::shared::Shared;
use crate::wire::{DeviceEnd, RevokeToken, SessionEnd};

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new()
        .route("/", get(home::home))
        .route("/sign-in", get(sign_in::choose))
        .route("/sign-in/token", post(sign_in::with_token))
        .route("/auth/oidc/login", get(oidc::begin))
        .route("/auth/oidc/callback", get(oidc::finish))
        .route("/auth/logout", get(oidc::sign_out))
        .route("/device", get(device::look).post(device::decide))
        .route("/tokens/{id}/revoke", of_row(|id| RevokeToken { name: id, forget: false }))
        .route("/devices/{id}/revoke", of_row(|id| DeviceEnd { id }))
        .route("/sessions/{id}/end", of_row(|id| SessionEnd { id }))
        .route("/audit/live", get(live::live))
        .route("/language/{tag}", get(language::choose))
        .route("/style.css", file("text/css; charset=utf-8", include_str!("style.css")))
        .route("/page.js", file("text/javascript; charset=utf-8", include_str!("page.js")))
        .route("/icon.svg", file("image/svg+xml", include_str!("icon.svg")))
}

/// What pages load; they name the version, so none is kept too long.
fn file(kind: &'static str, text: &'static str) -> MethodRouter<Arc<Shared>> {
    get(move || async move { ([(CONTENT_TYPE, kind), (CACHE_CONTROL, "max-age=3600")], text).into_response() })
}
