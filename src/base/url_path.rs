//! A path in which no server sees a way up.
//!
//! It covers whole segments. `lenient_reading.rs` reads it as each server would, from the strictest to the most
//! lenient, and one that leads elsewhere in any reading is none. It is judged and never folded: what is sent is what
//! was written.

use std::fmt;

use super::lenient_reading::{Reading, readings};

/// The path of a URL, in a spelling with which no server is led out of it.
///
/// Servers, and what stands before them, differ in how they read a path. Some decode it twice, some take `\` for `/`,
/// drop what follows a `;` or a character that they cannot show, or see a dot in another script's. What lies below
/// `/org` for the one who decides where a credential goes, as `/org/..%2fmallory` does, may lie elsewhere for the one
/// who gets it. So a path is read as each of them would, once, here, and what steps up in any reading is no path.
/// Nothing is folded: a path that is one is sent as it was written. An encoded slash alone leads nowhere, and stays
/// (`/projects/group%2Fproject`).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UrlPath(String);

/// The error of a path that some server would read as another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("some servers would read this path as another")]
pub struct OddPath;

impl UrlPath {
    /// Parses what stands between the host and the query of a URL: an empty text, or one that begins with a slash.
    pub fn parse(text: &str) -> Result<UrlPath, OddPath> {
        let is_plain = |c: char| c.is_ascii_graphic() && !matches!(c, '?' | '#' | '\\');
        let is_path = text.is_empty() || text.starts_with('/');
        let all = readings(text).filter(|_| is_path && text.chars().all(is_plain)).ok_or(OddPath)?;
        // What is encoded more than once is no line break to whom a path with one would be given.
        let has_control = all.iter().any(|reading| reading.has_control() && !reading.is_of_nested_encoding());
        if has_control || all.iter().any(Reading::steps_up) { Err(OddPath) } else { Ok(UrlPath(text.to_owned())) }
    }

    /// The path as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether every server reads the path alike, however often it decodes it: none finds a control character, or a
    /// character that is written with too many bytes. What a path with one means to another server is not known.
    pub fn is_plain(&self) -> bool {
        let is_one = |two: &[Reading]| !two[0].is_beside(&two[1]);
        readings(&self.0).is_some_and(|all| !all.iter().any(Reading::has_control) && all.windows(2).all(is_one))
    }

    /// Whether no server finds an empty segment in it, where some begin anew.
    pub fn is_whole(&self) -> bool {
        readings(&self.0).is_some_and(|all| !all.iter().any(Reading::has_empty_segment))
    }

    /// Whether every server takes this path for `prefix` itself or for one below it.
    pub fn lies_below(&self, prefix: &str) -> bool {
        lies_below(&self.0, prefix)
    }
}

/// Whether every server takes `path` for `prefix` itself or for one below it. Both are already known to be valid paths.
///
/// Only whole segments count. Below a prefix that is not empty there may be no empty segments, at which some servers
/// begin anew, and no control characters, however often encoded: a server that drops them may see another path.
pub(super) fn lies_below(path: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('/');
    let Some(rest) = path.strip_prefix(prefix) else { return false };
    let leads_on = |reading: &Reading| !reading.has_empty_segment() && !reading.has_control();
    let stays = || readings(rest).is_some_and(|all| all.iter().all(leads_on));
    prefix.is_empty() || rest.is_empty() || rest.starts_with('/') && stays()
}

