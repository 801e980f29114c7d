use std::cmp::Reverse;

use super::accounts::{Accounts, Held};
use crate::base::ServerUrl;

/// Which accounts a request may mean, the best first.
///
/// Only accounts of the request's own origin, port included. A request with a path gets accounts whose path covers it,
/// the longest first; one without gets all, those without a path first. A named user is the account's or the one git
/// sends with it. What is left in doubt the older account wins: it is the default.
pub(super) fn candidates<'a>(accounts: &'a Accounts, server: &ServerUrl, user: Option<&str>) -> Vec<&'a Held> {
    let has_path = !server.path().is_empty();
    // Git says an empty one for a certificate's file, which has no users.
    let user = user.filter(|_| !server.is_file());
    let fits = |held: &&Held| !has_path || held.key().server().covers(server);
    let is_named = |held: &&Held| user.is_none_or(|user| held.key().user() == user || held.git_user() == user);
    let mut found: Vec<&Held> = accounts.at_origin(server).filter(fits).filter(is_named).collect();
    found.sort_by_key(|held| {
        let length = held.key().server().path().len();
        let by_path = if has_path { (Reverse(length), 0) } else { (Reverse(0), length) };
        // Exactly the named account goes before one that merely shares git's user name with it.
        let by_name = user.is_some_and(|user| held.key().user() != user);
        (by_path, by_name, held.record().created(), held.key())
    });
    found
}

/// The account a person means who names a server and perhaps a user: exactly that server first, then as for git.
pub(super) fn for_person<'a>(accounts: &'a Accounts, server: &ServerUrl, user: Option<&str>) -> Option<&'a Held> {
    let found = candidates(accounts, server, user);
    found.iter().find(|held| held.key().server() == server).or(found.first()).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{AccountKey, Credential, Secret, TokenSource};
    use crate::store::Record;
    use crate::wire::StoredIn;

    fn accounts(keys: &[(&str, &str)]) -> Accounts {
        let mut accounts = Accounts::default();
        for (server, user) in keys {
            let key = AccountKey::new(ServerUrl::parse(server).unwrap(), Some((*user).to_owned()));
            let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
            accounts.insert(Record::new(key, credential), StoredIn::Memory);
        }
        accounts
    }

    fn chosen(accounts: &Accounts, server: &str, user: Option<&str>) -> Vec<String> {
        candidates(accounts, &ServerUrl::parse(server).unwrap(), user)
            .iter()
            .map(|held| held.key().to_string())
            .collect()
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
    fn in_a_million_pairs_a_credential_is_only_ever_given_to_its_own_origin_and_path() {
        let all = made();
        assert!(all.len() * all.len() > 1_000_000);
        for (own, kept) in &all {
            let account = accounts(&[(&kept.to_string(), "u")]);
            for (asked, server) in &all {
                let same_origin = (own.0, &own.1, own.2) == (asked.0, &asked.1, asked.2);
                let expected = same_origin && (asked.3.is_empty() || asked.3.starts_with(&own.3));
                assert_eq!(!candidates(&account, server, None).is_empty(), expected, "{kept} for {server}");
            }
        }
    }

    #[test]
    fn a_named_user_gets_that_account() {
        let all = accounts(&[("https://a.example", "one"), ("https://a.example", "two")]);
        assert_eq!(chosen(&all, "https://a.example", Some("two")), ["https://a.example|two"]);
        assert!(chosen(&all, "https://a.example", Some("three")).is_empty());
    }
}
