//! Which account a request means. Every front-end asks here, so that git, a person and a call over HTTP never mean
//! different ones. An account goes to its own origin only, port included, and where the settings lend it; what is still
//! in doubt after path and name goes to the oldest, and a person whom two logins could be is not guessed.

use std::cmp::Reverse;
use std::collections::HashMap;

use crate::agent::accounts::held::Held;
use crate::agent::accounts::seen::Seen;
use crate::base::{AccountKey, ServerUrl};

/// Which accounts a request may mean, the best first.
///
/// Only accounts of the request's own origin, port included. A request with a path gets accounts whose path covers it,
/// the longest first; one without gets all, those without a path first. A named user is the account's or the one git
/// sends with it; after all of these, whoever logged in. What is left in doubt the older account wins: it is the
/// default. What the settings lend to the server comes last.
pub(crate) fn candidates<'a>(accounts: Seen<'a>, server: &ServerUrl, user: Option<&str>) -> Vec<&'a Held> {
    let user = user_of(server, user);
    let mut found = ordered(accounts, fitting(accounts, server), !server.path().is_empty(), user);
    found.extend(ordered(accounts, accounts.lent().collect(), true, user));
    found
}

fn ordered<'a>(accounts: Seen<'a>, mut found: Vec<&'a Held>, has_path: bool, user: Option<&str>) -> Vec<&'a Held> {
    let has_name = |held: &'a Held, user: &str| has_name(accounts, held, user);
    if let Some(user) = user {
        let person = person(accounts, &found, user).map(|held| held.key().clone());
        found.retain(|held| has_name(held, user) || Some(held.key()) == person.as_ref());
    }
    found.sort_by_key(|held| {
        let length = held.key().server().path().len();
        let by_path = if has_path { (Reverse(length), 0) } else { (Reverse(0), length) };
        let is_person = user.is_some_and(|user| !has_name(held, user));
        // Exactly the named account goes before one that merely shares git's user name with it.
        let by_name = user.is_some_and(|user| held.key().user() != user);
        (accounts.rank(held), is_person, by_path, by_name, accounts.seniority(held), held.key())
    });
    found
}

/// The accounts that git may mean, best first: those of the user whom it names, else of the user of the rule that fits.
/// The user in the URL of a clone button may be nobody in particular: at some hosts it is the organization. Then the
/// rule counts, and without one the one account without a name; if there are several, none, and none of another name,
/// which may be another organization's. A name that several logins share is somebody's all the same: then a rule only
/// says whose of them.
pub(crate) fn for_git<'a>(
    accounts: Seen<'a>,
    server: &ServerUrl,
    named: Option<&str>,
    of_rule: Option<&str>,
    is_organization: bool,
) -> Vec<&'a Held> {
    let mut found = candidates(accounts, server, named.or(of_rule));
    if of_rule.is_some() && accounts.is_a_tools() {
        // What a tool brought it means wherever it works.
        let own = candidates(accounts, server, named).into_iter().filter(|held| accounts.is_own(held));
        found = own.chain(found.iter().copied().filter(|held| !accounts.is_own(held))).collect();
    }
    let Some(named) = named.filter(|_| is_organization && found.is_empty()) else { return found };
    if of_rule.is_some() {
        let mut found = candidates(accounts, server, of_rule);
        if is_shared(accounts, server, named) {
            let sharing: Vec<_> =
                of_person(accounts, &fitting(accounts, server), named).into_iter().map(Held::key).collect();
            found.retain(|held| sharing.contains(&held.key()));
        }
        return found;
    }
    if is_shared(accounts, server, named) {
        return Vec::new();
    }
    let is_unnamed = |held: &&Held| {
        let name = held.key().user();
        *held.key() == AccountKey::new(held.key().server().clone(), None) || held.person() == Some(name)
    };
    let unnamed: Vec<&Held> = fitting(accounts, server).into_iter().filter(is_unnamed).collect();
    if unnamed.len() == 1 { unnamed } else { Vec::new() }
}

/// The accounts that may be meant where one is changed or handed out, best first. An account's own name goes before the
/// name of whoever logged in, which counts only if no account has that name.
pub(crate) fn meant<'a>(accounts: Seen<'a>, server: &ServerUrl, user: Option<&str>) -> Vec<&'a Held> {
    let mut found = candidates(accounts, server, user);
    if let Some(user) = user_of(server, user)
        && found.iter().any(|held| has_name(accounts, held, user))
    {
        found.retain(|held| has_name(accounts, held, user));
    }
    found
}

