//! Which of a caller's headers go to a server. The agent speaks for its user there, and some servers believe headers
//! more than the path, the method or the token: so whoever is not the owner sends those only that are known to do
//! nothing of the kind.
//!
//! Names are compared as servers behind CGI, WSGI or PHP read them, where `_` and `-` are one.

use std::borrow::Cow;

use http::header::ACCEPT;
use http::{HeaderMap, HeaderName, HeaderValue, Method};

use super::header_kinds as kinds;
use crate::base::ServerUrl;
use crate::wire::{Fault, reason};

/// Whose headers they are.
#[derive(Clone, Copy)]
pub(crate) enum Sender<'a> {
    Owner,
    /// A token, or somebody at the HTTP door; with what the settings let them send to this server beside what they all
    /// may.
    Other(&'a ServerUrl, &'a [String]),
}

/// The headers that somebody wants to be sent, if they may be.
pub(crate) fn checked(wanted: &[(String, String)], sender: Sender<'_>) -> Result<HeaderMap, Fault> {
    let mut headers = HeaderMap::new();
    for (name, value) in wanted {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        let Some((parsed, value)) = parsed else {
            return Err(reason::Api::BadHeader { name: name.clone() }.into());
        };
        may_send(parsed.as_str(), sender)?;
        headers.append(parsed, value);
    }
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    Ok(headers)
}

/// Whether a header of a request at the HTTP door was added on its way there, or names one that was, and so ends there.
pub fn ends_here(name: &str, connection: &[&str]) -> bool {
    let name = as_read(name);
    let is_named = connection.iter().any(|named| as_read(&named.to_ascii_lowercase()) == name);
    is_named || kinds::ON_THE_WAY.contains(&&*name) || begins(&name, kinds::ON_THE_WAY_BEGIN)
}

/// Of the headers of a program that knows nothing of the agent, those that are sent on for it: what it wants and what
/// it sends. All others are left out, in which it may have put its token.
pub(crate) fn passed_on<'a>(all: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in all.filter(|(name, _)| is_harmless(name.as_str()) && !name.as_str().contains('_')) {
        headers.append(name, value.clone());
    }
    headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
    headers
}

/// Whether some server would make another call because of this header, so that it is not left out in silence.
pub(crate) fn is_disguise(name: &str) -> bool {
    let read = as_read(name);
    let asks_the_way = read.starts_with("proxy-");
    !asks_the_way && (kinds::DISGUISES.contains(&&*read) || begins(&read, kinds::DISGUISES_BEGIN))
}

/// A method that may be used. `TRACE` has a server say back what it was sent, and `CONNECT` is for proxies.
pub(crate) fn method(name: &str) -> Result<Method, Fault> {
    let is_plain =
        name.len() <= 20 && name.bytes().all(|byte| byte.is_ascii_uppercase()) && !matches!(name, "TRACE" | "CONNECT");
    let method = Method::from_bytes(name.as_bytes()).ok().filter(|_| is_plain);
    method.ok_or_else(|| reason::Api::BadMethod { method: name.to_owned() }.into())
}

/// Whether this one may be sent; its name is in small letters.
fn may_send(name: &str, sender: Sender<'_>) -> Result<(), Fault> {
    let read = as_read(name);
    if kinds::OWN.contains(&&*read) || kinds::DISGUISES.contains(&&*read) || begins(&read, kinds::DISGUISES_BEGIN) {
        return Err(reason::Api::HeaderRefused { name: name.to_owned() }.into());
    }
    if name.contains('_') {
        return Err(reason::Api::HeaderUnderscore { name: name.to_owned(), plain: read.to_string() }.into());
    }
    match sender {
        Sender::Owner => Ok(()),
        Sender::Other(..) if is_harmless(name) => Ok(()),
        Sender::Other(_, further) if further.iter().any(|own| own.eq_ignore_ascii_case(name)) => Ok(()),
        Sender::Other(server, _) => {
            Err(reason::Api::HeaderUnknown { name: name.to_owned(), server: server.clone() }.into())
        }
    }
}

fn is_harmless(name: &str) -> bool {
    [kinds::CONTENT, kinds::CONDITIONS, kinds::CALL, kinds::MANNERS].iter().any(|kind| kind.contains(&name))
        || kinds::VERSIONS_END.iter().any(|end| name.ends_with(end))
}

/// The name as servers read it for which `_` and `-` are one.
fn as_read(name: &str) -> Cow<'_, str> {
    if name.contains('_') { name.replace('_', "-").into() } else { name.into() }
}

