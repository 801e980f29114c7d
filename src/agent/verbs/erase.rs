//! One 401 loses no login.
//!
//! Git's `erase` for a value that is no longer the current one does nothing. With the current secret it marks the
//! record as refused, passwords included: one 401 may be the server's mistake. The record is kept, shown by `status`,
//! and not offered to git again, which some programs would otherwise try for ever. The mark stands in the record, in
//! the file in its authenticated label, so a new agent knows it; if the store cannot be written it holds while the
//! agent lives. A new login, a renewal or an approval by git clears it. An `erase` without a secret is a person's `git
//! credential reject`: then passwords and stored headers are forgotten, and a login is only marked.

use crate::agent::Agent;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::git_server;
use crate::agent::call::noting::Noted;
use crate::agent::life::auditing::About;
use crate::base::{Credential, Origin, Scope};
use crate::wire::{Empty, Erase, Fault};

impl Handle for Erase {
    const EVENT: Noted = Noted::Done("credential.erase");
    const CHANGES_ACCOUNT: bool = true;
    const USES_WHAT_IS_KEPT: bool = true;

    /// With a secret: the server refused it. One 401 may be the server's mistake, so it is kept, marked, and not
    /// offered again; an account that has another secret by now is not touched. Without one a person rejects what git
    /// kept here: that is forgotten, while a login is only marked, by who might log it out.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = git_server(&self.which)?;
        caller.is_about(&server, self.which.username.as_deref())?;
        let (user, authority) = (self.which.username.as_deref(), caller.authority());
        let config = agent.settings.config()?;
        let meant = agent.accounts.with(|accounts| {
            // What another server lends to this one is not rejected here, and its own server has not refused it.
            let seen = accounts.meant_by(&self.which, self.tool, &server, authority, &config).without_lent();
            let found = match self.secret {
                Some(_) => select::candidates(seen, &server, user),
                None => select::meant(seen, &server, user),
            };
            let is_its = |held: &Held| {
                let of_tool = |tool| held.credential().origin() == Origin::Tool(tool);
                self.secret.as_ref().map_or(self.tool.is_none_or(of_tool), |old| held.secret().matches(old))
            };
            let meant = found.iter().filter(|held| is_its(held));
            meant.map(|held| (held.key().clone(), held.credential().clone())).collect::<Vec<_>>()
        });
        for (account, credential) in meant.await? {
            // Each account by itself, when it is changed.
            caller.noting().about = About::account(&account);
            match (&self.secret, &credential) {
                (None, Credential::Basic { .. } | Credential::Header { .. }) => {
                    let meant = [(account, credential.secret().clone())].into();
                    let (_, erased) = agent.accounts.forget(meant).await;
                    caller.notes(erased.as_ref().copied().map_err(Fault::code));
                    erased?;
                }
                (None, _) if !caller.authority().allows(Scope::Control) => {}
                _ => {
                    if agent.accounts.note(&account, credential.secret(), true).await {
                        caller.notes_done();
                    }
                }
            }
        }
        Ok(Empty {})
    }
}