/// The account a person means who names a server and perhaps a user: exactly that server first, then as for git.
pub(crate) fn for_person<'a>(accounts: Seen<'a>, server: &ServerUrl, user: Option<&str>) -> Option<&'a Held> {
    let found = meant(accounts, server, user);
    found.iter().find(|held| held.key().server() == server).or(found.first()).copied()
}

/// The accounts of exactly this server that a person means: all, or the one of this name, or else the one of this
/// person.
pub(crate) fn of_server<'a>(accounts: Seen<'a>, server: &ServerUrl, user: Option<&str>) -> Vec<&'a Held> {
    let mut found: Vec<&Held> = accounts.at_origin(server).filter(|held| held.key().server() == server).collect();
    if let Some(user) = user {
        let named = found.iter().find(|held| held.key().user() == user).copied();
        found = named.or_else(|| person(accounts, &found, user)).into_iter().collect();
    }
    found
}

/// Whether more than one login could be meant by this name, so that none is.
pub(crate) fn is_shared(accounts: Seen<'_>, server: &ServerUrl, user: &str) -> bool {
    let found = fitting(accounts, server);
    !found.iter().any(|held| has_name(accounts, held, user)) && of_person(accounts, &found, user).len() > 1
}

fn fitting<'a>(accounts: Seen<'a>, server: &ServerUrl) -> Vec<&'a Held> {
    let has_path = !server.path().is_empty();
    accounts.at_origin(server).filter(|held| !has_path || held.key().server().covers(server)).collect()
}

/// Git says an empty name for a certificate's file, which has no users.
fn user_of<'a>(server: &ServerUrl, user: Option<&'a str>) -> Option<&'a str> {
    user.filter(|_| !server.is_file())
}

/// Whether this is the name of the account, or the one that is sent with it.
fn has_name<'a>(accounts: Seen<'a>, held: &'a Held, user: &str) -> bool {
    held.key().user() == user || accounts.sent_user(held) == user
}

