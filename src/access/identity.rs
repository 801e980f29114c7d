//! A person who signed in at an issuer, and what the settings let them do. Their rights are computed anew from claims
//! and settings with each use, so a change of the settings counts at once.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::role_claims::{ADDRESS, address, find, groups, looked_at, role};
use super::{Claims, Rights};
use crate::base::{AllowRules, IssuerConfig, Reach, Role, RoleRules, Scope, printable};
use crate::wire::Person;

/// Somebody who signed in at an issuer, with those of their claims that the settings look at. Their rights are decided
/// again with each use, so a change of the settings counts at once, also for what they handed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    issuer: String,
    subject: String,
    claims: Map<String, Value>,
}

/// Why somebody who signed in is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The issuer's `allow` does not name them.
    #[error("nothing of allow names them")]
    NotAllowed,
    /// None of their claims gives a role, and there is no `default_role`.
    #[error("no claim gives them a role, and there is no default_role")]
    NoRole,
}

impl Identity {
    /// The person of whom an issuer made these claims. Only the claims that the settings look at are kept.
    pub fn new(claims: &Claims, config: &IssuerConfig) -> Identity {
        let issuer = claims.all().get("iss").and_then(Value::as_str).unwrap_or_default().to_owned();
        let of_allow = config.allow.iter().flat_map(|allow| allow.claims.keys()).map(String::as_str);
        let names: Vec<&str> = looked_at(&config.roles).into_iter().chain(of_allow).chain(ADDRESS).collect();
        let is_part =
            |name: &str, key: &str| name.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let kept = claims.all().iter().filter(|(key, _)| names.iter().any(|name| is_part(name, key)));
        let kept = kept.map(|(key, value)| (key.clone(), value.clone())).collect();
        Identity { issuer, subject: claims.subject().to_owned(), claims: kept }
    }

    /// Somebody of whom only the name was kept. `None` without an issuer, since then nobody vouches for them.
    pub(super) fn of_person(person: &Person) -> Option<Identity> {
        let subject = person.subject.as_ref().unwrap_or(&person.name).clone();
        Some(Identity { issuer: person.issuer.clone()?, subject, claims: Map::new() })
    }

    /// The issuer's name as its tokens say it (the claim `iss`).
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A name that tells this person from all others, in the form that [`Person`] has it.
    pub(super) fn lasting_name(&self) -> String {
        let (name, issuer) = (printable(&self.subject), Some(self.issuer.clone()));
        Person { name, subject: None, issuer }.lasting_name()
    }

    /// Whether both are the same person: the same issuer and subject, whatever else is claimed.
    pub fn is_of(&self, other: &Identity) -> bool {
        // The slash at the end is no part of the name where a person named a host.
        let issuer = |identity: &Identity| identity.issuer.trim_end_matches('/').to_owned();
        issuer(self) == issuer(other) && self.subject == other.subject
    }

    /// The role that these settings give the person.
    pub fn role(&self, config: &IssuerConfig) -> Result<Role, Refused> {
        match &config.allow {
            Some(allow) if !self.is_allowed(allow, &config.roles) => Err(Refused::NotAllowed),
            _ => role(&self.claims, &config.roles).or(config.default_role).ok_or(Refused::NoRole),
        }
    }

    /// The rights that the person's role has by these settings.
    pub fn rights(&self, config: &IssuerConfig) -> Result<Rights, Refused> {
        let role = self.role(config)?;
        let reveal = config.reveal && role == Role::Admin;
        Ok(match config.servers.of(role) {
            Reach::All => {
                Rights { scopes: role.scopes(), grants: None, servers: Vec::new(), reveal, status_only: false }
            }
            Reach::Servers(servers) => {
                Rights { scopes: role.scopes(), grants: None, servers, reveal, status_only: false }
            }
            Reach::Status => {
                let looking = [Scope::Read, Scope::Audit].into_iter().collect();
                let scopes = role.scopes().intersection(&looking);
                Rights { scopes, grants: None, servers: Vec::new(), reveal: false, status_only: true }
            }
        })
    }

