//! As whom a call to a server's API is made. Of accounts whose tokens are known to suffice the weakest is taken, so
//! that a script that reads does not run with a token that may delete; an account of which nothing is known is never
//! excluded by a guess.

use super::target::{Target, lies_below};
use crate::access::{Authority, Need};
use crate::agent::accounts::held::{Held, Usefulness};
use crate::agent::accounts::index::Index;
use crate::agent::accounts::seen::Seen;
use crate::agent::accounts::select;
use crate::agent::fault;
use crate::agent::upstream::Upstream;
use crate::base::{AccountKey, Credential, Scope, Scopes};
use crate::wire::{Condition, Fault, reason};

/// As which account a call is made: the named one; else of those whose token is known to suffice the one that can do
/// least; else the one that everybody means.
pub(crate) async fn pick(
    upstream: &Upstream,
    authority: &Authority,
    target: &Target,
    user: Option<&str>,
    need: Need,
) -> Result<AccountKey, Fault> {
    let find = |accounts: &Index| choose(accounts.seen_by(authority), target, user, need);
    match upstream.accounts.with(find).await? {
        Choice::None if authority.is_owner() && upstream.accounts.claim(&target.server).await? => {
            upstream.accounts.with(find).await?
        }
        choice => choice,
    }
    .account(target, need)
}

/// The same for a program that knows nothing of the agent: what the settings lend to the server is used too, as the one
/// who asks is handed nothing of it.
pub(crate) async fn pick_used(
    upstream: &Upstream,
    authority: &Authority,
    target: &Target,
    need: Need,
) -> Result<AccountKey, Fault> {
    let config = upstream.network.config()?;
    let find =
        |accounts: &Index| choose(accounts.seen_by(authority).and_used_at(&target.server, &config), target, None, need);
    upstream.accounts.with(find).await?.account(target, need)
}

/// The other accounts that a call may be made as which its server refused for want of this scope: first those that are
/// known to have it, then those of which nothing is known.
pub(super) async fn others_with(
    upstream: &Upstream,
    authority: &Authority,
    target: &Target,
    scope: &str,
    tried: &[AccountKey],
) -> Result<Vec<AccountKey>, Fault> {
    let find = |accounts: &Index| {
        let fitting = of_use(accounts.seen_by(authority), target, None);
        let mut others: Vec<_> = fitting.into_iter().filter(|held| held.is_of_use()).collect();
        others.retain(|held| !tried.contains(held.key()) && has_scope(held.credential(), scope) != Some(false));
        others.sort_by_key(|held| (has_scope(held.credential(), scope).is_none(), power_of(held.credential())));
        others.into_iter().map(|held| held.key().clone()).collect()
    };
    upstream.accounts.with(find).await
}

/// What is kept for the account, renewed first if it has to be.
pub(crate) async fn ready(upstream: &Upstream, account: &AccountKey) -> Result<Credential, Fault> {
    let server = account.server();
    let look = |held: &Held| {
        upstream.note_use(held);
        let usefulness = held.usefulness(0);
        held.give_doubtful();
        (usefulness, held.condition(0), held.credential().clone(), held.healed_enough())
    };
    let find = |accounts: &Index| accounts.get(account).map(look);
    let mut found = upstream.accounts.with(find).await?;
    let mut failed = None;
    if let Some((Usefulness::Renewed, _, credential, _)) = &found {
        failed = upstream.renew_in_time(account, credential.secret()).await.err();
        found = upstream.accounts.with(find).await?;
    }
    match (found, failed) {
        (Some((_, Condition::Valid, credential, _) | (Usefulness::Doubtful, _, credential, _)), _) => Ok(credential),
        (Some(_), Some(failed)) => Err(failed),
        (Some((_, Condition::Expired, ..)), None) => Err(fault::login_expired(server)),
        // Renewed too often in a moment: a login would not help.
        (Some((_, Condition::Refused, _, Some(wait))), None) => Err(fault::renewed_again_in(server, wait)),
        (Some((_, Condition::Refused, ..)), None) => Err(fault::login_refused(server)),
        (None, _) => Err(fault::not_logged_in(server)),
    }
}

/// Which account a call means.
#[derive(Debug, PartialEq, Eq)]
enum Choice {
    Found(AccountKey),
    /// There are accounts, and of each it is known that it may not.
    TooWeak,
    None,
}

impl Choice {
    fn account(self, target: &Target, need: Need) -> Result<AccountKey, Fault> {
        match self {
            Choice::Found(account) => Ok(account),
            Choice::TooWeak => {
                Err(reason::Api::NoAccountMay { server: target.server.clone(), scope: need.scope }.into())
            }
            Choice::None => Err(fault::not_logged_in(&target.server)),
        }
    }
}

fn choose(accounts: Seen<'_>, target: &Target, user: Option<&str>, need: Need) -> Choice {
    let mut fitting = of_use(accounts, target, user);
    if fitting.is_empty() {
        return Choice::None;
    }
    if user.is_some() {
        fitting.truncate(1);
    }
    let suits = |held: &&Held| match known_scopes(held.credential()) {
        Some(scopes) if scopes.allows(need.scope) => Some((0, power(&scopes))),
        None => Some((1, 0)),
        Some(_) => (!need.certain).then_some((2, 0)),
    };
    let best = fitting.iter().filter_map(|held| Some((suits(held)?, held))).min_by_key(|(rank, _)| *rank);
    best.map_or(Choice::TooWeak, |(_, held)| Choice::Found(held.key().clone()))
}

