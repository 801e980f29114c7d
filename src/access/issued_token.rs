//! A token of the agent's own as the ledger has it. Only a hash of it is kept, so whoever reads the ledger can use
//! none. What it may do is fixed when it is issued, and bounded besides by whatever it came of.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD as BASE64, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

use super::{HeldRights, Holder, Identity, Rights, Standing};
use crate::base::{Expiry, Grants, Scopes, Secret, ServerPattern, clock, hex};
use crate::wire::Person;

/// The beginning of every token that an agent issues.
pub const PREFIX: &str = "loom_";

const SECRET_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
const ID_BYTES: usize = 6;

/// A token as the ledger keeps it: everything about it, with a hash in place of the token itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IssuedToken {
    /// Its id in the ledger and in the audit log: 12 hexadecimal digits, no secret.
    pub id: String,
    /// The name that whoever issued it gave it.
    pub name: String,
    salt: String,
    /// SHA-256 of salt and token. The token is 256 random bits, so there is nothing to guess slowly.
    hash: String,
    /// What it may do.
    pub scopes: Scopes,
    /// What it may fetch, push and call, and nothing else; `None` means what its scopes allow.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
    /// The role by which its scopes were chosen, if they were.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// At which servers; an empty list means all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub servers: Vec<ServerPattern>,
    /// Whether it may be handed stored secrets themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub reveal: bool,
    /// Whether it only sees who is logged in where, while no stored credential is used for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub status_only: bool,
    /// When it was issued.
    pub created_at: Timestamp,
    /// When it expires; `None` means never.
    pub expires_at: Option<Expiry>,
    /// When it was used last, if it was.
    #[serde(default)]
    pub last_used: Option<Timestamp>,
    /// How often it was used.
    #[serde(default)]
    pub uses: u64,
    /// After how many uses it is used up; `None` means never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_uses: Option<u64>,
    /// Whether somebody revoked it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub revoked: bool,
    /// The tokens that issued it: it may do no more than each of them, and ends with the first that ends.
    #[serde(default, skip_serializing_if = "Standing::is_users")]
    pub issued_by: Standing,
    /// Who approved the machine that has this token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approved_by: Option<Person>,
    /// The person who signed in and handed on these rights: the token may never do more than they may.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The id of the token of the same name whose place it took, if it did (`Ledger::rotate`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instead_of: Option<String>,
    /// After how many days its secret has to be another one, if that was said when it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age_days: Option<u32>,
    /// When the last of the secrets of this name ends, where each ends before by its age.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Expiry>,
    /// Whether it ends with the connection that asked for it. Such a token is never written to the disk.
    #[serde(skip)]
    pub leased: bool,
}

/// What a new token is to be like; its fields mean what those of [`IssuedToken`] do.
#[derive(Clone, Debug)]
pub struct Order {
    /// Its name, which no other active token in the same share may have.
    pub name: String,
    /// What it may do; the holder named here does not count.
    pub rights: Rights,
    /// The role by which its rights were chosen, if they were.
    pub role: Option<String>,
    /// When it expires; the ledger shortens this to the end of the tokens that issue it.
    pub expires_at: Option<Expiry>,
    /// After how many uses it is used up; `None` means never.
    pub max_uses: Option<u64>,
    /// The tokens that issue it; none if the user does.
    pub issued_by: Standing,
    /// Who approved the machine that will have it.
    pub approved_by: Option<Person>,
    /// The person who signed in and hands on these rights.
    pub identity: Option<Identity>,
    /// After how many days its secret has to be another one; `None` means never.
    pub max_age_days: Option<u32>,
    /// Whether it ends with the connection that asks for it.
    pub leased: bool,
}

