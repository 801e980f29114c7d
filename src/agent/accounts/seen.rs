//! Who sees which account.
//!
//! An account is chosen among those that whoever asks may see, by all verbs: a login of the whole host answers for its
//! paths, so it is not enough to judge the server that was asked for.

use crate::access::Authority;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::index::Index;
use crate::agent::accounts::select;
use crate::base::{AccountKey, Config, Origin, Scope, SecondOrigin, ServerUrl, Tool};
use crate::wire::GitCredential;

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
    /// Where those are sent and not shown, if that is all.
    used_at: Option<&'a ServerUrl>,
    asks: Asks,
}

/// Who asks, as far as it decides what may be meant. What a tool brought is good for just what that tool does; a server
/// that refuses it to another one says nothing about it, and would have it marked all the same.
#[derive(Clone, Copy)]
enum Asks {
    /// A person, or a program on their behalf: what a tool brought they mean last.
    Person,
    /// Git: what tools brought is not there.
    Git,
    /// A tool: what it brought itself goes first.
    Tool(Tool),
    /// A tool that sends a secret to wherever a part of a host tells it. Nothing does but what is kept for exactly the
    /// server that it names, and not because git used that URL.
    Exactly(Option<Tool>),
}

impl Index {
    pub(crate) fn seen_by<'a>(&'a self, authority: &'a Authority) -> Seen<'a> {
        Seen { accounts: self, authority, second: None, used_at: None, asks: Asks::Person }
    }

    /// What may be meant by git, or by another tool, at this server.
    pub(crate) fn meant_by<'a>(
        &'a self,
        which: &GitCredential,
        tool: Option<Tool>,
        server: &ServerUrl,
        authority: &'a Authority,
        config: &'a Config,
    ) -> Seen<'a> {
        let asks = if which.exact { Asks::Exactly(tool) } else { tool.map_or(Asks::Git, Asks::Tool) };
        Seen { accounts: self, authority, second: which.second_origin(server, config), used_at: None, asks }
    }
}

impl GitCredential {
    /// Which login the settings lend to what is meant.
    pub(crate) fn second_origin<'a>(&self, server: &ServerUrl, config: &'a Config) -> Option<SecondOrigin<'a>> {
        config.second_origin(server).filter(|second| !self.exact || second.url() == server)
    }
}

