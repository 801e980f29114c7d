//! Where a browser comes back to: a port of this machine that answers one request of one login (RFC 8252 §7.3).
//!
//! It is bound to 127.0.0.1, lives as long as the login, and takes one answer. A visitor with another `Host`, path or
//! `state`, or who brings neither a query nor a form, is refused and waiting goes on, so that no other page in the same
//! browser can end the login. A request has ten seconds and 16 KiB, a form as much again. The page in return is loom's
//! own, without a script; what a server said in it is text.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

/// The longest head of a request, and the longest form, in bytes.
const MAX_REQUEST: usize = 16 * 1024;

/// How long a visitor may take to send a request, or to read its answer.
const REQUEST_WITHIN: Duration = Duration::from_secs(10);

/// An open port of this machine to which a browser comes back.
pub struct Loopback {
    listener: TcpListener,
    redirect_uri: Url,
}

/// A browser that came back and waits for a page.
pub struct Visitor {
    stream: TcpStream,
    /// The URL that it asked for. If it sent a form, the form's content stands in the query.
    pub url: Url,
}

impl Loopback {
    /// Opens the port that the redirect URI names, or any free one. Fails if the URI is not `http` of this machine, or
    /// if the port is taken.
    pub async fn open(redirect_uri: &str) -> std::io::Result<Loopback> {
        let mut redirect_uri = Url::parse(redirect_uri).map_err(std::io::Error::other)?;
        let here = match redirect_uri.host_str() {
            Some("127.0.0.1" | "localhost") => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            Some("[::1]") => Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
            _ => None,
        };
        let here = here.filter(|_| redirect_uri.scheme() == "http");
        let here = here.ok_or_else(|| std::io::Error::other("not a redirect URI of this machine"))?;
        let listener = TcpListener::bind((here, redirect_uri.port().unwrap_or(0))).await?;
        let port = listener.local_addr()?.port();
        redirect_uri.set_port(Some(port)).map_err(|()| std::io::Error::other("not a redirect URI"))?;
        Ok(Loopback { listener, redirect_uri })
    }

    /// The redirect URI with the port that was opened.
    pub fn redirect_uri(&self) -> &Url {
        &self.redirect_uri
    }

    /// Waits for the first visitor whose URL `is_answer` accepts. All others are refused, however many come: a page in
    /// the same browser can send visitors here, but does not know the login's `state`.
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
    /// Sends this HTML page to the browser and closes the connection.
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

/// Reads one request; `None` if it is not a `GET` or a form, of bounded length, that arrives in time.
async fn receive(mut stream: TcpStream, base: Url) -> Option<Visitor> {
    let whole = tokio::time::timeout(REQUEST_WITHIN, read(&mut stream)).await.ok().flatten();
    let url = whole.and_then(|(asked, body)| {
        let mut url = base.join(&asked.target).ok()?;
        if asked.form.is_some() {
            // What stands in the address of a form is not the answer.
            url.set_query(Some(&String::from_utf8(body).ok()?));
        }
        Some(url)
    });
    match url {
        Some(url) => Some(Visitor { stream, url }),
        None => {
            refuse(stream).await;
            None
        }
    }
}

/// What the head of a request asks for.
struct Asked {
    /// Path and query.
    target: String,
    /// The length in bytes of the form that follows (OAuth 2.0 Form Post Response Mode); `None` for a `GET`.
    form: Option<usize>,
}

/// Reads a request: what its head asks for, and the form that follows.
async fn read(stream: &mut TcpStream) -> Option<(Asked, Vec<u8>)> {
    let mut request = Vec::with_capacity(2048);
    let head = loop {
        if let Some(at) = request.windows(4).position(|end| end == b"\r\n\r\n") {
            break at + 4;
        }
        if request.len() >= MAX_REQUEST || stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    };
    let asked = asked(&request)?;
    let mut body = request.split_off(head);
    let length = asked.form.unwrap_or(0);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    body.truncate(length);
    Some((asked, body))
}

/// What this head asks for; `None` unless it is a `GET` or a form's `POST` to this port. Another `Host` means a page
/// that has the browser speak to loom by a name of its own.
fn asked(request: &[u8]) -> Option<Asked> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    parsed.parse(request).ok().filter(httparse::Status::is_complete)?;
    let header = |name: &str| {
        let mut found = parsed.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name));
        found.next().filter(|_| found.next().is_none()).map(|header| header.value)
    };
    let host = header("host")?;
    let here = [&b"127.0.0.1:"[..], b"localhost:", b"[::1]:"].iter().any(|name| host.starts_with(name));
    let target = parsed.path.filter(|path| here && path.starts_with('/') && !path.starts_with("//"))?.to_owned();
    let form = match parsed.method? {
        "GET" => None,
        "POST" => {
            let is_form =
                header("content-type")?.to_ascii_lowercase().starts_with(b"application/x-www-form-urlencoded");
            let length = std::str::from_utf8(header("content-length")?).ok()?.parse().ok();
            Some(length.filter(|length| is_form && *length <= MAX_REQUEST)?)
        }
        _ => return None,
    };
    Some(Asked { target, form })
}

async fn refuse(mut stream: TcpStream) {
    let answer = b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    let _ = tokio::time::timeout(REQUEST_WITHIN, async {
        stream.write_all(answer).await?;
        stream.shutdown().await
    })
    .await;
}
