//! JWTs that must not count. Each differs from a good one in what its name says, and is refused for that reason.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use loom_credentials::access::{JwtError, KeySet};
use ring::hmac;
use serde_json::{Value, json};

use crate::access::jwt::{as_access, as_id, id_token};
use crate::support::{Draft, Issuer};

type Variant = (&'static str, JwtError, fn(Draft<'_>) -> String);

const HEADERS: &[Variant] = &[
    ("alg none", JwtError::Algorithm, |it| it.header("alg", "none").sign()),
    ("alg none in odd letters", JwtError::Algorithm, |it| it.header("alg", "nOnE").sign()),
    ("alg none without a signature", JwtError::Malformed, |it| it.header("alg", "none").sign_oddly(|_| vec![])),
    ("no alg", JwtError::Algorithm, |it| it.without_header("alg").sign()),
    ("alg is a number", JwtError::Algorithm, |it| it.header("alg", 256).sign()),
    ("alg is a list", JwtError::Algorithm, |it| it.header("alg", json!(["ES256"])).sign()),
    ("alg in small letters", JwtError::Algorithm, |it| it.header("alg", "es256").sign()),
    ("alg of another curve that nobody verifies", JwtError::Algorithm, |it| it.header("alg", "ES256K").sign()),
    ("the public key as a secret", JwtError::Algorithm, |it| {
        let x = URL_SAFE_NO_PAD.decode(it.jwk("ec")["x"].as_str().unwrap()).unwrap();
        hmac_signed(it, &x)
    }),
    ("alg of a larger curve", JwtError::Algorithm, |it| it.header("alg", "ES384").sign()),
    ("alg of another kind of key", JwtError::Algorithm, |it| it.header("alg", "EdDSA").sign()),
    ("alg of another kind of key, which signed", JwtError::Algorithm, |it| {
        it.header("alg", "EdDSA").signed_by("ed").sign()
    }),
    ("RS256 with a key of a curve", JwtError::Algorithm, |it| it.header("alg", "RS256").sign()),
    ("alg twice", JwtError::Malformed, |it| {
        it.sign_as(|header, payload| (header.replacen('{', "{\"alg\":\"none\",", 1), payload))
    }),
    ("kid twice, once in escapes", JwtError::Malformed, |it| {
        it.sign_as(|header, payload| (header.replacen('{', "{\"\\u006bid\":\"ec-2\",", 1), payload))
    }),
    ("jku", JwtError::Header("jku"), |it| it.header("jku", "https://evil.example/keys").sign()),
    ("its own key", JwtError::Header("jwk"), |it| {
        let own = it.jwk("stranger");
        it.header("jwk", own).signed_by("stranger").sign()
    }),
    ("the right key, but in the token", JwtError::Header("jwk"), |it| {
        let own = it.jwk("ec");
        it.header("jwk", own).sign()
    }),
    ("x5u", JwtError::Header("x5u"), |it| it.header("x5u", "https://evil.example/cert.pem").sign()),
    ("x5c", JwtError::Header("x5c"), |it| it.header("x5c", json!(["MIIB"])).sign()),
    ("jku is null", JwtError::Header("jku"), |it| it.header("jku", Value::Null).sign()),
    ("crit", JwtError::Header("crit"), |it| it.header("crit", json!(["exp"])).header("exp", 1).sign()),
    ("crit of nothing", JwtError::Header("crit"), |it| it.header("crit", json!([])).sign()),
    ("a payload that is not encoded", JwtError::Header("b64"), |it| it.header("b64", false).sign()),
    ("compressed", JwtError::Header("zip"), |it| it.header("zip", "DEF").sign()),
    ("encrypted", JwtError::Header("enc"), |it| it.header("enc", "A128GCM").sign()),
    ("kid that nobody has", JwtError::UnknownKey, |it| it.header("kid", "ec-3").sign()),
    ("kid in other letters", JwtError::UnknownKey, |it| it.header("kid", "EC").sign()),
    ("kid is a path", JwtError::UnknownKey, |it| it.header("kid", "../../../dev/null").sign()),
    ("kid is SQL", JwtError::UnknownKey, |it| it.header("kid", "x' UNION SELECT 'k").sign()),
    ("kid is a URL", JwtError::UnknownKey, |it| it.header("kid", "https://evil.example/k").sign()),
    ("kid is a number", JwtError::Header("kid"), |it| it.header("kid", 1).sign()),
    ("kid is a list", JwtError::Header("kid"), |it| it.header("kid", json!(["ec"])).sign()),
    ("kid is null", JwtError::Header("kid"), |it| it.header("kid", Value::Null).sign()),
    ("kid is empty", JwtError::Header("kid"), |it| it.header("kid", "").sign()),
    ("kid is endless", JwtError::Header("kid"), |it| it.header("kid", "k".repeat(201)).sign()),
    ("kid with a line feed", JwtError::Header("kid"), |it| it.header("kid", "ec\n").sign()),
    ("kid with NUL", JwtError::Header("kid"), |it| it.header("kid", "ec\0").sign()),
    ("no kid and two keys that fit", JwtError::UnknownKey, |it| it.without_header("kid").sign()),
    ("kid of another key", JwtError::Signature, |it| it.header("kid", "ec-2").sign()),
    ("a logout token", JwtError::Type, |it| it.header("typ", "logout+jwt").sign()),
    ("a security event", JwtError::Type, |it| it.header("typ", "secevent+jwt").sign()),
    ("a proof of possession", JwtError::Type, |it| it.header("typ", "dpop+jwt").sign()),
    ("a client's own assertion", JwtError::Type, |it| it.header("typ", "client-authentication+jwt").sign()),
    ("an answer of an introspection", JwtError::Type, |it| it.header("typ", "token-introspection+jwt").sign()),
    ("typ is another media type", JwtError::Type, |it| it.header("typ", "text/at+jwt").sign()),
    ("typ is empty", JwtError::Type, |it| it.header("typ", "").sign()),
    ("typ is a list", JwtError::Type, |it| it.header("typ", json!(["at+jwt"])).sign()),
    ("typ is null", JwtError::Type, |it| it.header("typ", Value::Null).sign()),
    ("the header is a list", JwtError::Malformed, |it| it.sign_as(|header, payload| (format!("[{header}]"), payload))),
    ("the header is not JSON", JwtError::Malformed, |it| it.sign_as(|header, payload| (header + "}", payload))),
    ("the header is endlessly deep", JwtError::Malformed, |it| {
        it.sign_as(|_, payload| (format!("{{\"a\":{}", "[".repeat(5000)), payload))
    }),
];

