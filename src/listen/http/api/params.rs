use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use crate::listen::http::problem::Problem;
use crate::listen::http::server::Shared;

/// A name in the path.
pub(super) struct Named(pub(super) String);

impl FromRequestParts<Arc<Shared>> for Named {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, shared).await;
        path.map(|Path(name)| Named(name)).map_err(|_| Problem::plain(StatusCode::BAD_REQUEST, "Not a name"))
    }
}

/// The parameters of a query, of this shape.
pub(super) struct Params<T>(pub(super) T);

impl<T: DeserializeOwned + Send> FromRequestParts<Arc<Shared>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shared: &Arc<Shared>) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, shared).await;
        query.map(|Query(params)| Params(params)).map_err(|_| Problem::query())
    }
}
