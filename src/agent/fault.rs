//! Which sentence says what: errors of the floors below as faults with a hint.

use std::time::Duration;

use crate::access::{LedgerError, Refused};
use crate::base::private_file::{PrivateFileError, Unsafe};
use crate::base::{AccountKey, Message, Paths, Scope, ServerUrl, ServerUrlError, shell_word};
use crate::msg;
use crate::net::HttpError;
use crate::oauth::loom_dialect::DialectError;
use crate::store::StoreError;
use crate::wire::{Code, Fault};

/// Git asks for what would go in clear. How to allow it is said, since for a proxy it may be what is wanted.
pub(crate) fn cleartext_for_git(server: &ServerUrl) -> Fault {
    Fault::new(Code::NotFound, msg!("cleartext-for-git", server = server))
        .hint(msg!("hint-cleartext-for-git", server = server))
}

/// What the keyring has of an account is no record any more.
pub(crate) fn damaged(account: &AccountKey) -> Fault {
    let message = msg!("record-damaged", server = account.server(), account = account.user());
    Fault::new(Code::LoginRequired, message).hint(msg!("hint-login", server = account.server()))
}

pub(crate) fn not_logged_in(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("not-logged-in", server = server)).hint(msg!("hint-login", server = server))
}

/// The same for git's helper, which may offer the login: for this account, where it is known.
pub(crate) fn no_login(server: &ServerUrl, account: Option<&str>) -> Fault {
    let message = match account {
        Some(account) => msg!("not-logged-in", server = server, account = account),
        None => msg!("not-logged-in", server = server),
    };
    Fault::new(Code::LoginRequired, message).hint(msg!("hint-login", server = server))
}

pub(crate) fn login_expired(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("login-expired", server = server)).hint(msg!("hint-login", server = server))
}

pub(crate) fn login_refused(server: &ServerUrl) -> Fault {
    let message = msg!("login-refused-by-server", server = server);
    Fault::new(Code::LoginRequired, message).hint(msg!("hint-login", server = server))
}

/// The server refuses one new token after the other: it gets no more of them for a moment.
pub(crate) fn renewed_again_in(server: &ServerUrl, wait: Duration) -> Fault {
    let seconds = wait.as_secs() + 1;
    Fault::new(Code::Unavailable, msg!("renewed-again-in", server = server, seconds = seconds))
        .hint(msg!("hint-renewed-again-in", server = server))
}

/// The token was renewed after a 401, but what the caller sent came only once.
pub(crate) fn not_repeated(server: &ServerUrl) -> Fault {
    Fault::new(Code::Unavailable, msg!("api-not-repeated", server = server)).hint(msg!("hint-try-again"))
}

pub(crate) fn api_elsewhere(server: &ServerUrl) -> Fault {
    Fault::new(Code::Denied, msg!("api-elsewhere", server = server)).hint(msg!("hint-api-elsewhere"))
}

/// In the middle of a call the server says nothing for so long.
pub(crate) fn silent(server: &ServerUrl, time: Duration) -> Fault {
    let reason = msg!("no-answer-within", seconds = time.as_secs());
    Fault::new(Code::Unavailable, msg!("server-unreachable", server = server).because(reason))
        .hint(msg!("hint-server-unreachable"))
}

pub(crate) fn no_server() -> Fault {
    Fault::new(Code::BadRequest, msg!("no-server")).hint(msg!("hint-server"))
}

pub(crate) fn cleartext(server: &ServerUrl) -> Fault {
    Fault::new(Code::Denied, msg!("cleartext-refused", server = server)).hint(msg!("hint-allow-http", server = server))
}

pub(crate) fn stopping() -> Fault {
    Fault::new(Code::Unavailable, msg!("agent-stopping")).hint(msg!("hint-try-again"))
}

pub(crate) fn cancelled() -> Fault {
    Fault::new(Code::Cancelled, msg!("cancelled"))
}

pub(crate) fn token_unknown() -> Fault {
    Fault::new(Code::Denied, msg!("token-unknown")).hint(msg!("hint-token-unknown"))
}

