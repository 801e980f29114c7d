//! Programs that know nothing of frames, at a socket that has rights of its own: they speak HTTP there, perhaps after
//! SOCKS, which only says where they want to go. On the user's own socket nobody does: without a frame there is no
//! token, and without a token they would be the user.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

use super::buffer::Buffer;
use crate::agent::{Agent, Asker};
use crate::base::Locale;

/// How long the greeting of SOCKS may take.
const GREETED_WITHIN: Duration = Duration::from_secs(10);

/// The version of SOCKS, and how it says that nothing need be shown, and that all went well (RFC 1928).
const VERSION: u8 = 5;
const NO_PROOF: [u8; 2] = [VERSION, 0];
const NO_METHOD: [u8; 2] = [VERSION, 0xff];
const CONNECTED: [u8; 10] = [VERSION, 0, 0, 1, 0, 0, 0, 0, 0, 0];
const NOT_DONE: [u8; 10] = [VERSION, 7, 0, 1, 0, 0, 0, 0, 0, 0];

/// What is spoken, by the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spoken {
    Frames,
    Http,
    Socks,
}

impl Spoken {
    pub(super) fn of(first: u8) -> Spoken {
        match first {
            VERSION => Spoken::Socks,
            b'A'..=b'Z' | b'a'..=b'z' => Spoken::Http,
            _ => Spoken::Frames,
        }
    }
}

/// Serves HTTP until the caller, or their rights, go.
pub(super) async fn serve(
    spoken: Spoken,
    agent: &Agent,
    asker: Asker<'_>,
    buffer: &mut Buffer,
    input: &mut (impl AsyncRead + Send + Unpin),
    output: &mut (impl AsyncWrite + Send + Unpin),
) {
    let only = match spoken {
        Spoken::Frames | Spoken::Http => None,
        Spoken::Socks => match timeout(GREETED_WITHIN, greeted(buffer, input, output)).await {
            Ok(Some(only)) => Some(only),
            Ok(None) | Err(_) => return,
        },
    };
    match agent.let_in(asker, only).await {
        Ok(handover) => agent.hand_on(&handover, &buffer.take(), input, output).await,
        Err(fault) => {
            let text = format!("loom: {}\n", fault.message(Locale::default()));
            let head = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n";
            let answer = format!("{head}Content-Length: {}\r\n\r\n{text}", text.len());
            let _ = timeout(crate::agent::WRITE_WITHIN, output.write_all(answer.as_bytes())).await;
        }
    }
}

/// Where a client wants to go, as a host with its port where that is not the usual one of HTTP.
async fn greeted(
    buffer: &mut Buffer,
    input: &mut (impl AsyncRead + Unpin),
    output: &mut (impl AsyncWrite + Unpin),
) -> Option<String> {
    let methods = usize::from(*buffer.first_of(2, input).await?.get(1)?);
    let greeting = buffer.cut(2 + methods, input).await?;
    if !greeting[2..].contains(&0) {
        output.write_all(&NO_METHOD).await.ok()?;
        return None;
    }
    output.write_all(&NO_PROOF).await.ok()?;
    let head = buffer.cut(4, input).await?;
    let host = match head[..] {
        [VERSION, 1, 0, 1] => {
            let ip: [u8; 4] = buffer.cut(4, input).await?[..].try_into().ok()?;
            std::net::Ipv4Addr::from(ip).to_string()
        }
        [VERSION, 1, 0, 3] => {
            let length = usize::from(buffer.cut(1, input).await?[0]);
            String::from_utf8(buffer.cut(length, input).await?.to_vec()).ok()?
        }
        [VERSION, 1, 0, 4] => {
            let ip: [u8; 16] = buffer.cut(16, input).await?[..].try_into().ok()?;
            format!("[{}]", std::net::Ipv6Addr::from(ip))
        }
        _ => {
            output.write_all(&NOT_DONE).await.ok()?;
            return None;
        }
    };
    let port = u16::from_be_bytes(buffer.cut(2, input).await?[..].try_into().ok()?);
    output.write_all(&CONNECTED).await.ok()?;
    let host = host.to_ascii_lowercase();
    Some(if port == 80 { host } else { format!("{host}:{port}") })
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    async fn greets(bytes: &[u8]) -> (Option<String>, Vec<u8>, Vec<u8>) {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(bytes).await.unwrap();
        theirs.shutdown().await.unwrap();
        let (mut input, mut output) = tokio::io::split(&mut ours);
        let mut buffer = Buffer::default();
        let only = greeted(&mut buffer, &mut input, &mut output).await;
        drop(ours);
        let mut said = Vec::new();
        theirs.read_to_end(&mut said).await.unwrap();
        (only, said, buffer.take().to_vec())
    }

    #[tokio::test]
    async fn socks_says_where_and_nothing_else() {
        let named = |host: &str, port: u16| {
            let name = [&[5, 1, 0, 3, host.len() as u8], host.as_bytes(), &port.to_be_bytes()].concat();
            [&[5, 2, 1, 0][..], &name, b"GET /"].concat()
        };
        let done = [&NO_PROOF[..], &CONNECTED].concat();
        let rest = b"GET /".to_vec();
        assert_eq!(greets(&named("Git.example", 80)).await, (Some("git.example".into()), done.clone(), rest.clone()));
        assert_eq!(greets(&named("a.example", 8443)).await, (Some("a.example:8443".into()), done, rest));
        let bind = [5, 1, 0, 5, 2, 0, 3];
        assert_eq!(greets(&bind).await.0, None);
        assert_eq!(greets(&[5, 1, 2]).await, (None, NO_METHOD.to_vec(), Vec::new()));
        assert_eq!(greets(&[5, 1]).await.0, None);
    }
}
