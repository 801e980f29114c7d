use super::get::server;
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, select};
use crate::base::Kind;
use crate::wire::{Empty, Erase, Fault};

impl Handle for Erase {
    /// What git kept here is forgotten; a login is kept and marked as refused, since one 401 may be the server's mistake.
    /// With a password, only the credential that still has it is meant: a newer one is not touched by an old refusal.
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = server(&self.which)?;
        let user = self.which.username.as_deref();
        let meant = agent.with_accounts(|accounts| {
            let found = select::candidates(accounts, &server, user);
            let meant = found.iter().filter(|held| self.password.as_ref().is_none_or(|old| held.secret().matches(old)));
            meant.map(|held| (held.key().clone(), held.secret().clone(), held.credential().kind())).collect::<Vec<_>>()
        });
        for (account, secret, kind) in meant.await? {
            match kind {
                Kind::Basic => agent.forget(account, secret).await?,
                Kind::Token | Kind::OAuth => agent.note(&account, &secret, true),
            }
        }
        Ok(Empty {})
    }
}
