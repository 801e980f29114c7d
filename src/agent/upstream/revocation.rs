//! Ending a credential at its server, each kind in its own way.

use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential};
use crate::oauth::{self, loom_dialect};
use crate::wire::Revocation;

impl Upstream {
    /// Asks the server to end it. Nothing is sent where the settings do not permit it.
    pub(crate) async fn revoke(&self, account: &AccountKey, credential: &Credential) -> Revocation {
        let server = account.server();
        // The settings may have changed since the login: what they do not allow now is not sent in clear again.
        if !self.network.config().is_ok_and(|config| config.permits(server)) {
            return Revocation::NotAsked;
        }
        let Ok(http) = self.network.http(server) else { return Revocation::Pending };
        match credential {
            Credential::Basic { .. } => Revocation::NotSupported,
            Credential::OAuth { access, refresh, terms: Some(terms), .. } => {
                oauth::revoke(&http, terms, access, refresh.as_ref()).await
            }
            Credential::OAuth { terms: None, .. } | Credential::Header { .. } | Credential::Token { .. } => {
                loom_dialect::logout(&http, server, credential.secret()).await
            }
        }
    }
}
