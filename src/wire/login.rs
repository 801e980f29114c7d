use serde::{Deserialize, Serialize};

use super::{Checked, Verb};
use crate::base::{Credential, Expiry, Secret, ServerUrl, StoredIn, reveal, reveal_some};

/// `login`: logs in to a server. Events follow, [`LoginEvent`], while a person approves, then the reply. Closing the
/// connection cancels it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Login {
    /// The server to log in to; the default server if absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The user name to keep the login under; that of who logged in if absent, where the server says it.
    #[serde(default)]
    pub account: Option<String>,
    /// How to log in.
    #[serde(default)]
    pub flow: Flow,
    /// The authorization server, where the server does not say which it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The OAuth client to be at the authorization server; found out by the agent if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The secret of `client_id`, if it has one.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub client_secret: Option<Secret>,
    /// The OAuth scopes to ask for; if empty, those that are usual at the server.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// The URI of what the token is to be for (RFC 8707).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// Whether the front-end can show a person a page in a browser on this machine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub browser: bool,
    /// Whether the front-end can read what a person pastes: it answers a `paste` event with a line of [`Pasted`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paste: bool,
    /// Whether the front-end can have a person make a token by hand and read it: it answers a `token` event with a line
    /// of [`Pasted`].
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub token: bool,
    /// Whether git wants the login, not a person by name: one prompt however many ask, and none again soon after one
    /// was left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_git: bool,
}

/// How to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flow {
    /// A browser if the front-end has one, else a device code, else pasting: the first that the server offers.
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
    /// Show page and code to the person, who approves the login there on any machine (RFC 8628 §3.3).
    Approve {
        /// The page.
        verification_url: String,
        /// The page with the code in its URL: to be shown as a picture for a phone, never to be opened.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verification_url_complete: Option<String>,
        /// The code that the person types on the page.
        user_code: String,
        /// Seconds until the code ends.
        expires_in: u64,
        /// Whether a browser may be opened without a question: the page is at the server's own origin, or at an
        /// authorization server that was chosen beforehand.
        same_origin: bool,
    },
    /// Show the person this page in a browser on this machine; the browser comes back to the agent by itself.
    Browse {
        /// The page at which the person logs in (RFC 6749 §4.1.1).
        authorization_url: String,
        /// Whether a browser may be opened without a question: the page is at the server's own origin, or at an
        /// authorization server that was chosen beforehand.
        same_origin: bool,
    },
    /// Show the person this page for a browser anywhere, and answer with a line of [`Pasted`].
    Paste {
        /// The page at which the person logs in (RFC 6749 §4.1.1).
        authorization_url: String,
        /// Whether what was pasted before was not the address that the browser ended at.
        #[serde(default)]
        again: bool,
    },
    /// Show the person this page, at which they make a token, and answer with a line of [`Pasted`] that holds it.
    Token {
        /// The page, filled with what the token is to be.
        page_url: String,
        /// Whether a browser may be opened without a question: the page is one of the settings or the known hosts.
        same_origin: bool,
        /// The program that may have a login of its own to this host.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        program: Option<String>,
        /// Whether the server refused the token before, or it was none.
        #[serde(default)]
        again: bool,
    },
    /// The server does not answer as it should at the moment; it is asked again.
    Retrying,
    /// Another login to the same server is under way and is waited for.
    Waiting,
    /// The server ended this login together with the one that it takes the place of; it is made once more.
    Again,
    /// The server granted more scopes than were asked for.
    Beyond {
        /// The OAuth scopes beyond those that were asked for.
        scopes: Vec<String>,
    },
    /// An event of a newer agent, to be ignored.
    #[serde(other)]
    Unknown,
}

/// What a person pasted, as the front-end's answer to a `paste` event: one more line on the same connection.
#[derive(Debug, Serialize, Deserialize)]
pub struct Pasted {
    /// The whole address at which the browser ended.
    #[serde(with = "reveal")]
    pub redirect: Secret,
}

/// The credential that is kept now: the answer to [`Login`] and to [`Save`].
#[derive(Debug, Serialize, Deserialize)]
pub struct LoginReply {
    /// The server that the credential is for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub account: String,
    /// Where the credential is kept.
    pub stored_in: StoredIn,
    /// When the password or access token ends; absent if that is not known.
    #[serde(default)]
    pub expires_at: Option<Expiry>,
    /// Why the credential is kept where it is, where one would expect another place. Each agent says it once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Whether the server became the default server.
    #[serde(default)]
    pub became_default: bool,
    /// Who logged in, as the server named them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// What the server said to the credential; absent if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
}

/// `save`: keep this credential, as `loom login --with-token` and the library do. It replaces what the account had.
#[derive(Debug, Serialize, Deserialize)]
pub struct Save {
    /// The server that the credential is for; the default server if absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The user name to keep the credential under.
    #[serde(default)]
    pub account: Option<String>,
    /// The credential; its secret must be one line and not empty.
    pub credential: Credential,
    /// Whether the server is asked first if it takes the credential. One that it refuses is not kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub check: bool,
    /// A repository at the server, at which git's own question can be asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<ServerUrl>,
}

impl Verb for Login {
    const NAME: &'static str = "login";
    type Reply = LoginReply;
}

impl Verb for Save {
    const NAME: &'static str = "save";
    type Reply = LoginReply;
}
