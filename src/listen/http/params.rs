//! What stands in the address of a request, besides where it goes.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;

use super::policy::Policy;
use super::problem::Problem;
use super::shared::Shared;
use super::visit::Visit;

/// A name in the path.
pub(super) struct Named(pub(super) String);

/// The parameters of a query, of this shape.
pub(super) struct Params<T>(pub(super) T);

impl FromRequestParts<Arc<Shared>> for Named {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let path = Path::<String>::from_request_parts(parts, shared).await;
        let wrong = |_| refuse(parts, Problem::plain(StatusCode::BAD_REQUEST, "Not a name"));
        path.map(|Path(name)| Named(name)).map_err(wrong)
    }
}

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Shared>> for Params<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Response> {
        let query = Query::<T>::from_request_parts(parts, shared).await;
        query.map(|Query(params)| Params(params)).map_err(|_| refuse(parts, Problem::query()))
    }
}

/// A program learns the problem, a person is shown a page.
fn refuse(parts: &Parts, problem: Problem) -> Response {
    match (parts.extensions.get::<Visit>(), parts.extensions.get::<Policy>()) {
        (Some(visit), Some(policy)) => policy.refuse(visit, problem),
        _ => problem.into_response(),
    }
}
