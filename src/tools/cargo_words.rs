//! What cargo and its credential providers say to each other, as it stands on the wire (the Cargo Book, "Credential
//! Provider Protocol").

use serde::{Deserialize, Serialize};

use crate::base::{Secret, reveal_some};

/// A request, in cargo's words; what it says besides is left.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Asked {
    pub(super) v: u32,
    pub(super) registry: Registry,
    pub(super) kind: String,
    pub(super) operation: Option<String>,
    #[serde(default, with = "reveal_some")]
    pub(super) token: Option<Secret>,
    pub(super) login_url: Option<String>,
    #[serde(default)]
    pub(super) args: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Registry {
    pub(super) index_url: String,
}

#[derive(Serialize)]
pub(super) enum Reply<'a> {
    Ok(Good<'a>),
    Err(Bad<'a>),
}

#[derive(Default, Serialize)]
pub(super) struct Good<'a> {
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) expiration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation_independent: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Bad<'a> {
    pub(super) kind: Kinds,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) message: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) caused_by: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kinds {
    UrlNotSupported,
    NotFound,
    OperationNotSupported,
    Other,
}

pub(super) fn err(kind: Kinds) -> Reply<'static> {
    Reply::Err(Bad { kind, message: None, caused_by: Vec::new() })
}

pub(super) fn other(message: &'static str) -> Reply<'static> {
    Reply::Err(Bad { kind: Kinds::Other, message: Some(message), caused_by: Vec::new() })
}
