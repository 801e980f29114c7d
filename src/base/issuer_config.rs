use std::path::PathBuf;

use serde::{Deserialize, Deserializer, Serialize};

use super::{AllowRules, IssuerName, Message, Role, RoleRules, RoleServers};
use crate::msg;

/// `[[http.issuer]]`: an OpenID provider whose people may sign in, and whose access tokens count.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuerConfig {
    /// The provider's name, which is the claim `iss` of its tokens.
    pub issuer: IssuerName,
    /// The client as which loom is registered there.
    pub client_id: String,
    /// A file with that client's secret, for clients that have one. A leading `~/` is the home directory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// The name by which people know the provider; its host if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The audiences of which an access token must name one; the client's id if empty.
    #[serde(default, deserialize_with = "one_or_many", skip_serializing_if = "Vec::is_empty")]
    audience: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scopes: Option<Vec<String>>,
    /// Who may come in. If absent, everybody may who gets a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<AllowRules>,
    /// Which claims give which role.
    #[serde(default)]
    pub roles: RoleRules,
    /// The role of people who are let in and whose claims give no role. If absent, `default_role` of `[http]` counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_role: Option<Role>,
    /// At which servers each role may use the stored credentials.
    #[serde(default, skip_serializing_if = "RoleServers::is_empty")]
    pub servers: RoleServers,
    /// Whether administrators of this issuer may be handed the stored secrets themselves, and may let others have them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
}

impl IssuerConfig {
    /// Reads `LOOM_OIDC_ISSUER`, `LOOM_OIDC_CLIENT_ID`, `LOOM_OIDC_AUDIENCE` and `LOOM_OIDC_SCOPES`. `None` if the
    /// first is not set. Fails if it is no URL of an issuer, or if the client is missing.
    pub fn from_environment() -> Result<Option<IssuerConfig>, Message> {
        let variable = |name| std::env::var(name).ok().filter(|text: &String| !text.is_empty());
        let list = |name| variable(name).map(|text| split(&text));
        let Some(issuer) = variable("LOOM_OIDC_ISSUER") else { return Ok(None) };
        let issuer = IssuerName::parse(&issuer).map_err(|_| msg!("bad-issuer", issuer = issuer))?;
        let client_id = variable("LOOM_OIDC_CLIENT_ID").ok_or_else(|| msg!("no-oidc-client"))?;
        Ok(Some(IssuerConfig {
            issuer,
            client_id,
            client_secret_file: None,
            name: None,
            audience: list("LOOM_OIDC_AUDIENCE").unwrap_or_default(),
            scopes: list("LOOM_OIDC_SCOPES"),
            allow: None,
            roles: RoleRules::default(),
            default_role: None,
            servers: RoleServers::default(),
            reveal: false,
        }))
    }

    /// What people know the provider by: its configured name, else its host.
    pub fn name(&self) -> &str {
        self.name.as_deref().or(self.issuer.url().host_str()).unwrap_or_default()
    }

    /// Which values of the claim `aud` an access token may have (RFC 9068 §2.2): those of the settings, else the
    /// client's id.
    pub fn audiences(&self) -> Vec<String> {
        if self.audience.is_empty() { vec![self.client_id.clone()] } else { self.audience.clone() }
    }

    /// Which scopes are asked for when a person signs in. `openid` is always among them: without it the provider does
    /// not say who signed in.
    pub fn scopes(&self) -> Vec<String> {
        let usual = || ["openid", "email", "profile"].map(str::to_owned).to_vec();
        let mut scopes = self.scopes.clone().unwrap_or_else(usual);
        if !scopes.iter().any(|scope| scope == "openid") {
            scopes.insert(0, "openid".to_owned());
        }
        scopes
    }
}

fn split(text: &str) -> Vec<String> {
    text.split([',', ' ']).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

fn one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Audience {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Audience::deserialize(from)? {
        Audience::One(one) => vec![one],
        Audience::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Reach, Role};

    #[test]
    fn the_example_of_the_readme_is_read_as_it_says() {
        let readme = include_str!("../../README.md");
        let example =
            readme.split("```toml\n[[http.issuer]]\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
        let config: IssuerConfig = toml_edit::de::from_str(example).unwrap();
        assert!(config.allow.unwrap().names_address("ada@corp.example"));
        assert_eq!((config.default_role, config.audience.len()), (Some(Role::Viewer), 1));
        assert!(matches!(config.servers.of(Role::Viewer), Reach::Servers(one) if one.len() == 1));
        assert_eq!(config.roles.role_of("on-call"), Some(Role::Operator));
    }
}
