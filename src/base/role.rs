use std::collections::BTreeMap;

use super::{Scope, Scopes};

/// The scopes of a role: one of those that Loki's API has, else one of the settings, which cannot change the former.
pub fn scopes_of_role(role: &str, custom: &BTreeMap<String, Scopes>) -> Option<Scopes> {
    let known: &[Scope] = match role {
        "admin" => &[Scope::All],
        "operator" => &[Scope::Control, Scope::Read, Scope::Write],
        "viewer" => &[Scope::Read],
        "auditor" => &[Scope::Read, Scope::Audit],
        other => return custom.get(other).cloned(),
    };
    Some(known.iter().copied().collect())
}