/// The accounts that a call may be made as, those of exactly its server first.
fn of_use<'a>(accounts: Seen<'a>, target: &Target, user: Option<&str>) -> Vec<&'a Held> {
    let mut fitting = select::candidates(accounts, &target.server, user);
    fitting.retain(|held| lies_below(held.key().server(), &target.url) || accounts.lent_by(held).is_some());
    fitting.sort_by_key(|held| (!held.is_of_use(), held.key().server() != &target.server));
    // What nobody can use anyway stands last, and is the answer only if there is nothing else: it says what is wrong.
    let of_use = fitting.iter().filter(|held| held.is_of_use()).count();
    fitting.truncate(of_use.max(1));
    fitting
}

/// Whether it has the scopes that a server names, if that is known. What Loki's servers call `admin` is within all
/// there is.
fn has_scope(credential: &Credential, named: &str) -> Option<bool> {
    let own = credential.scopes();
    if own.is_empty() {
        return None;
    }
    let needed = if named == "admin" { "*" } else { named };
    let is_within = |name: &str| match (Scope::from_name(name), known_scopes(credential)) {
        (Ok(scope), Some(known)) => known.allows(scope),
        _ => false,
    };
    let has = |name: &str| own.iter().any(|own| own == name) || is_within(name);
    Some(has(named) || needed.split(' ').all(has))
}

/// What the token may do, where all that it was granted are scopes that loom knows.
fn known_scopes(credential: &Credential) -> Option<Scopes> {
    let named = credential.scopes();
    let known = Scopes::from_names(named.iter().map(String::as_str)).ok();
    known.filter(|scopes| !scopes.is_empty())
}

/// How many of all scopes are within these.
fn power(scopes: &Scopes) -> usize {
    Scope::EVERY.into_iter().filter(|scope| scopes.allows(*scope)).count()
}

fn power_of(credential: &Credential) -> usize {
    known_scopes(credential).map_or(0, |scopes| power(&scopes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::needed;
    use crate::base::{Secret, ServerUrl, StoredIn, TokenSource};
    use crate::store::Record;

    fn accounts(all: &[(&str, &str, &str)]) -> Index {
        let mut accounts = Index::default();
        for (server, user, scopes) in all {
            let key = AccountKey::new(ServerUrl::parse(server).unwrap(), Some((*user).to_owned()));
            let scopes = scopes.split_whitespace().map(str::to_owned).collect();
            let (token, source) = (Secret::new("t".into()), TokenSource::Given);
            accounts
                .insert(Record::new(key, Credential::Token { token, source, scopes, expires: None }), StoredIn::Memory);
        }
        accounts
    }

    fn chosen(accounts: &Index, user: Option<&str>, method: &str, path: &str) -> String {
        let server = ServerUrl::parse("https://a.example").unwrap();
        let url = url::Url::parse(&server.endpoint(path)).unwrap();
        match choose(accounts.seen_by(&Authority::owner()), &Target { server, url }, user, needed(method, path)) {
            Choice::Found(account) => account.user().to_owned(),
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn the_least_powerful_token_that_suffices_is_taken() {
        let a = "https://a.example";
        let all = accounts(&[
            (a, "admin", "*"),
            (a, "operator", "control read write"),
            (a, "viewer", "read"),
            (a, "auditor", "read audit"),
        ]);
        assert_eq!(chosen(&all, None, "GET", "/api/tasks"), "viewer");
        assert_eq!(chosen(&all, None, "POST", "/api/tasks"), "operator");
        assert_eq!(chosen(&all, None, "GET", "/api/audit"), "auditor");
        assert_eq!(chosen(&all, None, "POST", "/api/enterprise/tokens"), "admin");
        assert_eq!(chosen(&all, Some("admin"), "GET", "/api/tasks"), "admin");
        assert_eq!(chosen(&all, Some("viewer"), "POST", "/api/tasks"), "TooWeak");
        assert_eq!(chosen(&all, Some("nobody"), "GET", "/api/tasks"), "None");
    }

    #[test]
    fn the_unknown_is_taken_in_its_usual_order_and_guesses_exclude_nobody() {
        let a = "https://a.example";
        let all = accounts(&[(a, "first", ""), (a, "second", "repo openid"), (a, "viewer", "read")]);
        assert_eq!(chosen(&all, None, "POST", "/api/tasks"), "first");
        assert_eq!(chosen(&all, None, "GET", "/api/tasks"), "viewer");
        let all = accounts(&[(a, "viewer", "read")]);
        assert_eq!(chosen(&all, None, "POST", "/api/tasks"), "TooWeak");
        assert_eq!(chosen(&all, None, "POST", "/search"), "viewer");
        let below = accounts(&[("https://a.example/org", "u", "")]);
        assert_eq!(chosen(&below, None, "GET", "/org/x"), "u");
        assert_eq!(chosen(&below, None, "GET", "/org-evil/x"), "None");
    }
}
