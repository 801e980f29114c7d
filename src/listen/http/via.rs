//! Requests of programs that know nothing of the agent, below `/via/HOST`, for machines that have a token. They are
//! judged and handed on as those at a socket are; here it is only found out who sends them.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use http_body_util::BodyExt;

use super::problem::Problem;
use super::shared::Shared;
use super::visit::Visit;
use crate::agent::{Shown, shown_token};

/// The path below which servers lie.
const PLACE: &str = "/via";

pub(super) fn routes() -> Router<Arc<Shared>> {
    Router::new().route("/via/{host}", any(via)).route("/via/{host}/{*path}", any(via))
}

async fn via(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match handed_on(&shared, request).await {
        Ok(answer) => answer,
        Err(problem) => {
            let mut answer = problem.into_response();
            if answer.status() == StatusCode::UNAUTHORIZED {
                // Git asks for a password by this only, and shows nothing before it was asked.
                let basic = HeaderValue::from_static("Basic realm=\"loom\"");
                answer.headers_mut().insert(axum::http::header::WWW_AUTHENTICATE, basic);
            }
            answer
        }
    }
}

async fn handed_on(shared: &Shared, mut request: Request) -> Result<Response, Problem> {
    let visit = request.extensions().get::<Visit>().cloned();
    let visit = visit.ok_or_else(|| Problem::plain(StatusCode::INTERNAL_SERVER_ERROR, "Not a visit"))?;
    let token = shown_token(request.headers()).ok_or_else(Problem::unauthenticated)?;
    let guest = shared.agent.gate.admit(visit.address, &shared.standing, Shown::Bearer(token)).await?;
    let path = request.uri().path_and_query().and_then(|path| path.as_str().strip_prefix(PLACE)).unwrap_or("/");
    let uri = path.parse::<Uri>().map_err(|_| Problem::plain(StatusCode::BAD_REQUEST, "Not a path"))?;
    *request.uri_mut() = uri;
    let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
    let answer = shared.agent.hand_on_of_guest(&guest, format!("{}{PLACE}", visit.base), request).await;
    Ok(answer.map(Body::new))
}
