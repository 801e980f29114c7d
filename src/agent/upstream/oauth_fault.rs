//! Which sentence says what, of logins and tokens by OAuth.

use crate::agent::fault::{code_expired, from_http};
use crate::base::{Message, ServerUrl};
use crate::msg;
use crate::net::HttpError;
use crate::oauth::{OAuthError, known_hosts};
use crate::wire::{Code, Fault};

pub(crate) fn from_oauth(server: &ServerUrl, error: OAuthError) -> Fault {
    let fault = |message| Fault::new(Code::Unavailable, message);
    match error {
        OAuthError::Http(error) => from_http(server, &error),
        OAuthError::NotOAuth => {
            fault(msg!("not-oauth", server = server)).hint(msg!("hint-with-token", server = server))
        }
        OAuthError::Said { code, description } => {
            fault(msg!("server-says", server = server, error = code, description = description))
                .hint(msg!("hint-server-says"))
        }
        OAuthError::OtherIssuer { expected, said } => {
            Fault::new(Code::Denied, msg!("other-issuer", server = server, expected = expected, said = said))
                .hint(msg!("hint-issuer", said = said))
        }
        OAuthError::UnsafeUrl => Fault::new(Code::Denied, msg!("unsafe-endpoint", server = server))
            .hint(msg!("hint-with-token", server = server)),
        OAuthError::BadToken => {
            fault(msg!("bad-token-from-server", server = server)).hint(msg!("hint-with-token", server = server))
        }
        OAuthError::OtherLogin => {
            Fault::new(Code::Denied, msg!("other-login", server = server)).hint(msg!("hint-login", server = server))
        }
        OAuthError::NotOffered => not_offered(server),
    }
}

/// The same where a person was asked and may have said no.
pub(crate) fn from_decision(server: &ServerUrl, error: OAuthError) -> Fault {
    match error {
        OAuthError::Said { code, .. } if code == "access_denied" => {
            Fault::new(Code::Denied, msg!("login-denied", server = server)).hint(msg!("hint-login", server = server))
        }
        OAuthError::Said { code, .. } if code == "expired_token" => code_expired(server),
        error => from_oauth(server, error),
    }
}

/// What was granted has ended; only a person can have it granted anew.
pub(crate) fn login_ended(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("login-ended", server = server)).hint(msg!("hint-login", server = server))
}

/// An issuer that just did not answer is not asked again at once.
pub(crate) fn issuer_silent(issuer: &str) -> Fault {
    Fault::new(Code::Unavailable, msg!("issuer-silent", issuer = issuer)).hint(msg!("hint-try-again"))
}

pub(crate) fn no_tls(server: &ServerUrl, error: &HttpError) -> Fault {
    match error {
        HttpError::TlsFile(_) | HttpError::Proxy(_) => from_http(server, error),
        error => Fault::new(Code::Unavailable, msg!("no-tls").because(error.message())),
    }
}

/// The server publishes nothing of how to log in.
pub(crate) fn says_nothing(server: &ServerUrl) -> Fault {
    Fault::new(Code::Unavailable, msg!("says-nothing", server = server)).hint(msg!("hint-says-nothing"))
}

pub(crate) fn not_offered(server: &ServerUrl) -> Fault {
    Fault::new(Code::Unavailable, msg!("not-offered", server = server)).hint(msg!("hint-other-flow"))
}

/// The server does not know the client of this login (any more): a login gets another.
pub(crate) fn client_unknown(server: &ServerUrl, error: OAuthError) -> Fault {
    match error {
        OAuthError::Said { code, description } => {
            let message = msg!("server-says", server = server, error = code, description = description);
            Fault::new(Code::LoginRequired, message).hint(msg!("hint-login", server = server))
        }
        error => from_oauth(server, error),
    }
}

/// Nobody is there who could be shown a page.
pub(crate) fn needs_browser(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("needs-browser", server = server)).hint(msg!("hint-login", server = server))
}

pub(crate) fn no_client(server: &ServerUrl, issuer: &str) -> Fault {
    let fault = Fault::new(Code::Unavailable, msg!("no-client", server = server, issuer = issuer));
    match known_hosts::register_at(server) {
        Some(page) => fault.hint(msg!("hint-register-at", server = server, page = page)),
        None => fault.hint(msg!("hint-register", server = server)),
    }
}

/// The server registers applications, but not this one; what it says to that is all that there is to know.
pub(crate) fn not_registered(server: &ServerUrl, issuer: &str, code: &str, description: &str) -> Fault {
    let said = msg!("server-says", server = issuer, error = code, description = description);
    Fault::new(Code::Unavailable, msg!("not-registered", server = server).because(said))
        .hint(msg!("hint-register", server = server))
}

pub(crate) fn no_client_secret(server: &ServerUrl) -> Fault {
    Fault::new(Code::BadRequest, msg!("no-client-secret", server = server)).hint(msg!("hint-client-secret"))
}

pub(crate) fn secret_file(reason: Message) -> Fault {
    Fault::new(Code::BadRequest, reason).hint(msg!("hint-config"))
}

pub(crate) fn not_renewable(server: &ServerUrl) -> Fault {
    Fault::new(Code::BadRequest, msg!("not-renewable", server = server)).hint(msg!("hint-login", server = server))
}

pub(crate) fn no_exchange(server: &ServerUrl) -> Fault {
    Fault::new(Code::BadRequest, msg!("no-exchange", server = server)).hint(msg!("hint-no-exchange"))
}

pub(crate) fn nobody_came(server: &ServerUrl) -> Fault {
    Fault::new(Code::LoginRequired, msg!("nobody-came")).hint(msg!("hint-login", server = server))
}

pub(crate) fn no_port(error: &std::io::Error) -> Fault {
    Fault::new(Code::Unavailable, msg!("no-port", error = error)).hint(msg!("hint-other-flow"))
}

/// Another program has the port that the settings, or a registration, say.
pub(crate) fn port_taken(redirect_uri: &str) -> Fault {
    Fault::new(Code::Unavailable, msg!("port-taken", url = redirect_uri)).hint(msg!("hint-port-taken"))
}

/// A token for just some scopes may not be good for more.
pub(crate) fn beyond(server: &ServerUrl, scopes: &[String]) -> Fault {
    Fault::new(Code::Denied, msg!("beyond-scope", server = server, scopes = scopes.join(" ")))
        .hint(msg!("hint-beyond-scope", server = server))
}

pub(crate) fn not_the_redirect(server: &ServerUrl) -> Fault {
    Fault::new(Code::BadRequest, msg!("not-the-redirect", server = server)).hint(msg!("hint-login", server = server))
}