    fn is_allowed(&self, allow: &AllowRules, roles: &RoleRules) -> bool {
        let is_named = allow.names_subject(&self.subject)
            || address(&self.claims).and_then(Value::as_str).is_some_and(|address| allow.names_address(address))
            || groups(&self.claims, roles).any(|group| allow.names_group(group));
        let names_anybody = allow.names_people() || !allow.claims.is_empty();
        let subject = Value::from(&*self.subject);
        let claim = |name: &str| if name == "sub" { Some(&subject) } else { find(&self.claims, name) };
        names_anybody
            && (is_named || !allow.names_people())
            && allow.claims.iter().all(|(name, values)| claim(name).is_some_and(|claim| values.fit(claim)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity(claims: Value) -> Identity {
        let claims = claims.as_object().unwrap().clone();
        Identity { issuer: "https://id.example".to_owned(), subject: "00u1".to_owned(), claims }
    }

    fn config(more: &str) -> IssuerConfig {
        toml_edit::de::from_str(&format!("issuer = 'https://id.example'\nclient_id = 'loom'\n{more}")).unwrap()
    }

    #[test]
    fn who_matches_nothing_is_refused_whatever_else_they_are() {
        let role = |more: &str, claims: Value| identity(claims).role(&config(more));
        let ops = "[roles]\nmapping = { ops = 'operator' }";
        assert_eq!(role("", json!({})), Err(Refused::NoRole));
        assert_eq!(role(ops, json!({ "groups": ["admin", "viewer"] })), Err(Refused::NoRole));
        assert_eq!(role(ops, json!({ "groups": ["ops"] })), Ok(Role::Operator));
        assert_eq!(role("default_role = 'viewer'", json!({})), Ok(Role::Viewer));
        assert_eq!(role("default_role = 'viewer'", json!({ "roles": "admin" })), Ok(Role::Admin));
    }

    #[test]
    fn rules_that_name_nobody_let_nobody_in() {
        let admin =
            json!({ "roles": ["admin"], "email": "a@corp.example", "email_verified": true, "hd": "corp.example" });
        for nobody in [
            "{}",
            "{ people = [] }",
            "{ domains = [] }",
            "{ groups = [] }",
            "{ people = [], claims = { hd = 'corp.example' } }",
            "{ claims = { hd = [] } }",
            "{ claims = { tid = 't' } }",
            "{ domains = ['corp.example'], claims = { tid = 't' } }",
            "{ people = ['*'] }",
            "{ people = [''] }",
            "{ groups = ['*'] }",
        ] {
            let config = config(&format!("default_role = 'admin'\nallow = {nobody}"));
            assert_eq!(identity(admin.clone()).role(&config), Err(Refused::NotAllowed), "{nobody}");
        }
        for own in [
            "{ people = ['00u1'] }",
            "{ people = ['A@corp.example'] }",
            "{ domains = ['corp.example'] }",
            "{ groups = ['x', 'admin'] }",
            "{ claims = { hd = 'corp.example' } }",
            "{ claims = { sub = '00u1' } }",
            "{ people = ['somebody'], domains = ['corp.example'], claims = { hd = ['b.example', 'corp.example'] } }",
        ] {
            let config = config(&format!("allow = {own}"));
            assert_eq!(identity(admin.clone()).role(&config), Ok(Role::Admin), "{own}");
        }
    }

    #[test]
    fn an_address_counts_only_if_the_issuer_verified_it() {
        let config = config("default_role = 'viewer'\nallow = { domains = ['corp.example'] }");
        for verified in [json!(false), json!("true"), json!(1), json!(null), json!([true])] {
            let claims = json!({ "email": "a@corp.example", "email_verified": verified });
            assert_eq!(identity(claims.clone()).role(&config), Err(Refused::NotAllowed), "{claims}");
        }
        assert!(identity(json!({ "email": "a@corp.example" })).role(&config).is_err());
        assert!(
            identity(json!({ "preferred_username": "a@corp.example", "email_verified": true })).role(&config).is_err()
        );
        assert!(identity(json!({ "email": ["a@corp.example"], "email_verified": true })).role(&config).is_err());
        assert!(identity(json!({ "email": "a@corp.example", "email_verified": true })).role(&config).is_ok());
    }

    #[test]
    fn an_unverified_address_lets_nobody_in_by_whichever_rule_names_it() {
        for rule in [
            "default_role = 'admin'\nallow = { claims = { email = 'root@corp.example' } }",
            "default_role = 'admin'\nallow = { claims = { email = ['root@corp.example'] } }",
            "roles = { claim = 'email', mapping = { 'root@corp.example' = 'admin' } }",
            "default_role = 'admin'\nroles.claim = 'email'\nallow = { groups = ['root@corp.example'] }",
        ] {
            let role = |claims: Value| identity(claims).role(&config(rule));
            for verified in [json!(false), json!("true"), json!(1), json!(null), json!([true])] {
                assert!(role(json!({ "email": "root@corp.example", "email_verified": verified })).is_err(), "{rule}");
            }
            assert!(role(json!({ "email": "root@corp.example" })).is_err(), "{rule}");
            assert!(role(json!({ "email": ["root@corp.example"], "email_verified": true })).is_err(), "{rule}");
            assert_eq!(
                role(json!({ "email": "root@corp.example", "email_verified": true })),
                Ok(Role::Admin),
                "{rule}"
            );
        }
    }

    #[test]
    fn who_only_looks_uses_nothing_unless_servers_are_named_for_them() {
        let rights = |role: &str, more: &str| {
            let found = identity(json!({ "roles": role })).rights(&config(more)).unwrap();
            (found.scopes.to_string(), found.servers.len(), found.status_only, found.reveal)
        };
        assert_eq!(rights("viewer", ""), ("read".to_owned(), 0, true, false));
        assert_eq!(rights("auditor", ""), ("read, audit".to_owned(), 0, true, false));
        assert!(!rights("operator", "").2);
        assert_eq!(rights("viewer", "servers.viewer = ['a.example']"), ("read".to_owned(), 1, false, false));
        assert_eq!(rights("viewer", "servers.viewer = ['*']"), ("read".to_owned(), 0, false, false));
        assert_eq!(rights("admin", "reveal = true"), ("*".to_owned(), 0, false, true));
        assert_eq!(rights("admin", "reveal = true\nservers.admin = ['a.example']"), ("*".to_owned(), 1, false, true));
        let nothing = rights("operator", "reveal = true\nservers.operator = []");
        assert!(
            nothing.2 && !nothing.3 && !nothing.0.contains("write") && !nothing.0.contains("control"),
            "{nothing:?}"
        );
    }
}