const SIGNATURES: &[Variant] = &[
    ("signed by somebody else", JwtError::Signature, |it| it.signed_by("stranger").sign()),
    ("signed by another key of the issuer", JwtError::Signature, |it| it.signed_by("ec-2").sign()),
    ("a signature of zeros", JwtError::Signature, |it| it.sign_oddly(|_| vec![0; 64])),
    ("a short signature", JwtError::Signature, |it| it.sign_oddly(|_| vec![1; 63])),
    ("a signature in DER", JwtError::Signature, |it| it.sign_oddly(|_| [&[0x30, 6, 2, 1, 1, 2, 1, 1][..]].concat())),
    ("no signature", JwtError::Malformed, |it| it.sign_oddly(|_| vec![])),
    ("another payload", JwtError::Signature, |it| {
        let (good, other) = (it.sign(), it.clone().claim("roles", "admin").sign());
        let (good, other): (Vec<&str>, Vec<&str>) = (good.split('.').collect(), other.split('.').collect());
        [good[0], other[1], good[2]].join(".")
    }),
    ("padding", JwtError::Malformed, |it| it.sign() + "=="),
    ("the other alphabet", JwtError::Malformed, |it| it.sign() + "+/+/"),
    ("bits that nobody reads", JwtError::Malformed, |it| {
        let mut token = it.sign();
        // 64 bytes end with a letter of which two bits count: A, Q, g or w.
        let last = token.pop().unwrap();
        token.push((last as u8 + 1) as char);
        token
    }),
    ("a fourth part", JwtError::Malformed, |it| it.sign() + ".AAAA"),
    ("two parts", JwtError::Malformed, |it| it.sign().rsplit_once('.').unwrap().0.to_owned()),
    ("five parts, as of an encrypted one", JwtError::Malformed, |it| it.sign() + ".AAAA.AAAA"),
    ("a line feed at its end", JwtError::Malformed, |it| it.sign() + "\n"),
    ("a space before it", JwtError::Malformed, |it| format!(" {}", it.sign())),
    ("written as JSON", JwtError::Malformed, |it| {
        let token = it.sign();
        let parts: Vec<&str> = token.split('.').collect();
        json!({ "protected": parts[0], "payload": parts[1], "signature": parts[2] }).to_string()
    }),
    ("longer than a token may be", JwtError::Malformed, |it| it.claim("a", "x".repeat(13 * 1024)).sign()),
];

