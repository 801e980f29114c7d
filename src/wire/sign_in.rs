use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Scopes, Secret, reveal, reveal_some};

/// `issuers`: the issuers at which people may sign in.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Issuers {}

/// The answer to [`Issuers`].
#[derive(Debug, Serialize, Deserialize)]
pub struct IssuersReply {
    /// The issuers; [`SignIn`] takes the first where none is named.
    pub issuers: Vec<IssuerInfo>,
}

/// An OpenID Connect issuer at which people may sign in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerInfo {
    /// The issuer's identifier, which is a URL.
    pub issuer: String,
    /// What the settings call the issuer, else its host.
    pub name: String,
    /// The client that the agent is at the issuer.
    pub client_id: String,
}

/// `sign_in`: begins to sign a person in: their browser is to go to an issuer (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignIn {
    /// The issuer's identifier; the first of the settings if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The URL at which the browser comes back from the issuer.
    pub redirect_uri: String,
}

/// The answer to [`SignIn`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SignInReply {
    /// The URL to which the browser is to go.
    pub url: String,
    /// A secret for this browser alone: what comes back counts only together with it.
    #[serde(with = "reveal")]
    pub browser: Secret,
}

/// `sign_in_finish`: the browser came back from the issuer. Only the HTTP door may ask it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInFinish {
    /// The whole address at which the browser came back, with all parameters.
    pub url: String,
    /// The secret from [`SignInReply`].
    #[serde(with = "reveal")]
    pub browser: Secret,
}

/// `sign_in_token`: begins a session with the rights of an issued token, for people without single sign-on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInToken {
    /// The issued token.
    #[serde(with = "reveal")]
    pub token: Secret,
}

/// A session has begun: the answer to [`SignInFinish`] and to [`SignInToken`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionReply {
    /// The secret by which the session is known, for a cookie.
    #[serde(with = "reveal")]
    pub session: Secret,
    /// The name of the person, or of the token that they showed.
    pub person: String,
}

/// `sign_out`: ends the session with which it is asked.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignOut {
    /// The URL to which the issuer may send the browser afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<String>,
}

/// The answer to [`SignOut`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SignOutReply {
    /// Where the browser signs out of the issuer as well, if it can (OpenID Connect RP-Initiated Logout §2).
    pub url: Option<String>,
}

/// `who_am_i`: what the agent knows of whoever asks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WhoAmI {}

/// The answer to [`WhoAmI`].
#[derive(Debug, Serialize, Deserialize)]
pub struct WhoAmIReply {
    /// The person who signed in; absent for a process, a token or nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    /// The id of the issued token that was presented, or that the session began with, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// Everything that whoever asks may do.
    pub scopes: Scopes,
    /// Whether whoever asks may be handed a server's own secret.
    pub reveal: bool,
    /// In a session, the secret that a form of a page must bring along to count.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub form_key: Option<Secret>,
}

/// A person who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name that is shown for them; that of the token, if an issued token vouches for them.
    pub name: String,
    /// The issuer's own, lasting name for them (the claim `sub`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// The issuer that vouches for them; absent if an issued token does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Person {
    /// The text that tells the person from everybody else: the issuer's own name for them, and the issuer.
    pub fn lasting_name(&self) -> String {
        let own = self.subject.as_ref().unwrap_or(&self.name);
        self.issuer.iter().fold(own.clone(), |own, issuer| own + " " + issuer)
    }

    /// Whether both are one person, whatever they are called now. Nobody who came in with an issued token is: another
    /// token may have its name later.
    pub fn is(&self, other: &Person) -> bool {
        // The slash at the end is no part of the name where a person named a host.
        let issuer = |person: &Person| person.issuer.as_deref().map(|issuer| issuer.trim_end_matches('/').to_owned());
        let own = |person: &Person| person.subject.clone().unwrap_or_else(|| person.name.clone());
        self.issuer.is_some() && (issuer(self), own(self)) == (issuer(other), own(other))
    }
}

/// `sessions`: the sessions of everybody who is signed in.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {}

/// The answer to [`Sessions`].
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionsReply {
    /// The sessions that have rights.
    pub sessions: Vec<SessionInfo>,
}

/// A session of a person who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    /// What tells the session from others. No secret.
    pub id: String,
    /// Who signed in.
    #[serde(flatten)]
    pub person: Person,
    /// The IP address that they signed in from.
    pub address: String,
    /// What the session allows.
    pub scopes: Scopes,
    /// Seconds until the session ends if nothing happens in it.
    pub expires_in: u64,
}

/// `session_end`: ends a session, whoever it belongs to.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionEnd {
    /// The session's id.
    pub id: String,
}

impl Verb for Issuers {
    const NAME: &'static str = "issuers";
    const REPEATABLE: bool = true;
    type Reply = IssuersReply;
}

impl Verb for SignIn {
    const NAME: &'static str = "sign_in";
    type Reply = SignInReply;
}

impl Verb for SignInFinish {
    const NAME: &'static str = "sign_in_finish";
    type Reply = SessionReply;
}

impl Verb for SignInToken {
    const NAME: &'static str = "sign_in_token";
    type Reply = SessionReply;
}

impl Verb for SignOut {
    const NAME: &'static str = "sign_out";
    type Reply = SignOutReply;
}

impl Verb for WhoAmI {
    const NAME: &'static str = "who_am_i";
    const REPEATABLE: bool = true;
    type Reply = WhoAmIReply;
}

impl Verb for Sessions {
    const NAME: &'static str = "sessions";
    const REPEATABLE: bool = true;
    type Reply = SessionsReply;
}

impl Verb for SessionEnd {
    const NAME: &'static str = "session_end";
    type Reply = Empty;
}
