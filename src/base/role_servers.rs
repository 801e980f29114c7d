use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Role, ServerPattern};

/// The key `servers` of an issuer in the settings: for each role, the servers whose stored credentials it may use.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RoleServers(BTreeMap<Role, Reach>);

/// The servers whose stored credentials a role may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// None: the role only sees who is logged in where. In the settings an empty list.
    Status,
    /// The named servers.
    Servers(Vec<ServerPattern>),
    /// Every server. In the settings the list `["*"]`.
    All,
}

/// The entry of a list that means all servers.
const EVERY: &str = "*";

impl RoleServers {
    /// Whether the settings name servers for no role at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The servers of this role. Without an entry it is none for [`Role::Viewer`] and [`Role::Auditor`], which only
    /// look, and every server for the others.
    pub fn of(&self, role: Role) -> Reach {
        let usual = || match role {
            Role::Viewer | Role::Auditor => Reach::Status,
            Role::Operator | Role::Admin => Reach::All,
        };
        self.0.get(&role).cloned().unwrap_or_else(usual)
    }
}

impl<'de> Deserialize<'de> for Reach {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let named = Vec::<String>::deserialize(from)?;
        if named.iter().any(|text| text == EVERY) {
            return match named.len() {
                1 => Ok(Reach::All),
                _ => Err(D::Error::custom("\"*\" means all servers, and stands alone")),
            };
        }
        let servers = named.iter().map(|text| {
            let wrong = |error| D::Error::custom(format!("{text:?} is no server: {error}"));
            ServerPattern::from_user(text).map_err(wrong)
        });
        let servers = servers.collect::<Result<Vec<_>, _>>()?;
        Ok(if servers.is_empty() { Reach::Status } else { Reach::Servers(servers) })
    }
}

impl Serialize for Reach {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Reach::Status => to.collect_seq::<[&str; 0]>([]),
            Reach::Servers(servers) => to.collect_seq(servers),
            Reach::All => to.collect_seq([EVERY]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_only_looks_has_the_servers_that_are_named() {
        let text = "viewer = ['https://a.example', '*.b.example']\nauditor = ['*']\noperator = []";
        let servers: RoleServers = toml_edit::de::from_str(text).unwrap();
        assert!(matches!(servers.of(Role::Viewer), Reach::Servers(two) if two.len() == 2));
        assert_eq!((servers.of(Role::Auditor), servers.of(Role::Operator)), (Reach::All, Reach::Status));
        assert_eq!(servers.of(Role::Admin), Reach::All);
        let none = RoleServers::default();
        assert_eq!((none.of(Role::Viewer), none.of(Role::Auditor)), (Reach::Status, Reach::Status));
        assert_eq!(none.of(Role::Operator), Reach::All);
        let again: RoleServers = serde_json::from_value(serde_json::to_value(&servers).unwrap()).unwrap();
        assert_eq!(again, servers);
        for bad in ["guest = ['a.example']", "viewer = 'a.example'", "viewer = ['']", "viewer = ['*', 'a.example']"] {
            assert!(toml_edit::de::from_str::<RoleServers>(bad).is_err(), "{bad}");
        }
    }
}