const CLAIMS: &[Variant] = &[
    ("no iss", JwtError::Issuer, |it| it.without("iss").sign()),
    ("another iss", JwtError::Issuer, |it| it.claim("iss", "https://evil.example").sign()),
    ("iss with a slash", JwtError::Issuer, |it| it.claim("iss", format!("{}/", Issuer::NAME)).sign()),
    ("iss in other letters", JwtError::Issuer, |it| it.claim("iss", Issuer::NAME.to_uppercase()).sign()),
    ("iss is a list", JwtError::Issuer, |it| it.claim("iss", json!([Issuer::NAME])).sign()),
    ("iss twice", JwtError::Malformed, |it| {
        it.sign_as(|header, payload| (header, payload.replacen('{', "{\"iss\":\"https://evil.example\",", 1)))
    }),
    ("no aud", JwtError::Claim("aud"), |it| it.without("aud").sign()),
    ("another aud", JwtError::Audience, |it| it.claim("aud", "https://elsewhere.example").sign()),
    ("aud with more to it", JwtError::Audience, |it| it.claim("aud", format!("{}/x", Issuer::AUDIENCE)).sign()),
    ("aud in other letters", JwtError::Audience, |it| it.claim("aud", Issuer::AUDIENCE.to_uppercase()).sign()),
    ("aud of nobody", JwtError::Audience, |it| it.claim("aud", json!([])).sign()),
    ("aud as texts in one", JwtError::Audience, |it| it.claim("aud", format!("a {}", Issuer::AUDIENCE)).sign()),
    ("aud with a number", JwtError::Claim("aud"), |it| it.claim("aud", json!([Issuer::AUDIENCE, 1])).sign()),
    ("aud is an object", JwtError::Claim("aud"), |it| it.claim("aud", json!({ Issuer::AUDIENCE: true })).sign()),
    ("no exp", JwtError::Claim("exp"), |it| it.without("exp").sign()),
    ("exp is null", JwtError::Claim("exp"), |it| it.claim("exp", Value::Null).sign()),
    ("exp is a text", JwtError::Claim("exp"), |it| it.claim("exp", "4000000000").sign()),
    ("exp is a list", JwtError::Malformed, |it| it.claim("exp", json!([4_000_000_000_i64])).sign()),
    ("exp before all time", JwtError::Claim("exp"), |it| it.claim("exp", -1).sign()),
    ("exp has passed", JwtError::Expired, |it| it.time("exp", -61).sign()),
    ("exp in 1970", JwtError::Expired, |it| it.claim("exp", 1).sign()),
    ("exp twice", JwtError::Malformed, |it| {
        it.sign_as(|header, payload| (header, payload.replacen('{', "{\"exp\":1,", 1)))
    }),
    ("nbf to come", JwtError::NotYet, |it| it.time("nbf", 70).sign()),
    ("nbf beyond all numbers", JwtError::NotYet, |it| it.claim("nbf", 1e300).sign()),
    ("nbf is a text", JwtError::Claim("nbf"), |it| it.claim("nbf", "0").sign()),
    ("iat to come", JwtError::NotYet, |it| it.time("iat", 70).sign()),
    ("iat is a text", JwtError::Claim("iat"), |it| it.claim("iat", "now").sign()),
    ("no sub", JwtError::Claim("sub"), |it| it.without("sub").sign()),
    ("sub is empty", JwtError::Claim("sub"), |it| it.claim("sub", "").sign()),
    ("sub is a number", JwtError::Claim("sub"), |it| it.claim("sub", 0).sign()),
    ("sub is endless", JwtError::Claim("sub"), |it| it.claim("sub", "s".repeat(256)).sign()),
    ("bound to a key", JwtError::Bound, |it| it.claim("cnf", json!({ "jkt": "AAAA" })).sign()),
    ("bound to a certificate", JwtError::Bound, |it| it.claim("cnf", json!({ "x5t#S256": "AAAA" })).sign()),
    ("the payload is a list", JwtError::Malformed, |it| it.sign_as(|header, payload| (header, format!("[{payload}]")))),
    ("the payload is a text", JwtError::Malformed, |it| it.sign_as(|header, _| (header, "\"admin\"".to_owned()))),
];