/// The login of the person with this name. Servers put a person's own name into the URLs they show, while git sends
/// another beside a token. A name that several logins share is not guessed.
fn person<'a>(accounts: Seen<'a>, found: &[&'a Held], user: &str) -> Option<&'a Held> {
    match of_person(accounts, found, user)[..] {
        [one] => Some(one),
        _ => None,
    }
}

/// The logins of this person, as the server named them; where nothing else has the name, of whoever's e-mail address
/// begins with it.
fn of_person<'a>(accounts: Seen<'a>, found: &[&'a Held], user: &str) -> Vec<&'a Held> {
    let has_name = |held: &&'a Held| has_name(accounts, held, user);
    let logins = |fits: &dyn Fn(&str) -> bool| {
        let is_theirs = |held: &&&'a Held| !has_name(held) && held.person().is_some_and(fits);
        found.iter().filter(is_theirs).copied().collect::<Vec<_>>()
    };
    let exact = logins(&|person| person == user);
    if !exact.is_empty() || user.is_empty() || found.iter().any(has_name) {
        return exact;
    }
    logins(&|person| person.rsplit_once('@').is_some_and(|(local, _)| local == user))
}

/// The account that a person means who names no user, for every server that has one: the settings', else the oldest.
pub(crate) fn defaults(accounts: Seen<'_>) -> HashMap<&ServerUrl, &AccountKey> {
    let mut oldest: HashMap<&ServerUrl, &Held> = HashMap::new();
    for held in accounts.iter() {
        let first = oldest.entry(held.key().server()).or_insert(held);
        if accounts.seniority(held) < accounts.seniority(first) {
            *first = held;
        }
    }
    oldest.into_iter().map(|(server, held)| (server, held.key())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Authority;
    use crate::agent::accounts::index::Index;
    use crate::base::{Credential, Secret, StoredIn, TokenSource};
    use crate::store::Record;

    fn accounts(keys: &[(&str, &str)]) -> Index {
        let mut accounts = Index::default();
        for (server, user) in keys {
            let key = AccountKey::new(ServerUrl::parse(server).unwrap(), Some((*user).to_owned()));
            let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
            accounts.insert(Record::new(key, credential), StoredIn::Memory);
        }
        accounts
    }

    fn seen(accounts: &Index) -> Seen<'_> {
        accounts.seen_by(Box::leak(Box::new(Authority::owner())))
    }

    fn chosen(accounts: &Index, server: &str, user: Option<&str>) -> Vec<String> {
        candidates(seen(accounts), &ServerUrl::parse(server).unwrap(), user)
            .iter()
            .map(|held| held.key().to_string())
            .collect()
    }

    #[test]
    fn the_default_of_a_server_is_the_account_meant_without_a_user() {
        let all = accounts(&[
            ("https://a.example", "b"),
            ("https://a.example", "a"),
            ("https://a.example/x", "c"),
            ("https://b.example", "d"),
        ]);
        let defaults = defaults(seen(&all));
        assert_eq!(defaults.len(), 3);
        for (server, key) in defaults {
            assert_eq!(for_person(seen(&all), server, None).unwrap().key(), key);
        }
    }

    #[test]
    fn a_credential_goes_only_to_its_own_origin() {
        let all = accounts(&[("https://a.example", "u"), ("https://a.example:8443", "u"), ("http://127.0.0.1:1", "u")]);
        assert_eq!(chosen(&all, "https://a.example", None), ["https://a.example|u"]);
        assert_eq!(chosen(&all, "https://a.example:8443/x", None), ["https://a.example:8443|u"]);
        for other in
            ["http://a.example", "https://a.example:444", "https://a.example.evil.example", "http://127.0.0.1:2"]
        {
            assert!(chosen(&all, other, None).is_empty(), "{other}");
        }
    }

    #[test]
    fn the_longest_path_wins_and_none_prefers_none() {
        let all = accounts(&[
            ("https://a.example/org", "u"),
            ("https://a.example", "u"),
            ("https://a.example/org/repo", "u"),
        ]);
        assert_eq!(chosen(&all, "https://a.example/org/repo/x", None)[0], "https://a.example/org/repo|u");
        assert_eq!(chosen(&all, "https://a.example/org/repo-evil", None)[0], "https://a.example/org|u");
        assert_eq!(chosen(&all, "https://a.example", None)[0], "https://a.example|u");
    }

    /// Scheme, host, port and path segments, as they were made: what the answer must be is decided without `ServerUrl`.
    type Parts = (&'static str, String, u16, Vec<&'static str>);

    fn made() -> Vec<(Parts, ServerUrl)> {
        let mut all = Vec::new();
        for scheme in ["https", "http", "smtp"] {
            for host in
                ["a.example", "b.example", "a.example.b.example", "aa.example", "127.0.0.1", "[::1]", "localhost"]
            {
                for port in [80, 443, 8080, 808] {
                    for path in [&[][..], &["org"], &["org", "repo"], &["org", "repo-evil"], &["org-evil"], &["other"]]
                    {
                        for upper in [false, true] {
                            let host = if upper { host.to_uppercase() } else { host.to_owned() };
                            let text = format!("{scheme}://{host}:{port}/{}", path.join("/"));
                            let parts = (scheme, host.to_lowercase(), port, path.to_vec());
                            all.push((parts, ServerUrl::parse(&text).unwrap()));
                        }
                    }
                }
            }
        }
        all
    }

    #[test]
    fn in_a_million_pairs_a_credential_stays_at_its_origin_and_path() {
        let all = made();
        assert!(all.len() * all.len() > 1_000_000);
        for (own, kept) in &all {
            let (account, owner) = (accounts(&[(&kept.to_string(), "u")]), Authority::owner());
            for (asked, server) in &all {
                let same_origin = (own.0, &own.1, own.2) == (asked.0, &asked.1, asked.2);
                let expected = same_origin && (asked.3.is_empty() || asked.3.starts_with(&own.3));
                let found = candidates(account.seen_by(&owner), server, None);
                assert_eq!(!found.is_empty(), expected, "{kept} for {server}");
            }
        }
    }

    /// Accounts of logins: server, account, who logged in.
    fn logins(all: &[(&str, &str, &str)]) -> Index {
        let mut accounts = Index::default();
        for (server, account, person) in all {
            let key = AccountKey::new(ServerUrl::parse(server).unwrap(), Some((*account).to_owned()));
            let endpoint = "\"token_endpoint\":\"https://i.example/token\"";
            let terms = format!(
                "{{\"kind\":\"person\",\"issuer\":\"https://i.example\",\"client_id\":\"c\",{endpoint},\"user\":\"{person}\"}}"
            );
            let terms = serde_json::from_str(&terms).unwrap();
            let access = Secret::new("t".into());
            let credential = Credential::OAuth { access, expires: None, refresh: None, terms };
            accounts.insert(Record::new(key, credential), StoredIn::Memory);
        }
        accounts
    }

    #[test]
    fn a_persons_own_name_means_their_login_after_accounts_of_that_name() {
        let a = "https://a.example";
        let mut all = logins(&[
            (a, "oauth2", "alice"),
            (a, "work", "bob"),
            ("https://a.example:8443", "oauth2", "carol"),
            ("https://a.example/org", "o", "dave@corp.example"),
        ]);
        assert_eq!(chosen(&all, a, Some("alice")), ["https://a.example|oauth2"]);
        assert_eq!(chosen(&all, "https://a.example/org/x", Some("bob")), ["https://a.example|work"]);
        assert_eq!(chosen(&all, a, Some("dave@corp.example")), ["https://a.example/org|o"]);
        assert_eq!(chosen(&all, a, Some("dave")), ["https://a.example/org|o"]);
        for nobody in ["carol", "Alice", "ali", "", "corp.example"] {
            assert!(chosen(&all, a, Some(nobody)).is_empty(), "{nobody}");
        }
        let key = AccountKey::new(ServerUrl::parse("https://a.example/org").unwrap(), Some("alice".to_owned()));
        let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
        all.insert(Record::new(key, credential), StoredIn::Memory);
        assert_eq!(chosen(&all, a, Some("alice")), ["https://a.example/org|alice", "https://a.example|oauth2"]);
        let at = ServerUrl::parse(a).unwrap();
        assert_eq!(for_person(seen(&all), &at, Some("alice")).unwrap().key().user(), "alice");
        let users = |user| of_server(seen(&all), &at, user).iter().map(|held| held.key().user()).collect::<Vec<_>>();
        assert_eq!(users(Some("alice")), ["oauth2"]);
        assert_eq!((users(Some("work")), users(Some("bob"))), (vec!["work"], vec!["work"]));
        assert_eq!(users(Some("dave")), Vec::<&str>::new());
        assert_eq!(users(None), ["oauth2", "work"]);
    }

    #[test]
    fn a_name_that_two_logins_share_is_not_guessed() {
        let a = "https://a.example";
        let all =
            logins(&[(a, "one", "alice"), (a, "two", "alice"), (a, "x", "bob@a.example"), (a, "y", "bob@b.example")]);
        for shared in ["alice", "bob"] {
            assert!(chosen(&all, a, Some(shared)).is_empty(), "{shared}");
            assert!(of_server(seen(&all), &ServerUrl::parse(a).unwrap(), Some(shared)).is_empty());
            assert!(is_shared(seen(&all), &ServerUrl::parse(a).unwrap(), shared));
        }
        let git = |named, of_rule| {
            let found = for_git(seen(&all), &ServerUrl::parse(a).unwrap(), Some(named), of_rule, true);
            found.iter().map(|held| held.key().user().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(git("org", Some("x")), ["x"], "nobody's name is the organization's");
        for of_rule in [Some("x"), Some("bob@a.example"), Some("nobody"), None] {
            assert_eq!(git("alice", of_rule), Vec::<String>::new(), "{of_rule:?} is a rule for another");
        }
        assert_eq!(git("alice", Some("two")), ["two"], "the rule says which of them");
        assert_eq!(git("bob", Some("bob@b.example")), ["y"]);
        assert_eq!(chosen(&all, a, Some("two")), ["https://a.example|two"]);
        assert!(chosen(&all, a, Some("three")).is_empty());
        let exact = logins(&[(a, "one", "alice"), (a, "two", "alice@a.example")]);
        assert_eq!(
            chosen(&exact, a, Some("alice")),
            ["https://a.example|one"],
            "a name goes before part of an address"
        );
    }
}
