//! The HTTP door as a listener, for one version of the protocol.
//!
//! HTTP/1.1 alone: its limits (head, headers, time) can be seen whole, and nobody here needs more streams than
//! connections.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::connection;
use super::policy;
use super::shared::{Closing, Shared};
use super::tls::Tls;
use super::{api, oauth, pages, via, visit};
use crate::access::Standing;
use crate::agent::{Agent, Places};
use crate::base::{HttpDoor, Message};
use crate::listen::crowd::Crowd;
use crate::msg;

/// How many answers may be streamed at once: calls, and the log as it is written. Then the one who has most of them
/// makes room.
const MAX_STREAMS: usize = 64;

/// How many connections may wait at once; then the network that has most of them makes room.
const MAX_WAITING: usize = 512;

/// How many connections may finish what they began though they were sent away.
const MAX_LEAVING: usize = 128;

/// How many connections are open at most: the last of them come in while others are on their way out. More than this
/// many neither wait nor leave, so there is always one that ends soon.
const MAX_OPEN: usize = MAX_WAITING + MAX_LEAVING + 64;

/// How many connections the system holds for us before they are let in.
const MAX_QUEUE: u32 = 4096;

/// How long what was begun may take when the door closes.
const CLOSED_WITHIN: Duration = Duration::from_secs(5);

/// The HTTP door while it is open.
pub(in crate::listen) struct HttpServer {
    asked: SocketAddr,
    url: String,
    tls: Option<Arc<Tls>>,
    closing: watch::Sender<Closing>,
    task: JoinHandle<()>,
}

impl HttpServer {
    /// Reads the certificate, where the door has one: what can go wrong with it does before another door is closed.
    pub(in crate::listen) fn tls(door: &HttpDoor) -> Result<Option<Arc<Tls>>, Message> {
        Ok(door.tls().map(Tls::load).transpose()?.map(Arc::new))
    }

    pub(in crate::listen) async fn open(
        door: &HttpDoor,
        tls: Option<Arc<Tls>>,
        standing: Standing,
        agent: Arc<Agent>,
    ) -> Result<HttpServer, Message> {
        let trouble = |error: std::io::Error| msg!("http-address-trouble", address = door.address(), error = error);
        let listener = listen(door.address()).map_err(trouble)?;
        let address = listener.local_addr().map_err(trouble)?;
        let url = url(door, tls.is_some(), address);
        let (crowd, streams) = (Crowd::new(MAX_WAITING), Places::new(MAX_STREAMS));
        let shared = Arc::new(Shared {
            agent,
            door: door.clone(),
            standing,
            tls: tls.clone(),
            crowd,
            streams,
            leaving: Semaphore::new(MAX_LEAVING),
        });
        let (closing, closed) = watch::channel(Closing::No);
        let task = tokio::spawn(accept(listener, shared, closed));
        Ok(HttpServer { asked: door.address(), url, tls, closing, task })
    }

    /// The address that was asked for.
    pub(in crate::listen) fn address(&self) -> SocketAddr {
        self.asked
    }

    pub(in crate::listen) fn url(&self) -> &str {
        &self.url
    }

    /// Its certificate, if it has one.
    pub(in crate::listen) fn own_tls(&self) -> Option<Arc<Tls>> {
        self.tls.clone()
    }

    /// Lets nobody in any more, waits a while for what was begun, and ends what is left of it.
    pub(in crate::listen) async fn close(self) {
        self.closing.send_replace(Closing::Soon);
        let _ = self.task.await;
        if timeout(CLOSED_WITHIN, self.closing.closed()).await.is_err() {
            self.closing.send_replace(Closing::Now);
            self.closing.closed().await;
        }
    }
}

/// Listens with a queue that has room for a crowd: whoever finds it full tries again only a second later.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(MAX_QUEUE)
}

/// Where people and programs find it. A name is better than an address that stands for all of them.
fn url(door: &HttpDoor, is_tls: bool, address: SocketAddr) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    match (address.ip().is_unspecified(), door.hosts().first()) {
        (true, Some(name)) => format!("{scheme}://{name}:{}", address.port()),
        (true, None) => format!("{scheme}://localhost:{}", address.port()),
        (false, _) => format!("{scheme}://{address}"),
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, mut closed: watch::Receiver<Closing>) {
    let router = router(shared.clone());
    let open = Arc::new(Semaphore::new(MAX_OPEN));
    loop {
        let accepted = tokio::select! {
            accepted = next(&listener, &open) => accepted,
            _ = closed.changed() => return,
        };
        match accepted {
            Ok((stream, from, room)) => {
                let (shared, router, closed) = (shared.clone(), router.clone(), closed.clone());
                tokio::spawn(async move {
                    connection::serve(stream, from.ip().to_canonical(), shared, router, closed).await;
                    drop(room);
                });
            }
            Err(error) => {
                // Out of descriptors: make room instead of asking for the same connection in a circle.
                tracing::warn!(%error, "cannot accept");
                shared.crowd.thin();
                sleep(Duration::from_millis(20)).await;
            }
        }
    }
}

/// The next connection, once there is room for it: until then it costs the agent no descriptor.
async fn next(
    listener: &TcpListener,
    open: &Arc<Semaphore>,
) -> std::io::Result<(TcpStream, SocketAddr, OwnedSemaphorePermit)> {
    let room = open.clone().acquire_owned().await.map_err(std::io::Error::other)?;
    let (stream, from) = listener.accept().await?;
    Ok((stream, from, room))
}

fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .merge(policy::for_programs(api::routes()))
        .merge(policy::for_programs(via::routes()))
        .merge(policy::for_programs(oauth::dialect_routes()))
        .merge(policy::for_oauth(oauth::routes()))
        .merge(policy::for_pages(pages::routes(), pages::not_understood))
        .fallback(pages::not_found)
        .method_not_allowed_fallback(api::method_not_allowed)
        .layer(axum::middleware::from_fn_with_state(shared.clone(), visit::arrive))
        .with_state(shared)
}
