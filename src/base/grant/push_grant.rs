use std::fmt;

use super::ref_pattern::RefPattern;
use super::{GrantError, RefName, Repository};

/// What is done to a ref.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefChange {
    /// It is not there and will be.
    Create,
    /// It gets another value, which is known to have the present one among its ancestors.
    Grow,
    /// It gets another value, in place of the present one.
    Rewrite,
    /// It will not be there any more.
    Delete,
}

impl RefChange {
    pub(super) const EVERY: [RefChange; 4] =
        [RefChange::Create, RefChange::Grow, RefChange::Rewrite, RefChange::Delete];
}

/// Which refs of a repository may be changed, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PushGrant {
    repository: Repository,
    refs: RefPattern,
    update: Update,
    delete: bool,
}

/// How a ref may get a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Update {
    /// `new`: only where there is none.
    Never,
    /// `grow`: also if nothing is lost by it.
    Adding,
    /// Any value.
    Any,
}

impl PushGrant {
    /// Parses what follows the repository.
    pub(super) fn parse(repository: Repository, words: &[&str]) -> Result<PushGrant, GrantError> {
        let (refs, words) = words.split_first().ok_or(GrantError::NoRefs)?;
        let refs = RefPattern::parse(refs)?;
        let (mut new, mut grow, mut delete) = (false, false, false);
        for word in words {
            let said = match *word {
                "new" => &mut new,
                "grow" => &mut grow,
                "delete" => &mut delete,
                _ => return Err(GrantError::Word((*word).to_owned())),
            };
            if std::mem::replace(said, true) {
                return Err(GrantError::TooMany((*word).to_owned()));
            }
        }
        let update = match (new, grow) {
            (true, true) => return Err(GrantError::NewAndGrow),
            (true, false) => Update::Never,
            (false, true) => Update::Adding,
            (false, false) => Update::Any,
        };
        Ok(PushGrant { repository, refs, update, delete })
    }

    /// The sentence of whoever may do this to one ref, and no more than has to come with it.
    pub(super) fn sentence(repository: &Repository, name: &RefName, change: RefChange) -> String {
        let words = match change {
            RefChange::Create => " new",
            RefChange::Grow => " grow",
            RefChange::Rewrite => "",
            RefChange::Delete => " new delete",
        };
        format!("push {repository} {name}{words}")
    }

    pub(super) fn repository(&self) -> &Repository {
        &self.repository
    }

    pub(super) fn covers(&self, name: &RefName) -> bool {
        self.refs.covers(name)
    }

    pub(super) fn allows(&self, change: RefChange) -> bool {
        match change {
            RefChange::Create => true,
            RefChange::Grow => self.update >= Update::Adding,
            RefChange::Rewrite => self.update >= Update::Any,
            RefChange::Delete => self.delete,
        }
    }

    pub(super) fn contains(&self, other: &PushGrant) -> bool {
        let changes = RefChange::EVERY.iter().all(|change| self.allows(*change) || !other.allows(*change));
        self.repository == other.repository && self.refs.contains(&other.refs) && changes
    }

    pub(super) fn of_token(&self, id: &str) -> PushGrant {
        PushGrant { refs: self.refs.of_token(id), ..self.clone() }
    }

    /// Deleting apart from the rest.
    pub(super) fn parts(&self) -> impl Iterator<Item = PushGrant> {
        let without = PushGrant { delete: false, ..self.clone() };
        let deleting = PushGrant { update: Update::Never, ..self.clone() };
        [without].into_iter().chain(self.delete.then_some(deleting))
    }
}

impl fmt::Display for PushGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let update = match self.update {
            Update::Never => " new",
            Update::Adding => " grow",
            Update::Any => "",
        };
        let delete = if self.delete { " delete" } else { "" };
        write!(f, "push {} {}{update}{delete}", self.repository, self.refs)
    }
}
