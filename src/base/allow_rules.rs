use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// The key `allow` of an issuer in the settings: which of the people who can sign in at the issuer loom lets in.
///
/// Somebody is let in who is named by at least one of `people`, `domains` and `groups` (if any of the three is given)
/// and has every one of `claims`. Rules in which nothing is given let nobody in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AllowRules {
    /// Verified e-mail addresses, or the issuer's own names for people (the claim `sub`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub people: Option<Vec<String>>,
    /// Domains of verified e-mail addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub domains: Option<Vec<MailDomain>>,
    /// Names of groups, looked for in the same claims as roles.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Vec<String>>,
    /// Claims that somebody must have: the claim's name, and the values of which it must be one.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub claims: BTreeMap<String, ClaimValues>,
}

/// The domain of e-mail addresses, in lower case. Domains below it are not included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MailDomain(String);

/// The values of which a claim has to be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct ClaimValues(Vec<Value>);

/// The text is not a domain that an e-mail address can have.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0:?} is no domain of e-mail addresses; write it as in corp.example, or as in xn--bcher-kva.example")]
pub struct MailDomainError(String);

impl MailDomain {
    /// Whether the address is of exactly this domain. Only the case of ASCII letters is ignored; look-alike characters
    /// are another domain.
    pub fn is_of(&self, address: &str) -> bool {
        parts(address).is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(&self.0))
    }
}

/// What stands before and after the one `@` of an address. `None` if it has none, or could be read in two ways.
fn parts(address: &str) -> Option<(&str, &str)> {
    let (local, domain) = address.split_once('@')?;
    let is_plain =
        |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, '@' | '"' | '(' | ')' | '<' | '>' | ',');
    (!local.is_empty() && address.chars().filter(|c| *c != '@').all(is_plain) && !domain.contains('@'))
        .then_some((local, domain))
}

impl AllowRules {
    /// Whether any of `people`, `domains` and `groups` is given.
    pub fn names_people(&self) -> bool {
        self.people.is_some() || self.domains.is_some() || self.groups.is_some()
    }

    /// Whether `people` or `domains` names this e-mail address. The caller has made sure that the issuer verified it.
    pub fn names_address(&self, address: &str) -> bool {
        let is_one = |named: &String| named.contains('@') && named.eq_ignore_ascii_case(address);
        parts(address).is_some()
            && (self.people.iter().flatten().any(is_one) || self.domains.iter().flatten().any(|of| of.is_of(address)))
    }

    /// Whether `people` names this subject, the issuer's own name for somebody. Entries with an `@` are e-mail
    /// addresses and never match a subject, so nobody can choose a name that passes for an address.
    pub fn names_subject(&self, subject: &str) -> bool {
        self.people.iter().flatten().any(|named| !named.contains('@') && named == subject)
    }

    /// Whether `groups` has this group; letters are compared as they are.
    pub fn names_group(&self, group: &str) -> bool {
        self.groups.iter().flatten().any(|named| named == group)
    }
}

impl ClaimValues {
    /// Whether the claim equals one of the values, or is a list in which one of them stands.
    pub fn fit(&self, claim: &Value) -> bool {
        match claim {
            Value::Array(several) => several.iter().any(|one| self.0.contains(one)),
            one => self.0.contains(one),
        }
    }
}

impl TryFrom<String> for MailDomain {
    type Error = MailDomainError;

    fn try_from(text: String) -> Result<Self, MailDomainError> {
        let domain = text.strip_prefix('@').unwrap_or(&text).to_ascii_lowercase();
        let is_label = |label: &str| {
            let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            !label.is_empty() && label.bytes().all(is_letter) && !label.starts_with('-') && !label.ends_with('-')
        };
        if domain.split('.').all(is_label) { Ok(MailDomain(domain)) } else { Err(MailDomainError(text)) }
    }
}

impl From<MailDomain> for String {
    fn from(domain: MailDomain) -> String {
        domain.0
    }
}

