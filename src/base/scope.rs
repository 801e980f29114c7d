use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// One thing that a caller may do, in the words of Loki's API. `*` includes all others, `control` includes `write`, and
/// `write` includes `read`; only `*` includes `audit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// `*`: everything.
    All,
    /// `control`: what manages the agent, such as its tokens and doors.
    Control,
    /// `write`: changing what is stored.
    Write,
    /// `read`: looking.
    Read,
    /// `audit`: reading the audit log.
    Audit,
}

/// A set of scopes, in the order in which they were named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scopes(Vec<Scope>);

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is no scope: *, control, write, read, audit")]
pub struct UnknownScope(pub String);

impl Scope {
    /// Every scope, the most powerful first.
    pub const EVERY: [Scope; 5] = [Scope::All, Scope::Control, Scope::Write, Scope::Read, Scope::Audit];

    /// The scope's name in tokens, settings and replies.
    pub fn name(self) -> &'static str {
        match self {
            Scope::All => "*",
            Scope::Control => "control",
            Scope::Write => "write",
            Scope::Read => "read",
            Scope::Audit => "audit",
        }
    }

    /// The scope with this name.
    pub fn from_name(name: &str) -> Result<Scope, UnknownScope> {
        let found = Scope::EVERY.into_iter().find(|scope| scope.name() == name);
        found.ok_or_else(|| UnknownScope(name.to_owned()))
    }

    /// Whether whoever has this scope may do what needs `other`.
    pub fn includes(self, other: Scope) -> bool {
        match (self, other) {
            (Scope::All, _) => true,
            (Scope::Control, Scope::Control | Scope::Write | Scope::Read) => true,
            (Scope::Write, Scope::Write | Scope::Read) => true,
            (Scope::Read, Scope::Read) | (Scope::Audit, Scope::Audit) => true,
            (Scope::Control | Scope::Write | Scope::Read | Scope::Audit, _) => false,
        }
    }
}

impl Scopes {
    /// The scopes with these names. One unknown name is an error; no names are no rights.
    pub fn from_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Scopes, UnknownScope> {
        let mut scopes = Scopes::default();
        for name in names {
            scopes.insert(Scope::from_name(name)?);
        }
        Ok(scopes)
    }

    fn insert(&mut self, scope: Scope) {
        if !self.0.contains(&scope) {
            self.0.push(scope);
        }
    }

    /// Whether one of the scopes includes `needed`.
    pub fn allows(&self, needed: Scope) -> bool {
        self.0.iter().any(|scope| scope.includes(needed))
    }

    /// Whether these scopes allow everything that `others` allow.
    pub fn cover(&self, others: &Scopes) -> bool {
        others.0.iter().all(|scope| self.allows(*scope))
    }

    /// The scopes that both sets allow.
    pub fn intersection(&self, others: &Scopes) -> Scopes {
        let mut both = Scopes::default();
        self.0.iter().filter(|scope| others.allows(**scope)).for_each(|scope| both.insert(*scope));
        others.0.iter().filter(|scope| self.allows(**scope)).for_each(|scope| both.insert(*scope));
        both
    }

    /// The set without scopes that another one in it includes: `control, read` becomes `control`.
    pub fn simplified(&self) -> Scopes {
        let is_included = |scope: &Scope| self.0.iter().any(|other| other != scope && other.includes(*scope));
        self.0.iter().filter(|scope| !is_included(scope)).copied().collect()
    }

    /// Whether the set has no scope, and so allows nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The scopes in the order in which they were named.
    pub fn iter(&self) -> impl Iterator<Item = Scope> {
        self.0.iter().copied()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        let mut all = Scopes::default();
        scopes.into_iter().for_each(|scope| all.insert(scope));
        all
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.iter().map(Scope::name).collect();
        f.write_str(&names.join(", "))
    }
}

impl Serialize for Scopes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter().map(Scope::name))
    }
}

impl<'de> Deserialize<'de> for Scopes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let names = Vec::<String>::deserialize(from)?;
        Scopes::from_names(names.iter().map(String::as_str)).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn scopes() -> impl Strategy<Value = Scopes> {
        prop::collection::vec(prop::sample::select(Scope::EVERY.to_vec()), 0..5).prop_map(Scopes::from_iter)
    }

    proptest! {
        #[test]
        fn what_two_sets_have_in_common_is_what_both_allow(a in scopes(), b in scopes(), needed in prop::sample::select(Scope::EVERY.to_vec())) {
            let both = a.intersection(&b);
            prop_assert_eq!(both.allows(needed), a.allows(needed) && b.allows(needed));
            prop_assert!(a.cover(&both));
            prop_assert!(b.cover(&both));
        }

        #[test]
        fn names_are_read_as_they_are_printed(a in scopes()) {
            let printed = serde_json::to_string(&a).unwrap();
            prop_assert_eq!(serde_json::from_str::<Scopes>(&printed).unwrap(), a);
        }
    }

    #[test]
    fn the_table_of_scopes_holds() {
        let allowed = |scope: Scope| Scope::EVERY.into_iter().filter(|needed| scope.includes(*needed)).count();
        assert_eq!(Scope::EVERY.map(allowed), [5, 3, 2, 1, 1]);
        assert!(Scope::from_name("READ").is_err());
        assert!(Scopes::from_names(["read", "sudo"]).is_err());
    }
}
