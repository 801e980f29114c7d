//! Who logged in: what the ID token says, else what the server says when it is asked.
//!
//! The ID token came from the token endpoint over TLS, which may stand in for its signature (OpenID Connect Core
//! §3.1.3.7, number 6). It is kept for whoever trusts the issuer, and checks it themselves. Its name is shown by
//! `status`, and decides only which of one's own logins a name means. Audience, nonce and end are checked all the same,
//! and the issuer where metadata vouch for it: a wrong one means that something is wrong with the server, and the login
//! is refused.

use ::http::StatusCode;
use ::http::header::{AUTHORIZATION, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::OAuthError;
use crate::base::{Endpoint, Expiry, IdToken, Secret, clock, printable};
use crate::net::{Answer, Http, HttpError, Object};

/// The longest name that is kept, in characters.
const MAX_NAME: usize = 200;

/// An ID token of a token endpoint's answer, and who it says logged in.
#[derive(Debug)]
pub struct Identity {
    /// The person's name, if the token has one.
    pub user: Option<String>,
    /// The token, with its end.
    pub id_token: Option<IdToken>,
}

/// Reads who logged in from the ID token of a token endpoint's answer.
///
/// The token came from the token endpoint over TLS, which may stand in for its signature (OpenID Connect Core §3.1.3.7,
/// number 6). The name is shown to the user, and says which of their own logins they mean. A token for another client,
/// of another login, or of another issuer than `issuer` means that something is wrong with the server: that is an
/// error.
pub fn of_id_token(
    token: &Secret,
    issuer: Option<&str>,
    client_id: &str,
    nonce: Option<&str>,
) -> Result<Identity, OAuthError> {
    let claims = claims_of(token).ok_or(OAuthError::NotOAuth)?;
    let said = claims.text("iss").unwrap_or_default();
    if let Some(issuer) = issuer.filter(|issuer| *issuer != said) {
        return Err(OAuthError::OtherIssuer { expected: issuer.to_owned(), said: said.to_owned() });
    }
    let for_us = is_for(&claims, client_id);
    let same_login = nonce.is_none_or(|nonce| claims.text("nonce") == Some(nonce));
    // A clock that is an hour wrong is the user's, not an attack.
    let ended = claims.number("exp").is_none_or(|exp| exp + 3600.0 < clock::now().as_second() as f64);
    if !for_us || !same_login || ended {
        return Err(OAuthError::OtherLogin);
    }
    Ok(Identity { user: name(&claims), id_token: kept(token, &claims) })
}

/// The ID token that came with a renewal, in the place of the one before. It has to be of the same issuer and person,
/// and for the same client (OpenID Connect Core §12.2); another one is left aside.
pub fn of_renewal(before: Option<&IdToken>, token: &Secret, client_id: &str) -> Option<IdToken> {
    let claims = claims_of(token)?;
    let is_same = |before: &IdToken| {
        claims_of(&before.token).is_some_and(|own| ["iss", "sub"].iter().all(|key| own.text(key) == claims.text(key)))
    };
    (is_for(&claims, client_id) && before.is_none_or(is_same)).then(|| kept(token, &claims))?
}

fn claims_of(token: &Secret) -> Option<Object> {
    let payload = token.expose().split('.').nth(1)?;
    Object::parse(&Zeroizing::new(URL_SAFE_NO_PAD.decode(payload).ok()?))
}

fn is_for(claims: &Object, client_id: &str) -> bool {
    claims.text("aud") == Some(client_id) || claims.texts("aud").iter().any(|aud| aud == client_id)
}

/// The token as it is kept: one that could stand in a header, and says when it ends.
fn kept(token: &Secret, claims: &Object) -> Option<IdToken> {
    let expires = claims.number("exp").and_then(|exp| Expiry::at_most(exp as i64))?;
    Some(IdToken { token: Secret::token(token.expose().to_owned())?, expires })
}

/// What a server said when it was shown a token.
pub enum Asked {
    /// It takes the token, and perhaps names the user and says when the token ends.
    Accepted {
        /// The name that the user knows themselves by.
        user: Option<String>,
        /// When the token ends.
        expires: Option<Expiry>,
    },
    /// It answered 401.
    Refused,
    /// Its answer tells neither.
    Unknown,
}

/// Shows the token to a userinfo endpoint (OpenID Connect Core §5.3), or to what a host has in its place.
pub async fn ask(http: &Http, endpoint: &Endpoint, access: &Secret) -> Result<Asked, HttpError> {
    let answer = Answer::to(http.get(endpoint.as_str()).bearer_auth(access.expose())).await?;
    Ok(match answer.status {
        StatusCode::OK => Asked::Accepted { user: answer.object().as_ref().and_then(name), expires: end(&answer) },
        StatusCode::UNAUTHORIZED => Asked::Refused,
        _ => Asked::Unknown,
    })
}

/// When the token ends that this answer was given to: GitHub's header, in the form `2026-12-01 00:00:00 UTC`.
fn end(answer: &Answer) -> Option<Expiry> {
    let text = answer.headers.get("github-authentication-token-expiration")?.to_str().ok()?;
    let text = text.trim_end_matches("UTC").trim_end();
    let (time, zone) = text.rsplit_once([' ', 'T']).filter(|(date, _)| date.contains(' ')).unwrap_or((text, "+0000"));
    let zone = if zone.len() == 5 { zone } else { "+0000" };
    let parsed = jiff::Timestamp::strptime("%Y-%m-%d %H:%M:%S %z", format!("{time} {zone}"));
    parsed.ok().and_then(|time| Expiry::from_unix(time.as_second()))
}

/// Asks where the server says of a token when it ends, as GitLab does: a day, which the token still is good for, or a
/// time.
pub async fn end_of(http: &Http, about: &Endpoint, token: &Secret) -> Option<Expiry> {
    let answer = Answer::to(http.get(about.as_str()).bearer_auth(token.expose())).await.ok()?;
    let object = answer.object().filter(|_| answer.status == StatusCode::OK)?;
    let text = object.text("expires_at")?;
    let time = text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse()).ok()?;
    Expiry::from_unix(time.as_second())
}

