//! People: at whom they sign in, who is about to, and who has.

pub(super) mod access_tokens;
mod identity;
mod issuers;
mod sessions;
mod sign_ins;

use issuers::Issuers;
pub(super) use sessions::{Basis, Session, Sessions, form_key};
pub(super) use sign_ins::Away;
use sign_ins::SignIns;

/// Everything that is known of people; in memory only, so an agent that starts anew knows nobody.
#[derive(Default)]
pub(super) struct People {
    pub(super) issuers: Issuers,
    pub(super) sign_ins: SignIns,
    pub(super) sessions: Sessions,
}
