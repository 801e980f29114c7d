//! A grant is a right as one sentence: the same in options, settings, lists, the audit log and refusals.
//!
//! ```text
//! fetch REPOSITORY                          clone and fetch, which is all of the repository
//! push REPOSITORY REFS [new|grow] [delete]  includes fetch; branches, unless refs/… is written
//! METHOD[,METHOD] PATTERN                   calls of an API; GET includes HEAD
//! ANY PATTERN                               calls with whatever method
//! ```
//!
//! The language is so small that "is this one inside that one" is decidable: a ref is exact or has one `*` at its end,
//! a path has exact segments, `*` for a whole one, and `/**` at its end. So a token can issue narrower ones by itself.
//! Git's paths never fall under a call (`git_path`), whatever its pattern. What is asked is compared as it stands, and
//! nothing is folded: who asks in another spelling asks for something that was not granted.

mod call_grant;
mod error;
#[cfg(test)]
mod examples;
mod git_path;
mod grants;
mod methods;
mod missing;
#[cfg(test)]
mod model;
mod push_grant;
mod ref_name;
mod ref_pattern;
mod repository;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::is_visible;
use call_grant::CallGrant;
use push_grant::PushGrant;

pub use error::GrantError;
pub use git_path::is_git_path;
pub use grants::{Admission, Grants};
pub use missing::Missing;
pub use push_grant::RefChange;
pub use ref_name::RefName;
pub use repository::Repository;

/// The longest sentence, in bytes: more than any URL and name of a branch that people work with.
const MAX_LENGTH: usize = 1024;

/// What stands in a grant for the id of the token that will have it.
const ID: &str = "{id}";

/// One right, parsed and canonical. It is printed as the one sentence that means it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant(Right);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Right {
    Fetch(Repository),
    Push(PushGrant),
    Call(CallGrant),
}

impl Grant {
    /// Parses a sentence that says everything itself.
    pub fn parse(text: &str) -> Result<Grant, GrantError> {
        Grant::parse_at(text, None)
    }

    /// Parses a sentence in which `fetch` and `push` may leave out the repository, if there is one that is meant then.
    pub fn parse_at(text: &str, here: Option<&Repository>) -> Result<Grant, GrantError> {
        // Marks of direction come along when a sentence is copied out of a right-to-left one.
        let text = text.trim_matches(|c: char| matches!(c, '\u{2066}'..='\u{2069}') || c.is_whitespace());
        if text.len() > MAX_LENGTH {
            return Err(GrantError::TooLong);
        }
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        if !words.iter().all(|word| is_visible(word)) {
            return Err(GrantError::Invisible);
        }
        let Some((kind, words)) = words.split_first() else { return Err(GrantError::Empty) };
        let grant = match *kind {
            "fetch" => {
                let (repository, rest) = Repository::first_of(words, here)?;
                if let Some(word) = rest.first() {
                    return Err(GrantError::TooMany((*word).to_owned()));
                }
                Grant(Right::Fetch(repository))
            }
            "push" => {
                let (repository, rest) = Repository::first_of(words, here)?;
                Grant(Right::Push(PushGrant::parse(repository, rest)?))
            }
            methods => Grant(Right::Call(CallGrant::parse(methods, words)?)),
        };
        // What was left out may be long, too.
        if grant.to_string().len() > MAX_LENGTH { Err(GrantError::TooLong) } else { Ok(grant) }
    }

    /// Whether whatever `other` allows this one allows too.
    pub fn contains(&self, other: &Grant) -> bool {
        match (&self.0, &other.0) {
            (Right::Fetch(own), Right::Fetch(asked)) => own == asked,
            (Right::Push(own), Right::Fetch(asked)) => own.repository() == asked,
            (Right::Push(own), Right::Push(asked)) => own.contains(asked),
            (Right::Call(own), Right::Call(asked)) => own.contains(asked),
            (Right::Fetch(_), Right::Push(_) | Right::Call(_)) => false,
            (Right::Push(_), Right::Call(_)) | (Right::Call(_), Right::Fetch(_) | Right::Push(_)) => false,
        }
    }

    /// This grant as the token with this id has it.
    pub fn of_token(&self, id: &str) -> Grant {
        Grant(match &self.0 {
            Right::Fetch(repository) => Right::Fetch(repository.clone()),
            Right::Push(push) => Right::Push(push.of_token(id)),
            Right::Call(call) => Right::Call(call.of_token(id)),
        })
    }

    /// The server that it is about, without a path.
    pub fn origin(&self) -> super::ServerUrl {
        match &self.0 {
            Right::Fetch(repository) => repository.url().origin(),
            Right::Push(push) => push.repository().url().origin(),
            Right::Call(call) => call.origin().clone(),
        }
    }

    /// The repository that it is about, if it is about one.
    pub fn repository(&self) -> Option<&Repository> {
        match &self.0 {
            Right::Fetch(repository) => Some(repository),
            Right::Push(push) => Some(push.repository()),
            Right::Call(_) => None,
        }
    }

    fn push(&self) -> Option<&PushGrant> {
        match &self.0 {
            Right::Push(push) => Some(push),
            Right::Fetch(_) | Right::Call(_) => None,
        }
    }

    fn call(&self) -> Option<&CallGrant> {
        match &self.0 {
            Right::Call(call) => Some(call),
            Right::Fetch(_) | Right::Push(_) => None,
        }
    }

    /// It as grants that allow one thing each, and together what it allows.
    fn parts(&self) -> Vec<Grant> {
        match &self.0 {
            Right::Fetch(repository) => vec![Grant(Right::Fetch(repository.clone()))],
            Right::Push(push) => push.parts().map(|part| Grant(Right::Push(part))).collect(),
            Right::Call(call) => call.parts().map(|part| Grant(Right::Call(part))).collect(),
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Right::Fetch(repository) => write!(f, "fetch {repository}"),
            Right::Push(push) => push.fmt(f),
            Right::Call(call) => call.fmt(f),
        }
    }
}

impl FromStr for Grant {
    type Err = GrantError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Grant::parse(text)
    }
}

impl Serialize for Grant {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Grant {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Grant::parse(&String::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
