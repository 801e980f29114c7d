use super::get::server;
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault, select};
use crate::base::{AccountKey, Credential, Expiry, clock};
use crate::msg;
use crate::wire::{Code, Empty, Fault, Store};

impl Handle for Store {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = server(&self.which)?;
        if !agent.config()?.permits(&server) {
            return Err(fault::cleartext(&server));
        }
        let Some(user) = self.which.username else {
            return Err(Fault::new(Code::BadRequest, msg!("store-without-user")));
        };
        let expires = self.password_expiry_utc.and_then(Expiry::from_unix);
        if expires.is_some_and(|expiry| expiry.ends_within(0, clock::now())) {
            return Ok(Empty {});
        }
        // Git approves what it used, also what it had from here: that is no second account.
        let known = agent.with_accounts(|accounts| {
            let found = select::candidates(accounts, &server, Some(&user));
            let same = found.iter().find(|held| held.git_user() == user && held.secret().matches(&self.password));
            same.map(|held| held.key().clone())
        });
        if let Some(account) = known.await? {
            agent.note(&account, &self.password, false);
            return Ok(Empty {});
        }
        let credential =
            Credential::Basic { password: self.password, expires, oauth_refresh_token: self.oauth_refresh_token };
        agent.keep(AccountKey::new(server, Some(user)), credential).await?;
        Ok(Empty {})
    }
}
