//! The way by hand: a page of the host's at which a person makes a token, for hosts where nobody has a client yet.
//!
//! The page is one of the settings or of the known hosts, filled with what the token is to be; what comes back is shown
//! to the server before it is kept. How long it is good for is kept with it, for a person has to make the next one.

use std::time::Duration;

use super::Made;
use crate::agent::call::caller::Caller;
use crate::agent::upstream::Upstream;
use crate::agent::upstream::oauth_fault;
use crate::base::{AccountKey, Credential, Secret, ServerUrl, TokenPage, TokenSource, clock};
use crate::oauth::{identity, known_hosts};
use crate::wire::{Checked, Fault, Flow, Login, LoginEvent, Pasted, reason};

/// How often a person may paste something else by mistake.
const TRIES: usize = 3;

/// How long a person may take to make a token.
const MADE_WITHIN: Duration = Duration::from_secs(15 * 60);

/// Whether this way is open: nobody asked for another one, and there is a page.
pub(super) fn is_possible(upstream: &Upstream, server: &ServerUrl, question: &Login) -> Result<bool, Fault> {
    Ok(question.token && question.flow == Flow::Auto && page(upstream, server)?.is_some())
}

fn page(upstream: &Upstream, server: &ServerUrl) -> Result<Option<TokenPage>, Fault> {
    let config = upstream.network.config()?;
    let own = config.server(server).and_then(|entry| entry.token_page().cloned());
    Ok(own.or_else(|| known_hosts::token_page(server).cloned()))
}

/// Has a person make a token, and looks whether the server takes it.
pub(super) async fn run(
    upstream: &Upstream,
    server: &ServerUrl,
    question: &Login,
    caller: &mut Caller<'_>,
) -> Result<Made, Fault> {
    let page = page(upstream, server)?.ok_or(reason::Request::Internal)?;
    let url = page.url(server, "loom", clock::now()).ok_or_else(|| oauth_fault::says_nothing(server))?;
    let account = AccountKey::new(server.clone(), question.account.clone());
    for tried in 0..TRIES {
        let event = LoginEvent::Token {
            page_url: url.to_string(),
            same_origin: true,
            program: page.program.clone(),
            again: tried > 0,
        };
        if !caller.tell(&event).await {
            return Err(reason::Request::Cancelled.into());
        }
        let said = tokio::time::timeout(MADE_WITHIN, caller.more::<Pasted>()).await;
        let pasted = said.map_err(|_| oauth_fault::nobody_came(server))?.ok_or(reason::Request::Cancelled)?;
        let Some(token) = Secret::token(pasted.redirect.expose().trim().to_owned()) else { continue };
        let credential = Credential::token(token.clone(), TokenSource::Given);
        let found = upstream.try_out(&account, &credential, None).await;
        if found.checked == Checked::Refused {
            continue;
        }
        let mut end = found.expires;
        if let (None, Some(about)) = (end, &page.about) {
            end = identity::end_of(&upstream.network.http(server)?, about, &token).await;
        }
        return Ok(Made { credential: credential.ending(end), user: found.user });
    }
    Err(reason::Login::TokenRefused { server: server.clone() }.into())
}
