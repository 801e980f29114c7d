//! Where a browser comes back to: a port of 127.0.0.1 that answers one request of one login (RFC 8252 §7.3).

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The longest request that is read.
const MAX_REQUEST: usize = 16 * 1024;

/// Whoever connects and says nothing is sent away.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// The open port.
pub struct Loopback {
    listener: TcpListener,
    redirect_uri: Url,
}

/// A browser that came back and waits for its page.
pub struct Visitor {
    stream: TcpStream,
    pub url: Url,
}

impl Loopback {
    /// Opens a port. `pattern` is the redirect URI without its port, as the client is registered with it; its host is a
    /// name of this machine.
    pub async fn open(pattern: &str) -> std::io::Result<Loopback> {
        let mut redirect_uri = Url::parse(pattern).map_err(std::io::Error::other)?;
        let is_here =
            redirect_uri.scheme() == "http" && matches!(redirect_uri.host_str(), Some("127.0.0.1" | "localhost"));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let port = listener.local_addr()?.port();
        if !is_here || redirect_uri.set_port(Some(port)).is_err() {
            return Err(std::io::Error::other("not a redirect URI of this machine"));
        }
        Ok(Loopback { listener, redirect_uri })
    }

    pub fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    /// The first visitor whose URL is an answer. All others are refused, however many come: a page in the same browser
    /// can send its visitors here, but does not know the state.
    pub async fn visitor(self, is_answer: impl Fn(&Url) -> bool) -> std::io::Result<Visitor> {
        let mut waiting = tokio::task::JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if waiting.len() < 16 => {
                    let (stream, _) = accepted?;
                    waiting.spawn(receive(stream, self.redirect_uri.clone()));
                }
                Some(received) = waiting.join_next() => match received {
                    Ok(Some(visitor)) if is_answer(&visitor.url) => return Ok(visitor),
                    Ok(Some(visitor)) => visitor.turn_away(),
                    Ok(None) | Err(_) => {}
                },
            }
        }
    }
}

impl Visitor {
    /// Shows a page and says good-bye.
    pub async fn show(mut self, page: &str) {
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: {}\r\n\
             content-security-policy: default-src 'none'; style-src 'unsafe-inline'\r\ncache-control: no-store\r\n\
             referrer-policy: no-referrer\r\nconnection: close\r\n\r\n",
            page.len()
        );
        let _ = tokio::time::timeout(REQUEST_WITHIN, async {
            self.stream.write_all(head.as_bytes()).await?;
            self.stream.write_all(page.as_bytes()).await?;
            self.stream.shutdown().await
        })
        .await;
    }

    fn turn_away(self) {
        tokio::spawn(refuse(self.stream));
    }
}

/// Reads one request; `None` if it is not a `GET` of bounded length that arrives in time.
async fn receive(mut stream: TcpStream, base: Url) -> Option<Visitor> {
    let mut request = Vec::with_capacity(2048);
    let whole = async {
        while !request.windows(4).any(|end| end == b"\r\n\r\n") {
            if request.len() >= MAX_REQUEST || stream.read_buf(&mut request).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    };
    let whole = tokio::time::timeout(REQUEST_WITHIN, whole).await.ok().flatten();
    let target = whole.and_then(|()| target(&request));
    match target.and_then(|target| base.join(&target).ok()) {
        Some(url) => Some(Visitor { stream, url }),
        None => {
            refuse(stream).await;
            None
        }
    }
}

/// The path and query of a `GET` to this very port: another `Host` is a page that makes a browser speak to us by a name of
/// its own.
fn target(request: &[u8]) -> Option<String> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(request).ok().filter(httparse::Status::is_complete)?;
    let host = parsed.headers.iter().find(|header| header.name.eq_ignore_ascii_case("host"))?.value;
    let here = [&b"127.0.0.1:"[..], b"localhost:"].iter().any(|name| host.starts_with(name));
    let path = parsed.path?;
    (parsed.method == Some("GET") && here && path.starts_with('/') && !path.starts_with("//")).then(|| path.to_owned())
}

async fn refuse(mut stream: TcpStream) {
    let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = tokio::time::timeout(REQUEST_WITHIN, async {
        stream.write_all(answer).await?;
        stream.shutdown().await
    })
    .await;
}
