//! The way by pasting.
//!
//! The URL is that of a browser, but the person brings the address back, as one more line on the connection (three
//! tries).

use super::browser::{DECIDED_WITHIN, begin, redeem};
use super::plan::Plan;
use crate::agent::call::caller::Caller;
use crate::agent::upstream::oauth_fault;
use crate::base::Credential;
use crate::wire::{Fault, LoginEvent, Pasted, reason};

/// How often a person may paste something else by mistake.
const TRIES: usize = 3;

/// For a browser on another machine: it ends at a page that cannot be reached, whose URL the person brings back.
pub(super) async fn run(plan: &Plan<'_>, caller: &mut Caller<'_>) -> Result<Credential, Fault> {
    let redirect_uri = plan.chosen.redirect_uri.parse().map_err(|_| reason::Request::Internal)?;
    let begun = begin(plan, &redirect_uri)?;
    for tried in 0..TRIES {
        let event = LoginEvent::Paste { authorization_url: begun.url.to_string(), again: tried > 0 };
        if !caller.tell(&event).await {
            return Err(reason::Request::Cancelled.into());
        }
        let said = tokio::time::timeout(DECIDED_WITHIN, caller.more::<Pasted>()).await;
        let pasted = said.map_err(|_| oauth_fault::nobody_came(plan.aim.server))?.ok_or(reason::Request::Cancelled)?;
        match pasted.redirect.expose().trim().parse() {
            Ok(url) if begun.is_answered_by(&url) => return redeem(plan, begun, &url).await,
            _ => {}
        }
    }
    Err(oauth_fault::not_the_redirect(plan.aim.server))
}
