use crate::agent::accounts::{Accounts, Held};
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault};
use crate::base::{AccountKey, Credential, Kind, Secret};
use crate::msg;
use crate::oauth::loom_dialect;
use crate::wire::{Code, Fault, LoggedOut, Logout, LogoutReply, Revocation};

impl Handle for Logout {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<LogoutReply, Fault> {
        let meant = if self.all {
            agent.with_accounts(|accounts| accounts.iter().map(copy).collect::<Vec<_>>()).await?
        } else {
            let server = agent.server(self.server)?;
            // Claims what an older Loom kept for the server, so that it is logged out too.
            agent.for_person(&server, None, |_| ()).await?;
            let of_server = |held: &&Held| held.key().server() == &server;
            let of_user = |held: &&Held| self.account.as_ref().is_none_or(|user| held.key().user() == user);
            let find =
                |accounts: &Accounts| accounts.iter().filter(of_server).filter(of_user).map(copy).collect::<Vec<_>>();
            let meant = agent.with_accounts(find).await?;
            if meant.is_empty() {
                return Err(fault::not_logged_in(&server));
            }
            meant
        };
        if meant.is_empty() {
            return Err(Fault::new(Code::LoginRequired, msg!("nobody-logged-in")));
        }
        let config = agent.config()?;
        let mut accounts = Vec::new();
        for (account, secret, kind) in meant {
            let revocation = match (self.local, kind) {
                (true, _) => Revocation::NotAsked,
                // Allowed once and no more: the token does not go there in clear again.
                (false, _) if !config.permits(account.server()) => Revocation::NotAsked,
                (false, Kind::Basic) => Revocation::NotSupported,
                (false, Kind::Token | Kind::OAuth) => {
                    loom_dialect::logout(agent.http()?, account.server(), &secret).await
                }
            };
            agent.forget(account.clone(), secret).await?;
            accounts.push(LoggedOut {
                server: account.server().clone(),
                account: account.user().to_owned(),
                revocation,
            });
        }
        Ok(LogoutReply { accounts })
    }
}

fn copy(held: &Held) -> (AccountKey, Secret, Kind) {
    let credential: &Credential = held.credential();
    (held.key().clone(), held.secret().clone(), credential.kind())
}
