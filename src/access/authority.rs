use crate::base::{Scope, Scopes, ServerPattern, ServerUrl};

/// What the one who asks may do: everything, if it is the user whose agent it is; else what all of these rights allow.
/// There are several where a token was issued by another, or is presented at a socket that has one of its own.
#[derive(Clone, Debug, Default)]
pub struct Authority(Vec<Rights>);

/// The rights of an issued token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The token's name in the ledger and in the audit log; no secret.
    pub id: String,
    pub scopes: Scopes,
    /// For which servers; for all if there is none.
    pub servers: Vec<ServerPattern>,
    /// It may be handed a server's own secret.
    pub reveal: bool,
}

impl Authority {
    /// The user's own.
    pub fn owner() -> Authority {
        Authority::default()
    }

    /// The same, but no more than these rights.
    pub fn within(mut self, rights: impl IntoIterator<Item = Rights>) -> Authority {
        self.0.extend(rights);
        self
    }

    pub fn allows(&self, needed: Scope) -> bool {
        self.0.iter().all(|rights| rights.scopes.allows(needed))
    }

    /// Whether this server, and what is kept for it, is there at all for the one who asks.
    pub fn sees(&self, server: &ServerUrl) -> bool {
        self.0.iter().all(|rights| rights.servers.is_empty() || rights.sees(server))
    }

    /// Whether what concerns all servers may be asked.
    pub fn sees_everything(&self) -> bool {
        self.0.iter().all(|rights| rights.servers.is_empty())
    }

    /// Whether a server's own secret may be handed out.
    pub fn reveals(&self) -> bool {
        self.0.iter().all(|rights| rights.reveal)
    }

    /// Whether who has this authority may issue a token with these rights: a narrower one never mints a wider one.
    pub fn may_issue(&self, asked: &Rights) -> bool {
        self.allows(Scope::All) && self.0.iter().all(|own| own.cover(asked))
    }

    /// Every token that counts.
    pub fn tokens(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|rights| rights.id.as_str())
    }

    /// The token that was presented, the narrowest of several; nothing for the user.
    pub fn token(&self) -> Option<&str> {
        self.0.first().map(|rights| rights.id.as_str())
    }
}

impl Rights {
    fn sees(&self, server: &ServerUrl) -> bool {
        self.servers.iter().any(|pattern| pattern.covers(server))
    }

    fn cover(&self, asked: &Rights) -> bool {
        let is_mine = |wanted: &ServerPattern| self.servers.iter().any(|own| own.covers_all_of(wanted));
        let servers = self.servers.is_empty() || !asked.servers.is_empty() && asked.servers.iter().all(is_mine);
        self.scopes.cover(&asked.scopes) && servers && (self.reveal || !asked.reveal)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rights() -> impl Strategy<Value = Rights> {
        let scopes = prop::collection::vec(prop::sample::select(Scope::EVERY.to_vec()), 1..4);
        let patterns = ["a.example", "*.example", "https://a.example/acme", "b.example", "*.a.example"];
        let servers = prop::collection::vec(prop::sample::select(patterns.to_vec()), 0..3);
        (scopes, servers, any::<bool>()).prop_map(|(scopes, servers, reveal)| Rights {
            id: "t".to_owned(),
            scopes: scopes.into_iter().collect(),
            servers: servers.into_iter().map(|text| text.parse().unwrap()).collect(),
            reveal,
        })
    }

    proptest! {
        #[test]
        fn what_a_chain_of_tokens_may_is_what_each_of_them_may(chain in prop::collection::vec(rights(), 0..4), needed in prop::sample::select(Scope::EVERY.to_vec())) {
            let mut authority = Authority::owner();
            for asked in chain {
                let wider = authority.clone();
                if !wider.may_issue(&asked) {
                    continue;
                }
                // As the ledger does: whoever presents it has the rights of all that led to it.
                authority = Authority::owner().within([asked.clone()]).within(wider.0.clone());
                prop_assert!(asked.scopes.allows(needed) || !authority.allows(needed), "granted more than was asked");
                prop_assert!(wider.allows(needed) || !authority.allows(needed));
                prop_assert!(!authority.reveals() || asked.reveal && wider.reveals());
                for server in ["https://a.example", "https://b.example", "https://x.a.example", "https://a.example/acme/app", "https://c.other"] {
                    let server = ServerUrl::parse(server).unwrap();
                    prop_assert!(!authority.sees(&server) || wider.sees(&server));
                    prop_assert_eq!(authority.sees(&server), asked.servers.is_empty() && wider.sees(&server) || asked.sees(&server));
                }
            }
        }
    }

    #[test]
    fn only_who_may_do_everything_issues_and_nothing_wider() {
        let rights = |scopes: &str, servers: &[&str], reveal| Rights {
            id: scopes.to_owned(),
            scopes: Scopes::from_names(scopes.split(',')).unwrap(),
            servers: servers.iter().map(|text| text.parse().unwrap()).collect(),
            reveal,
        };
        let with = |rights| Authority::owner().within([rights]);
        assert!(Authority::owner().may_issue(&rights("*", &[], true)));
        assert!(with(rights("*", &[], false)).may_issue(&rights("*", &[], false)));
        assert!(!with(rights("*", &[], false)).may_issue(&rights("read", &[], true)));
        assert!(!with(rights("control", &[], true)).may_issue(&rights("read", &[], false)));
        assert!(!with(rights("*", &["a.example"], true)).may_issue(&rights("read", &[], false)));
        assert!(with(rights("*", &["*.example"], true)).may_issue(&rights("read", &["a.example"], true)));
    }
}