impl Order {
    /// The person on whose rights the token will rest.
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
        let id = hex(id);
        let of_age = order.max_age_days.and_then(of_age);
        let token = IssuedToken {
            grants: order.rights.grants.map(|grants| grants.of_token(&id)),
            id,
            name: order.name,
            salt: BASE64.encode(salt),
            hash: BASE64.encode(digest(salt, &secret)),
            scopes: order.rights.scopes,
            role: order.role,
            servers: order.rights.servers,
            reveal: order.rights.reveal,
            status_only: order.rights.status_only,
            created_at: clock::now(),
            expires_at: [order.expires_at, of_age].into_iter().flatten().min(),
            last_used: None,
            uses: 0,
            max_uses: order.max_uses,
            revoked: false,
            issued_by: order.issued_by,
            approved_by: order.approved_by,
            identity: order.identity,
            instead_of: None,
            max_age_days: order.max_age_days,
            ends_at: order.expires_at.filter(|_| order.max_age_days.is_some()),
            leased: order.leased,
        };
        Ok((secret, token))
    }

    /// Makes another secret with the same rights, which takes this one's place: it may do no more, no longer, and no
    /// more often than this one still could.
    pub(super) fn renewed(&self) -> Result<(Secret, IssuedToken), getrandom::Error> {
        let order = Order {
            name: self.name.clone(),
            rights: self.rights(),
            role: self.role.clone(),
            expires_at: self.ends_at.or(self.expires_at),
            max_uses: self.max_uses.map(|most| most.saturating_sub(self.uses)),
            issued_by: self.issued_by.clone(),
            approved_by: self.approved_by.clone(),
            identity: self.identity.clone(),
            max_age_days: self.max_age_days,
            leased: false,
        };
        let (secret, token) = IssuedToken::issue(order)?;
        Ok((secret, IssuedToken { instead_of: Some(self.id.clone()), ..token }))
    }

    /// Has it end after so many seconds, if it does not end before.
    pub(super) fn end_within(&mut self, seconds: u32) {
        let end = Expiry::from_unix(clock::now().as_second() + i64::from(seconds));
        self.expires_at = [self.expires_at, end].into_iter().flatten().min();
    }

    /// Whether this is the token that somebody presents. The time that this takes says nothing.
    pub(super) fn is(&self, presented: &Secret) -> Choice {
        let decode = |text: &str| BASE64.decode(text).unwrap_or_default();
        decode(&self.hash).ct_eq(digest(&decode(&self.salt), presented).as_slice())
    }

    /// The person on whose rights the token rests, if somebody who signed in handed it on. Where their claims were not
    /// kept it is known only who approved it.
    pub(super) fn rests_on(&self) -> Option<Identity> {
        rests_on(self.identity.as_ref(), self.approved_by.as_ref())
    }

    /// Whether it rests on the rights of this person.
    pub fn rests_upon(&self, identity: &Identity) -> bool {
        self.rests_on().is_some_and(|own| own.is_of(identity))
    }

    /// Whether the token is neither revoked nor expired. Whether it has rights depends on those that issued it too,
    /// which only the ledger knows.
    pub(super) fn is_alive(&self) -> bool {
        let ended = self.expires_at.is_some_and(|expiry| expiry.ends_within(0, clock::now()));
        !self.revoked && !ended
    }

    /// Whether it is neither revoked, expired nor used up.
    pub(super) fn is_usable(&self) -> bool {
        self.is_alive() && self.max_uses.is_none_or(|most| self.uses < most)
    }

    pub(super) fn note_use(&mut self) {
        (self.uses, self.last_used) = (self.uses + 1, Some(clock::now()));
    }

    /// Somebody else used up one of the uses that they share, if it has only so many.
    pub(super) fn lose_use(&mut self) {
        if self.max_uses.is_some() {
            self.uses += 1;
        }
    }

    /// What the token may do by itself, as its own.
    pub(super) fn held_rights(&self) -> HeldRights {
        self.rights().of(Holder::Token(self.id.clone()))
    }

    /// What the token may do by itself. Those that issued it narrow this further, which only the ledger knows.
    pub fn rights(&self) -> Rights {
        let (scopes, grants, servers) = (self.scopes.clone(), self.grants.clone(), self.servers.clone());
        Rights { scopes, grants, servers, reveal: self.reveal, status_only: self.status_only }
    }
}

/// When a secret of this age ends that is made now.
fn of_age(days: u32) -> Option<Expiry> {
    Expiry::from_unix(clock::now().as_second() + i64::from(days) * 24 * 60 * 60)
}

fn rests_on(identity: Option<&Identity>, approved_by: Option<&Person>) -> Option<Identity> {
    identity.cloned().or_else(|| approved_by.and_then(Identity::of_person))
}

fn digest(salt: &[u8], token: &Secret) -> [u8; 32] {
    Sha256::new().chain_update(salt).chain_update(token.expose()).finalize().into()
}
