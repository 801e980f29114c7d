//! The parts of a server's URL, each accepted only in the one spelling on which all parsers agree.
//!
//! A `ServerUrl` is scheme, host, port and path, parsed once and canonical from then on. Spellings that URL parsers
//! fold together, such as `0x7f.1`, `%2e` or full-width dots, are refused rather than folded: two parsers can then
//! never disagree on which server is meant. A credential is given only to a request with its own scheme, host and port.
//! What git would decode in `url=` is decoded once, and a line break in it is refused.
//!
//! A client certificate, for whose passphrase git asks, has no host; its file is an origin of its own
//! (`cert:///home/me/cert.pem`), so it meets no other.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::{Host, Url};

use super::{OddPath, ServerUrlError, UrlPath};

/// What of a file's path is escaped.
const NOT_IN_FILE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The longest scheme, host (RFC 1035 §2.3.4) and path of a file, in bytes as they are written: who asks for longer
/// ones means none that there is, and what is noted of them stays short.
const MAX_SCHEME: usize = 32;
const MAX_HOST: usize = 253;
const MAX_FILE: usize = 2048;

pub(super) fn is_scheme(text: &str) -> bool {
    text.len() <= MAX_SCHEME
        && text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// Lets the `url` crate judge `host[:port]`, and accepts its verdict only if it left the text as it was.
pub(super) fn parse_authority(scheme: &str, authority: &str) -> Result<(String, Option<u16>), ServerUrlError> {
    if authority.is_empty() || authority.starts_with(':') {
        return Err(ServerUrlError::NoHost);
    }
    if authority.contains('@') {
        return Err(ServerUrlError::UserInfo);
    }
    if authority.contains(|c: char| c.is_ascii_control() || matches!(c, ' ' | '\\' | '%' | '*')) {
        return Err(ServerUrlError::OddHost);
    }
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(parse_port(port)?)),
        _ => (authority, None),
    };
    if host.len() > MAX_HOST {
        return Err(ServerUrlError::TooLong);
    }
    let host = host.to_ascii_lowercase();
    let parsed = Url::parse(&format!("https://{host}/")).map_err(|_| ServerUrlError::OddHost)?;
    let canonical = parsed.host_str().ok_or(ServerUrlError::NoHost)?;
    if !host.is_ascii() {
        return Err(ServerUrlError::NotAscii { a_label: canonical.to_owned() });
    }
    // More than names have; `https://a.example&b` would be another server only to some.
    let is_in_names = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if !host.starts_with('[') && !host.chars().all(is_in_names) {
        return Err(ServerUrlError::OddHost);
    }
    // `https://a.b.` is a different origin to some clients and the same to others.
    if canonical != host
        || canonical.ends_with('.')
        || matches!(parsed.host(), Some(Host::Domain(d)) if d.contains(".."))
    {
        return Err(ServerUrlError::OddHost);
    }
    let default = match scheme {
        "https" => Some(443),
        "http" => Some(80),
        _ => None,
    };
    Ok((host, port.filter(|p| Some(*p) != default)))
}

/// A port as everybody writes it: no sign, no leading zero, 1 to 65535 (RFC 3986 §3.2.3 allows more than anyone agrees
/// on).
fn parse_port(text: &str) -> Result<u16, ServerUrlError> {
    let plain = !text.starts_with('0') && text.chars().all(|c| c.is_ascii_digit());
    match text.parse() {
        Ok(port) if plain => Ok(port),
        _ => Err(ServerUrlError::OddPort),
    }
}

/// Git sends paths decoded (`org/My Project`); escapes what a URL cannot hold, `%` included, so nothing decodes twice.
pub(super) fn encode_path(path: &str) -> Result<String, ServerUrlError> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    if path.contains('\\') || path.split('/').any(|segment| matches!(segment, "." | "..")) {
        return Err(ServerUrlError::OddPath);
    }
    let mut url = Url::parse("https://h/").map_err(|_| ServerUrlError::OddPath)?;
    url.set_path(&path.replace('%', "%25"));
    // What the url crate leaves out, as it does tabs, makes another path of it.
    let is_same = url.path().strip_prefix('/').is_some_and(|same| percent_decode_str(same).eq(path.bytes()));
    is_same.then(|| url.path().to_owned()).ok_or(ServerUrlError::OddPath)
}

pub(super) fn parse_path(path: &str) -> Result<String, ServerUrlError> {
    // Before the last slash goes: `/a//` would become `/a/`, which is not canonical.
    if path.contains("//") {
        return Err(ServerUrlError::OddPath);
    }
    let path = path.strip_suffix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    let parsed = Url::parse(&format!("https://h{path}")).map_err(|_| ServerUrlError::OddPath)?;
    // Whatever the url crate changes is refused. Of what it leaves as it is a server's own path needs no slash and no
    // dot that is encoded.
    let folded = path.to_ascii_lowercase();
    if parsed.path() != path || ["%2f", "%5c", "%2e"].iter().any(|x| folded.contains(x)) {
        return Err(ServerUrlError::OddPath);
    }
    UrlPath::parse(path).map(|_| path.to_owned()).map_err(|OddPath| ServerUrlError::OddPath)
}

/// The path of a file, which is no path of a URL: of dots and slashes it keeps what was written. Git leaves out the
/// first slash where it parsed a URL.
pub(super) fn encode_file(path: &str) -> Result<String, ServerUrlError> {
    let path = path.trim_start_matches('/');
    if path.is_empty() || path.contains(['\n', '\r', '\0']) {
        return Err(ServerUrlError::OddPath);
    }
    Ok(format!("/{}", utf8_percent_encode(path, NOT_IN_FILE)))
}

/// Only in the spelling that [`encode_file`] gives it.
pub(super) fn parse_file(path: &str) -> Result<String, ServerUrlError> {
    if path.len() > MAX_FILE {
        return Err(ServerUrlError::TooLong);
    }
    let decoded = percent_decode_str(path).decode_utf8().map_err(|_| ServerUrlError::OddPath)?;
    if encode_file(&decoded)? == path { Ok(path.to_owned()) } else { Err(ServerUrlError::OddPath) }
}
