use super::get::server;
use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, select};
use crate::base::{AccountKey, Credential, Expiry, clock};
use crate::msg;
use crate::wire::{Code, Empty, Fault, Store};

impl Handle for Store {
    const EVENT: Option<&'static str> = Some("credential.store");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let server = server(&self.which)?;
        caller.is_about(&server, self.which.username.as_deref())?;
        let config = agent.config()?;
        if !config.permits(&server) {
            // What would go out in clear is not kept. Git uses it with or without us, so it is not told every time;
            // `loom why` says it to who asks.
            return Ok(Empty {});
        }
        let expires = self.password_expiry_utc.and_then(Expiry::from_unix);
        if expires.is_some_and(|expiry| expiry.ends_within(0, clock::now())) {
            return Ok(Empty {});
        }
        // Git approves what it used, also what it had from here: that is no second account.
        let user = self.which.username.as_deref();
        let known = agent.with_accounts(|accounts| {
            let found = select::candidates(accounts, &server, user);
            found.iter().find(|held| held.secret().matches(&self.secret)).map(|held| held.key().clone())
        });
        if let Some(account) = known.await? {
            agent.note(&account, &self.secret, false).await;
            return Ok(Empty {});
        }
        if !config.keeps_approved(&server) {
            return Ok(Empty {});
        }
        let (user, credential) = match (self.authtype, self.which.username) {
            // A header need not name a user; what it is names the account then.
            (Some(authtype), user) => {
                let user = user.unwrap_or_else(|| authtype.to_ascii_lowercase());
                (user, Credential::Header { authtype, credential: self.secret, expires })
            }
            (None, Some(user)) => {
                let oauth_refresh_token = self.oauth_refresh_token;
                (user, Credential::Basic { password: self.secret, expires, oauth_refresh_token })
            }
            (None, None) => return Err(Fault::new(Code::BadRequest, msg!("store-without-user"))),
        };
        agent.keep(AccountKey::new(server, Some(user)), credential).await?;
        Ok(Empty {})
    }
}
