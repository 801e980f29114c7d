//! The HTTP door as long as it is open: who stands behind it, and whose issuer counts.

use std::sync::Mutex;

use crate::access::Standing;
use crate::agent::gate::asker::TheUser;
use crate::base::{IssuerConfig, Message, lock};

/// The HTTP door while it is open.
pub struct OpenHttp {
    /// Its URL.
    pub url: String,
    /// The tokens on which it rests.
    pub standing: Standing,
    /// The issuer that was named when it was opened, at which people sign in beside those of the settings.
    pub issuer: Option<NamedIssuer>,
    /// What is wrong with its certificate now, or soon will be.
    pub concerns: Box<dyn Fn() -> Vec<Message> + Send>,
}

/// The issuer that the environment of the user names who opens the door. It counts as long as that door is open.
pub struct NamedIssuer(Box<IssuerConfig>);

/// What is open at the moment.
#[derive(Default)]
pub(crate) struct HttpDoorSeen(Mutex<Option<OpenHttp>>);

impl NamedIssuer {
    pub(crate) fn new(_: TheUser, issuer: IssuerConfig) -> NamedIssuer {
        NamedIssuer(Box::new(issuer))
    }
}

impl HttpDoorSeen {
    pub(super) fn set(&self, open: Option<OpenHttp>) {
        *lock(&self.0) = open;
    }

    /// Where it is, and who stands behind it.
    pub(crate) fn place(&self) -> Option<(String, Standing)> {
        lock(&self.0).as_ref().map(|open| (open.url.clone(), open.standing.clone()))
    }

    pub(super) fn issuer(&self) -> Option<IssuerConfig> {
        lock(&self.0).as_ref().and_then(|open| open.issuer.as_ref().map(|issuer| (*issuer.0).clone()))
    }

    pub(crate) fn concerns(&self) -> Vec<Message> {
        lock(&self.0).as_ref().map(|open| (open.concerns)()).unwrap_or_default()
    }
}
