//! Asking a server whether it still takes what is kept for it.

use super::Agent;
use crate::base::{AccountKey, Credential};
use crate::oauth::identity::{self, Asked};
use crate::oauth::known_hosts;
use crate::wire::{Checked, Code, Fault};

/// Asks the server about one account.
pub(super) async fn ask(agent: &Agent, account: &AccountKey) -> Result<Checked, Fault> {
    let found = agent.with_accounts(|accounts| accounts.get(account).map(|held| held.credential().clone())).await?;
    let Some(credential) = found else { return Ok(Checked::Unknown) };
    if !agent.config()?.permits(account.server()) {
        return Ok(Checked::Unknown);
    }
    let said = by_userinfo(agent, account, &credential).await?;
    if said == Checked::Accepted || !credential.is_renewable() {
        return Ok(said);
    }
    // A token for another service is refused by userinfo, which says nothing of the login; a renewal does.
    Ok(match agent.renew(account, credential.secret()).await {
        Ok(()) => Checked::Accepted,
        Err(fault) if fault.code() == Code::LoginRequired => Checked::Refused,
        Err(_) => Checked::Unknown,
    })
}

async fn by_userinfo(agent: &Agent, account: &AccountKey, credential: &Credential) -> Result<Checked, Fault> {
    let endpoint = match credential {
        Credential::OAuth { grant: Some(grant), .. } => grant.userinfo_endpoint.clone(),
        Credential::OAuth { grant: None, .. } | Credential::Token { .. } => {
            known_hosts::settings(account.server()).userinfo_endpoint
        }
        Credential::Basic { .. } | Credential::Header { .. } => None,
    };
    let Some(endpoint) = endpoint else { return Ok(Checked::Unknown) };
    let http = agent.http(account.server())?;
    Ok(match identity::ask(&http, &endpoint, credential.secret()).await {
        Ok(Asked::Accepted(_)) => Checked::Accepted,
        Ok(Asked::Refused) => Checked::Refused,
        Ok(Asked::Unknown) | Err(_) => Checked::Unknown,
    })
}
