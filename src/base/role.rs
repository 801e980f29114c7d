use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Scope, Scopes};

/// A role of Loki's API. The order of the variants is their rank, least powerful first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// May look: `read`.
    Viewer,
    /// May look, and read the audit log: `read`, `audit`.
    Auditor,
    /// May change things: `control`, which includes `write` and `read`.
    Operator,
    /// May do everything: `*`.
    Admin,
}

impl Role {
    /// Every role, least powerful first.
    pub const EVERY: [Role; 4] = [Role::Viewer, Role::Auditor, Role::Operator, Role::Admin];

    /// The role's name in settings, claims and replies.
    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    /// The role with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::EVERY.into_iter().find(|role| role.name() == name)
    }

    /// The scopes that the role gives.
    pub fn scopes(self) -> Scopes {
        let scopes: &[Scope] = match self {
            Role::Viewer => &[Scope::Read],
            Role::Auditor => &[Scope::Read, Scope::Audit],
            Role::Operator => &[Scope::Control, Scope::Read, Scope::Write],
            Role::Admin => &[Scope::All],
        };
        scopes.iter().copied().collect()
    }
}

/// The scopes of the role with this name: a built-in one ([`Role`]), else one of `custom`, the roles of the settings,
/// which cannot redefine a built-in one. `None` if neither has it.
pub fn scopes_of_role(role: &str, custom: &BTreeMap<String, Scopes>) -> Option<Scopes> {
    Role::from_name(role).map(Role::scopes).or_else(|| custom.get(role).cloned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_is_read_as_it_is_written_and_no_custom_one_takes_its_name() {
        let custom = |name: &str| BTreeMap::from([(name.to_owned(), Scopes::from_iter([Scope::All]))]);
        for role in Role::EVERY {
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{}\"", role.name()));
            assert_eq!(scopes_of_role(role.name(), &custom(role.name())), Some(role.scopes()));
        }
        assert!(Role::Admin > Role::Operator);
        assert!(Role::Operator > Role::Auditor);
        assert!(Role::Auditor > Role::Viewer);
        assert!(Role::from_name("Admin").is_none());
        assert!(scopes_of_role("ops", &custom("ops")).is_some());
    }
}
