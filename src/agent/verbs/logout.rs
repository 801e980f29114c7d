use crate::agent::accounts::{Accounts, Held};
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault, revocation, select};
use crate::msg;
use crate::wire::{Code, Fault, LoggedOut, Logout, LogoutReply, Revocation};

impl Handle for Logout {
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LogoutReply, Fault> {
        let meant = if self.all {
            let authority = caller.authority();
            let find = |accounts: &Accounts| {
                let seen = accounts.iter().filter(|held| authority.sees(held.key().server()));
                seen.map(|held| held.key().clone()).collect::<Vec<_>>()
            };
            agent.with_accounts(find).await?
        } else {
            let server = agent.server(self.server)?;
            caller.is_about(&server, self.account.as_deref())?;
            // Claims what an older Loom kept for the server, so that it is logged out too.
            agent.for_person(&server, None, |_| ()).await?;
            let find = |accounts: &Accounts| {
                let found = select::of_server(accounts, &server, self.account.as_deref());
                found.iter().map(|held| held.key().clone()).collect::<Vec<_>>()
            };
            let meant = agent.with_accounts(find).await?;
            if meant.is_empty() {
                return Err(fault::not_logged_in(&server));
            }
            meant
        };
        if meant.is_empty() {
            return Err(Fault::new(Code::LoginRequired, msg!("nobody-logged-in")));
        }
        let mut accounts = Vec::new();
        for account in meant {
            // A renewal under way would leave tokens behind that nobody knows of.
            let is_renewed = |held: &Held| held.credential().is_renewable();
            let _turn = match agent.with_accounts(|all| all.get(&account).is_some_and(is_renewed)).await? {
                true => Some(agent.turn(&account).await?),
                false => None,
            };
            let found = agent.with_accounts(|all| all.get(&account).map(|held| held.credential().clone())).await?;
            let Some(credential) = found else { continue };
            let revocation = match self.local {
                true => Revocation::NotAsked,
                false => revocation::revoke(agent, &account, &credential).await,
            };
            let about = Some((account.server().clone(), Some(account.user().to_owned())));
            let forgotten = agent.forget(account.clone(), credential.secret().clone()).await;
            // Each account by itself, however many one question is about.
            agent.audit("logout", caller.actor(), about, forgotten.as_ref().map(|_| ()).map_err(Fault::code));
            forgotten?;
            if revocation == Revocation::Pending {
                agent.revoke_later(account.clone(), credential);
            }
            accounts.push(LoggedOut {
                server: account.server().clone(),
                account: account.user().to_owned(),
                revocation,
            });
        }
        Ok(LogoutReply { accounts })
    }
}
