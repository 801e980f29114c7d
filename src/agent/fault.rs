//! Which sentence says what: errors of the floors below as faults with a hint.

use std::time::Duration;

use crate::access::{LedgerError, NotGranted, Refused};
use crate::base::{
    AccountKey, GrantError, Locale, Message, Missing, Scope, ServerUrl, ServerUrlError, StoredIn, typed_words,
};
use crate::msg;
use crate::net::HttpError;
use crate::oauth::loom_dialect::DialectError;
use crate::store::StoreError;
use crate::wire::{Fault, reason};

/// The fault of a request for a server that would be reached in clear. It says how to allow that, since behind a proxy
/// of one's own it may be what is wanted.
pub(crate) fn cleartext_for_git(server: &ServerUrl) -> Fault {
    reason::Git::Cleartext { server: server.to_string() }.into()
}

/// What the keyring has of an account is no record any more.
pub(crate) fn damaged(account: &AccountKey) -> Fault {
    let (server, account) = (account.server().clone(), account.user().to_owned());
    reason::Login::RecordDamaged { server, account }.into()
}

pub(crate) fn not_logged_in(server: &ServerUrl) -> Fault {
    no_login(server, None)
}

/// There is no login, which git's helper may offer to make: for this account, where it is known.
pub(crate) fn no_login(server: &ServerUrl, account: Option<&str>) -> Fault {
    reason::Login::NotLoggedIn { server: server.clone(), account: account.map(str::to_owned) }.into()
}

pub(crate) fn login_expired(server: &ServerUrl) -> Fault {
    reason::Login::LoginExpired { server: server.clone() }.into()
}

pub(crate) fn login_refused(server: &ServerUrl) -> Fault {
    reason::Login::LoginRefused { server: server.clone() }.into()
}

/// The server refuses one new token after the other: it gets no more of them for a moment.
pub(crate) fn renewed_again_in(server: &ServerUrl, wait: Duration) -> Fault {
    reason::Login::RenewedAgainIn { server: server.clone(), seconds: wait.as_secs() + 1 }.into()
}

/// The token was renewed after a 401, but what the caller sent came only once.
pub(crate) fn not_repeated(server: &ServerUrl) -> Fault {
    reason::Api::NotRepeated { server: server.clone() }.into()
}

pub(crate) fn api_elsewhere(server: &ServerUrl) -> Fault {
    reason::Api::Elsewhere { server: server.clone() }.into()
}

/// The server has said nothing for this long, in the middle of a call.
pub(crate) fn silent(server: &ServerUrl, time: Duration) -> Fault {
    unreachable(server, msg!("no-answer-within", seconds = time.as_secs()))
}

pub(crate) fn cleartext(server: &ServerUrl) -> Fault {
    reason::Login::Cleartext { server: server.clone() }.into()
}

/// The issuer says who they are, and nobody gave them a role here.
pub(crate) fn not_let_in(person: &str, refused: Refused) -> Fault {
    let person = person.to_owned();
    match refused {
        Refused::NotAllowed => reason::People::NotAllowed { person }.into(),
        Refused::NoRole => reason::People::NoRole { person }.into(),
    }
}

/// What an issuer gave only the issuer can end.
pub(crate) fn token_of_issuer(issuer: &str) -> Fault {
    reason::Tokens::TokenOfIssuer { issuer: issuer.to_owned() }.into()
}

pub(crate) fn is_not_let_in(fault: &Fault) -> bool {
    matches!(fault.about(), Some(reason::People::NotAllowed { .. } | reason::People::NoRole { .. }))
}

pub(crate) fn no_such_session(id: &str) -> Fault {
    reason::People::NoSuchSession { id: id.to_owned() }.into()
}

/// What is asked takes more than the token has.
pub(crate) fn scope_missing(scope: Scope) -> Fault {
    reason::Rights::ScopeMissing { scope }.into()
}

/// What somebody asks for is not granted.
pub(crate) fn not_granted(why: NotGranted, server: &ServerUrl) -> Fault {
    match why {
        NotGranted::Missing(Missing::Grant(grant)) => reason::Rights::GrantMissing { grant }.into(),
        NotGranted::Missing(Missing::GitPath) => reason::Rights::GitPathCalled.into(),
        NotGranted::Missing(Missing::Odd) => reason::Rights::OddCall.into(),
        NotGranted::Scope(scope) => scope_missing(scope),
        NotGranted::Unseen => reason::Login::NothingThere { server: server.clone() }.into(),
        NotGranted::StatusOnly => reason::Rights::StatusOnly.into(),
    }
}

/// A text is no grant.
pub(crate) fn bad_grant(grant: &str, error: &GrantError) -> Fault {
    let grant: String = grant.chars().take(200).collect();
    reason::Tokens::BadGrant { grant, reason: Some(error.message()) }.into()
}

/// A token is to live longer than this one may give it.
pub(crate) fn lives_too_long(most: u32) -> Fault {
    reason::Tokens::LivesTooLong { most }.into()
}

pub(crate) fn too_many(seconds: u64) -> Fault {
    reason::Rights::TooMany { seconds }.into()
}

pub(crate) fn no_such_token(name: &str) -> Fault {
    reason::Tokens::NoSuchToken { name: name.to_owned() }.into()
}

pub(crate) fn name_of_several(name: &str) -> Fault {
    reason::Tokens::NameOfSeveral { name: name.to_owned() }.into()
}

