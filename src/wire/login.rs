use serde::{Deserialize, Serialize};

use super::{StoredIn, Verb};
use crate::base::{Credential, Expiry, ServerUrl};

/// `login`: events follow while a person approves, then the reply. Closing the connection cancels it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Login {
    /// The default server when absent.
    #[serde(default)]
    pub server: Option<ServerUrl>,
    /// The name to keep the login under.
    #[serde(default)]
    pub account: Option<String>,
    #[serde(default)]
    pub flow: Flow,
    /// Git wants it, not a person by name: one prompt however many ask, and none again soon after one was left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub for_git: bool,
}

/// How to log in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Flow {
    /// Whatever the server offers.
    #[default]
    Auto,
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
        user_code: String,
        /// Seconds until the code ends.
        expires_in: u64,
        /// Whether the URL lies at the server's own origin, so that a browser may be opened without a question.
        same_origin: bool,
    },
    /// The server does not answer as it should at the moment; it is asked again.
    Retrying,
    /// Another login to the same server is under way and is waited for.
    Waiting,
    /// An event of a newer agent.
    #[serde(other)]
    Unknown,
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
