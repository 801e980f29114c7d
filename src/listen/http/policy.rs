//! What a route asks of a request beside its name: who it is for says which pages a browser may have sent it for.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, ORIGIN};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};

use super::problem::Problem;
use super::shared::Shared;
use super::visit::Visit;

/// Whom a route is for, and how it says that it did not understand a request.
#[derive(Clone, Copy)]
pub(super) struct Policy {
    is_for: For,
    refuse: Refuse,
}

/// How a route says that it did not understand.
type Refuse = fn(&Visit, Problem) -> Response;

#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// Programs show a token and send JSON. No page sends for them.
    Programs,
    /// Programs that speak OAuth, whose requests are forms (RFC 6749 §4.1.3).
    OAuth,
    /// Browsers, which send what our own pages had them send.
    Pages,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

pub(super) fn for_programs(routes: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    with(routes, Policy { is_for: For::Programs, refuse: |_, problem| problem.into_response() })
}

pub(super) fn for_oauth(routes: Router<Arc<Shared>>) -> Router<Arc<Shared>> {
    with(routes, Policy { is_for: For::OAuth, refuse: |_, problem| problem.into_response() })
}

pub(super) fn for_pages(routes: Router<Arc<Shared>>, refuse: Refuse) -> Router<Arc<Shared>> {
    with(routes, Policy { is_for: For::Pages, refuse })
}

impl Policy {
    pub(super) fn refuse(&self, visit: &Visit, problem: Problem) -> Response {
        (self.refuse)(visit, problem)
    }

    /// Why a request is one that a page elsewhere had its browser send. The API is for programs, which say no origin;
    /// pages take their own forms only. A form cannot show a token, so one without it is none of ours.
    fn refusal(&self, request: &Request, base: &str) -> Option<&'static str> {
        let headers = request.headers();
        // What decides is there once: of two nobody knows which a reader before or behind this one takes.
        if [ORIGIN, SEC_FETCH_SITE, CONTENT_TYPE].iter().any(|name| headers.get_all(name).iter().count() > 1) {
            return Some("A header that decides stands there twice");
        }
        let origin = headers.get(ORIGIN);
        let is_page = self.is_for == For::Pages;
        if let Some(origin) = origin
            && !(is_page && origin.as_bytes() == base.as_bytes())
        {
            return Some("Requests of other pages are refused");
        }
        let acts = !matches!(*request.method(), Method::GET | Method::HEAD);
        let site = headers.get(SEC_FETCH_SITE).map(HeaderValue::as_bytes);
        if acts && site.is_some_and(|site| !matches!(site, b"same-origin" | b"none")) {
            return Some("Requests of other pages are refused");
        }
        if acts && is_page && origin.is_none() && site.is_none() && !headers.contains_key(AUTHORIZATION) {
            return Some("A form has to say where it comes from");
        }
        if acts && self.is_for == For::Programs && is_form(headers) && !headers.contains_key(AUTHORIZATION) {
            return Some("Forms are refused here");
        }
        None
    }
}

/// What a form of a page can send without asking (Fetch, CORS-safelisted request-header).
pub(super) fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_ascii_lowercase());
    kind.is_some_and(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim().to_owned();
        matches!(&*kind, "application/x-www-form-urlencoded" | "multipart/form-data" | "text/plain")
    })
}

/// Has every request of these routes checked before anything is done. What no route takes is answered without one.
fn with(routes: Router<Arc<Shared>>, policy: Policy) -> Router<Arc<Shared>> {
    routes.route_layer(from_fn(move |request, next| check(policy, request, next)))
}

async fn check(policy: Policy, mut request: Request, next: Next) -> Response {
    let Some(visit) = request.extensions().get::<Visit>() else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    match policy.refusal(&request, &visit.base) {
        Some(reason) => Problem::plain(StatusCode::FORBIDDEN, reason).into_response(),
        None => {
            request.extensions_mut().insert(policy);
            next.run(request).await
        }
    }
}
