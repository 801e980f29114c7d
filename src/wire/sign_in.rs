use serde::{Deserialize, Serialize};

use super::{Empty, Verb};
use crate::base::{Scopes, Secret, reveal, reveal_some};

/// `issuers`: at whom people may sign in.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Issuers {}

#[derive(Debug, Serialize, Deserialize)]
pub struct IssuersReply {
    pub issuers: Vec<IssuerInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuerInfo {
    pub issuer: String,
    /// What the settings call it, else its host.
    pub name: String,
    pub client_id: String,
}

/// `sign_in`: sends a browser to an issuer (OpenID Connect Core §3.1.2.1).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignIn {
    /// The first of the settings if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// Where the browser comes back to.
    pub redirect_uri: String,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SignInReply {
    pub url: String,
    /// Known to this browser alone: what comes back counts only together with it.
    #[serde(with = "reveal")]
    pub browser: Secret,
}

/// `sign_in_finish`: the browser came back.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInFinish {
    /// The whole address, with all parameters.
    pub url: String,
    #[serde(with = "reveal")]
    pub browser: Secret,
}

/// `sign_in_token`: a session with the rights of an issued token, for people without single sign-on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SignInToken {
    #[serde(with = "reveal")]
    pub token: Secret,
}

/// A session has begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct SessionReply {
    #[serde(with = "reveal")]
    pub session: Secret,
    pub person: String,
}

/// `sign_out`: ends the session of whoever asks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SignOut {
    /// Where the issuer may send the browser afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back_to: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct SignOutReply {
    /// Where the browser signs out of the issuer as well (OpenID Connect RP-Initiated Logout §2).
    pub url: Option<String>,
}

/// `who_am_i`: what is known of whoever asks.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct WhoAmI {}

#[derive(Debug, Serialize, Deserialize)]
pub struct WhoAmIReply {
    /// Whoever signed in; absent for a process, a token or nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<Person>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
    /// All that may be done.
    pub scopes: Scopes,
    pub reveal: bool,
    /// What a form of a page must bring along to count.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub form_key: Option<Secret>,
}

/// Somebody who signed in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    pub name: String,
    /// The issuer's own, lasting name for them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// Who vouches for them; absent if an issued token does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

impl Person {
    /// What tells them from everybody else: the issuer's own name for them, and the issuer.
    pub fn lasting_name(&self) -> String {
        let own = self.subject.as_ref().unwrap_or(&self.name);
        self.issuer.iter().fold(own.clone(), |own, issuer| own + " " + issuer)
    }

    /// Whether this is the same person, whatever they are called now. Who came in with a token has a name that another token
    /// may have later.
    pub fn is(&self, other: &Person) -> bool {
        // The slash at the end is no part of the name where a person named a host.
        let issuer = |person: &Person| person.issuer.as_deref().map(|issuer| issuer.trim_end_matches('/').to_owned());
        let own = |person: &Person| person.subject.clone().unwrap_or_else(|| person.name.clone());
        self.issuer.is_some() && (issuer(self), own(self)) == (issuer(other), own(other))
    }
}

/// `sessions`: who is signed in.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
pub struct Sessions {}

#[derive(Debug, Serialize, Deserialize)]
pub struct SessionsReply {
    pub sessions: Vec<SessionInfo>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionInfo {
    pub id: String,
    #[serde(flatten)]
    pub person: Person,
    pub address: String,
    pub scopes: Scopes,
    /// Seconds until it ends if nothing happens.
    pub expires_in: u64,
}

/// `session_end`: signs somebody out.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SessionEnd {
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