pub(crate) fn from_ledger(error: LedgerError) -> Fault {
    match error {
        LedgerError::NameTaken => reason::Tokens::TokenNameTaken.into(),
        LedgerError::TooMany(most) => reason::Tokens::TooManyTokens { most }.into(),
        LedgerError::Replaced(id) => reason::Tokens::TokenReplaced { id }.into(),
        LedgerError::Unreadable { path } => reason::Store::LedgerUnreadable { path }.into(),
        LedgerError::NoRandom(error) => reason::Tokens::NoRandom { error: error.to_string() }.into(),
        LedgerError::File(error) => error.into(),
    }
}

pub(crate) fn from_server_url(text: impl std::fmt::Display, error: &ServerUrlError) -> Fault {
    let (server, reason) = (text.to_string(), Some(error.message()));
    match error {
        ServerUrlError::NotAscii { a_label } => {
            reason::Login::ServerNotAscii { server, host: a_label.clone(), reason }.into()
        }
        _ => reason::Login::BadServer { server, reason }.into(),
    }
}

pub(crate) fn from_store(error: StoreError) -> Fault {
    match error {
        StoreError::Locked(place) => locked_at(place),
        StoreError::PassphraseNeeded => reason::Lock::AgentLocked.into(),
        StoreError::WrongPassphrase => reason::Lock::WrongPassphrase.into(),
        StoreError::OtherPassphrase => reason::Lock::OtherPassphrase.into(),
        StoreError::Unavailable { place, reason } => unavailable_at(place, reason),
        StoreError::NoRandom(error) => reason::Tokens::NoRandom { error: error.to_string() }.into(),
        StoreError::Late | StoreError::Raced => reason::Store::Busy.into(),
        StoreError::Damaged { path } => reason::Store::Damaged { path }.into(),
        StoreError::WrongKey { path, key } => reason::Store::WrongKey { path, key }.into(),
        StoreError::Missing { path, left, restorable } => {
            // What is typed is the same in every language.
            let anew = Locale::En.render(&if left.is_empty() {
                msg!("commands-anew")
            } else {
                msg!("commands-anew-without", files = typed_words(&left))
            });
            if restorable {
                reason::Store::MissingWithCopy { path, anew, copy: true }.into()
            } else {
                reason::Store::Missing { path, anew }.into()
            }
        }
        StoreError::Newer { path } => reason::Store::Newer { path }.into(),
        StoreError::NotKept => reason::Store::NotKept.into(),
        StoreError::File(error) => error.into(),
    }
}

/// A place gives out nothing until a person unlocks it.
fn locked_at(place: StoredIn) -> Fault {
    match place {
        StoredIn::Keyring => reason::Lock::KeyringLocked.into(),
        // Nobody locks these.
        StoredIn::File | StoredIn::Memory => reason::Store::Busy.into(),
    }
}

/// A place does not answer, for this reason.
fn unavailable_at(place: StoredIn, reason: Message) -> Fault {
    match place {
        StoredIn::Keyring => reason::Store::KeyringUnavailable { reason: Some(reason) }.into(),
        // What is wrong with the file has errors of its own.
        StoredIn::File | StoredIn::Memory => reason::Store::Busy.into(),
    }
}

pub(crate) fn from_loom(server: &ServerUrl, error: DialectError) -> Fault {
    let server = server.clone();
    match error {
        DialectError::Http(HttpError::TooLong) | DialectError::NotLoom => reason::Upstream::NotLoom { server }.into(),
        DialectError::Http(error) => from_http(&server, &error),
        DialectError::Redirect => from_http(&server, &HttpError::Redirect),
        DialectError::Refused(status) => reason::Upstream::LoginRefused { server, status }.into(),
        DialectError::BadVerificationUrl => reason::Upstream::BadVerificationUrl { server }.into(),
        DialectError::BadToken => reason::Upstream::BadToken { server }.into(),
    }
}

pub(crate) fn code_expired(server: &ServerUrl) -> Fault {
    reason::Flow::CodeExpired { server: server.clone() }.into()
}

/// Nobody got an answer, or none that says anything.
pub(crate) fn from_http(server: &ServerUrl, error: &HttpError) -> Fault {
    match error {
        HttpError::Unreachable(_) | HttpError::Lost(_) | HttpError::Trouble(_) => unreachable(server, error.message()),
        HttpError::Redirect => reason::Upstream::Redirects { server: server.clone() }.into(),
        HttpError::TooLong => reason::Upstream::NotOAuth { server: server.clone() }.into(),
        HttpError::TlsFile(reason) => reason::Below::TlsFile(reason.clone()).into(),
        HttpError::Proxy(reason) => reason::Below::Proxy(reason.clone()).into(),
    }
}

/// Nobody is given rights of which the log would not know.
pub(crate) fn audit_unwritable(error: std::io::Error) -> Fault {
    reason::Store::AuditUnwritable { error: error.to_string() }.into()
}

pub(crate) fn audit_unreadable(error: std::io::Error) -> Fault {
    reason::Store::AuditUnreadable { error: error.to_string() }.into()
}

pub(crate) fn keyring_hangs() -> Fault {
    from_store(StoreError::of_keyring(msg!("keyring-hangs")))
}

fn unreachable(server: &ServerUrl, reason: Message) -> Fault {
    reason::Upstream::Unreachable { server: server.clone(), reason: Some(reason) }.into()
}
