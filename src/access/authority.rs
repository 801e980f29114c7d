//! Rights are a list of rights.
//!
//! An `Authority` is every right that counts at once: of the token that was presented, of those that issued it, of the
//! socket it came through. Something is allowed if each of them allows it, so no rule for merging can be wrong. The
//! user and whoever has shown nothing are cases of their own: neither is what a list has become empty by. What somebody
//! sets up keeps the tokens of their authority (`Standing`) and is judged by them too, each time it is used: so a
//! socket, a door or a session has no wider rights than who made it, and no verb has to see to that. Who the user is a
//! verb is told by a value that only `Caller` makes (`TheUser`), and what only the user says takes one. What a verb
//! needs stands in its row of `dispatch`, and is compared there and nowhere else; which server it is about is said to
//! `Caller::is_about`, for which an unseen server is one that is not there.

use super::rights::{HeldRights, Holder, Rights};
use super::standing::Standing;
use crate::base::{Scope, Scopes, ServerPattern, ServerUrl};

/// What a caller may do: everything if it is the agent's own user, else what every one of these rights allows. There
/// are several where a token was issued by another one, or is presented at a socket that has rights of its own.
#[derive(Clone, Debug)]
pub struct Authority {
    bounds: Bounds,
    standing: Standing,
}

/// What bounds an authority.
#[derive(Clone, Debug)]
enum Bounds {
    /// Nothing: it is the agent's own user.
    Owner,
    /// What every one of these rights allows; there is at least one.
    Within(Vec<HeldRights>),
    /// Everything: somebody at another machine who has shown nothing.
    Nobody,
}

impl Authority {
    /// The authority of somebody at another machine who has shown nothing: no rights at all.
    pub fn nobody() -> Authority {
        Authority { bounds: Bounds::Nobody, standing: Standing::default() }
    }

    /// Whether it is the authority of somebody who has shown nothing.
    pub fn is_nobody(&self) -> bool {
        matches!(self.bounds, Bounds::Nobody)
    }

    /// The authority of the agent's own user: everything.
    pub fn owner() -> Authority {
        Authority { bounds: Bounds::Owner, standing: Standing::default() }
    }

    /// Whether it is the authority of the agent's own user. Only the user is handed what is stored under a name that
    /// several servers may have.
    pub fn is_owner(&self) -> bool {
        matches!(self.bounds, Bounds::Owner)
    }

    /// Narrows the authority to what these rights allow too.
    pub fn within(self, rights: HeldRights) -> Authority {
        self.within_all(vec![rights])
    }

    /// Narrows the authority to what these tokens allow too; `rights` are theirs. What is set up with the authority
    /// then rests on these tokens as well.
    pub fn within_tokens(self, standing: &Standing, rights: Vec<HeldRights>) -> Authority {
        if rights.is_empty() && !standing.is_users() {
            return Authority::nobody();
        }
        let Authority { bounds, standing: own } = self.within_all(rights);
        Authority { bounds, standing: own.and(standing) }
    }

    /// The tokens on which everything rests that is set up with this authority.
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// The tokens on which something may rest that outlives a session. `None` if any of the authority comes from a
    /// session or an access token, since nobody could tell later when that ended.
    pub fn lasting(&self) -> Option<&Standing> {
        let is_token = |held: &HeldRights| matches!(held.holder, Holder::Token(_));
        self.all(is_token).then_some(&self.standing)
    }

    /// Whether every one of the rights includes this scope.
    pub fn allows(&self, needed: Scope) -> bool {
        self.each(|rights| rights.scopes.allows(needed))
    }

    /// Whether this server, and what is stored for it, exists for the caller at all.
    pub fn sees(&self, server: &ServerUrl) -> bool {
        self.each(|rights| rights.sees(server))
    }

    /// Whether an account of this server may be used for the caller at another one, to which the settings lend it: who
    /// has grants there has what the user said is sent there, and sees nothing of where it is kept.
    pub fn uses_lent(&self, lender: &ServerUrl, at: &ServerUrl) -> bool {
        self.each(|rights| rights.sees(lender) || rights.grants.is_some() && rights.sees(at))
    }

    /// Whether the caller may ask about all servers at once.
    pub fn sees_everything(&self) -> bool {
        self.each(Rights::sees_everything)
    }

    /// Whether the caller may be handed a stored secret itself.
    pub fn reveals(&self) -> bool {
        self.each(|rights| rights.reveal)
    }

    /// Whether stored credentials may be used for the caller: sent to their server, with the answer handed back.
    pub fn uses_what_is_kept(&self) -> bool {
        self.each(|rights| !rights.status_only)
    }

    /// Whether the caller may issue a token with these rights: it needs the scope `*`, or grants of which it hands on
    /// some, and no token can be wider than its issuer.
    pub fn may_issue(&self, asked: &Rights) -> bool {
        self.each(|own| own.may_hand_on(asked) && own.cover(asked))
    }