/// What only the user and their settings may say was said with a token.
pub(crate) fn only_the_user() -> Fault {
    Fault::new(Code::Denied, msg!("only-the-user")).hint(msg!("hint-only-the-user"))
}

/// Who asks from elsewhere has shown nothing.
pub(crate) fn unauthenticated() -> Fault {
    Fault::new(Code::Unauthenticated, msg!("unauthenticated")).hint(msg!("hint-unauthenticated"))
}

/// The same, and what they have shown is worth nothing (any more).
pub(crate) fn proof_unknown() -> Fault {
    Fault::new(Code::Unauthenticated, msg!("token-unknown")).hint(msg!("hint-token-unknown"))
}

/// A form of a page that was loaded in another session, or that is none of ours.
pub(crate) fn form_outdated() -> Fault {
    Fault::new(Code::Denied, msg!("form-outdated")).hint(msg!("hint-form-outdated"))
}

/// Nobody waits with this code of a machine.
pub(crate) fn code_unknown() -> Fault {
    Fault::new(Code::NotFound, msg!("code-unknown")).hint(msg!("hint-code-unknown"))
}

/// A browser came back that was never sent away, or too late.
pub(crate) fn sign_in_unknown() -> Fault {
    Fault::new(Code::Denied, msg!("sign-in-unknown")).hint(msg!("hint-sign-in-again"))
}

/// A token with a number of uses begins no session.
pub(crate) fn counted_token() -> Fault {
    Fault::new(Code::Denied, msg!("counted-token")).hint(msg!("hint-counted-token"))
}

/// The issuer says who they are, and nobody gave them a role here.
pub(crate) fn not_let_in(person: &str, refused: Refused) -> Fault {
    let message = match refused {
        Refused::NotAllowed => msg!("not-allowed-here", person = person),
        Refused::NoRole => msg!("no-role-here", person = person),
    };
    Fault::new(Code::Denied, message).hint(msg!("hint-no-role-here"))
}

/// What an issuer gave only the issuer can end.
pub(crate) fn token_of_issuer(issuer: &str) -> Fault {
    Fault::new(Code::BadRequest, msg!("token-of-issuer", issuer = issuer)).hint(msg!("hint-token-of-issuer"))
}

pub(crate) fn is_not_let_in(fault: &Fault) -> bool {
    matches!(fault.id(), "not-allowed-here" | "no-role-here")
}

pub(crate) fn no_such_session(id: &str) -> Fault {
    Fault::new(Code::NotFound, msg!("no-such-session", id = id))
}

pub(crate) fn no_issuer() -> Fault {
    Fault::new(Code::NotFound, msg!("no-issuer")).hint(msg!("hint-no-issuer"))
}

/// What is asked takes more than the token has.
pub(crate) fn scope_missing(scope: Scope) -> Fault {
    Fault::new(Code::Denied, msg!("scope-missing", scope = scope.name())).hint(msg!("hint-token-rights"))
}

pub(crate) fn not_a_request() -> Fault {
    Fault::new(Code::BadRequest, msg!("not-a-request"))
}

pub(crate) fn token_too_wide() -> Fault {
    Fault::new(Code::Denied, msg!("token-too-wide")).hint(msg!("hint-token-too-wide"))
}

/// A token is to live longer than this one may give it.
pub(crate) fn lives_too_long(most: u32) -> Fault {
    Fault::new(Code::BadRequest, msg!("lives-too-long", most = most)).hint(msg!("hint-lives-too-long"))
}

pub(crate) fn too_many(seconds: u64) -> Fault {
    Fault::new(Code::TooMany, msg!("too-many-attempts", seconds = seconds))
}

pub(crate) fn no_such_token(name: &str) -> Fault {
    Fault::new(Code::NotFound, msg!("no-such-token", name = name)).hint(msg!("hint-tokens"))
}

pub(crate) fn name_of_several(name: &str) -> Fault {
    Fault::new(Code::BadRequest, msg!("name-of-several", name = name)).hint(msg!("hint-name-of-several"))
}

