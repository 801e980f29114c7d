//! Keeps a credential that a program hands over, or one that a person brought along with `loom login --with-token`. One
//! with endpoints that the agent would go on asking is taken from the user only, as a login at an issuer that somebody
//! names is.
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::login;
use crate::base::{AccountKey, Credential, Origin, Scope};
use crate::wire::{Checked, Fault, LoginReply, Save, reason};

impl Handle for Save {
    const EVENT: Noted = Noted::Done("login");
    const CHANGES_ACCOUNT: bool = true;
    const USES_WHAT_IS_KEPT: bool = true;

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<LoginReply, Fault> {
        if !self.credential.secret().is_one_line() || self.credential.secret().expose().is_empty() {
            return Err(reason::Login::BadToken.into());
        }
        if matches!(&self.credential, Credential::Header { authtype, .. } if !is_scheme(authtype)) {
            return Err(reason::Login::BadToken.into());
        }
        let server = caller.server(&agent.settings, self.server, self.account.as_deref())?;
        if self.credential.terms().is_some() {
            // What is kept here would go on asking the endpoints that it names, as for a login at a named issuer.
            caller.the_user()?;
        }
        let (account, credential) = (AccountKey::new(server, self.account), self.credential.given());
        let authority = caller.authority();
        if !authority.allows(Scope::Control)
            && (agent.settings.config()?.is_before_second_origin(account.server())
                || agent.accounts.with(|all| all.seen_by(authority).has_login_behind(&account, None)).await?)
        {
            return Err(fault::scope_missing(Scope::Control));
        }
        let mut credential = credential;
        let mut trial = None;
        if self.check {
            let found = tokio::select! {
                found = agent.upstream.try_out(&account, &credential, self.repository.as_ref()) => found,
                fault = caller.hung_up() => return Err(fault),
            };
            if found.checked == Checked::Refused {
                return Err(reason::Login::TokenRefused { server: account.server().clone() }.into());
            }
            credential = credential.ending(found.expires);
            trial = Some(found);
        }
        let secret = credential.secret().clone();
        let kept = account.clone();
        let (reply, replaced) = login::keep(&agent.upstream, caller, account, None, credential).await?;
        // A login that nobody has any more would live on at its server. One that was handed over in another form lives.
        for old in replaced {
            if old.credential().origin() == Origin::Login && !old.credential().secret().matches(&secret) {
                agent.upstream.revoke_soon(old.account().clone(), old.credential().clone());
            }
        }
        if trial.as_ref().is_some_and(|trial| trial.checked == Checked::Accepted) {
            agent.accounts.note_acceptance(&kept, &secret);
        }
        let (user, checked) = trial.map(|trial| (trial.user, trial.checked)).unzip();
        Ok(LoginReply { user: user.flatten(), checked, ..reply })
    }
}

/// The name of an authentication scheme (RFC 9110 §11.1).
fn is_scheme(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
}
