//! What somebody may do, and whose right that is. The two are separate types, so that rights can be computed before
//! there is a holder and no holder has to be made up.

use super::identity::Identity;
use crate::base::{Expiry, Grants, Scope, Scopes, ServerPattern, ServerUrl, UrlPath};

/// Rights, and whose they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldRights {
    /// Whose rights they are.
    pub holder: Holder,
    /// What the holder may do.
    pub rights: Rights,
}

/// What one token, session or person may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rights {
    /// What may be done. Of calls and repositories it says nothing where there are grants.
    pub scopes: Scopes,
    /// What may be fetched, pushed and called, and nothing else. Without grants the scopes say what may be called.
    pub grants: Option<Grants>,
    /// At which servers; an empty list means all.
    pub servers: Vec<ServerPattern>,
    /// Whether the holder may be handed stored secrets themselves.
    pub reveal: bool,
    /// Whether the holder only sees who is logged in where, while no stored credential is used for them.
    pub status_only: bool,
}

/// Whose rights these are, so that whatever lasts can check whether they still hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An issued token, by its id in the ledger and the audit log, which is no secret.
    Token(String),
    /// Somebody who signed in, by the id of their session, which is no secret.
    Session(String),
    /// The person for whom an issuer made an access token, and when that token expires.
    AccessToken {
        /// When the token expires.
        until: Expiry,
        /// The person for whom it was made.
        identity: Box<Identity>,
    },
}

impl Rights {
    /// These rights as somebody's.
    pub fn of(self, holder: Holder) -> HeldRights {
        HeldRights { holder, rights: self }
    }

    pub(super) fn sees(&self, server: &ServerUrl) -> bool {
        let is_listed = self.servers.is_empty() || self.servers.iter().any(|pattern| pattern.covers(server));
        is_listed && self.grants.as_ref().is_none_or(|grants| grants.name_server(server))
    }

    /// Whether what is at this path of a server is there at all.
    pub(super) fn sees_call(&self, origin: &ServerUrl, path: &UrlPath) -> bool {
        let is_listed = self.servers.is_empty() || self.servers.iter().any(|pattern| pattern.covers_call(origin, path));
        is_listed && self.grants.as_ref().is_none_or(|grants| grants.name_server(origin))
    }

    pub(super) fn sees_everything(&self) -> bool {
        self.servers.is_empty() && self.grants.is_none()
    }

    /// Whether the holder may issue a token with these rights at all, however wide: who may do everything, and who has
    /// grants some of the same.
    pub(super) fn may_hand_on(&self, asked: &Rights) -> bool {
        self.scopes.allows(Scope::All) || self.grants.is_some() && asked.grants.is_some()
    }

    pub(super) fn cover(&self, asked: &Rights) -> bool {
        let is_mine = |wanted: &ServerPattern| self.servers.iter().any(|own| own.covers_all_of(wanted));
        let servers = self.servers.is_empty() || !asked.servers.is_empty() && asked.servers.iter().all(is_mine);
        let grants = match (&self.grants, &asked.grants) {
            (None, _) => true,
            (Some(own), Some(asked)) => own.cover(asked),
            (Some(_), None) => false,
        };
        self.scopes.cover(&asked.scopes)
            && servers
            && grants
            && (self.reveal || !asked.reveal)
            && (asked.status_only || !self.status_only)
    }
}
