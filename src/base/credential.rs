use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AccountKey, Expiry, Message, Secret, Terms, TermsKind, Tool, reveal, reveal_some};
use crate::msg;

/// What a server accepts as proof of who asks.
///
/// The serialised form is the secret part of a stored record. The tag stands outside (`{"token":{…}}`), because serde
/// would copy the secret to look for an inner tag.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credential {
    /// A user name and password, given by git or a person. The user name is the one of the [`AccountKey`].
    Basic {
        /// The password, which may also be a token that the server takes as one.
        #[serde(with = "reveal")]
        password: Secret,
        /// When the password stops being valid, if git said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
        /// A refresh token of another git helper, which git wants back with the password (gitcredentials(7),
        /// `oauth_refresh_token`). Loom does not use it.
        #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
        oauth_refresh_token: Option<Secret>,
        /// Whether a person or a program handed it over. If not, git or a tool approved it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given: bool,
        /// The tool that brought it; git if there is none, and nobody handed it over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<Tool>,
    },
    /// The value of an `Authorization` header and its scheme, as git gave it (`authtype`, `credential`).
    Header {
        /// The scheme, such as `Bearer`.
        authtype: String,
        /// What follows the scheme in the header.
        #[serde(with = "reveal")]
        credential: Secret,
        /// When the header stops being valid, if git said so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
        /// Whether a person or a program handed it over. If not, git or a tool approved it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given: bool,
        /// The tool that brought it; git if there is none, and nobody handed it over.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tool: Option<Tool>,
    },
    /// An opaque token. Often its end is not known beforehand, and only a 401 shows it.
    Token {
        /// The token as the server gave it.
        #[serde(with = "reveal")]
        token: Secret,
        /// How loom got the token.
        source: TokenSource,
        /// What the token may do at its server, in the server's words; empty if that is not known.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        scopes: Vec<String>,
        /// When the token stops being valid, if that is known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expires: Option<Expiry>,
    },
    /// An OAuth 2.0 access token, perhaps with a refresh token to renew it (RFC 6749 §1.4, §1.5).
    OAuth {
        /// The access token.
        #[serde(with = "reveal")]
        access: Secret,
        /// When the access token stops being valid, if the server said so.
        expires: Option<Expiry>,
        /// The refresh token, which no front-end ever sees.
        #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
        refresh: Option<Secret>,
        /// Where and how the token is renewed and revoked. Absent if a program handed over the tokens alone.
        #[serde(default, rename = "grant", skip_serializing_if = "Option::is_none")]
        terms: Option<Box<Terms>>,
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

/// How a credential came to be stored. A credential that came in one way does not replace one of another way unasked.
///
/// It is written as one word: `login`, `given`, `git`, or the name of the tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A login that loom made at the server.
    Login,
    /// A person, or a program on their behalf, handed it over.
    Given,
    /// Git approved it (`git credential approve`).
    Git,
    /// Another tool brought it, whose helper loom is.
    Tool(Tool),
}

/// The kind of a credential, as `loom status` shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A user name and password.
    Basic,
    /// An opaque token, or the value of an `Authorization` header.
    Token,
    /// An OAuth 2.0 login.
    OAuth,
}

impl Origin {
    fn name(&self) -> &str {
        match self {
            Origin::Login => "login",
            Origin::Given => "given",
            Origin::Git => "git",
            Origin::Tool(tool) => tool.name(),
        }
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match String::deserialize(from)?.as_str() {
            "login" => Origin::Login,
            "given" => Origin::Given,
            "git" => Origin::Git,
            tool => Origin::Tool(Tool::from_name(tool)),
        })
    }
}

impl Kind {
    /// The kind's name, as people read it.
    pub fn message(self) -> Message {
        match self {
            Kind::Basic => msg!("kind-basic"),
            Kind::Token => msg!("kind-token"),
            Kind::OAuth => msg!("kind-oauth"),
        }
    }
}

impl Credential {
    /// A token whose scopes and end are not known.
    pub fn token(token: Secret, source: TokenSource) -> Self {
        Credential::Token { token, source, scopes: Vec::new(), expires: None }
    }

    /// Marks a password or header as handed over by a person or a program; other kinds stay as they are.
    pub fn given(mut self) -> Self {
        match &mut self {
            Credential::Basic { given, tool, .. } | Credential::Header { given, tool, .. } => {
                (*given, *tool) = (true, None);
            }
            Credential::Token { .. } | Credential::OAuth { .. } => {}
        }
        self
    }

    /// Notes when a token ends, where that was not known; other kinds say it themselves.
    pub fn ending(mut self, end: Option<Expiry>) -> Self {
        if let Credential::Token { expires, .. } = &mut self {
            *expires = expires.or(end);
        }
        self
    }

    /// How the credential came to be stored.
    pub fn origin(&self) -> Origin {
        match self {
            Credential::OAuth { .. } | Credential::Token { source: TokenSource::Loom, .. } => Origin::Login,
            Credential::Token { source: TokenSource::Given, .. }
            | Credential::Basic { given: true, .. }
            | Credential::Header { given: true, .. } => Origin::Given,
            Credential::Basic { given: false, tool, .. } | Credential::Header { given: false, tool, .. } => {
                tool.map_or(Origin::Git, Origin::Tool)
            }
        }
    }

    /// The credential's kind, as `loom status` shows it.
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
            Credential::OAuth { terms, .. } => {
                terms.as_ref().and_then(|terms| terms.git_username.as_deref()).unwrap_or("oauth2")
            }
            Credential::Token { source: TokenSource::Given, .. } => account.user(),
            Credential::Basic { tool, .. } | Credential::Header { tool, .. } => {
                tool.map_or(account.user(), |tool| tool.user_of(account.user()))
            }
        }
    }

    /// Where and how an OAuth login is renewed and revoked; `None` for every other kind.
    pub fn terms(&self) -> Option<&Terms> {
        match self {
            Credential::OAuth { terms, .. } => terms.as_deref(),
            Credential::Basic { .. } | Credential::Header { .. } | Credential::Token { .. } => None,
        }
    }

    /// What the credential may do at its server, in the server's words; empty if that is not known.
    pub fn scopes(&self) -> &[String] {
        match self {
            Credential::Token { scopes, .. } => scopes,
            Credential::OAuth { terms, .. } => terms.as_ref().map_or(&[], |terms| &terms.scopes),
            Credential::Basic { .. } | Credential::Header { .. } => &[],
        }
    }

    /// Whether another access token can be had without a person.
    pub fn is_renewable(&self) -> bool {
        match self {
            Credential::OAuth { refresh, terms: Some(terms), .. } => {
                refresh.is_some() || terms.kind == TermsKind::Machine
            }
            Credential::OAuth { terms: None, .. }
            | Credential::Basic { .. }
            | Credential::Header { .. }
            | Credential::Token { .. } => false,
        }
    }

    /// The refresh token of another git helper that git wants back with the password. Loom's own refresh tokens are
    /// never shown to a front-end.
    pub fn git_refresh_token(&self) -> Option<&Secret> {
        match self {
            Credential::Basic { oauth_refresh_token, .. } => oauth_refresh_token.as_ref(),
            Credential::Header { .. } | Credential::Token { .. } | Credential::OAuth { .. } => None,
        }
    }
}