impl<'a> Seen<'a> {
    /// Every account that the caller may see, in the order of the keys.
    pub(crate) fn iter(self) -> impl Iterator<Item = &'a Held> {
        self.accounts.iter().filter(move |held| self.authority.sees(held.key().server()))
    }

    /// The accounts at the server's origin that the caller may see.
    pub(crate) fn at_origin(self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        self.meant_at_origin(server).filter(move |held| self.authority.sees(held.key().server()))
    }

    fn meant_at_origin(self, server: &ServerUrl) -> impl Iterator<Item = &'a Held> {
        let is_meant = move |held: &&Held| {
            let is_it = held.key().server() == server;
            match (held.credential().origin(), self.asks) {
                (Origin::Tool(tool), Asks::Person) => is_it || !tool.brings_for_one_url(),
                (Origin::Tool(_), Asks::Git) | (Origin::Git, Asks::Exactly(_)) => false,
                (Origin::Tool(_), Asks::Tool(_)) => self.is_own(held),
                (Origin::Tool(_), Asks::Exactly(_)) => is_it && self.is_own(held),
                (Origin::Login | Origin::Given, Asks::Exactly(_)) => is_it,
                (Origin::Login | Origin::Given | Origin::Git, Asks::Person | Asks::Git | Asks::Tool(_)) => true,
            }
        };
        self.accounts.at_origin(server).filter(is_meant)
    }

    /// Whether who asks may change something at a server.
    pub(crate) fn may_change(self) -> bool {
        self.authority.allows(Scope::Write)
    }

    /// Whether a tool asks, which may have brought some of them.
    pub(super) fn is_a_tools(self) -> bool {
        matches!(self.asks, Asks::Tool(_) | Asks::Exactly(Some(_)))
    }

    /// Whether the tool that asks brought it.
    pub(crate) fn is_own(self, held: &Held) -> bool {
        match (held.credential().origin(), self.asks) {
            (Origin::Tool(brought), Asks::Tool(tool) | Asks::Exactly(Some(tool))) => brought == tool,
            _ => false,
        }
    }

    /// How it stands among the accounts of its server; the first is the default.
    pub(super) fn seniority(self, held: &Held) -> impl Ord + use<> {
        self.accounts.seniority(held)
    }

    /// How far behind others it is meant: what a tool brought is its first, and a person's last choice.
    pub(super) fn rank(self, held: &Held) -> u8 {
        match (held.credential().origin(), self.asks) {
            (Origin::Tool(_), Asks::Person) => 2,
            (Origin::Tool(_), _) => 0,
            _ => 1,
        }
    }

    /// As git sees them.
    pub(crate) fn for_git(self) -> Seen<'a> {
        Seen { asks: Asks::Git, ..self }
    }

    /// These and what the settings lend to this server, which whoever asks has been found to see.
    pub(crate) fn and_lent_to(self, server: &ServerUrl, config: &'a Config) -> Seen<'a> {
        Seen { second: config.second_origin(server), ..self }
    }

    /// These and what the settings lend to this server, for whoever has it sent there and is handed none of it.
    pub(crate) fn and_used_at(self, server: &'a ServerUrl, config: &'a Config) -> Seen<'a> {
        Seen { second: config.second_origin(server), used_at: Some(server), ..self }
    }

    /// Without what the settings lend.
    pub(crate) fn without_lent(self) -> Seen<'a> {
        Seen { second: None, ..self }
    }

    /// The accounts of another origin that the settings offer at the server that is asked for.
    pub(crate) fn lent(self) -> impl Iterator<Item = &'a Held> {
        let of = move |second: SecondOrigin<'a>| {
            let all = Seen { asks: Asks::Git, ..self }.meant_at_origin(second.login());
            let may = move |lender: &ServerUrl| match self.used_at {
                Some(at) => self.authority.uses_lent(lender, at),
                None => self.authority.sees(lender),
            };
            all.filter(move |held| second.lends(held.key().server()) && may(held.key().server()))
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
    pub(crate) fn has_login_behind(self, account: &AccountKey, tool: Option<Tool>) -> bool {
        let server = account.server();
        let is_login = |held: &&Held| held.credential().origin() == Origin::Login;
        let meets = |held: &Held| {
            let other = held.key().server();
            other != server && (other.covers(server) || server.covers(other))
        };
        // What a tool brings goes before every login, for that tool.
        self.at_origin(server).filter(is_login).any(|held| tool.is_some() || meets(held))
            || select::candidates(self, server, Some(account.user())).iter().any(is_login)
    }

    /// An account that this server and user would mean, and whose record is not valid any more.
    pub(crate) fn damaged_at(self, server: &ServerUrl, user: Option<&str>) -> Option<&'a AccountKey> {
        let is_meant = |key: &&AccountKey| {
            key.server().same_origin(server)
                && (!matches!(self.asks, Asks::Exactly(_)) || key.server() == server)
                && user.is_none_or(|user| key.user() == user)
                && self.authority.sees(key.server())
        };
        self.accounts.damaged().iter().find(is_meant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Credential, Secret, StoredIn, TokenSource};
    use crate::store::Record;

    const INDEX: &str = "https://git.example/team/index";

    fn kept(at: &str) -> Index {
        let mut accounts = Index::default();
        let key = AccountKey::new(ServerUrl::parse(at).unwrap(), None);
        let credential = Credential::token(Secret::new("t".into()), TokenSource::Given);
        accounts.insert(Record::new(key, credential), StoredIn::Memory);
        accounts
    }

    fn is_meant(at: &str, settings: &str, exact: bool) -> bool {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("config.toml"), settings).unwrap();
        let config = Config::load(&dir.path().join("config.toml")).unwrap();
        let (accounts, owner, server) = (kept(at), Authority::owner(), ServerUrl::parse(INDEX).unwrap());
        let which = GitCredential { exact, ..GitCredential::default() };
        !select::candidates(accounts.meant_by(&which, None, &server, &owner, &config), &server, None).is_empty()
    }

    #[test]
    fn a_login_of_the_host_is_not_one_of_exactly_this_url() {
        assert!(is_meant("https://git.example", "", false));
        assert!(!is_meant("https://git.example", "", true));
    }

    #[test]
    fn what_is_kept_for_exactly_this_url_is_meant() {
        assert!(is_meant(INDEX, "", true));
    }

    #[test]
    fn a_login_is_lent_to_exactly_the_url_that_the_settings_name() {
        let entry = |url: &str| format!("[[server]]\nurl = '{url}'\nlogin = 'https://other.example'\n");
        assert!(is_meant("https://other.example", &entry(INDEX), true));
        assert!(!is_meant("https://other.example", &entry("https://git.example"), true));
        assert!(is_meant("https://other.example", &entry("https://git.example"), false));
    }
}
