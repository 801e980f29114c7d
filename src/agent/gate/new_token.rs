use crate::access::{Identity, Order, Rights, Standing};
use crate::base::{Expiry, Scopes, ServerPattern};
use crate::wire::Person;

/// What somebody asks of a new token. Who issues it is not for them to say: the gate does.
pub(crate) struct NewToken {
    pub(crate) name: String,
    pub(crate) scopes: Scopes,
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
    /// It ends with the connection that asks for it.
    pub(crate) leased: bool,
}

impl NewToken {
    pub(super) fn issued_by(self, issued_by: Standing) -> Order {
        let NewToken { scopes, servers, reveal, status_only, .. } = self;
        Order {
            name: self.name,
            rights: Rights { scopes, servers, reveal, status_only },
            role: self.role,
            expires_at: self.expires_at,
            max_uses: self.max_uses,
            issued_by,
            approved_by: self.approved_by,
            identity: self.identity,
            leased: self.leased,
        }
    }
}
