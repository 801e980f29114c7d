use std::collections::BTreeSet;
use std::fmt;

use super::GrantError;

/// With which methods an API may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Methods {
    Any,
    /// At least one; `HEAD` is not among them where `GET` is.
    These(BTreeSet<String>),
}

/// The longest name of a method, in bytes.
const MAX_METHOD: usize = 32;

impl Methods {
    pub(super) fn parse(text: &str) -> Result<Methods, GrantError> {
        if text == "ANY" {
            return Ok(Methods::Any);
        }
        let is_method = |name: &str| {
            let is_name = name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-');
            (1..=MAX_METHOD).contains(&name.len()) && is_name && name != "ANY"
        };
        let names: Vec<&str> = text.split(',').collect();
        if !names.iter().copied().all(is_method) {
            return Err(GrantError::Kind(text.to_owned()));
        }
        if let Some(name) = names.iter().find(|name| matches!(**name, "CONNECT" | "TRACE")) {
            return Err(GrantError::Method((*name).to_owned()));
        }
        let mut names: BTreeSet<String> = names.into_iter().map(str::to_owned).collect();
        if names.contains("GET") {
            names.remove("HEAD");
        }
        Ok(Methods::These(names))
    }

    pub(super) fn allow(&self, method: &str) -> bool {
        match self {
            Methods::Any => !matches!(method, "CONNECT" | "TRACE"),
            Methods::These(names) => names.contains(method) || method == "HEAD" && names.contains("GET"),
        }
    }

    pub(super) fn contain(&self, other: &Methods) -> bool {
        match (self, other) {
            (Methods::Any, _) => true,
            (Methods::These(_), Methods::Any) => false,
            (Methods::These(_), Methods::These(asked)) => asked.iter().all(|method| self.allow(method)),
        }
    }

    /// Each method by itself.
    pub(super) fn parts(&self) -> Vec<Methods> {
        match self {
            Methods::Any => vec![Methods::Any],
            Methods::These(names) => names.iter().map(|name| Methods::These([name.clone()].into())).collect(),
        }
    }
}

impl fmt::Display for Methods {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Methods::Any => f.write_str("ANY"),
            Methods::These(names) => {
                let names: Vec<&str> = names.iter().map(String::as_str).collect();
                f.write_str(&names.join(","))
            }
        }
    }
}