impl fmt::Display for UrlPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steps_up_for_any_server_is_no_path() {
        for out in [
            "/org/../mallory",
            "/org/..",
            "/org/..%2fmallory",
            "/org/..%2Fmallory",
            "/org/%2e%2e%2fmallory",
            "/org/%2e%2e/mallory",
            "/org/.%2e/mallory",
            "/org/.%2E%2Fmallory",
            "/org/%252e%252e%252fmallory",
            "/org/%25%c0%ae2e..",
            "/org/%25%c0%ae2e%25%c0%ae2e/mallory",
            "/org/%25252e%25252e/mallory",
            "/org/%2%65%2%65/mallory",
            "/org/%%32e%%32e/mallory",
            "/org/..;/mallory",
            "/org/..;a=b/mallory",
            "/org/%2e%2e%3b/mallory",
            "/org/..\\mallory",
            "/org/..%5cmallory",
            "/org%5C..%5Cmallory",
            "/org/..%255cmallory",
            "/org/..%00/mallory",
            "/org/..%3f/../x",
            "/org/..%3Fx",
            "/org/..%23x",
            "/org/.%09./mallory",
            "/org/.%0a./mallory",
            "/org/.%0D%0A./mallory",
            "/org/%00",
            "/org/x%0Ay",
            "/org/.%2509./mallory",
            "/org/..%250a/mallory",
            "/org/..%2500x",
            "/org/..%20/mallory",
            "/org/%20../mallory",
            "/org/..+/mallory",
            "/org/.../mallory",
            "/org/..%c2%a0/mallory",
            "/org/./mallory",
            "/org/%2e/mallory",
            "/org/%ef%bc%8e%ef%bc%8e/mallory",
            "/org/..%ef%bc%8fmallory",
            "/org/..%ef%bc%bcmallory",
            "/org/%ef%bc%852e%ef%bc%852e/mallory",
            "/org/%e2%80%a4%e2%80%a4/mallory",
            "/org/%e2%80%a5/mallory",
            "/org/..%e2%88%95mallory",
            "/org/%e3%80%82%e3%80%82/mallory",
            "/org/%c0%ae%c0%ae/mallory",
            "/org/..%c0%afmallory",
            "/org/%e0%80%ae%e0%80%ae/mallory",
            "/org/%f0%80%80%ae./mallory",
            "/org/%u002e%u002e/mallory",
            "/org/%uff0e%uff0e%u2215mallory",
            "/org/.%e2%80%8b./mallory",
            "/org/.%c2%ad./mallory",
            "/org/.%ff./mallory",
            "/org/.%ef%bb%bf./mallory",
            "org",
            "/a b",
            "/a?b",
            "/a#b",
            "/\u{e9}",
        ] {
            assert_eq!(UrlPath::parse(out), Err(OddPath), "{out}");
        }
        let often = |times: usize| format!("/org/%{}41", "25".repeat(times));
        assert!(UrlPath::parse(&often(3)).is_ok());
        assert_eq!(UrlPath::parse(&often(100_000)), Err(OddPath), "what is encoded again and again is nobody's path");
    }

    #[test]
    fn what_people_call_is_a_path() {
        for path in [
            "",
            "/",
            "/api/v4/projects/group%2Fproject",
            "/api/v4/projects/group%2Fproject/repository/files/src%2Fmain.rs/raw",
            "/a%20b",
            "/a;b=c",
            "/a..b/..c/d../v1.0...v1.1",
            "/.well-known/x",
            "/.git/config",
            "/%E2%82%AC",
            "/caf%C3%A9",
            "/caf%E9",
            "/100%25",
            "/%zz",
            "/a+b",
            "/what%3F",
            "/what%3F...",
            "/x%250ahost=evil.example",
            "//evil.example/x",
            "/x//y/",
            "/http://evil.example/x",
            "/@scope%2Fname",
        ] {
            assert_eq!(UrlPath::parse(path).expect(path).as_str(), path);
        }
    }

    #[test]
    fn a_path_has_whole_segments_below_it_and_no_empty_ones() {
        let below = |path: &str, prefix: &str| UrlPath::parse(path).unwrap().lies_below(prefix);
        for path in ["/org", "/org/", "/org/x", "/org/a%2Fb", "/org/a;b/", "/org/a%5Cb", "/org/%2Fx"] {
            assert_eq!(below(path, "/org"), path != "/org/%2Fx", "{path}");
            assert!(below(path, ""));
        }
        for path in [
            "/org-evil",
            "/orgs/x",
            "/org;x/y",
            "/org%2Fx",
            "//org/x",
            "/ORG/x",
            "/org//mallory",
            "/org/%5c%2fx",
            "/org/%252f/",
            "/org/x%250ay",
            "/org/%2%2509e%2%2509e/x",
        ] {
            assert!(!below(path, "/org"), "{path}");
            assert!(below(path, ""), "{path}");
        }
    }

    #[test]
    fn a_path_that_servers_read_in_two_ways_is_not_plain() {
        let is_plain = |path: &str| UrlPath::parse(path).unwrap().is_plain();
        assert!(!is_plain("/v1/tok%c0%aeen"));
        assert!(!is_plain("/v1/tok%25c0%25aeen"));
        for plain in ["/v1/token", "/v1/%e6%97%a5", "/v1/caf%e9", "/v1/a%20b"] {
            assert!(is_plain(plain), "{plain}");
        }
    }
}
