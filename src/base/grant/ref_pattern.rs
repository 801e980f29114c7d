//! Which refs of a repository are meant. Outside branches, tags and notes, names of refs are orders at some servers
//! (`refs/for/main` opens a review, `refs/meta/config` sets rights, `refs/replace/…` puts another object in place of
//! one), so no `*` reaches there: they are written out.

use std::fmt;

use super::ref_name::{HEADS, short};
use super::{GrantError, ID, RefName};

/// Where a `*` may stand.
const PLAIN: [&str; 3] = [HEADS, "refs/tags/", "refs/notes/"];

/// A name, or all that begin with one. Neither has `{` unless it stands for a token's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum RefPattern {
    Exact(String),
    Below(String),
}

impl RefPattern {
    pub(super) fn parse(text: &str) -> Result<RefPattern, GrantError> {
        let full = if text.starts_with("refs/") { text.to_owned() } else { format!("{HEADS}{text}") };
        let (begin, is_below) = full.strip_suffix('*').map_or((full.as_str(), false), |begin| (begin, true));
        if begin.contains('*') {
            return Err(GrantError::RefStar(text.to_owned()));
        }
        // A name that some ref has, so that nobody relies on what matches nothing.
        let example = begin.replace(ID, "id") + if is_below { "x" } else { "" };
        if RefName::parse(&example).is_none() || example.contains(['{', '}']) || text == "HEAD" {
            return Err(GrantError::RefName(text.to_owned()));
        }
        if !is_below {
            return Ok(RefPattern::Exact(full));
        }
        if PLAIN.iter().any(|plain| begin.starts_with(plain)) {
            Ok(RefPattern::Below(begin.to_owned()))
        } else {
            Err(GrantError::RefMagic(text.to_owned()))
        }
    }

    pub(super) fn covers(&self, name: &RefName) -> bool {
        match self {
            _ if self.text().contains(ID) => false,
            RefPattern::Exact(own) => own == name.as_str(),
            RefPattern::Below(begin) => name.as_str().starts_with(begin),
        }
    }

    /// Whether all that `other` covers, as whatever token, is covered.
    pub(super) fn contains(&self, other: &RefPattern) -> bool {
        match (self, other) {
            (RefPattern::Exact(own), RefPattern::Exact(asked)) => own == asked,
            (RefPattern::Exact(_), RefPattern::Below(_)) => false,
            (RefPattern::Below(own), RefPattern::Exact(asked) | RefPattern::Below(asked)) => asked.starts_with(own),
        }
    }

    pub(super) fn of_token(&self, id: &str) -> RefPattern {
        match self {
            RefPattern::Exact(name) => RefPattern::Exact(name.replace(ID, id)),
            RefPattern::Below(begin) => RefPattern::Below(begin.replace(ID, id)),
        }
    }

    fn text(&self) -> &str {
        match self {
            RefPattern::Exact(text) | RefPattern::Below(text) => text,
        }
    }
}

impl fmt::Display for RefPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            RefPattern::Exact(name) => f.write_str(short(name)),
            RefPattern::Below(begin) => write!(f, "{}*", short(begin)),
        }
    }
}
