//! Who sees which account.
//!
//! An account is chosen among those that whoever asks may see, by all verbs: a login of the whole host answers for its
//! paths, so it is not enough to judge the server that was asked for.

use crate::access::Authority;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::select;
use crate::base::{AccountKey, Config, Origin, SecondOrigin, ServerUrl};

/// The accounts that are there for the one who asks: those of servers that they see.
///
/// Whoever chooses an account for somebody chooses among these, so what is judged is the account that is found, and not
/// only the server that was asked for: a login for all of a host also answers for a path of it, but whoever sees only
/// that path neither gets nor changes it, and learns nothing of it.
#[derive(Clone, Copy)]
pub(crate) struct Seen<'a> {
    accounts: &'a Index,
    authority: &'a Authority,
    /// Whose accounts are offered beside those of the server that is asked for.
    second: Option<SecondOrigin<'a>>,
}

impl Index {
    pub(crate) fn seen_by<'a>(&'a self, authority: &'a Authority) -> Seen<'a> {
        Seen { accounts: self, authority, second: None }
    }
}

impl<'a> Seen<'a> {
    /// Every account that the caller may see, in the order of the keys.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a Held> {
        self.accounts.iter().filter(move |held| self.authority.sees(held.key().server()))
    }

    /// The accounts at the server's origin that the caller may see.
    pub(crate) fn at_origin(self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        self.accounts.at_origin(server).filter(move |held| self.authority.sees(held.key().server()))
    }

    /// These and what the settings lend to this server, which whoever asks has been found to see.
    pub(crate) fn and_lent_to(self, server: &ServerUrl, config: &'a Config) -> Seen<'a> {
        Seen { second: config.second_origin(server), ..self }
    }

    /// The accounts of another origin that the settings offer at the server that is asked for.
    pub(crate) fn lent(self) -> impl Iterator<Item = &'a Held> {
        let of = move |second: SecondOrigin<'a>| {
            self.at_origin(second.login()).filter(move |held| second.lends(held.key().server()))
        };
        self.second.into_iter().flat_map(of)
    }

    /// Why accounts of another origin may be offered, if whoever asks sees that server.
    pub(crate) fn second(self) -> Option<SecondOrigin<'a>> {
        self.second.filter(|second| self.authority.sees(second.login()))
    }

    /// Why an account of another origin is offered, if this is one.
    pub(crate) fn lent_by(self, held: &Held) -> Option<SecondOrigin<'a>> {
        self.second.filter(|second| second.login().same_origin(held.key().server()))
    }

    /// The user name that is sent with the account to the server that is asked for.
    pub(crate) fn sent_user(self, held: &'a Held) -> &'a str {
        self.lent_by(held).and_then(|second| second.username()).unwrap_or_else(|| held.git_user())
    }

    pub(crate) fn get(self, key: &AccountKey) -> Option<&'a Held> {
        self.accounts.get(key).filter(|held| self.authority.sees(held.key().server()))
    }

    /// Whether this account would stand before a login, so that git has it in the login's place: by its name, or by a
    /// path above or below the login's.
    pub(crate) fn has_login_behind(self, account: &AccountKey) -> bool {
        let server = account.server();
        let is_login = |held: &&Held| held.credential().origin() == Origin::Login;
        let meets = |held: &Held| {
            let other = held.key().server();
            other != server && (other.covers(server) || server.covers(other))
        };
        self.at_origin(server).filter(is_login).any(meets)
            || select::candidates(self, server, Some(account.user())).iter().any(is_login)
    }

    /// An account that this server and user would mean, and whose record is not valid any more.
    pub(crate) fn damaged_at(self, server: &ServerUrl, user: Option<&str>) -> Option<&'a AccountKey> {
        let is_meant = |key: &&AccountKey| {
            key.server().same_origin(server)
                && user.is_none_or(|user| key.user() == user)
                && self.authority.sees(key.server())
        };
        self.accounts.damaged().iter().find(is_meant)
    }
}
