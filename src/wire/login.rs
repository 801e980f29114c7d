use serde::{Deserialize, Serialize};

use super::Verb;
use crate::base::{Credential, Expiry, Secret, ServerUrl, StoredIn, reveal, reveal_some};

/// `login`: events follow while a person approves, then the reply. Closing the connection cancels it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Login {
    /// The default server when absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The name to keep the login under.
    #[serde(default)]
    pub account: Option<String>,
    #[serde(default)]
    pub flow: Flow,
    /// The authorization server, where the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The client to be there; goes before any other.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// What to ask for; what is usual there if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// What the token is to be for (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The front-end can show a person a page in a browser on this machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub browser: bool,
    /// The front-end can read what a person pastes: it answers a `paste` event with a line of [`Pasted`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paste: bool,
    /// Git wants it, not a person by name: one prompt however many ask, and none again soon after one was left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_git: bool,
}

/// How to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// A browser if there is one, else a device code, else pasting; whatever the server offers.
    #[default]
    Auto,
    /// A code that is typed on a page, on any machine (RFC 8628).
    Device,
    /// A browser on this machine, which comes back by itself (RFC 6749 §4.1, RFC 7636, RFC 8252).
    Browser,
    /// A browser anywhere; the person brings the URL back by hand.
    Paste,
    /// No person: a client with a secret of its own (RFC 6749 §4.4).
    ClientCredentials,
    /// A Loom server's own device login.
    Loom,
}

/// What happens on the way to a login.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum LoginEvent {
    /// Show both to the person.
    Approve {
        verification_url: String,
        /// With the code in it: to be shown as a picture for a phone, never to be opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verification_url_complete: Option<String>,
        user_code: String,
        /// Seconds until the code ends.
        expires_in: u64,
        /// Whether the URL lies at the server's own origin, so that a browser may be opened without a question.
        same_origin: bool,
    },
    /// Show the person this page in a browser; it comes back to the agent by itself.
    Browse {
        authorization_url: String,
        /// Whether it may be opened without a question: it lies at the server's own origin, or was chosen beforehand.
        same_origin: bool,
    },
    /// Show the person this page, and read the URL they end at.
    Paste {
        authorization_url: String,
        /// What was pasted before was not it.
        #[serde(default)]
        again: bool,
    },
    /// The server does not answer as it should at the moment; it is asked again.
    Retrying,
    /// Another login to the same server is under way and is waited for.
    Waiting,
    /// The server ended this login together with the one that it takes the place of; it is made once more.
    Again,
    /// The server granted these scopes too, which nobody asked for.
    Beyond { scopes: Vec<String> },
    /// An event of a newer agent.
    #[serde(other)]
    Unknown,
}

/// What a person pasted, as the front-end's answer to a `paste` event: one more line on the same connection.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pasted {
    #[serde(with = "reveal")]
    pub redirect: Secret,
}

/// The login that was made.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoginReply {
    pub server: ServerUrl,
    pub account: String,
    pub stored_in: StoredIn,
    #[serde(default)]
    pub expires_at: Option<Expiry>,
    /// Said once: why it is kept there and not where one would expect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether this became the default server.
    #[serde(default)]
    pub became_default: bool,
}

/// `save`: keep this credential, as `loom login --with-token` and the library do. Replaces what the account had.
#[derive(Debug, Serialize, Deserialize)]
pub struct Save {
    #[serde(default)]
    pub server: Option<ServerUrl>,
    #[serde(default)]
    pub account: Option<String>,
    pub credential: Credential,
}

impl Verb for Login {
    const NAME: &'static str = "login";
    type Reply = LoginReply;
}

impl Verb for Save {
    const NAME: &'static str = "save";
    type Reply = LoginReply;
}