impl<'de> Deserialize<'de> for ClaimValues {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let values = match Value::deserialize(from)? {
            Value::Array(several) => several,
            one => vec![one],
        };
        if values.iter().all(|value| value.is_string() || value.is_boolean() || value.is_i64()) {
            Ok(ClaimValues(values))
        } else {
            Err(serde::de::Error::custom("a claim is compared with texts, numbers, true and false"))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn rules(text: &str) -> AllowRules {
        toml_edit::de::from_str(text).unwrap()
    }

    #[test]
    fn a_domain_means_itself_and_nothing_that_looks_like_it() {
        let rules = rules("domains = ['Corp.Example', '@other.example']");
        for address in ["ada@corp.example", "ADA@CORP.EXAMPLE", "a.d+a@other.example"] {
            assert!(rules.names_address(address), "{address}");
        }
        for address in [
            "ada@sub.corp.example",
            "ada@evilcorp.example",
            "ada@corp.example.evil.example",
            "ada@corp.example.",
            "ada@corp.exаmple",
            "ada@\u{ff43}orp.example",
            "ada@evil.example@corp.example",
            "\"ada@evil.example\"@corp.example",
            "ada@evil.example,b@corp.example",
            "<ada@evil.example>x@corp.example",
            "ada\n@corp.example",
            "ada @corp.example",
            "@corp.example",
            "corp.example",
            "ada@",
            "",
        ] {
            assert!(!rules.names_address(address), "{address:?}");
        }
        for bad in
            ["''", "'*'", "'*.corp.example'", "'.'", "'corp..example'", "'ada@corp.example'", "'bücher.example'", "1"]
        {
            assert!(toml_edit::de::from_str::<AllowRules>(&format!("domains = [{bad}]")).is_err(), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_written_before_or_behind_it_only_the_domain_itself_counts(before in "\\PC{0,12}", behind in "\\PC{0,6}") {
            let address = format!("{before}@corp.example{behind}");
            let plain = !before.is_empty() && behind.is_empty() && !before.contains('@');
            prop_assert!(plain || !rules("domains = ['corp.example']").names_address(&address), "{address:?}");
            let cut = format!("{before}corp.example");
            let whole = before.strip_suffix('@').is_some_and(|local| !local.is_empty() && !local.contains('@'));
            prop_assert!(whole || !rules("domains = ['corp.example']").names_address(&cut), "{cut:?}");
        }
    }

    #[test]
    fn a_person_is_an_address_or_the_issuers_name_neither_passes_for_both() {
        let rules = rules("people = ['ada@corp.example', '00u1']\ngroups = ['ops']");
        assert!(rules.names_address("Ada@Corp.example"));
        assert!(rules.names_subject("00u1"));
        assert!(rules.names_group("ops"));
        assert!(!rules.names_subject("ada@corp.example"));
        assert!(!rules.names_address("00u1"));
        assert!(!rules.names_subject("00U1"));
        assert!(!rules.names_subject(""));
        assert!(!rules.names_group("Ops"));
        assert!(!rules.names_address("ada@corp.example.evil.example"));
        assert!(!rules.names_address("xada@corp.example"));
    }

    #[test]
    fn what_a_claim_has_to_be_is_compared_as_it_is() {
        let rules = rules("claims = { tid = 't-1', hd = ['a.example', 'b.example'], level = 3, staff = true }");
        let fits = |name: &str, claim: Value| rules.claims[name].fit(&claim);
        assert!(fits("tid", json!("t-1")));
        assert!(fits("tid", json!(["x", "t-1"])));
        assert!(fits("hd", json!("b.example")));
        assert!(fits("level", json!(3)));
        assert!(fits("staff", json!(true)));
        assert!(!fits("tid", json!("T-1")));
        assert!(!fits("tid", json!("t-1 ")));
        assert!(!fits("tid", json!({ "t-1": true })));
        assert!(!fits("level", json!("3")));
        assert!(!fits("staff", json!("true")));
        assert!(!fits("hd", json!(null)));
        assert!(!ClaimValues(vec![]).fit(&json!("")), "no value is none that fits");
        for bad in ["claims = { a = {} }", "claims = { a = [[]] }", "claims = { a = 1.5 }", "peple = []"] {
            assert!(toml_edit::de::from_str::<AllowRules>(bad).is_err(), "{bad}");
        }
    }
}