/// Asks the server at this URL without a token, and returns the values of `WWW-Authenticate` of its 401. `None`
/// if it answers anything else, and so demands nothing.
pub async fn demands(http: &Http, place: &str) -> Result<Option<Vec<String>>, HttpError> {
    let answer = Answer::to(http.get(place)).await?;
    let refused = answer.status == StatusCode::UNAUTHORIZED;
    Ok(refused.then(|| answer.challenges().map(str::to_owned).collect()))
}

/// Shows the server, which demands something, this value of `Authorization`.
pub async fn takes(http: &Http, place: &str, authorization: &str) -> Result<Asked, HttpError> {
    let Ok(mut value) = HeaderValue::from_str(authorization) else { return Ok(Asked::Unknown) };
    value.set_sensitive(true);
    let answer = Answer::to(http.get(place).header(AUTHORIZATION, value)).await?;
    Ok(match answer.status {
        StatusCode::UNAUTHORIZED => Asked::Refused,
        status if status.is_success() => Asked::Accepted { user: None, expires: end(&answer) },
        _ => Asked::Unknown,
    })
}

/// The name a person knows themselves by, of the names that servers use for it.
fn name(claims: &Object) -> Option<String> {
    let known = ["preferred_username", "login", "username", "email", "name", "sub"];
    let found = known.into_iter().find_map(|key| claims.text(key).filter(|name| !name.is_empty()))?;
    Some(printable(&found.chars().take(MAX_NAME).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(claims: &str) -> Secret {
        Secret::new(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)))
    }

    #[test]
    fn only_an_id_token_of_this_login_is_believed() {
        let read = |claims: &str| of_id_token(&token(claims), Some("https://a.example"), "c", Some("n"));
        let good = r#"{"iss":"https://a.example","aud":["c"],"nonce":"n","exp":9999999999,"sub":"7","email":"a@b"}"#;
        let found = read(good).unwrap();
        assert_eq!(found.user.as_deref(), Some("a@b"));
        assert_eq!(found.id_token.map(|id| id.expires.as_unix()), Some(9_999_999_999));
        for (from, to) in [("a.example", "b.example"), ("\"c\"", "\"d\""), ("\"n\"", "\"m\""), ("9999999999", "1")] {
            assert!(read(&good.replace(from, to)).is_err(), "{to}");
        }
        assert!(of_id_token(&Secret::new("x".into()), None, "c", None).is_err());
    }

    #[test]
    fn a_renewal_brings_the_id_token_of_the_same_person_or_none() {
        let id = |claims: &str| IdToken { token: token(claims), expires: Expiry::from_unix(1).unwrap() };
        let good = r#"{"iss":"https://a.example","aud":"c","exp":9999999999,"sub":"7"}"#;
        let before = id(good);
        let renewed = |claims: &str| of_renewal(Some(&before), &token(claims), "c").map(|id| id.expires.as_unix());
        assert_eq!(renewed(&good.replace("9999999999", "9999999998")), Some(9_999_999_998));
        for (from, to) in
            [("a.example", "b.example"), ("\"c\"", "\"d\""), ("\"7\"", "\"8\""), (",\"exp\":9999999999", "")]
        {
            assert_eq!(renewed(&good.replace(from, to)), None, "{to}");
        }
        assert!(of_renewal(None, &token(good), "c").is_some());
    }
}
