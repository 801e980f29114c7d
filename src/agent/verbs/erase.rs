use crate::agent::Agent;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::git_server;
use crate::base::{Credential, Scope};
use crate::wire::{Empty, Erase, Fault};

impl Handle for Erase {
    const EVENT: Option<&'static str> = Some("credential.erase");
    const CHANGES_ACCOUNT: bool = true;

    /// With a secret: the server refused it. One 401 may be the server's mistake, so it is kept, marked, and not offered
    /// again; an account that has another secret by now is not touched. Without one a person rejects what git kept here:
    /// that is forgotten, while a login is only marked, by who might log it out.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = git_server(&self.which)?;
        caller.is_about(&server, self.which.username.as_deref())?;
        let (user, authority) = (self.which.username.as_deref(), caller.authority());
        let meant = agent.accounts.with(|accounts| {
            let find = if self.secret.is_some() { select::candidates } else { select::meant };
            let found = find(accounts.seen_by(authority), &server, user);
            let meant = found.iter().filter(|held| self.secret.as_ref().is_none_or(|old| held.secret().matches(old)));
            meant.map(|held| (held.key().clone(), held.credential().clone())).collect::<Vec<_>>()
        });
        for (account, credential) in meant.await? {
            match (&self.secret, &credential) {
                (None, Credential::Basic { .. } | Credential::Header { .. }) => {
                    agent.accounts.forget([(account, credential.secret().clone())].into()).await?;
                }
                (None, _) if !caller.authority().allows(Scope::Control) => {}
                _ => agent.accounts.note(&account, credential.secret(), true).await,
            }
        }
        Ok(Empty {})
    }
}
