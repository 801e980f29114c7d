//! JSON bodies of requests and answers. A body is one JSON object, read to a bounded size and within a bounded time; a
//! form is refused, since a page elsewhere can have a browser send one without asking.

use std::sync::Arc;
use std::time::Duration;

use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use tokio::time::timeout;
use zeroize::Zeroizing;

use super::policy::is_form;
use super::problem::Problem;
use super::shared::Shared;

/// The largest body that is read, and how long that may take.
pub(super) const MAX_BODY: usize = 64 * 1024;
const BODY_WITHIN: Duration = Duration::from_secs(10);

/// A JSON body of this shape; an empty one is an empty object.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &Arc<Shared>) -> Result<Self, Problem> {
        if is_form(request.headers()) {
            return Err(Problem::plain(StatusCode::FORBIDDEN, "Forms are refused here: send application/json"));
        }
        let bytes = read(request).await?;
        let bytes: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
        // Without this check serde would also take a list with the values in their order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::shape(&[], "Not a JSON object"));
        }
        let mut parser = serde_json::Deserializer::from_slice(bytes);
        let parsed = serde_path_to_error::deserialize(&mut parser).map_err(|error| {
            let place = error.path().to_string();
            let missing = error.inner().to_string();
            let field = missing.strip_prefix("missing field `").and_then(|rest| rest.split('`').next());
            match (field, &*place) {
                (Some(field), _) => Problem::shape(&[field], "Field required"),
                (None, ".") => Problem::shape(&[], "Not JSON"),
                (None, place) => Problem::shape(&[place], "Not a value that is expected here"),
            }
        })?;
        parser.end().map_err(|_| Problem::shape(&[], "Not JSON"))?;
        Ok(Json(parsed))
    }
}

/// A JSON document as an answer. What it may hold of secrets is the purpose of the types that reveal them.
pub(super) fn as_json(body: &impl serde::Serialize) -> Response {
    ([(CONTENT_TYPE, "application/json")], serde_json::to_vec(body).unwrap_or_default()).into_response()
}

/// The whole of a small body.
pub(super) async fn read(request: Request) -> Result<Zeroizing<Vec<u8>>, Problem> {
    match timeout(BODY_WITHIN, to_bytes(request.into_body(), MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(Zeroizing::new(bytes.into())),
        Ok(Err(_)) => Err(Problem::plain(StatusCode::PAYLOAD_TOO_LARGE, "The body is too large, or was cut short")),
        Err(_) => Err(Problem::plain(StatusCode::REQUEST_TIMEOUT, "The body did not come in time")),
    }
}
