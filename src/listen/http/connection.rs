//! One connection of the HTTP door.
//!
//! A head is read within ten seconds. Of more than 512 connections the network that has most makes room, so whoever
//! holds a thousand open keeps out only themselves; nobody is let in while those on their way out still fill the door,
//! so what a crowd costs in descriptors has a bound.

use std::net::IpAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::yield_now;
use tokio::time::timeout;
use tower::ServiceExt;

use super::shared::{Closing, Shared};
use super::visit::Came;
use crate::agent::Party;

/// How long a connection may take for its handshake, and then to say what it wants.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// How many lines and how many bytes the head of a request may have.
const MAX_HEADERS: usize = 64;
const MAX_HEAD: usize = 32 * 1024;

/// Answers what one connection asks, until either side ends.
pub(super) async fn serve(
    stream: TcpStream,
    address: IpAddr,
    shared: Arc<Shared>,
    router: Router,
    closed: watch::Receiver<Closing>,
) {
    let Ok(own) = stream.local_addr() else { return };
    let came = Came { address, own: own.ip().to_canonical() };
    let _ = stream.set_nodelay(true);
    let mut place = shared.crowd.join(Party::at(address));
    match &shared.tls {
        None => converse(stream, came, &shared, router, place.sent_away(), closed).await,
        Some(tls) => {
            let shaken = tokio::select! {
                shaken = timeout(REQUEST_WITHIN, tls.acceptor().accept(stream)) => shaken,
                () = place.sent_away() => return,
            };
            if let Ok(Ok(stream)) = shaken {
                converse(stream, came, &shared, router, place.sent_away(), closed).await;
            }
        }
    }
}

/// Serves one connection. When `sent_away` returns, room is needed for others: a connection that waits is dropped, and
/// one with a request under way may finish it. At most `MAX_LEAVING` may, since a request's body may never end.
async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    came: Came,
    shared: &Shared,
    router: Router,
    sent_away: impl Future<Output = ()>,
    mut closed: watch::Receiver<Closing>,
) {
    let under_way = Arc::new(AtomicUsize::new(0));
    let counted = under_way.clone();
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        let (router, under_way) = (router.clone(), Counted::new(counted.clone()));
        request.extensions_mut().insert(came);
        async move {
            // Of many requests that came at once one is answered, and then it is the turn of other connections.
            yield_now().await;
            let answer = router.oneshot(request.map(Body::new)).await;
            drop(under_way);
            answer
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(REQUEST_WITHIN).max_headers(MAX_HEADERS).max_buf_size(MAX_HEAD);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), service));
    let mut sent_away = pin!(sent_away);
    let mut leaving = None;
    loop {
        tokio::select! {
            _ = connection.as_mut() => return,
            () = &mut sent_away, if leaving.is_none() => {}
            _ = closed.changed() => {}
        }
        if *closed.borrow() == Closing::Now {
            return;
        }
        let room = shared.leaving.try_acquire().ok().filter(|_| under_way.load(Ordering::Relaxed) > 0);
        let Some(room) = room else { return };
        leaving = Some(room);
        connection.as_mut().graceful_shutdown();
    }
}

/// A request under way, however it ends.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: Arc<AtomicUsize>) -> Counted {
        count.fetch_add(1, Ordering::Relaxed);
        Counted(count)
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
