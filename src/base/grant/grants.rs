//! All grants of one token, and the questions that they answer. Each answer names the grant that allowed it, or the
//! sentence that was missing.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::call_grant::CallGrant;
use super::push_grant::PushGrant;
use super::{Grant, GrantError, Missing, RefChange, RefName, Repository, is_git_path};
use crate::base::{ServerUrl, UrlPath};

/// How many grants a token has at most: what one person still reads, and what is looked through with each request.
const MAX_GRANTS: usize = 100;

/// The grants of one token. Without any, nothing is allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Grants(Vec<Grant>);

/// Whether a ref may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission<'a> {
    /// By this grant.
    Granted(&'a Grant),
    /// By this grant, but only if the new value is shown to have the old one among its ancestors.
    IfItGrows(&'a Grant),
}

impl Grants {
    /// These grants, each once, in their order. Fails if they are too many.
    pub fn new(all: impl IntoIterator<Item = Grant>) -> Result<Grants, GrantError> {
        let mut grants: Vec<Grant> = Vec::new();
        for grant in all {
            if grants.len() == MAX_GRANTS {
                return Err(GrantError::TooManyGrants);
            }
            if !grants.contains(&grant) {
                grants.push(grant);
            }
        }
        Ok(Grants(grants))
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        self.0.iter()
    }

    /// Whether there is none, which allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These grants as the token with this id has them.
    pub fn of_token(&self, id: &str) -> Grants {
        Grants(self.0.iter().map(|grant| grant.of_token(id)).collect())
    }

    /// Whether these allow all that `other` allows. A grant may be covered by several together if each of its methods,
    /// and deleting apart from the rest, is covered by one.
    pub fn cover(&self, other: &Grants) -> bool {
        let is_covered = |part: Grant| self.0.iter().any(|own| own.contains(&part));
        other.0.iter().flat_map(Grant::parts).all(is_covered)
    }

    /// Whether any of them is about this server.
    pub fn name_server(&self, server: &ServerUrl) -> bool {
        let origin = server.origin();
        self.0.iter().any(|grant| grant.origin() == origin)
    }

    /// Those about this repository, for whoever is to be told what is allowed there.
    pub fn about<'a>(&'a self, repository: &Repository) -> impl Iterator<Item = &'a Grant> {
        self.0.iter().filter(move |grant| grant.repository() == Some(repository))
    }

    /// Whether this repository may be fetched.
    pub fn may_fetch(&self, repository: &Repository) -> Result<&Grant, Missing> {
        self.about(repository).next().ok_or_else(|| Missing::Grant(format!("fetch {repository}")))
    }

    /// Whether anything may be pushed to this repository.
    pub fn may_push(&self, repository: &Repository) -> Result<&Grant, Missing> {
        let missing = || Missing::Grant(format!("push {repository} REFS"));
        self.pushes(repository).map(|(grant, _)| grant).next().ok_or_else(missing)
    }

    /// Whether any ref of this repository may be deleted.
    pub fn may_delete(&self, repository: &Repository) -> bool {
        self.pushes(repository).any(|(_, push)| push.allows(RefChange::Delete))
    }

    /// Whether this may be done to a ref. Who does not know yet whether a new value keeps the old one asks for
    /// [`RefChange::Rewrite`].
    pub fn may_change(
        &self,
        repository: &Repository,
        name: &RefName,
        change: RefChange,
    ) -> Result<Admission<'_>, Missing> {
        let about = || self.pushes(repository).filter(|(_, push)| push.covers(name));
        let granted = about().find(|(_, push)| push.allows(change)).map(|(grant, _)| Admission::Granted(grant));
        let if_it_grows = || {
            let growing = about().find(|(_, push)| change == RefChange::Rewrite && push.allows(RefChange::Grow));
            growing.map(|(grant, _)| Admission::IfItGrows(grant))
        };
        let missing = || Missing::Grant(PushGrant::sentence(repository, name, change));
        granted.or_else(if_it_grows).ok_or_else(missing)
    }

    /// Whether this may be called. Paths of git's never are.
    pub fn may_call(&self, server: &ServerUrl, method: &str, path: &UrlPath) -> Result<&Grant, Missing> {
        if is_git_path(path) {
            return Err(Missing::GitPath);
        }
        if !path.is_plain() {
            return Err(Missing::Odd);
        }
        let origin = server.origin();
        let allows = |call: &CallGrant| call.allows(method) && call.covers(&origin, path);
        let found = self.0.iter().find(|grant| grant.call().is_some_and(allows));
        found.ok_or_else(|| CallGrant::sentence(&origin, method, path).map_or(Missing::Odd, Missing::Grant))
    }

    fn pushes<'a>(&'a self, repository: &Repository) -> impl Iterator<Item = (&'a Grant, &'a PushGrant)> {
        let pushes = self.0.iter().filter_map(|grant| Some((grant, grant.push()?)));
        pushes.filter(move |(_, push)| push.repository() == repository)
    }
}

impl fmt::Display for Grants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, grant) in self.0.iter().enumerate() {
            let between = if at == 0 { "" } else { "\n" };
            write!(f, "{between}{grant}")?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Grants {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Grants::new(Vec::<Grant>::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}
