//! Which sentence says what, of logins and tokens by OAuth.

use crate::agent::fault::{code_expired, from_http};
use crate::base::{Message, ServerUrl};
use crate::msg;
use crate::net::HttpError;
use crate::oauth::{OAuthError, known_hosts};
use crate::wire::{Fault, reason};

pub(crate) fn from_oauth(server: &ServerUrl, error: OAuthError) -> Fault {
    let server = server.clone();
    match error {
        OAuthError::Http(error) => from_http(&server, &error),
        OAuthError::NotOAuth => reason::Upstream::NotOAuth { server }.into(),
        OAuthError::Said { code, description } => {
            reason::Upstream::ServerSays { server, error: code, description }.into()
        }
        OAuthError::OtherIssuer { expected, said } => reason::Upstream::OtherIssuer { server, expected, said }.into(),
        OAuthError::UnsafeUrl => reason::Upstream::UnsafeEndpoint { server }.into(),
        OAuthError::BadToken => reason::Upstream::BadToken { server }.into(),
        OAuthError::OtherLogin => reason::Flow::OtherLogin { server }.into(),
        OAuthError::NotOffered => not_offered(&server),
    }
}

/// The fault of a login in which a person was asked: they may have said no, or the code may have expired.
pub(crate) fn from_decision(server: &ServerUrl, error: OAuthError) -> Fault {
    match error {
        OAuthError::Said { code, .. } if code == "access_denied" => {
            reason::Flow::LoginDenied { server: server.clone() }.into()
        }
        OAuthError::Said { code, .. } if code == "expired_token" => code_expired(server),
        error => from_oauth(server, error),
    }
}

/// What was granted has ended; only a person can have it granted anew.
pub(crate) fn login_ended(server: &ServerUrl) -> Fault {
    reason::Login::LoginEnded { server: server.clone() }.into()
}

/// An issuer that just did not answer is not asked again at once.
pub(crate) fn issuer_silent(issuer: &str) -> Fault {
    reason::Upstream::IssuerSilent { issuer: issuer.to_owned() }.into()
}

pub(crate) fn no_tls(server: &ServerUrl, error: &HttpError) -> Fault {
    match error {
        HttpError::TlsFile(_) | HttpError::Proxy(_) => from_http(server, error),
        error => reason::Upstream::NoTls { reason: Some(error.message()) }.into(),
    }
}

/// The server publishes nothing of how to log in.
pub(crate) fn says_nothing(server: &ServerUrl) -> Fault {
    reason::Flow::SaysNothing { server: server.clone() }.into()
}

pub(crate) fn not_offered(server: &ServerUrl) -> Fault {
    reason::Flow::NotOffered { server: server.clone() }.into()
}

/// The server does not know the client of this login (any more): a login gets another.
pub(crate) fn client_unknown(server: &ServerUrl, error: OAuthError) -> Fault {
    match error {
        OAuthError::Said { code, description } => {
            reason::Login::ClientUnknown { server: server.clone(), error: code, description }.into()
        }
        error => from_oauth(server, error),
    }
}

/// The login needs a page, and no person is there to see one.
pub(crate) fn needs_browser(server: &ServerUrl) -> Fault {
    reason::Flow::NeedsBrowser { server: server.clone() }.into()
}

pub(crate) fn no_client(server: &ServerUrl, issuer: &str) -> Fault {
    let (page, server, issuer) = (known_hosts::register_at(server), server.clone(), issuer.to_owned());
    match page {
        Some(page) => reason::Flow::RegisterAt { server, issuer, page: page.to_string() }.into(),
        None => reason::Flow::NoClient { server, issuer }.into(),
    }
}

/// The server registers applications, but not this one; what it says to that is all that there is to know.
pub(crate) fn not_registered(server: &ServerUrl, issuer: &str, code: &str, description: &str) -> Fault {
    let reason = Some(msg!("server-says", server = issuer, error = code, description = description));
    reason::Flow::NotRegistered { server: server.clone(), reason }.into()
}

pub(crate) fn no_client_secret(server: &ServerUrl) -> Fault {
    reason::Flow::NoClientSecret { server: server.clone() }.into()
}

pub(crate) fn secret_file(reason: Message) -> Fault {
    reason::Below::Settings(reason).into()
}

pub(crate) fn not_renewable(server: &ServerUrl) -> Fault {
    reason::Login::NotRenewable { server: server.clone() }.into()
}

pub(crate) fn no_exchange(server: &ServerUrl) -> Fault {
    reason::Login::NoExchange { server: server.clone() }.into()
}

pub(crate) fn nobody_came(server: &ServerUrl) -> Fault {
    reason::Flow::NobodyCame { server: server.clone() }.into()
}

pub(crate) fn no_port(error: &std::io::Error) -> Fault {
    reason::Flow::NoPort { error: error.to_string() }.into()
}

/// Another program has the port that the settings, or a registration, say.
pub(crate) fn port_taken(redirect_uri: &str) -> Fault {
    reason::Flow::PortTaken { url: redirect_uri.to_owned() }.into()
}

/// A token for just some scopes may not be good for more.
pub(crate) fn beyond(server: &ServerUrl, scopes: &[String]) -> Fault {
    reason::Login::BeyondScope { server: server.clone(), scopes: scopes.join(" ") }.into()
}

pub(crate) fn not_the_redirect(server: &ServerUrl) -> Fault {
    reason::Flow::NotTheRedirect { server: server.clone() }.into()
}
