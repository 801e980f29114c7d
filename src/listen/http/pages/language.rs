use axum::Extension;
use axum::response::Response;
use serde::Deserialize;

use super::local_path::local_path;
use super::page::go_to;
use crate::base::Locale;
use crate::listen::http::cookies;
use crate::listen::http::params::{Named, Params};
use crate::listen::http::visit::Visit;

#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    back: Option<String>,
}

/// Keeps the language that was chosen, and goes back.
pub(super) async fn choose(
    Extension(visit): Extension<Visit>,
    Named(tag): Named,
    Params(wanted): Params<Wanted>,
) -> Response {
    let back = wanted.back.as_deref().and_then(local_path).unwrap_or("/");
    let chosen = Locale::from_tag(&tag).and_then(|locale| cookies::set(&visit, cookies::LANGUAGE, locale.tag()));
    go_to(back, [chosen])
}
