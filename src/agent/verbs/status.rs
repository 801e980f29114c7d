use super::hello::this_agent;
use crate::agent::accounts::{Accounts, Held};
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, select};
use crate::base::ServerUrl;
use crate::wire::{AccountStatus, Fault, Status, StatusReply};

impl Handle for Status {
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<StatusReply, Fault> {
        let default_server = agent.config()?.default_server().cloned();
        // A person who names a server claims what an older Loom kept for it.
        for server in self.server.iter().chain(&default_server) {
            agent.for_person(server, None, |_| ()).await?;
        }
        let accounts = agent.with_accounts(|accounts| {
            let shown = accounts
                .iter()
                .filter(|held| self.server.as_ref().is_none_or(|server| server.covers(held.key().server())));
            shown.map(|held| account(accounts, held)).collect()
        });
        Ok(StatusReply {
            agent: this_agent(),
            default_server,
            accounts: accounts.await?,
            unclaimed: agent.unclaimed().await?,
            note: agent.unsaid(caller.locale),
        })
    }
}

fn account(accounts: &Accounts, held: &Held) -> AccountStatus {
    let server: &ServerUrl = held.key().server();
    AccountStatus {
        server: server.clone(),
        account: Some(held.key().user().to_owned()),
        kind: held.credential().kind(),
        stored_in: held.stored_in(),
        expires_at: held.credential().expires(),
        scopes: Vec::new(),
        default: select::for_person(accounts, server, None).is_some_and(|first| first.key() == held.key()),
        state: held.condition(0),
    }
}
