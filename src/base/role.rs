use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Scope, Scopes};

/// A role of Loki's API, from the least to the most powerful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    Viewer,
    Auditor,
    Operator,
    Admin,
}

impl Role {
    pub const EVERY: [Role; 4] = [Role::Viewer, Role::Auditor, Role::Operator, Role::Admin];

    pub fn name(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Auditor => "auditor",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }

    pub fn from_name(name: &str) -> Option<Role> {
        Role::EVERY.into_iter().find(|role| role.name() == name)
    }

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

/// The scopes of a role: one of those that Loki's API has, else one of the settings, which cannot change the former.
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
