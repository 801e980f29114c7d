//! Which calls of an API are meant: methods, and a pattern of paths at one origin. Segments are compared as they are
//! written; `*` is one segment in which no server finds a slash, so `org%2Fapp` is granted only where it is written.

use std::fmt;

use url::Url;

use super::methods::Methods;
use super::{Grant, GrantError, ID, is_git_path};
use crate::base::{ServerUrl, UrlPath, lenient_segments};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CallGrant {
    methods: Methods,
    origin: ServerUrl,
    /// What stands between the slashes; the last one is empty if the path ends with a slash.
    segments: Vec<Segment>,
    /// Whether all below is meant too.
    below: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Exact(String),
    Any,
}

impl CallGrant {
    pub(super) fn parse(methods: &str, words: &[&str]) -> Result<CallGrant, GrantError> {
        let methods = Methods::parse(methods)?;
        let (url, rest) = words.split_first().ok_or(GrantError::NoPattern)?;
        if let Some(word) = rest.first() {
            return Err(GrantError::TooMany((*word).to_owned()));
        }
        let (scheme, rest) = url.split_once("://").ok_or_else(|| GrantError::Pattern((*url).to_owned()))?;
        let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (host, path) = rest.split_at(at);
        let origin = ServerUrl::parse(&format!("{scheme}://{host}"))
            .map_err(|error| GrantError::Url { url: (*url).to_owned(), error })?;
        let is_web = matches!(origin.scheme(), "https" | "http");
        let (segments, below) = if is_web { segments(url, path)? } else { return Err(odd(url)) };
        let grant = CallGrant { methods, origin, segments, below };
        match UrlPath::parse(&grant.path().replace(ID, "id")) {
            Ok(path) if !below && is_git_path(&path) => Err(GrantError::GitPath((*url).to_owned())),
            Ok(_) => Ok(grant),
            Err(_) => Err(odd(url)),
        }
    }

    /// The sentence of whoever may make this call and no other. `None` if there is none, since part of it would be
    /// read as a pattern.
    pub(super) fn sentence(origin: &ServerUrl, method: &str, path: &UrlPath) -> Option<String> {
        let grant = Grant::parse(&format!("{method} {origin}{path}")).ok()?;
        let is_exact = grant.call().is_some_and(|call| !call.below && !call.segments.contains(&Segment::Any));
        is_exact.then(|| grant.to_string())
    }

    pub(super) fn origin(&self) -> &ServerUrl {
        &self.origin
    }

    /// Whether it is about this path, which is none of git's.
    pub(super) fn covers(&self, origin: &ServerUrl, path: &UrlPath) -> bool {
        let asked = split(path.as_str());
        let (begin, rest) = asked.split_at(self.segments.len().min(asked.len()));
        let fits = self.segments.iter().zip(begin).all(|(own, asked)| own.covers(asked));
        self.origin == *origin
            && path.is_plain()
            && fits
            && begin.len() == self.segments.len()
            && (rest.is_empty() || self.below && is_whole(rest))
    }

    pub(super) fn allows(&self, method: &str) -> bool {
        self.methods.allow(method)
    }

    pub(super) fn contains(&self, other: &CallGrant) -> bool {
        let all = self.segments.iter().zip(&other.segments).all(|(own, asked)| own.contains(asked));
        let enough = self.segments.len() <= other.segments.len();
        let is_as_long = self.segments.len() == other.segments.len() && !other.below;
        self.origin == other.origin
            && self.methods.contain(&other.methods)
            && all
            && enough
            && (self.below || is_as_long)
    }

    pub(super) fn of_token(&self, id: &str) -> CallGrant {
        let segments = self.segments.iter().map(|segment| match segment {
            Segment::Exact(text) => Segment::Exact(text.replace(ID, id)),
            Segment::Any => Segment::Any,
        });
        CallGrant { segments: segments.collect(), ..self.clone() }
    }

    pub(super) fn parts(&self) -> impl Iterator<Item = CallGrant> {
        self.methods.parts().into_iter().map(|methods| CallGrant { methods, ..self.clone() })
    }

    fn path(&self) -> String {
        self.segments.iter().map(|segment| format!("/{segment}")).collect()
    }
}

/// The segments of a pattern, and whether all below is meant.
fn segments(url: &str, path: &str) -> Result<(Vec<Segment>, bool), GrantError> {
    let (path, below) = path.strip_suffix("/**").map_or((path, false), |path| (path, true));
    // What a parser of URLs would change, a server could read otherwise.
    let plain = path.replace(ID, "id");
    let as_sent = Url::parse(&format!("https://h{plain}")).ok().filter(|url| {
        let is_root = plain.is_empty() && url.path() == "/";
        url.query().is_none() && url.fragment().is_none() && (url.path() == plain || is_root)
    });
    let is_plain = UrlPath::parse(&plain).is_ok_and(|path| path.is_plain());
    if as_sent.is_none() || !is_plain || plain.contains(['{', '}']) {
        return Err(odd(url));
    }
    if below && path.is_empty() {
        return Ok((Vec::new(), true));
    }
    let parts = split(path);
    if has_gap(&parts) || below && parts.last() == Some(&"") {
        return Err(odd(url));
    }
    let segment = |text: &&str| match *text {
        "*" => Ok(Segment::Any),
        text if text.contains('*') => Err(GrantError::PatternStar(url.to_owned())),
        text => Ok(Segment::Exact(text.to_owned())),
    };
    Ok((parts.iter().map(segment).collect::<Result<_, _>>()?, below))
}

/// What stands between the slashes of a path.
fn split(path: &str) -> Vec<&str> {
    path.strip_prefix('/').unwrap_or(path).split('/').collect()
}

/// Whether a segment other than the last is empty: some servers begin anew there.
fn has_gap(segments: &[&str]) -> bool {
    segments.iter().rev().skip(1).any(|segment| segment.is_empty())
}

/// Whether none of what lies below is empty, for no server.
fn is_whole(segments: &[&str]) -> bool {
    UrlPath::parse(&format!("/{}", segments.join("/"))).is_ok_and(|path| path.is_whole())
}

fn odd(url: &str) -> GrantError {
    GrantError::Pattern(url.to_owned())
}

impl Segment {
    fn covers(&self, asked: &str) -> bool {
        match self {
            Segment::Exact(own) => own == asked && !own.contains(ID),
            Segment::Any => is_one(asked),
        }
    }

    fn contains(&self, other: &Segment) -> bool {
        match (self, other) {
            (Segment::Any, Segment::Any) => true,
            (Segment::Any, Segment::Exact(asked)) => is_one(&asked.replace(ID, "id")),
            (Segment::Exact(own), Segment::Exact(asked)) => own == asked,
            (Segment::Exact(_), Segment::Any) => false,
        }
    }
}

/// Whether the most lenient server finds one segment in it and no slash.
fn is_one(segment: &str) -> bool {
    !segment.is_empty() && lenient_segments(&format!("x{segment}x")).len() == 1
}

impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Segment::Exact(text) => f.write_str(text),
            Segment::Any => f.write_str("*"),
        }
    }
}

impl fmt::Display for CallGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let below = if self.below { "/**" } else { "" };
        write!(f, "{} {}{}{below}", self.methods, self.origin, self.path())
    }
}
