//! What of a client's bytes the HTTP server is given: requests of which nobody could find another end.
//!
//! A length and chunks at once, a chunk with an extension, a trailer, a line that ends with a bare line feed: each is
//! read otherwise by somebody, and what one takes for a body another takes for the next request. A parser that is
//! lenient with one of them hides it from whoever judges, so none of them gets as far as a parser. Nothing is changed
//! on the way.

/// The longest head of a request, and of one chunk.
const MAX_HEAD: usize = 32 * 1024;
const MAX_CHUNK_HEAD: usize = 18;

/// How many headers a request may have.
pub(super) const MAX_HEADERS: usize = 64;

/// Where in a client's stream the reader is.
#[derive(Debug, Default, PartialEq, Eq)]
enum At {
    /// Before or in the head of a request.
    #[default]
    Head,
    /// In a body of which so many bytes are left.
    Body(u64),
    /// In the line that begins a chunk.
    ChunkHead(Vec<u8>),
    /// In a chunk.
    Chunk(u64),
    /// In the line break behind a chunk, or behind all of them: how many of its bytes came.
    ChunkEnd { last: bool, came: usize },
}

/// Why a request is not looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ambiguous;

/// Follows a client's stream, and lets through what has one reading only.
#[derive(Debug, Default)]
pub(super) struct Framing {
    at: At,
    /// Of a head that is not whole yet.
    head: Vec<u8>,
}

impl Framing {
    /// Takes what came, and adds to `out` what may be handed on. A head is handed on once it is whole.
    pub(super) fn take(&mut self, mut bytes: &[u8], out: &mut Vec<u8>) -> Result<(), Ambiguous> {
        while !bytes.is_empty() {
            let used = match &mut self.at {
                At::Head => self.head(bytes, out)?,
                At::Body(left) => {
                    let used = part(bytes, *left);
                    *left -= used as u64;
                    if *left == 0 {
                        self.at = At::Head;
                    }
                    out.extend_from_slice(&bytes[..used]);
                    used
                }
                At::ChunkHead(line) => {
                    let end = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
                    line.extend_from_slice(&bytes[..end]);
                    if line.len() > MAX_CHUNK_HEAD {
                        return Err(Ambiguous);
                    }
                    if line.last() == Some(&b'\n') {
                        let size = chunk_size(line)?;
                        out.extend_from_slice(line);
                        self.at = if size == 0 { At::ChunkEnd { last: true, came: 0 } } else { At::Chunk(size) };
                    }
                    end
                }
                At::Chunk(left) => {
                    let used = part(bytes, *left);
                    *left -= used as u64;
                    if *left == 0 {
                        self.at = At::ChunkEnd { last: false, came: 0 };
                    }
                    out.extend_from_slice(&bytes[..used]);
                    used
                }
                At::ChunkEnd { last, came } => {
                    if bytes[0] != b"\r\n"[*came] {
                        return Err(Ambiguous);
                    }
                    out.push(bytes[0]);
                    *came += 1;
                    if *came == 2 {
                        self.at = if *last { At::Head } else { At::ChunkHead(Vec::new()) };
                    }
                    1
                }
            };
            bytes = &bytes[used..];
        }
        Ok(())
    }

    fn head(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<usize, Ambiguous> {
        let before = self.head.len();
        // The end may lie across what came before and what comes now.
        self.head.extend_from_slice(&bytes[..bytes.len().min(MAX_HEAD + 4 - before.min(MAX_HEAD))]);
        let from = before.saturating_sub(3);
        let Some(end) = self.head[from..].windows(4).position(|four| four == b"\r\n\r\n").map(|at| from + at + 4)
        else {
            return if self.head.len() > MAX_HEAD { Err(Ambiguous) } else { Ok(bytes.len()) };
        };
        self.head.truncate(end);
        self.at = body_of(&self.head)?;
        out.append(&mut self.head);
        Ok(end - before)
    }
}

fn part(bytes: &[u8], left: u64) -> usize {
    usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len())
}

/// The size that a chunk says of itself: digits and nothing else.
fn chunk_size(line: &[u8]) -> Result<u64, Ambiguous> {
    let digits = line.strip_suffix(b"\r\n").filter(|digits| !digits.is_empty()).ok_or(Ambiguous)?;
    let text = std::str::from_utf8(digits).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
    u64::from_str_radix(text.ok_or(Ambiguous)?, 16).map_err(|_| Ambiguous)
}

