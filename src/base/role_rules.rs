use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Role;

/// Which claims of an issuer's tokens give which role.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RoleRules {
    /// The only claim that is looked at: its name, or the way to it with dots, as in `resource_access.loom.roles`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub claim: Option<String>,
    /// From a value of the claim to the role that it gives. If absent, a value that is the name of a role gives that
    /// role; an empty map gives nobody a role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<BTreeMap<String, Role>>,
}

impl RoleRules {
    /// The role that this value of a claim gives, if any. Upper and lower case are told apart.
    pub fn role_of(&self, value: &str) -> Option<Role> {
        match &self.mapping {
            None => Role::from_name(value),
            Some(mapping) => mapping.get(value).copied(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_mapping_the_name_of_a_role_is_a_value_like_any_other() {
        let rules: RoleRules =
            toml_edit::de::from_str("claim = \"groups\"\n[mapping]\n\"ops team\" = \"operator\"").unwrap();
        assert_eq!((rules.role_of("ops team"), rules.role_of("admin")), (Some(Role::Operator), None));
        assert_eq!(RoleRules::default().role_of("admin"), Some(Role::Admin));
        assert_eq!(RoleRules::default().role_of("ADMIN"), None);
        assert_eq!(toml_edit::de::from_str::<RoleRules>("mapping = {}").unwrap().role_of("admin"), None);
        assert!(toml_edit::de::from_str::<RoleRules>("mapping = { a = \"root\" }").is_err());
        assert!(toml_edit::de::from_str::<RoleRules>("claims = \"roles\"").is_err());
    }
}
