//! One connection of a client, request after request, for as long as it has its rights.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::BodyExt;
use hyper::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};

use super::Proxy;
use super::client::Client;
use super::framing::MAX_HEADERS;
use super::stream::Framed;

/// How long the head of a request may take, and how long a connection may wait for the next one.
const HEAD_WITHIN: Duration = Duration::from_secs(60);

/// The longest head, in bytes.
const MAX_BUFFER: usize = 64 * 1024;

/// Answers what comes, of which `begun` was read already, until either side ends. Dropped, all that is under way ends:
/// requests to servers too.
pub(crate) async fn serve(
    proxy: &Proxy,
    client: &Client,
    begun: &[u8],
    input: impl AsyncRead + Send + Unpin,
    output: impl AsyncWrite + Send + Unpin,
) {
    let ambiguous = Arc::new(AtomicBool::new(false));
    let stream = Framed::new(input, output, begun, ambiguous.clone());
    let service = service_fn(|request: Request<Incoming>| {
        let is_ambiguous = ambiguous.load(Ordering::Relaxed);
        let request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        async move {
            let answer = if is_ambiguous {
                proxy.refuse_ambiguous(client, &request)
            } else {
                proxy.answer(client, request).await
            };
            Ok::<_, Infallible>(answer)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEAD_WITHIN).max_headers(MAX_HEADERS).max_buf_size(MAX_BUFFER);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let _ = connection.as_mut().await;
}