const OTHER_TOKENS: &[Variant] = &[
    ("an ID token by its audience", JwtError::Type, |it| it.header("typ", "JWT").claim("aud", Issuer::CLIENT).sign()),
    ("an ID token without a typ", JwtError::Type, |it| it.without_header("typ").claim("aud", Issuer::CLIENT).sign()),
    ("an ID token that is for the API as well", JwtError::Type, |it| {
        it.header("typ", "JWT").claim("aud", json!([Issuer::AUDIENCE, Issuer::CLIENT])).sign()
    }),
    ("an ID token by its nonce", JwtError::Type, |it| it.header("typ", "JWT").claim("nonce", "n-1").sign()),
    ("an ID token by its at_hash", JwtError::Type, |it| it.header("typ", "JWT").claim("at_hash", "h").sign()),
    ("an ID token by its c_hash", JwtError::Type, |it| it.without_header("typ").claim("c_hash", "h").sign()),
    ("an ID token by its s_hash", JwtError::Type, |it| it.header("typ", "JWT").claim("s_hash", "h").sign()),
    ("Keycloak's ID token", JwtError::Type, |it| it.header("typ", "JWT").claim("typ", "ID").sign()),
    ("Keycloak's ID token that says at+jwt", JwtError::Type, |it| it.claim("typ", "ID").sign()),
    ("Keycloak's refresh token", JwtError::Type, |it| it.header("typ", "JWT").claim("typ", "Refresh").sign()),
    ("Keycloak's offline token", JwtError::Type, |it| it.header("typ", "JWT").claim("typ", "Offline").sign()),
    ("Keycloak's logout token", JwtError::Type, |it| it.header("typ", "JWT").claim("typ", "Logout").sign()),
    ("a typ in the payload that is no text", JwtError::Type, |it| it.claim("typ", json!(["ID"])).sign()),
    ("Cognito's ID token", JwtError::Type, |it| it.header("typ", "JWT").claim("token_use", "id").sign()),
    ("Cognito's refresh token", JwtError::Type, |it| it.header("typ", "JWT").claim("token_use", "refresh").sign()),
    ("a logout token without a typ", JwtError::Type, |it| {
        it.without_header("typ")
            .claim("events", json!({ "http://schemas.openid.net/event/backchannel-logout": {} }))
            .sign()
    }),
    ("events in an access token", JwtError::Type, |it| it.claim("events", json!({})).sign()),
];