pub(crate) fn bad_token_name() -> Fault {
    Fault::new(Code::BadRequest, msg!("bad-token-name"))
}

pub(crate) fn from_ledger(error: LedgerError) -> Fault {
    match error {
        LedgerError::NameTaken => Fault::new(Code::BadRequest, msg!("token-name-taken")).hint(msg!("hint-tokens")),
        LedgerError::TooMany(most) => {
            Fault::new(Code::BadRequest, msg!("too-many-tokens", most = most)).hint(msg!("hint-too-many-tokens"))
        }
        LedgerError::Unreadable { path } => {
            Fault::new(Code::Unavailable, msg!("ledger-unreadable", path = path.display()))
                .hint(msg!("hint-ledger", path = path.display()))
        }
        LedgerError::NoRandom(error) => Fault::new(Code::Unavailable, msg!("no-random", error = error)),
        LedgerError::File(error) => from_store(StoreError::File(error)),
    }
}

/// The agent gives out nothing until somebody unlocks it.
pub(crate) fn locked() -> Fault {
    Fault::new(Code::Locked, msg!("agent-locked")).hint(msg!("hint-unlock"))
}

pub(crate) fn from_server_url(text: impl std::fmt::Display, error: &ServerUrlError) -> Fault {
    let fault = Fault::new(Code::BadRequest, msg!("bad-server", server = text).because(error.message()));
    match error {
        ServerUrlError::NotAscii { a_label } => fault.hint(msg!("hint-a-label", host = a_label)),
        _ => fault.hint(msg!("hint-server-form")),
    }
}

pub(crate) fn from_store(error: StoreError) -> Fault {
    let unavailable = |message| Fault::new(Code::Unavailable, message);
    match error {
        StoreError::Locked => Fault::new(Code::Locked, msg!("keyring-locked")).hint(msg!("hint-keyring-locked")),
        StoreError::PassphraseNeeded => locked(),
        StoreError::WrongPassphrase => {
            Fault::new(Code::Denied, msg!("wrong-passphrase")).hint(msg!("hint-wrong-passphrase"))
        }
        StoreError::OtherPassphrase => {
            Fault::new(Code::Denied, msg!("other-passphrase")).hint(msg!("hint-other-passphrase"))
        }
        StoreError::Unavailable(reason) => {
            unavailable(msg!("keyring-unavailable").because(reason)).hint(msg!("hint-keyring-unavailable"))
        }
        StoreError::Late => store_busy(),
        StoreError::Damaged { path } => {
            unavailable(msg!("store-damaged", path = path.display())).hint(msg!("hint-store-damaged"))
        }
        StoreError::WrongKey { path, key } => unavailable(msg!(
            "store-wrong-key",
            path = path.display(),
            key = key.display()
        ))
        .hint(msg!("hint-store-wrong-key", path = path.display(), key = key.display())),
        StoreError::Missing { path, left, restorable } => {
            let left: Vec<String> = left.iter().map(|path| shell_word(&path.to_string_lossy())).collect();
            let anew = match left.is_empty() {
                true => "loom agent restart".to_owned(),
                false => format!("rm {} && loom agent restart", left.join(" ")),
            };
            unavailable(msg!("store-missing", path = path.display())).hint(match restorable {
                true => msg!("hint-store-missing-copy", anew = anew),
                false => msg!("hint-store-missing", anew = anew),
            })
        }
        StoreError::Newer { path } => {
            unavailable(msg!("store-newer", path = path.display())).hint(msg!("hint-store-newer"))
        }
        StoreError::NotKept => unavailable(msg!("store-not-kept")).hint(msg!("hint-try-again")),
        StoreError::File(error) => {
            let message = error.message();
            match &error {
                PrivateFileError::Unsafe { path, reason: Unsafe::Mode } => {
                    Fault::new(Code::Denied, message).hint(msg!("hint-file-mode", path = path.display()))
                }
                PrivateFileError::Unsafe { path, reason: Unsafe::Owner } => {
                    Fault::new(Code::Denied, message).hint(hint_variable(path))
                }
                PrivateFileError::Unsafe { .. } => Fault::new(Code::Denied, message).hint(msg!("hint-file-unsafe")),
                PrivateFileError::TooLarge { .. } => unavailable(message).hint(msg!("hint-file-too-large")),
                PrivateFileError::Held { .. } => unavailable(message).hint(msg!("hint-file-locked")),
                PrivateFileError::Io { path, error } if is_no_place(error) => {
                    unavailable(message).hint(hint_variable(path))
                }
                PrivateFileError::Io { .. } => unavailable(message).hint(msg!("hint-file-io")),
            }
        }
    }
}