/// What follows a head, if everybody would say the same.
fn body_of(head: &[u8]) -> Result<At, Ambiguous> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let is_whole = request.parse(head).is_ok_and(|parsed| parsed == httparse::Status::Complete(head.len()));
    let has_bare_end = |byte: u8| match byte {
        b'\n' => head.iter().filter(|at| **at == b'\n').count() != head.windows(2).filter(|two| two == b"\r\n").count(),
        _ => head.iter().filter(|at| **at == byte).count() != head.windows(2).filter(|two| two == b"\r\n").count(),
    };
    if !is_whole || has_bare_end(b'\n') || has_bare_end(b'\r') || request.version != Some(1) {
        return Err(Ambiguous);
    }
    let is_twice =
        |name: &str| request.headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count() > 1;
    let value = |name: &str| {
        request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value)
    };
    // Some servers take these for the real ones.
    let is_disguised = |header: &httparse::Header<'_>| {
        let plain = header.name.to_ascii_lowercase().replace('_', "-");
        header.name.contains('_') && matches!(&*plain, "content-length" | "transfer-encoding" | "host")
    };
    let once = ["host", "content-length", "transfer-encoding", "content-type", "content-encoding", "expect"];
    if once.into_iter().any(is_twice) || request.headers.iter().any(is_disguised) {
        return Err(Ambiguous);
    }
    match (value("content-length"), value("transfer-encoding")) {
        (None, None) => Ok(At::Head),
        (None, Some(b"chunked")) => Ok(At::ChunkHead(Vec::new())),
        (Some(length), None) if length.iter().all(u8::is_ascii_digit) => {
            let length = std::str::from_utf8(length).ok().and_then(|text| text.parse().ok()).ok_or(Ambiguous)?;
            Ok(if length == 0 { At::Head } else { At::Body(length) })
        }
        _ => Err(Ambiguous),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(bytes: &[u8]) -> Result<Vec<u8>, Ambiguous> {
        let mut whole = Vec::new();
        let taken = Framing::default().take(bytes, &mut whole);
        let (mut framing, mut by_byte) = (Framing::default(), Vec::new());
        let cut = bytes.iter().try_for_each(|byte| framing.take(&[*byte], &mut by_byte));
        assert_eq!((cut, &by_byte), (taken, &whole), "a cut changes something");
        taken.map(|()| whole)
    }

    fn post(headers: &str, body: &str) -> Vec<u8> {
        format!("POST /x HTTP/1.1\r\nHost: a\r\n{headers}\r\n{body}").into_bytes()
    }

    #[test]
    fn what_has_one_reading_goes_through_as_it_is() {
        for (headers, body) in [
            ("", ""),
            ("Content-Length: 3\r\n", "abc"),
            ("Content-Length: 0\r\n", ""),
            ("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n"),
            ("Expect: 100-continue\r\nContent-Length: 4\r\n", "\r\n\r\n"),
        ] {
            let twice = [post(headers, body), post(headers, body)].concat();
            assert_eq!(through(&twice), Ok(twice.clone()), "{headers}");
        }
        let begun = [post("", ""), b"GET /y HTTP/1.1\r\nHo".to_vec()].concat();
        assert_eq!(through(&begun), Ok(post("", "")), "half a head is handed on");
    }

    #[test]
    fn what_has_two_readings_gets_no_further() {
        let (length, chunked) = ("Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n");
        for headers in [
            &format!("{length}{chunked}"),
            &format!("{chunked}{length}"),
            &format!("{length}{length}"),
            &format!("{chunked}{chunked}"),
            "Content-Length: 3, 3\r\n",
            "Content-Length: +3\r\n",
            "Content-Length: 0x3\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content_Length: 3\r\n",
            "Transfer_Encoding: chunked\r\n",
            "Transfer-Encoding: gzip, chunked\r\n",
            "Transfer-Encoding: Chunked\r\n",
            "Transfer-Encoding: identity\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Host: b\r\n",
            "X: a\r\n folded\r\n",
            "X: a\nY: b\r\n",
            "X: a\rY: b\r\n",
        ] {
            assert_eq!(through(&post(headers, "")), Err(Ambiguous), "{headers:?}");
        }
        for body in [
            "3;x=y\r\nabc\r\n",
            "3 \r\nabc\r\n",
            "3\nabc\r\n",
            "+3\r\nabc\r\n",
            "0x3\r\nabc\r\n",
            "\r\n",
            "3\r\nabcd\r\n",
            "3\r\nabc\n",
            "0\r\nX: trailer\r\n\r\n",
            "11111111111111111\r\n",
            "-1\r\n",
        ] {
            assert_eq!(through(&post(chunked, body)), Err(Ambiguous), "{body:?}");
        }
        for head in
            ["GET /x HTTP/1.0\r\nHost: a\r\n\r\n", "GET /x HTTP/1.1\nHost: a\n\n\r\n\r\n", "\u{16}\u{3}\u{1}\r\n\r\n"]
        {
            assert_eq!(through(head.as_bytes()), Err(Ambiguous), "{head:?}");
        }
        assert_eq!(through(&[b'a'; 2 * MAX_HEAD]), Err(Ambiguous));
    }
}
