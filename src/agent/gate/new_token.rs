//! What somebody asks of a new token. Who issues it, and what that takes off it, is the gate's to say.

use crate::access::{Authority, Identity, Order, Rights, Standing};
use crate::agent::gate::asker::Asker;
use crate::base::{Expiry, Grants, Scopes, ServerPattern};
use crate::wire::Person;

/// What somebody asks of a new token. Who issues it is not for them to say: the gate does.
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
    pub(crate) grants: Option<Grants>,
    pub(crate) servers: Vec<ServerPattern>,
    pub(crate) reveal: bool,
    pub(crate) status_only: bool,
    /// The role that its scopes are those of.
    pub(crate) role: Option<String>,
    pub(crate) expires_at: Option<Expiry>,
    pub(crate) max_uses: Option<u64>,
    /// Who approved the machine that gets it.
    pub(crate) approved_by: Option<Person>,
    /// Who signed in and hands on these rights.
    pub(crate) identity: Option<Identity>,
    /// After how many days its secret has to be another one.
    pub(crate) max_age_days: Option<u32>,
    /// It ends with the connection that asks for it.
    pub(crate) leased: bool,
}

impl NewToken {
    /// A token of this name that whoever asks hands on, without an end of its own. Who only looks means one that does
    /// no more.
    pub(crate) fn handed_on(asker: Asker<'_>, authority: &Authority, name: String, scopes: Scopes) -> NewToken {
        NewToken {
            name,
            scopes,
            grants: None,
            servers: Vec::new(),
            reveal: false,
            status_only: !authority.uses_what_is_kept(),
            role: None,
            expires_at: None,
            max_uses: None,
            approved_by: None,
            identity: asker.guest().and_then(|guest| guest.identity()).cloned(),
            max_age_days: None,
            leased: false,
        }
    }

    /// One that is like others in nothing but these.
    #[cfg(test)]
    pub(crate) fn named(name: &str, scopes: &str) -> NewToken {
        NewToken {
            name: name.to_owned(),
            scopes: Scopes::from_names([scopes]).unwrap(),
            grants: None,
            servers: Vec::new(),
            reveal: false,
            status_only: false,
            role: None,
            expires_at: None,
            max_uses: None,
            approved_by: None,
            identity: None,
            max_age_days: None,
            leased: false,
        }
    }

    pub(super) fn issued_by(self, issued_by: Standing) -> Order {
        let NewToken { scopes, grants, servers, reveal, status_only, .. } = self;
        Order {
            name: self.name,
            rights: Rights { scopes, grants, servers, reveal, status_only },
            role: self.role,
            expires_at: self.expires_at,
            max_uses: self.max_uses,
            issued_by,
            approved_by: self.approved_by,
            identity: self.identity,
            max_age_days: self.max_age_days,
            leased: self.leased,
        }
    }
}
