//! Asking a server whether it still takes what is kept for it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential, Expiry, ServerUrl};
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
        let said = match by_userinfo(self, account, &credential).await?.checked {
            Checked::Unknown if !credential.is_renewable() => by_challenges(self, account, &credential, None).await?,
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

/// What a server says of a credential.
pub(crate) struct Trial {
    pub(crate) checked: Checked,
    /// Whose it is, where the server says so.
    pub(crate) user: Option<String>,
    /// When it ends, where the server says so.
    pub(crate) expires: Option<Expiry>,
}

impl Trial {
    fn unknown() -> Trial {
        Trial { checked: Checked::Unknown, user: None, expires: None }
    }
}

/// How long a server may take to say whether it takes a credential that somebody wants to keep.
const TRIAL_WITHIN: Duration = Duration::from_secs(6);

impl Upstream {
    /// Asks the server whether it takes a credential that is not kept yet. Where it cannot say, or not in time, that is
    /// the answer, and no fault.
    pub(crate) async fn try_out(
        &self,
        account: &AccountKey,
        credential: &Credential,
        repository: Option<&ServerUrl>,
    ) -> Trial {
        if !self.network.config().is_ok_and(|config| config.permits(account.server())) {
            return Trial::unknown();
        }
        let repository = repository.filter(|repository| repository.same_origin(account.server()));
        let asked = async {
            let found = by_userinfo(self, account, credential).await?;
            if found.checked != Checked::Unknown {
                return Ok(found);
            }
            let checked = by_challenges(self, account, credential, repository).await?;
            Ok::<Trial, Fault>(Trial { checked, ..found })
        };
        tokio::time::timeout(TRIAL_WITHIN, asked).await.ok().and_then(Result::ok).unwrap_or_else(Trial::unknown)
    }
}

/// Asks who the token's owner is, where it is known how.
async fn by_userinfo(upstream: &Upstream, account: &AccountKey, credential: &Credential) -> Result<Trial, Fault> {
    let endpoint = match credential {
        Credential::OAuth { terms: Some(terms), .. } => terms.userinfo_endpoint.clone(),
        Credential::OAuth { terms: None, .. } | Credential::Token { .. } => {
            let config = upstream.network.config()?;
            let own = config.server(account.server()).and_then(|entry| entry.oauth().userinfo_endpoint.clone());
            own.or_else(|| known_hosts::settings(account.server()).userinfo_endpoint)
        }
        Credential::Basic { .. } | Credential::Header { .. } => None,
    };
    let Some(endpoint) = endpoint else { return Ok(Trial::unknown()) };
    let http = upstream.network.http(account.server())?;
    let asked = identity::ask(&http, &endpoint, credential.secret()).await;
    let (user, expires) = match &asked {
        Ok(Asked::Accepted { user, expires }) => (user.clone(), *expires),
        _ => (None, None),
    };
    Ok(Trial { checked: checked(asked), user, expires })
}

/// Shows the credential where the server demands one: at a repository of it, at its own address, where a registry has
/// its question. That an API does not take a token says little, for it may be one for git only; that it does says all.
async fn by_challenges(
    upstream: &Upstream,
    account: &AccountKey,
    credential: &Credential,
    repository: Option<&ServerUrl>,
) -> Result<Checked, Fault> {
    let server = account.server();
    let refs = repository.map(|url| url.endpoint("/info/refs?service=git-upload-pack"));
    for place in refs.into_iter().chain([server.endpoint("/"), server.endpoint("/v2/")]) {
        match by_challenge(upstream, account, credential, &place).await? {
            Checked::Unknown => {}
            said => return Ok(said),
        }
    }
    if !matches!(credential, Credential::Token { .. } | Credential::OAuth { .. }) {
        return Ok(Checked::Unknown);
    }
    for path in ["/api/v4/user", "/api/v1/user"] {
        if by_challenge(upstream, account, credential, &server.endpoint(path)).await? == Checked::Accepted {
            return Ok(Checked::Accepted);
        }
    }
    Ok(Checked::Unknown)
}

/// Shows the credential at this URL, if the server demands one there in a scheme that it can be shown in.
async fn by_challenge(
    upstream: &Upstream,
    account: &AccountKey,
    credential: &Credential,
    place: &str,
) -> Result<Checked, Fault> {
    let http = upstream.network.http(account.server())?;
    let Ok(Some(demands)) = identity::demands(&http, place).await else { return Ok(Checked::Unknown) };
    let schemes: Vec<String> = demands.iter().flat_map(|demand| git::schemes(demand)).collect();
    let is_registrys = place.ends_with("/v2/") && !schemes.iter().any(|scheme| scheme == "basic");
    // A registry that wants a token of its own has it made elsewhere, where this credential does not go. A 401 that
    // names no scheme demands nothing (RFC 9110 §11.6.1), unless it is an API's.
    let is_api = place.contains("/api/v");
    if is_registrys || (schemes.is_empty() && !is_api) {
        return Ok(Checked::Unknown);
    }
    let proof = proof(account, credential, &schemes);
    Ok(checked(identity::takes(&http, place, &proof).await))
}

fn checked(asked: Result<Asked, HttpError>) -> Checked {
    match asked {
        Ok(Asked::Accepted { .. }) => Checked::Accepted,
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