    /// Whether the caller may issue any token at all.
    pub fn issues(&self) -> bool {
        self.each(|own| own.scopes.allows(Scope::All) || own.grants.is_some())
    }

    /// Whether the caller may see and end a token with these rights. The token's right to see secrets does not count
    /// here: ending it hands nothing out.
    pub fn oversees(&self, token: &Rights) -> bool {
        let without = Rights { reveal: false, ..token.clone() };
        self.may_issue(&without)
    }

    /// Whether the caller may hand on these rights: as an issuer of tokens, or, after signing in, as far as their own
    /// rights go.
    pub fn may_delegate(&self, asked: &Rights) -> bool {
        let signed_in = self.holders().any(|holder| matches!(holder, Holder::Session(_)));
        self.may_issue(asked) || signed_in && self.each(|own| own.cover(asked))
    }

    /// The scopes that every one of the rights includes, without those that another one includes.
    pub fn scopes(&self) -> Scopes {
        let every: Scopes = Scope::EVERY.into_iter().collect();
        let allowed: Scopes = every.iter().filter(|scope| self.allows(*scope)).collect();
        allowed.simplified()
    }

    /// The servers that the narrowest rights with a list name; empty if none of them has a list.
    pub fn servers(&self) -> &[ServerPattern] {
        self.held()
            .iter()
            .map(|held| held.rights.servers.as_slice())
            .find(|servers| !servers.is_empty())
            .unwrap_or_default()
    }

    /// Everybody whose rights count, the widest first.
    pub fn holders(&self) -> impl Iterator<Item = &Holder> {
        self.held().iter().map(|held| &held.holder)
    }

    /// The id of the first token among the holders; `None` for the user.
    pub fn token(&self) -> Option<&str> {
        self.holders().find_map(|holder| match holder {
            Holder::Token(id) => Some(id.as_str()),
            Holder::Session(_) | Holder::AccessToken { .. } => None,
        })
    }

    fn within_all(mut self, rights: Vec<HeldRights>) -> Authority {
        match &mut self.bounds {
            Bounds::Owner if rights.is_empty() => {}
            Bounds::Owner => self.bounds = Bounds::Within(rights),
            Bounds::Within(all) => all.extend(rights),
            Bounds::Nobody => {}
        }
        self
    }

    pub(super) fn held(&self) -> &[HeldRights] {
        match &self.bounds {
            Bounds::Owner | Bounds::Nobody => &[],
            Bounds::Within(all) => all,
        }
    }

    /// Whether all who hold rights fit; the user does, and whoever has shown nothing does not.
    fn all(&self, fits: impl Fn(&HeldRights) -> bool) -> bool {
        match &self.bounds {
            Bounds::Owner => true,
            Bounds::Within(all) => all.iter().all(fits),
            Bounds::Nobody => false,
        }
    }

