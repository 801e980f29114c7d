//! People: at whom they sign in, who is about to, and who has.

pub(crate) mod access_tokens;
mod identity;
mod issuers;
mod sessions;
mod sign_ins;

use issuers::Issuers;
pub(crate) use sessions::{Basis, Session, Sessions, form_key};
pub(crate) use sign_ins::Away;
use sign_ins::SignIns;

/// Everything that is known of people; in memory only, so an agent that starts anew knows nobody.
#[derive(Default)]
pub(crate) struct People {
    pub(crate) issuers: Issuers,
    pub(crate) sign_ins: SignIns,
    pub(crate) sessions: Sessions,
}
