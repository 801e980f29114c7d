use crate::access::{Need, needed};
use crate::agent::api::{self, Asked, Target};
use crate::agent::dispatch::Handle;
use crate::agent::needs::Needs;
use crate::agent::{Agent, Caller};
use crate::base::ServerUrl;
use crate::msg;
use crate::wire::{Api, ApiReply, Code, Fault};

impl Handle for Api {
    const EVENT: Option<&'static str> = Some("api.request");

    /// Everything is checked before anything is sent.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<ApiReply, Fault> {
        let target = Target::new(agent, self.server, &self.path)?;
        let user = self.account.as_deref();
        caller.is_about(&target.server, user)?;
        let method = api::method(&self.method)?;
        let headers = api::checked(&self.headers)?;
        let need = needed(method.as_str(), target.url.path());
        let authority = caller.authority().clone();
        if self.scopes.as_ref().is_some_and(|most| !most.allows(need.scope)) {
            let beyond = Fault::new(Code::Denied, msg!("api-beyond-scope", scope = need.scope.name()));
            return Err(beyond.hint(msg!("hint-api-beyond-scope")));
        }
        Needs::of_call(need).check(&authority)?;
        let account = api::pick(agent, &target, user, need).await?;
        caller.is_about(account.server(), Some(account.user()))?;
        let grants = |need: Need, at: &ServerUrl| {
            let within = self.scopes.as_ref().is_none_or(|most| most.allows(need.scope));
            within && Needs::of_call(need).check(&authority).is_ok() && authority.sees(at)
        };
        let reply = ApiReply { server: target.server.clone(), account: account.user().to_owned() };
        let asked = Asked { target, method, headers, body: self.body, grants: &grants };
        api::carry_out(agent, caller, asked, &account).await?;
        Ok(reply)
    }
}
