use serde::{Deserialize, Serialize};

use super::{AccountKey, Expiry, Grant, GrantKind, Message, Secret, reveal, reveal_some};
use crate::msg;

/// What a server accepts as proof of who asks. The serialised form is the secret part of a stored record:
/// tagged from outside (`{"token":{…}}`), because serde would copy a secret to look for an inner tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// A user name and password, as git or a person gave them. The user name is the account's.
    Basic {
        #[serde(with = "reveal")]
        password: Secret,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
        /// Kept for git: another helper's refresh token travels with the password (gitcredentials, `oauth_refresh_token`).
        #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
        oauth_refresh_token: Option<Secret>,
        /// A person or a program handed it over; else git approved it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given: bool,
    },
    /// The value of an `Authorization` header and its scheme, as git gave it (`authtype`, `credential`).
    Header {
        authtype: String,
        #[serde(with = "reveal")]
        credential: Secret,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
        /// A person or a program handed it over; else git approved it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given: bool,
    },
    /// An opaque token; mostly only a 401 tells that it ended.
    Token {
        #[serde(with = "reveal")]
        token: Secret,
        source: TokenSource,
        /// What it may do, as far as that is known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
    },
    /// OAuth 2.0 access token, perhaps with the means to renew it (RFC 6749 §1.5).
    OAuth {
        #[serde(with = "reveal")]
        access: Secret,
        expires: Option<Expiry>,
        #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
        refresh: Option<Secret>,
        /// Absent where a program handed over nothing but tokens.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        grant: Option<Box<Grant>>,
    },
}

/// Where a [`Credential::Token`] came from; it decides the user name that git is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TokenSource {
    /// A Loom server's device login.
    Loom,
    /// Handed over by a person or a program.
    Given,
}

/// How a credential came to be kept. What came in one way, another does not replace unasked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A login that loom made at the server.
    Login,
    /// A person, or a program on their behalf, handed it over.
    Given,
    /// Git approved it.
    Git,
}

/// The kind of a credential, as `status` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Basic,
    Token,
    OAuth,
}

impl Kind {
    /// The word for it, as people read it.
    pub fn message(self) -> Message {
        match self {
            Kind::Basic => msg!("kind-basic"),
            Kind::Token => msg!("kind-token"),
            Kind::OAuth => msg!("kind-oauth"),
        }
    }
}

impl Credential {
    /// A token of which nothing more is known.
    pub fn token(token: Secret, source: TokenSource) -> Self {
        Credential::Token { token, source, scopes: Vec::new(), expires: None }
    }

    /// The same, handed over by a person or a program.
    pub fn given(mut self) -> Self {
        match &mut self {
            Credential::Basic { given, .. } | Credential::Header { given, .. } => *given = true,
            Credential::Token { .. } | Credential::OAuth { .. } => {}
        }
        self
    }

    pub fn origin(&self) -> Origin {
        match self {
            Credential::OAuth { .. } | Credential::Token { source: TokenSource::Loom, .. } => Origin::Login,
            Credential::Token { source: TokenSource::Given, .. }
            | Credential::Basic { given: true, .. }
            | Credential::Header { given: true, .. } => Origin::Given,
            Credential::Basic { given: false, .. } | Credential::Header { given: false, .. } => Origin::Git,
        }
    }

    pub fn kind(&self) -> Kind {
        match self {
            Credential::Basic { .. } => Kind::Basic,
            Credential::Header { .. } | Credential::Token { .. } => Kind::Token,
            Credential::OAuth { .. } => Kind::OAuth,
        }
    }

    /// The secret that is shown to the server: the password or the access token.
    pub fn secret(&self) -> &Secret {
        match self {
            Credential::Basic { password, .. } => password,
            Credential::Header { credential, .. } => credential,
            Credential::Token { token, .. } => token,
            Credential::OAuth { access, .. } => access,
        }
    }

    /// When the secret stops being valid, if that is known.
    pub fn expires(&self) -> Option<Expiry> {
        match self {
            Credential::Basic { expires, .. }
            | Credential::Header { expires, .. }
            | Credential::Token { expires, .. }
            | Credential::OAuth { expires, .. } => *expires,
        }
    }

    /// The user name git sends beside the secret. Loom servers want `oauth2` beside a token, whoever it belongs to.
    pub fn git_user<'a>(&'a self, account: &'a AccountKey) -> &'a str {
        match self {
            Credential::Token { source: TokenSource::Loom, .. } => "oauth2",
            Credential::OAuth { grant, .. } => {
                grant.as_ref().and_then(|grant| grant.git_username.as_deref()).unwrap_or("oauth2")
            }
            Credential::Token { source: TokenSource::Given, .. }
            | Credential::Basic { .. }
            | Credential::Header { .. } => account.user(),
        }
    }

    /// What an OAuth login was granted.
    pub fn grant(&self) -> Option<&Grant> {
        match self {
            Credential::OAuth { grant, .. } => grant.as_deref(),
            Credential::Basic { .. } | Credential::Header { .. } | Credential::Token { .. } => None,
        }
    }

    /// What it may do at its server, as far as that is known.
    pub fn scopes(&self) -> &[String] {
        match self {
            Credential::Token { scopes, .. } => scopes,
            Credential::OAuth { grant, .. } => grant.as_ref().map_or(&[], |grant| &grant.scopes),
            Credential::Basic { .. } | Credential::Header { .. } => &[],
        }
    }

    /// Whether another access token can be had without a person.
    pub fn is_renewable(&self) -> bool {
        match self {
            Credential::OAuth { refresh, grant: Some(grant), .. } => {
                refresh.is_some() || grant.kind == GrantKind::Machine
            }
            Credential::OAuth { grant: None, .. }
            | Credential::Basic { .. }
            | Credential::Header { .. }
            | Credential::Token { .. } => false,
        }
    }

    /// The refresh token that git keeps with a password. Our own are never shown to a front-end.
    pub fn git_refresh_token(&self) -> Option<&Secret> {
        match self {
            Credential::Basic { oauth_refresh_token, .. } => oauth_refresh_token.as_ref(),
            Credential::Header { .. } | Credential::Token { .. } | Credential::OAuth { .. } => None,
        }
    }
}
