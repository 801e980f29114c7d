//! Asking a server whether it still takes what is kept for it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential};
use crate::git;
use crate::net::HttpError;
use crate::oauth::identity::{self, Asked};
use crate::oauth::known_hosts;
use crate::wire::{Checked, Code, Fault};

impl Upstream {
    /// Asks the server whether it takes what is kept for the account. If it does, a mark that it refused it is removed:
    /// that 401 was the server's mistake.
    pub(crate) async fn check(&self, account: &AccountKey) -> Result<Checked, Fault> {
        let found = self.accounts.with(|accounts| accounts.get(account).map(|held| held.credential().clone())).await?;
        let Some(credential) = found else { return Ok(Checked::Unknown) };
        if !self.network.config()?.permits(account.server()) {
            return Ok(Checked::Unknown);
        }
        let said = match by_userinfo(self, account, &credential).await? {
            Checked::Unknown if !credential.is_renewable() => by_challenge(self, account, &credential).await?,
            said => said,
        };
        if said == Checked::Accepted {
            self.accounts.note(account, credential.secret(), false).await;
        }
        if said == Checked::Accepted || !credential.is_renewable() {
            return Ok(said);
        }
        // A token for another service is refused by userinfo, which says nothing of the login; a renewal does.
        Ok(match self.renew(account, credential.secret()).await {
            Ok(()) => Checked::Accepted,
            Err(fault) if fault.code() == Code::LoginRequired => Checked::Refused,
            Err(_) => Checked::Unknown,
        })
    }
}

async fn by_userinfo(upstream: &Upstream, account: &AccountKey, credential: &Credential) -> Result<Checked, Fault> {
    let endpoint = match credential {
        Credential::OAuth { terms: Some(terms), .. } => terms.userinfo_endpoint.clone(),
        Credential::OAuth { terms: None, .. } | Credential::Token { .. } => {
            known_hosts::settings(account.server()).userinfo_endpoint
        }
        Credential::Basic { .. } | Credential::Header { .. } => None,
    };
    let Some(endpoint) = endpoint else { return Ok(Checked::Unknown) };
    let http = upstream.network.http(account.server())?;
    Ok(checked(identity::ask(&http, &endpoint, credential.secret()).await))
}

/// Shows the credential at the server's own address, if the server demands one there.
async fn by_challenge(upstream: &Upstream, account: &AccountKey, credential: &Credential) -> Result<Checked, Fault> {
    let http = upstream.network.http(account.server())?;
    let Ok(Some(demands)) = identity::demands(&http, account.server()).await else { return Ok(Checked::Unknown) };
    let schemes: Vec<String> = demands.iter().flat_map(|demand| git::schemes(demand)).collect();
    let proof = proof(account, credential, &schemes);
    Ok(checked(identity::takes(&http, account.server(), &proof).await))
}

fn checked(asked: Result<Asked, HttpError>) -> Checked {
    match asked {
        Ok(Asked::Accepted(_)) => Checked::Accepted,
        Ok(Asked::Refused) => Checked::Refused,
        Ok(Asked::Unknown) | Err(_) => Checked::Unknown,
    }
}

/// The value of the header that shows it: a token as git would show it to a server with these schemes.
fn proof(account: &AccountKey, credential: &Credential, schemes: &[String]) -> Zeroizing<String> {
    let offers = |scheme: &str| schemes.iter().any(|offered| offered == scheme);
    let secret = credential.secret().expose();
    Zeroizing::new(match credential {
        Credential::Header { authtype, .. } => format!("{authtype} {secret}"),
        Credential::Token { .. } | Credential::OAuth { .. } if offers("bearer") || !offers("basic") => {
            format!("Bearer {secret}")
        }
        Credential::Basic { .. } | Credential::Token { .. } | Credential::OAuth { .. } => {
            let both = Zeroizing::new(format!("{}:{secret}", credential.git_user(account)));
            format!("Basic {}", STANDARD.encode(both.as_bytes()))
        }
    })
}
