use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{Holder, Identity, Rights, Standing};
use crate::base::{Expiry, Scopes, Secret, ServerPattern, clock, hex};
use crate::wire::Person;

/// How every token that an agent issues begins.
pub const PREFIX: &str = "loom_";

const SECRET_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const ID_BYTES: usize = 6;

/// A token as the ledger keeps it: everything but the token.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedToken {
    pub id: String,
    pub name: String,
    salt: String,
    /// SHA-256 of salt and token. The token is 256 random bits, so there is nothing to guess slowly.
    hash: String,
    pub scopes: Scopes,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
    /// It looks at who is logged in where, and nothing kept is used for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub status_only: bool,
    pub created_at: Timestamp,
    pub expires_at: Option<Expiry>,
    #[serde(default)]
    pub last_used: Option<Timestamp>,
    #[serde(default)]
    pub uses: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// The tokens that issued it: it lives no longer than any of them, and may do no more.
    #[serde(default, skip_serializing_if = "Standing::is_users")]
    pub issued_by: Standing,
    /// Who approved the machine that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Person>,
    /// Who signed in and handed on these rights: it stands and falls with what they may do themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// Ends with the connection that asked for it, and is never written down.
    #[serde(skip)]
    pub leased: bool,
}

/// What is asked of a new token.
#[derive(Clone, Debug)]
pub struct Order {
    pub name: String,
    pub rights: Rights,
    pub role: Option<String>,
    pub expires_at: Option<Expiry>,
    pub max_uses: Option<u64>,
    pub issued_by: Standing,
    pub approved_by: Option<Person>,
    pub identity: Option<Identity>,
    pub leased: bool,
}

impl Order {
    /// On whose rights the token will rest.
    pub(super) fn rests_on(&self) -> Option<Identity> {
        rests_on(self.identity.as_ref(), self.approved_by.as_ref())
    }
}

impl IssuedToken {
    /// Makes a token, and what the ledger keeps of it.
    pub(super) fn issue(order: Order) -> Result<(Secret, IssuedToken), getrandom::Error> {
        let mut random = Zeroizing::new([0; SECRET_BYTES + SALT_BYTES + ID_BYTES]);
        getrandom::fill(&mut *random)?;
        let (secret, rest) = random.split_at(SECRET_BYTES);
        let (salt, id) = rest.split_at(SALT_BYTES);
        let secret = Secret::new(format!("{PREFIX}{}", &*Zeroizing::new(URL_SAFE_NO_PAD.encode(secret))));
        let token = IssuedToken {
            id: hex(id),
            name: order.name,
            salt: BASE64.encode(salt),
            hash: BASE64.encode(digest(salt, &secret)),
            scopes: order.rights.scopes,
            role: order.role,
            servers: order.rights.servers,
            reveal: order.rights.reveal,
            status_only: order.rights.status_only,
            created_at: clock::now(),
            expires_at: order.expires_at,
            last_used: None,
            uses: 0,
            max_uses: order.max_uses,
            revoked: false,
            issued_by: order.issued_by,
            approved_by: order.approved_by,
            identity: order.identity,
            leased: order.leased,
        };
        Ok((secret, token))
    }

    /// Whether this is the token, in time that says nothing.
    pub(super) fn is(&self, presented: &Secret) -> Choice {
        let decode = |text: &str| BASE64.decode(text).unwrap_or_default();
        decode(&self.hash).ct_eq(digest(&decode(&self.salt), presented).as_slice())
    }

    /// On whose rights it rests, if somebody who signed in handed it on. Where nothing was kept of what their issuer said, nothing
    /// is known but who approved it.
    pub(super) fn rests_on(&self) -> Option<Identity> {
        rests_on(self.identity.as_ref(), self.approved_by.as_ref())
    }

    /// Neither revoked nor at its end. Whether it has rights depends on those that issued it as well, which only the ledger
    /// knows.
    pub(super) fn is_alive(&self) -> bool {
        let ended = self.expires_at.is_some_and(|expiry| expiry.ends_within(0, clock::now()));
        !self.revoked && !ended
    }

    /// The same, and not used up.
    pub(super) fn is_usable(&self) -> bool {
        self.is_alive() && self.max_uses.is_none_or(|most| self.uses < most)
    }

    pub(super) fn note_use(&mut self) {
        (self.uses, self.last_used) = (self.uses + 1, Some(clock::now()));
    }

    pub fn rights(&self) -> Rights {
        let (holder, scopes, servers) = (Holder::Token(self.id.clone()), self.scopes.clone(), self.servers.clone());
        Rights { holder, scopes, servers, reveal: self.reveal, status_only: self.status_only }
    }
}

fn rests_on(identity: Option<&Identity>, approved_by: Option<&Person>) -> Option<Identity> {
    identity.cloned().or_else(|| approved_by.and_then(Identity::of_person))
}

fn digest(salt: &[u8], token: &Secret) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(token.expose()).finalize().into()
}