const ID_TOKENS: &[Variant] = &[
    ("an access token", JwtError::Type, |it| it.header("typ", "at+jwt").sign()),
    ("a logout token", JwtError::Type, |it| it.header("typ", "logout+jwt").sign()),
    ("Keycloak's access token", JwtError::Type, |it| it.claim("typ", "Bearer").sign()),
    ("Cognito's access token", JwtError::Type, |it| it.claim("token_use", "access").sign()),
    ("events", JwtError::Type, |it| it.claim("events", json!({})).sign()),
    ("no nonce", JwtError::Nonce, |it| it.without("nonce").sign()),
    ("the nonce of another login", JwtError::Nonce, |it| it.claim("nonce", "n-2").sign()),
    ("the nonce in a list", JwtError::Nonce, |it| it.claim("nonce", json!(["n-1"])).sign()),
    ("for an API", JwtError::Audience, |it| it.claim("aud", Issuer::AUDIENCE).sign()),
    ("for another client", JwtError::Audience, |it| it.claim("aud", "loom-client-2").sign()),
    ("for several and nobody says for whom", JwtError::Audience, |it| {
        it.claim("aud", json!([Issuer::CLIENT, "other"])).sign()
    }),
    ("for several and made for another", JwtError::Audience, |it| {
        it.claim("aud", json!([Issuer::CLIENT, "other"])).claim("azp", "other").sign()
    }),
    ("made for another", JwtError::Audience, |it| it.claim("azp", "other").sign()),
    ("azp is a list", JwtError::Audience, |it| it.claim("azp", json!([Issuer::CLIENT])).sign()),
    ("another iss", JwtError::Issuer, |it| it.claim("iss", "https://evil.example").sign()),
    ("no exp", JwtError::Claim("exp"), |it| it.without("exp").sign()),
    ("has expired", JwtError::Expired, |it| it.time("exp", -61).sign()),
    ("signed by somebody else", JwtError::Signature, |it| it.signed_by("stranger").sign()),
    ("alg none", JwtError::Algorithm, |it| it.header("alg", "none").sign()),
];

fn hmac_signed(draft: Draft<'_>, secret: &[u8]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    draft.header("alg", "HS256").sign_oddly(|message| hmac::sign(&key, message).as_ref().to_vec())
}

#[test]
fn a_token_that_is_not_what_it_should_be_is_refused_for_that_reason() {
    let issuer = Issuer::new();
    let good = || issuer.draft("ec", "ES256");
    as_access(good().sign(), &issuer.key_set()).unwrap();
    for (name, reason, variant) in [HEADERS, SIGNATURES, CLAIMS, OTHER_TOKENS].concat() {
        assert_eq!(as_access(variant(good()), &issuer.key_set()).err(), Some(reason), "{name}");
    }
}

#[test]
fn an_id_token_that_does_not_answer_this_login_is_refused() {
    let issuer = Issuer::new();
    as_id(id_token(&issuer).sign(), &issuer.key_set()).unwrap();
    assert_eq!(as_access(id_token(&issuer).sign(), &issuer.key_set()).err(), Some(JwtError::Type));
    for (name, reason, variant) in ID_TOKENS {
        assert_eq!(as_id(variant(id_token(&issuer)), &issuer.key_set()).err(), Some(*reason), "{name}");
    }
}

#[test]
fn an_rsa_key_is_no_secret_and_verifies_what_it_is_for() {
    let Some(issuer) = Issuer::with_rsa() else { return };
    let jwk = issuer.jwk("rsa");
    let n = URL_SAFE_NO_PAD.decode(jwk["n"].as_str().unwrap()).unwrap();
    for secret in [&n[..], jwk["n"].as_str().unwrap().as_bytes(), jwk.to_string().as_bytes(), b""] {
        let token = hmac_signed(issuer.draft("rsa", "RS256"), secret);
        assert_eq!(as_access(token, &issuer.key_set()).err(), Some(JwtError::Algorithm));
    }
    let with = |name: &str, value: Value| {
        let mut key = jwk.clone();
        key[name] = value;
        KeySet::parse(json!({ "keys": [key] }).to_string().as_bytes()).unwrap()
    };
    let token = |alg: &str| issuer.draft("rsa", alg).sign();
    as_access(token("RS256"), &with("alg", json!("RS256"))).unwrap();
    assert_eq!(as_access(token("PS256"), &with("alg", json!("RS256"))).err(), Some(JwtError::Algorithm));
    assert_eq!(as_access(token("RS512"), &with("alg", json!("RS256"))).err(), Some(JwtError::Algorithm));
    // The header says one thing, the signature another.
    let mixed = issuer.draft("rsa", "RS256").sign_oddly(|_| vec![1; 256]);
    assert_eq!(as_access(mixed, &issuer.key_set()).err(), Some(JwtError::Signature));
    let short = URL_SAFE_NO_PAD.encode(&n[..128]);
    assert_eq!(as_access(token("RS256"), &with("n", json!(short))).err(), Some(JwtError::UnknownKey));
    assert_eq!(as_access(token("RS256"), &with("use", json!("enc"))).err(), Some(JwtError::UnknownKey));
}