fn begins(name: &str, with: &[&str]) -> bool {
    with.iter().any(|begin| name.starts_with(begin))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn may(name: &str, owner: bool) -> bool {
        let server = ServerUrl::parse("https://a.example").unwrap();
        let further = ["X-Kept".to_owned(), "X-HTTP-Method-Override".to_owned()];
        let sender = if owner { Sender::Owner } else { Sender::Other(&server, &further) };
        checked(&[(name.to_owned(), "x".to_owned())], sender).is_ok()
    }

    /// What must not be sent for anybody, and what not for a token: who the caller is, and where a call goes.
    const NEVER: &[&str] = &[
        "Authorization",
        "Cookie",
        "Host",
        "Connection",
        "Proxy-Authorization",
        "Proxy-Connection",
        "Accept-Encoding",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Original-Method",
        "X-Original-URL",
        "X-Rewrite-URL",
        "X-Envoy-Original-Path",
        "X-Envoy-Decorator-Operation",
        "X-Original-URI",
        "Transfer-Encoding",
    ];
    const NOT_FOR_TOKENS: &[&str] = &[
        "X-Remote-User",
        "Remote-User",
        "X-Forwarded-User",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "Forwarded",
        "Via",
        "X-Auth-Request-User",
        "X-Auth-Request-Email",
        "X-WebAuth-User",
        "X-Real-IP",
        "True-Client-IP",
        "CF-Connecting-IP",
        "Cf-Access-Authenticated-User-Email",
        "X-Client-Cert",
        "SSL-Client-Cert",
        "Tailscale-User-Login",
        "X-Goog-Authenticated-User-Email",
        "X-Amzn-Oidc-Identity",
        "X-Accel-Redirect",
        "X-Sendfile",
        "X-Host",
        "Sudo",
        "Private-Token",
        "Impersonate-User",
        "Impersonate-Group",
        "X-Vault-Token",
        "X-Vault-Namespace",
        "X-Api-Key",
        "Destination",
        "Stripe-Account",
        "X-GitHub-OTP",
        "X-Consumer-Username",
        "X-Authentik-Username",
        "X-Pomerium-Claim-Email",
        "Iv-User",
        "Eppn",
        "From",
        "Referer",
        "X-Anything",
    ];

    #[test]
    fn what_says_who_asks_or_what_is_meant_is_not_for_a_caller_to_send() {
        for name in NEVER {
            assert!(!may(name, true), "{name}");
            assert!(!may(name, false), "{name}");
        }
        for name in NOT_FOR_TOKENS {
            assert!(may(name, true), "{name}");
            assert!(!may(name, false), "{name}");
        }
        for name in ["Accept", "Content-Type", "If-None-Match", "Range", "X-GitHub-Api-Version", "Prefer", "X-Kept"] {
            assert!(may(name, true), "{name}");
            assert!(may(name, false), "{name}");
        }
    }

    #[test]
    fn what_the_way_here_added_ends_here() {
        for name in
            ["X-Forwarded-For", "x_real_ip", "Sec-Fetch-Site", "Cookie", "X-Hop", "cf-ray", "X-Original-Forwarded-For"]
        {
            assert!(ends_here(&name.to_lowercase(), &["close", "X-Hop"]), "{name}");
        }
        assert!(!ends_here("accept", &["close"]));
        assert!(!ends_here("x-http-method-override", &[]));
    }

    /// A name in other letters, and with `_` for some of its hyphens.
    fn respelled(name: &'static str) -> impl Strategy<Value = String> {
        prop::collection::vec(any::<(bool, bool)>(), name.len()).prop_map(move |how| {
            let spelled = name.chars().zip(how).map(|(c, (upper, under))| match c {
                '-' if under => '_',
                c if upper => c.to_ascii_uppercase(),
                c => c.to_ascii_lowercase(),
            });
            spelled.collect()
        })
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_name_lets_it_through(name in prop::sample::select([NEVER, NOT_FOR_TOKENS].concat()).prop_flat_map(respelled)) {
            prop_assert!(!may(&name, false), "{name}");
        }

        #[test]
        fn what_is_not_known_to_be_harmless_is_not_sent_for_a_token(name in "[a-zA-Z][a-zA-Z0-9_-]{0,24}") {
            let small = name.to_lowercase();
            prop_assert_eq!(may(&name, false), is_harmless(&small) && !small.contains('_') || small == "x-kept");
            prop_assert!(!name.contains('_') || !may(&name, true));
        }
    }
}
