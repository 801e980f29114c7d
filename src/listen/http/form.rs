//! Forms, as browsers and OAuth clients send them. A parameter that stands there twice is an error, because two
//! programs could each read another one of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::USER_AGENT;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::json::{self, as_json};
use super::policy::is_form;
use super::problem::Problem;
use super::shared::Shared;
use crate::base::Secret;

/// The parameters of a form, as pages send it and requests of OAuth are one (RFC 6749 §3.1, §3.2): each at most once.
pub(super) struct Form {
    parameters: BTreeMap<String, Secret>,
    /// What the program calls itself.
    pub(super) program: Option<String>,
}

/// An error in the words of OAuth (RFC 6749 §5.2).
pub(super) struct Refused(pub(super) &'static str);

impl Form {
    /// Nothing if it is absent or empty.
    pub(super) fn get(&self, name: &str) -> Option<&Secret> {
        self.parameters.get(name).filter(|value| !value.expose().is_empty())
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.get(name).map(Secret::expose)
    }
}

impl FromRequest<Arc<Shared>> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Response> {
        if !is_form(request.headers()) {
            return Err(Refused("invalid_request").into_response());
        }
        let program = request.headers().get(USER_AGENT).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let bytes = json::read(request).await.map_err(Problem::into_response)?;
        let mut parameters = BTreeMap::new();
        for (name, value) in url::form_urlencoded::parse(&bytes) {
            if parameters.insert(name.into_owned(), Secret::new(value.into_owned())).is_some() {
                return Err(Refused("invalid_request").into_response());
            }
        }
        Ok(Form { parameters, program })
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, as_json(&json!({ "error": self.0 }))).into_response()
    }
}