/// Whether nothing can be kept there at all.
fn is_no_place(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem | NotADirectory)
}

fn hint_variable(path: &std::path::Path) -> Message {
    let paths = Paths::from_environment();
    let variable = paths.map_or("HOME", |paths| paths.variable_behind(path));
    msg!("hint-path-variable", variable = variable)
}

pub(crate) fn from_loom(server: &ServerUrl, error: DialectError) -> Fault {
    let fault = |message| Fault::new(Code::Unavailable, message);
    match error {
        DialectError::Http(HttpError::TooLong) | DialectError::NotLoom => {
            fault(msg!("not-a-loom-server", server = server)).hint(msg!("hint-with-token", server = server))
        }
        DialectError::Http(error) => from_http(server, &error),
        DialectError::Redirect => from_http(server, &HttpError::Redirect),
        DialectError::Refused(status) => {
            fault(msg!("login-refused", server = server, status = status)).hint(msg!("hint-login", server = server))
        }
        DialectError::BadVerificationUrl => {
            fault(msg!("bad-verification-url", server = server)).hint(msg!("hint-with-token", server = server))
        }
        DialectError::BadToken => {
            fault(msg!("bad-token-from-server", server = server)).hint(msg!("hint-with-token", server = server))
        }
    }
}

pub(crate) fn code_expired(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("code-expired")).hint(msg!("hint-login", server = server))
}

/// Nobody got an answer, or none that says anything.
pub(crate) fn from_http(server: &ServerUrl, error: &HttpError) -> Fault {
    let fault = |message| Fault::new(Code::Unavailable, message);
    match error {
        HttpError::Unreachable(_) | HttpError::Lost(_) | HttpError::Trouble(_) => {
            fault(msg!("server-unreachable", server = server).because(error.message()))
                .hint(msg!("hint-server-unreachable"))
        }
        HttpError::Redirect => fault(msg!("server-redirects", server = server)).hint(msg!("hint-server-redirects")),
        HttpError::TooLong => fault(msg!("not-oauth", server = server)).hint(msg!("hint-with-token", server = server)),
        HttpError::TlsFile(reason) => fault(reason.clone()).hint(msg!("hint-config")),
        HttpError::Proxy(reason) => fault(reason.clone()).hint(msg!("hint-proxy-bad")),
    }
}

/// Nobody is given rights of which the log would not know.
pub(crate) fn audit_unwritable(error: std::io::Error) -> Fault {
    Fault::new(Code::Unavailable, msg!("audit-unwritable", error = error)).hint(msg!("hint-audit-unwritable"))
}

pub(crate) fn audit_unreadable(error: std::io::Error) -> Fault {
    Fault::new(Code::Unavailable, msg!("audit-unreadable", error = error)).hint(msg!("hint-file-io"))
}

pub(crate) fn keyring_hangs() -> Fault {
    from_store(StoreError::Unavailable(msg!("keyring-hangs")))
}

/// The store takes longer than it should, or somebody before does.
pub(crate) fn store_busy() -> Fault {
    Fault::new(Code::Unavailable, msg!("store-busy")).hint(msg!("hint-try-again"))
}

/// Whoever asks means another store than this agent has.
pub(crate) fn elsewhere() -> Fault {
    Fault::new(Code::Elsewhere, msg!("agent-of-other-home")).hint(msg!("hint-agent-of-other-home"))
}

pub(crate) fn internal() -> Fault {
    Fault::new(Code::Internal, msg!("internal"))
}
