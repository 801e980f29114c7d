use url::Url;

use crate::access::Need;
use crate::agent::Agent;
use crate::agent::api::{self, Asked, Sender, Target};
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::gate::needs::Needs;
use crate::base::{Scope, ServerConfig};
use crate::wire::{Api, ApiReply, Fault, reason};

impl Handle for Api {
    const EVENT: Noted = Noted::Asked("api.request");
    const USES_WHAT_IS_KEPT: bool = true;

    /// Everything is checked before anything is sent.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<ApiReply, Fault> {
        caller.calls(&self.method, &self.path);
        let user = self.account.as_deref();
        let target = Target::new(&agent.upstream, caller, self.server, user, &self.path)?;
        caller.calls(&self.method, target.url.path());
        let method = api::method(&self.method)?;
        let is_owner = caller.is_owner();
        let config = agent.settings.config()?;
        let further = config.server(&target.server).map(ServerConfig::api_headers).unwrap_or_default();
        let sender = if is_owner { Sender::Owner } else { Sender::Other(&target.server, further) };
        let headers = api::checked(&self.headers, sender)?;
        api::checked_query(&target.url, is_owner)?;
        let need = api::need_of(method.as_str(), target.url.path(), &target.url);
        let authority = caller.authority().clone();
        let has_body = self.body.is_some();
        let permit = |need: Need, url: &Url| {
            if self.scopes.as_ref().is_some_and(|most| !most.allows(need.scope)) {
                return Err(reason::Api::BeyondScope { scope: need.scope }.into());
            }
            Needs::of_call(need).check(&authority)?;
            api::granted(&authority, &method, &headers, has_body, url, need).map(|_| ())
        };
        permit(need, &target.url)?;
        let account = api::pick(&agent.upstream, &authority, &target, user, need).await?;
        caller.is_about(account.server(), Some(account.user()))?;
        // Its server may lie below a path at which that API begins.
        let need = api::need_of(method.as_str(), target.below(account.server()), &target.url);
        permit(need, &target.url)?;
        caller.takes(Needs::of_call(need));
        let permits = |need: Need, url: &Url| permit(need, url).is_ok();
        let server = target.server.clone();
        let marks = authority.allows(Scope::Write);
        let (permits, authority) = (&permits, &authority);
        let goes_elsewhere = is_owner;
        let (method, headers) = (method.clone(), headers.clone());
        let asked = Asked { target, user, method, headers, body: self.body, marks, authority, permits, goes_elsewhere };
        let account = api::carry_out(&agent.upstream, caller, asked, account).await?;
        Ok(ApiReply { server, account: account.user().to_owned() })
    }
}
