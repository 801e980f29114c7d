//! Under which name a new login is kept. It takes the place of an earlier login of the same person or client, and never
//! that of a credential that came in another way: then it is kept beside it, under another name.

use crate::agent::accounts::seen::Seen;
use crate::base::{AccountKey, ServerUrl, Terms, TermsKind};

/// Under which name a login is kept whose server says who logged in: theirs, unless something that came in another way
/// has it there. The other account is that of the same person from a time when nobody was named.
pub(crate) fn of_who_logged_in(
    accounts: Seen<'_>,
    server: &ServerUrl,
    terms: &Terms,
) -> (AccountKey, Option<AccountKey>) {
    let same =
        |earlier: &Terms| (earlier.kind, &earlier.issuer, &earlier.user) == (terms.kind, &terms.issuer, &terms.user);
    let is_theirs = |key: &AccountKey| accounts.get(key).and_then(|held| held.credential().terms()).is_some_and(&same);
    let is_free = |key: &AccountKey| accounts.get(key).is_none() || is_theirs(key);
    let named = |name: Option<String>| AccountKey::new(server.clone(), name);
    let name = terms.user.clone().unwrap_or_default();
    let further = (2..100).map(|number| Some(format!("{name} ({number})")));
    let names = [Some(name.clone()), None].into_iter().chain(further);
    let account = names.map(named).find(is_free).unwrap_or_else(|| named(None));
    let unnamed = named(None);
    let instead = (unnamed != account && is_theirs(&unnamed)).then_some(unnamed);
    (account, instead)
}

/// Under which name the login of a machine is kept: the usual one, unless another client's is there; then its own
/// client's.
pub(crate) fn of_client(accounts: Seen<'_>, server: &ServerUrl, terms: &Terms) -> AccountKey {
    let named = |name: Option<String>| AccountKey::new(server.clone(), name);
    let client = |key: &AccountKey| accounts.get(key).and_then(|held| held.credential().terms());
    let is_own = |key: &AccountKey| client(key).is_some_and(|other| other.client_id == terms.client_id);
    let (usual, own) = (named(None), named(Some(terms.client_id.clone())));
    let is_anothers = client(&usual).is_some_and(|other| other.kind == TermsKind::Machine) && !is_own(&usual);
    if is_anothers || is_own(&own) { own } else { usual }
}