    /// Whether every one of the rights allows something.
    pub(super) fn each(&self, allows: impl Fn(&Rights) -> bool) -> bool {
        self.all(|held| allows(&held.rights))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn token() -> Holder {
        Holder::Token("t".to_owned())
    }

    fn rights() -> impl Strategy<Value = Rights> {
        let scopes = prop::collection::vec(prop::sample::select(Scope::EVERY.to_vec()), 1..4);
        let patterns = ["a.example", "*.example", "https://a.example/acme", "b.example", "*.a.example"];
        let servers = prop::collection::vec(prop::sample::select(patterns.to_vec()), 0..3);
        (scopes, servers, any::<bool>(), any::<bool>()).prop_map(|(scopes, servers, reveal, status_only)| Rights {
            scopes: scopes.into_iter().collect(),
            grants: None,
            servers: servers.into_iter().map(|text| text.parse().unwrap()).collect(),
            reveal,
            status_only,
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
                let rights = [&[asked.clone().of(token())], wider.held()].concat();
                authority = Authority::owner().within_tokens(&Standing::of_token("t"), rights);
                prop_assert!(asked.scopes.allows(needed) || !authority.allows(needed), "granted more than was asked");
                prop_assert!(wider.allows(needed) || !authority.allows(needed));
                prop_assert!(!authority.reveals() || asked.reveal && wider.reveals());
                prop_assert!(!authority.uses_what_is_kept() || !asked.status_only && wider.uses_what_is_kept());
                for server in ["https://a.example", "https://b.example", "https://x.a.example", "https://a.example/acme/app", "https://c.other"] {
                    let server = ServerUrl::parse(server).unwrap();
                    prop_assert!(!authority.sees(&server) || wider.sees(&server));
                    prop_assert_eq!(authority.sees(&server), wider.sees(&server) && asked.sees(&server));
                }
            }
        }

        /// A socket, a door, a session, a machine: whatever somebody set up is used by somebody else, or by themselves,
        /// with another token.
        #[test]
        fn through_what_somebody_set_up_nobody_has_more_than_they_or_the_visitor(
            setter in prop::collection::vec(rights(), 0..3),
            visitor in prop::collection::vec(rights(), 0..3),
            asked in rights(),
            needed in prop::sample::select(Scope::EVERY.to_vec()),
        ) {
            let of = |name, rights: &Vec<Rights>| {
                let standing = if rights.is_empty() { Standing::default() } else { Standing::of_token(name) };
                Authority::owner().within_tokens(&standing, rights.iter().map(|rights| rights.clone().of(token())).collect())
            };
            let (setter, visitor) = (of("setter", &setter), of("visitor", &visitor));
            let through = visitor.clone().within_tokens(setter.standing(), setter.held().to_vec());
            for bound in [&setter, &visitor] {
                prop_assert!(bound.allows(needed) || !through.allows(needed));
                prop_assert!(bound.reveals() || !through.reveals());
                prop_assert!(bound.sees_everything() || !through.sees_everything());
                prop_assert!(bound.may_issue(&asked) || !through.may_issue(&asked));
                prop_assert!(bound.may_delegate(&asked) || !through.may_delegate(&asked));
                prop_assert!(bound.scopes().cover(&through.scopes()));
                prop_assert!(bound.standing().ids().all(|id| through.standing().ids().any(|other| other == id)));
                for server in ["https://a.example", "https://b.example", "https://x.a.example", "https://a.example/acme/app"] {
                    let server = ServerUrl::parse(server).unwrap();
                    prop_assert!(bound.sees(&server) || !through.sees(&server));
                }
            }
            // And what they set up in turn is bound by both.
            prop_assert_eq!(through.lasting(), Some(through.standing()));
            let signed_in = through.within(asked.of(Holder::Session("s".into())));
            prop_assert_eq!(signed_in.lasting(), None);
        }
    }

    #[test]
    fn only_who_may_do_everything_issues_and_nothing_wider() {
        let rights = |scopes: &str, servers: &[&str], reveal| Rights {
            scopes: Scopes::from_names(scopes.split(',')).unwrap(),
            grants: None,
            servers: servers.iter().map(|text| text.parse().unwrap()).collect(),
            reveal,
            status_only: false,
        };
        let with = |rights: Rights| Authority::owner().within(rights.of(token()));
        assert!(Authority::owner().may_issue(&rights("*", &[], true)));
        assert!(with(rights("*", &[], false)).may_issue(&rights("*", &[], false)));
        assert!(!with(rights("*", &[], false)).may_issue(&rights("read", &[], true)));
        assert!(!with(rights("control", &[], true)).may_issue(&rights("read", &[], false)));
        assert!(!with(rights("*", &["a.example"], true)).may_issue(&rights("read", &[], false)));
        assert!(with(rights("*", &["*.example"], true)).may_issue(&rights("read", &["a.example"], true)));
        assert!(with(rights("*", &[], false)).oversees(&rights("read", &[], true)));
        assert!(!with(rights("control", &[], true)).oversees(&rights("read", &[], false)));
        assert!(!with(rights("*", &["a.example"], true)).oversees(&rights("read", &[], false)));
    }

    #[test]
    fn who_signed_in_hands_on_what_they_have_and_nobody_has_anything() {
        let asked = |scopes: &str, reveal| {
            let scopes = Scopes::from_names(scopes.split(',')).unwrap();
            Rights { scopes, grants: None, servers: Vec::new(), reveal, status_only: false }
        };
        let session = || Holder::Session("s".into());
        let person = Authority::owner().within(asked("read,audit", false).of(session()));
        assert!(person.may_delegate(&asked("read", false)));
        assert!(!person.may_issue(&asked("read", false)));
        assert!(!person.may_delegate(&asked("write", false)));
        assert!(!person.may_delegate(&asked("read", true)));
        let token = Authority::owner().within(asked("read,audit", false).of(token()));
        assert!(!token.may_delegate(&asked("read", false)));
        assert_eq!(Authority::owner().scopes().to_string(), "*");
        assert_eq!(person.scopes().to_string(), "read, audit");
        let looking = Rights { status_only: true, ..asked("read", false) };
        let onlooker = Authority::owner().within(looking.clone().of(session()));
        assert!(!onlooker.may_delegate(&asked("read", false)));
        assert!(onlooker.may_delegate(&looking));
        assert!(person.may_delegate(&looking));
        assert!(person.uses_what_is_kept());
        assert!(!onlooker.uses_what_is_kept());
        let nobody = Authority::nobody();
        assert!(nobody.is_nobody());
        assert!(Scope::EVERY.iter().all(|scope| !nobody.allows(*scope)));
        assert!(!nobody.reveals());
        assert!(!nobody.may_delegate(&asked("read", false)));
    }
}
