use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::agent::gate::needs::SETTINGS;
use crate::agent::life::auditing::About;
use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential, Origin, Scope};
use crate::store::Record;
use crate::wire::{Fault, LoginReply};

/// What every login ends with: kept, perhaps made the default, and what a person should know said. What it took the place of
/// comes with the answer.
pub(crate) async fn keep(
    upstream: &Upstream,
    caller: &mut Caller<'_>,
    account: AccountKey,
    instead: Option<AccountKey>,
    credential: Credential,
) -> Result<(LoginReply, Vec<Record>), Fault> {
    let expires_at = credential.expires();
    // Ending a login takes what logging out does, also where it came in between.
    let may_go: fn(&Record) -> bool = match caller.authority().allows(Scope::Control) {
        true => |_| true,
        false => |record| record.credential().origin() != Origin::Login,
    };
    let kept = upstream.accounts.keep(account.clone(), instead, credential, may_go).await?;
    let (stored_in, replaced) = kept.ok_or_else(|| fault::scope_missing(Scope::Control))?;
    // Under the name that it is kept under, and now: what follows may take its time, or fail.
    caller.noting().about = About::account(&account);
    caller.notes_done();
    // The login is kept by now; a config file that cannot be written must not make it look failed. Nor does one who may not
    // change the settings: a token for one server says nothing of where the user goes.
    let became_default = SETTINGS.check(caller.authority()).is_ok()
        && upstream.settings.default_to(account.server()).await.unwrap_or(false);
    let reply = LoginReply {
        server: account.server().clone(),
        account: account.user().to_owned(),
        stored_in,
        expires_at,
        note: upstream.accounts.unsaid(caller.locale),
        became_default,
    };
    Ok((reply, replaced))
}
