//! Finds roles in an issuer's claims, by the settings' rules and the usual names. A text is one value, spaces and
//! commas included, so nobody gains a role by a clever group name; an e-mail address counts only if the issuer verified
//! it.

use serde_json::{Map, Value};

use crate::base::{Role, RoleRules};

/// The claims in which issuers put roles: the standard ones (RFC 9068 §2.2.3.1), Keycloak's and Cognito's.
const USUAL: [&str; 4] = ["roles", "groups", "realm_access.roles", "cognito:groups"];

/// The most powerful role that the claims give, if they give one.
pub(super) fn role(claims: &Map<String, Value>, rules: &RoleRules) -> Option<Role> {
    groups(claims, rules).filter_map(|value| rules.role_of(value)).max()
}

/// Every text in the claims in which roles are looked for.
pub(super) fn groups<'a>(claims: &'a Map<String, Value>, rules: &RoleRules) -> impl Iterator<Item = &'a str> {
    looked_at(rules).into_iter().filter_map(|name| find(claims, name)).flat_map(values)
}

/// The claims that these rules look at.
pub(super) fn looked_at(rules: &RoleRules) -> Vec<&str> {
    match &rules.claim {
        Some(claim) => vec![claim.as_str()],
        None => USUAL.to_vec(),
    }
}

/// A claim by its name, or by the way to it with dots. An e-mail address is found only if the issuer verified it.
pub(super) fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    if name == ADDRESS[0] { address(claims) } else { at(claims, name) }
}

/// The claims of an e-mail address: the address, and whether it is verified (OpenID Connect Core §5.1).
pub(super) const ADDRESS: [&str; 2] = ["email", "email_verified"];

/// The e-mail address, if the issuer verified it (OpenID Connect Core §5.1).
pub(super) fn address(claims: &Map<String, Value>) -> Option<&Value> {
    let [address, verified] = ADDRESS.map(|name| claims.get(name));
    address.filter(|address| address.is_string() && verified == Some(&Value::Bool(true)))
}

/// The claim at this way. Names may have dots themselves, as URLs do, so the longest name is tried first.
fn at<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    claims.get(name).or_else(|| {
        name.rmatch_indices('.').find_map(|(dot, _)| at(claims.get(&name[..dot])?.as_object()?, &name[dot + 1..]))
    })
}

/// The texts of a claim. A text with spaces or commas is one value, so that nobody gains by putting them into a name.
fn values(claim: &Value) -> impl Iterator<Item = &str> {
    let several = claim.as_array().map(Vec::as_slice).unwrap_or_default();
    claim.as_str().into_iter().chain(several.iter().filter_map(Value::as_str))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn given(claims: Value, claim: Option<&str>, mapping: &[(&str, Role)]) -> Option<Role> {
        let mapping = mapping.iter().map(|(value, role)| ((*value).to_owned(), *role)).collect();
        let mapping = Some(mapping).filter(|mapping: &BTreeMap<_, _>| !mapping.is_empty());
        role(claims.as_object().unwrap(), &RoleRules { claim: claim.map(str::to_owned), mapping })
    }

    #[test]
    fn the_most_powerful_of_the_usual_claims_counts() {
        for (claims, role) in [
            (json!({}), None),
            (json!({ "roles": ["auditor", "operator", "viewer"] }), Some(Role::Operator)),
            (json!({ "roles": "admin" }), Some(Role::Admin)),
            (json!({ "groups": ["auditor"], "roles": ["viewer"] }), Some(Role::Auditor)),
            (json!({ "realm_access": { "roles": ["operator"] } }), Some(Role::Operator)),
            (json!({ "cognito:groups": ["admin"] }), Some(Role::Admin)),
            (json!({ "cognito": { "groups": ["admin"] }, "role": "admin", "scope": "admin" }), None),
            (json!({ "roles": ["Admin", "ADMIN", " admin", "admins", "*", ""] }), None),
            (json!({ "roles": "viewer admin" }), None),
            (json!({ "roles": "viewer,admin" }), None),
            (json!({ "roles": { "admin": true } }), None),
            (json!({ "roles": [["admin"], { "name": "admin" }, 1, null, true] }), None),
            (json!({ "roles": 3, "groups": null, "realm_access": ["admin"] }), None),
        ] {
            assert_eq!(given(claims.clone(), None, &[]), role, "{claims}");
        }
    }

    #[test]
    fn with_a_mapping_only_what_it_names_counts() {
        let mapping = [("ops", Role::Operator), ("viewer", Role::Auditor)];
        let with = |values: Value| given(json!({ "groups": values }), None, &mapping);
        assert_eq!(with(json!(["ops", "admin"])), Some(Role::Operator));
        assert_eq!((with(json!(["admin"])), with(json!(["Ops"]))), (None, None));
        assert_eq!(with(json!(["viewer"])), Some(Role::Auditor));
    }

    #[test]
    fn a_configured_claim_is_the_only_one_and_its_name_may_have_dots() {
        let url = "https://corp.example/roles";
        for (claims, claim, role) in [
            (json!({ "roles": ["admin"], "teams": ["auditor"] }), "teams", Some(Role::Auditor)),
            (json!({ "roles": ["admin"] }), "teams", None),
            (json!({ url: ["operator"], "roles": ["admin"] }), url, Some(Role::Operator)),
            (json!({ "https://corp": { "example/roles": ["operator"] } }), url, Some(Role::Operator)),
            (json!({ "a": { "b.c": { "roles": "admin" } } }), "a.b.c.roles", Some(Role::Admin)),
            (json!({ "a.b": "auditor", "a": { "b": "admin" } }), "a.b", Some(Role::Auditor)),
            (json!({ "a": { "b": "admin" } }), "a..b", None),
            (json!({ "a": "admin" }), "a.", None),
            (json!({ "": "admin" }), ".", None),
        ] {
            assert_eq!(given(claims.clone(), Some(claim), &[]), role, "{claims} {claim}");
        }
    }
}
