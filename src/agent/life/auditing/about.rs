//! What an entry is about. Whoever does something fills it in as it turns out; nothing here is a secret.

use super::called::Called;
use crate::base::{AccountKey, Grant, Repository, ServerUrl};
use crate::git::PushedRef;
use crate::wire::AuditEntry;

/// The longest name, path of a server, or name of a right that is noted, in characters.
const MAX_NAME: usize = 500;

/// Which server and account something was about, what was called there, and which right was given or taken.
#[derive(Clone, Default)]
pub(crate) struct About {
    server: Option<ServerUrl>,
    account: Option<String>,
    sent_to: Option<ServerUrl>,
    called: Option<Called>,
    right: Option<String>,
    repository: Option<String>,
    reference: Option<[String; 3]>,
    grant: Option<String>,
}

impl About {
    pub(crate) fn account(account: &AccountKey) -> About {
        let user = Some(account.user()).filter(|user| !user.is_empty());
        About { server: Some(account.server().clone()), account: user.map(str::to_owned), ..About::default() }
    }

    /// A token or session by its id, a socket by its path.
    pub(crate) fn right(right: &str) -> About {
        About { right: Some(right.to_owned()), ..About::default() }
    }

    /// It is done in this repository.
    pub(crate) fn in_repository(self, repository: &Repository) -> About {
        About { repository: Some(repository.url().path().to_owned()), ..self }
    }

    /// It changes this ref.
    pub(crate) fn changes_ref(self, change: &PushedRef) -> About {
        let PushedRef { old, new, name } = change;
        About { reference: Some([name.as_str().to_owned(), old.to_string(), new.to_string()]), ..self }
    }

    /// It is done by this grant.
    pub(crate) fn granted_by(self, grant: Option<&Grant>) -> About {
        About { grant: grant.map(Grant::to_string), ..self }
    }

    pub(crate) fn turns_out(&mut self, server: &ServerUrl, account: Option<&str>) {
        (self.server, self.account, self.sent_to) = (Some(server.clone()), account.map(str::to_owned), None);
    }

    pub(crate) fn is_sent_to(&mut self, server: &ServerUrl) {
        self.sent_to = Some(server.clone());
    }

    pub(crate) fn calls(&mut self, called: Called) {
        self.called = Some(called);
    }

    pub(crate) fn concerns(&mut self, right: &str) {
        self.right = Some(right.to_owned());
    }

    /// A line stays short whatever is asked: its end is looked for in a part of the file.
    pub(super) fn of(self, entry: AuditEntry) -> AuditEntry {
        let short = |text: String| text.chars().take(MAX_NAME).collect::<String>();
        let (method, path) = self.called.map_or((None, None), |Called { method, path }| (Some(method), Some(path)));
        let cut = |server: ServerUrl| if server.path().len() > MAX_NAME { server.origin() } else { server };
        let (server, sent_to) = (self.server.map(cut), self.sent_to.map(cut));
        let (account, about) = (self.account.map(short), self.right.map(short));
        let (repository, grant) = (self.repository.map(short), self.grant.map(short));
        let (reference, old, new) = match self.reference.map(|all| all.map(short)) {
            Some([reference, old, new]) => (Some(reference), Some(old), Some(new)),
            None => (None, None, None),
        };
        AuditEntry { server, account, sent_to, method, path, about, repository, reference, old, new, grant, ..entry }
    }
}

impl From<Option<AccountKey>> for About {
    fn from(account: Option<AccountKey>) -> About {
        account.map_or_else(About::default, |account| About::account(&account))
    }
}
