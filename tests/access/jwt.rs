//! JWTs that count, with every algorithm there is; what must not count is in `jwt_hostile`.

use loom_credentials::access::{
    Claims, Expected, Identity, JwtError, KeySet, Purpose, Refused, is_jwt, issuer_of, verify,
};
use loom_credentials::base::{Role, Secret};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{Draft, Issuer};

/// As an access token.
pub fn as_access(token: String, keys: &KeySet) -> Result<Claims, JwtError> {
    verified(token, keys, Purpose::Access)
}

/// As the ID token of a login with the nonce `n-1`.
pub fn as_id(token: String, keys: &KeySet) -> Result<Claims, JwtError> {
    verified(token, keys, Purpose::Id { nonce: "n-1" })
}

fn verified(token: String, keys: &KeySet, purpose: Purpose<'_>) -> Result<Claims, JwtError> {
    let audiences = [Issuer::AUDIENCE.to_owned(), "https://other.example".to_owned()];
    let expected = Expected { issuer: Issuer::NAME, client_id: Issuer::CLIENT, audiences: &audiences, purpose };
    verify(&Secret::new(token), keys, &expected)
}

/// A good ID token.
pub fn id_token(issuer: &Issuer) -> Draft<'_> {
    issuer.draft("ec", "ES256").header("typ", "JWT").claim("aud", Issuer::CLIENT).claim("nonce", "n-1")
}

#[test]
fn a_good_token_of_every_algorithm_counts() {
    let issuer = Issuer::new();
    for (kid, alg) in [("ec", "ES256"), ("ec-2", "ES256"), ("p384", "ES384"), ("ed", "EdDSA")] {
        let token = issuer.draft(kid, alg).sign();
        assert!(is_jwt(&token), "{alg}");
        assert!(issuer_of(&token).as_deref() == Some(Issuer::NAME), "{alg}");
        assert_eq!(as_access(token, &issuer.key_set()).unwrap().subject(), "7f3a", "{alg}");
    }
    let Some(issuer) = Issuer::with_rsa() else { return };
    for alg in ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] {
        as_access(issuer.draft("rsa", alg).sign(), &issuer.key_set()).unwrap();
    }
}

type Change = fn(Draft<'_>) -> Draft<'_>;

/// What issuers differ in.
const GOOD: &[(&str, Change)] = &[
    ("typ as a media type", |it| it.header("typ", "application/at+jwt")),
    ("typ in capitals", |it| it.header("typ", "AT+JWT")),
    ("typ JWT", |it| it.header("typ", "JWT")),
    ("no typ", |it| it.without_header("typ")),
    ("no kid, but one key that fits", |it| it.header("alg", "EdDSA").without_header("kid").signed_by("ed")),
    ("a thumbprint of the certificate", |it| it.header("x5t", "AAAA").header("x5t#S256", "AAAA")),
    ("one audience as text", |it| it.claim("aud", Issuer::AUDIENCE)),
    ("the second of the audiences", |it| it.claim("aud", json!(["a", "https://other.example"]))),
    ("for the client too, but an access token by its typ", |it| {
        it.claim("aud", json!([Issuer::AUDIENCE, Issuer::CLIENT])).claim("nonce", "n").claim("at_hash", "h")
    }),
    ("Keycloak's word in the payload", |it| it.header("typ", "JWT").claim("typ", "Bearer").claim("azp", "ci")),
    ("Cognito's word in the payload", |it| it.header("typ", "JWT").claim("token_use", "access")),
    ("ended within the leeway", |it| it.time("exp", -30)),
    ("begins within the leeway", |it| it.time("nbf", 30).time("iat", 30)),
    ("neither nbf nor iat", |it| it.without("nbf").without("iat")),
    ("an end with a fraction", |it| it.claim("exp", 4_000_000_000.5)),
    ("an end in no calendar", |it| it.claim("exp", 1e300)),
    ("an end beyond all numbers", |it| it.claim("exp", u64::MAX)),
    ("the longest subject", |it| it.claim("sub", "é".repeat(255))),
    ("a header parameter that nobody knows", |it| it.header("custom", json!({ "a": 1 }))),
];

#[test]
fn what_issuers_differ_in_does_not_matter() {
    let issuer = Issuer::new();
    for (name, change) in GOOD {
        let verified = as_access(change(issuer.draft("ec", "ES256")).sign(), &issuer.key_set());
        assert!(verified.is_ok(), "{name}: {verified:?}");
    }
}

#[test]
fn an_id_token_counts_for_the_login_it_answers() {
    let issuer = Issuer::new();
    let several = json!([Issuer::CLIENT, "other"]);
    for draft in [
        id_token(&issuer),
        id_token(&issuer).without_header("typ"),
        id_token(&issuer).claim("azp", Issuer::CLIENT).claim("at_hash", "h"),
        id_token(&issuer).claim("aud", several).claim("azp", Issuer::CLIENT),
        id_token(&issuer).claim("typ", "ID").claim("token_use", "id"),
    ] {
        as_id(draft.sign(), &issuer.key_set()).unwrap();
    }
}

#[test]
fn the_claims_say_who_it_is_until_when_and_in_which_role() {
    let issuer = Issuer::new();
    let claims = |draft: Draft<'_>| as_access(draft.sign(), &issuer.key_set()).unwrap();
    let draft = || issuer.draft("ec", "ES256");
    assert_eq!(claims(draft()).name(), "7f3a");
    let named = draft().claim("name", "Ada L").claim("email", "ada@corp.example");
    assert_eq!(claims(named.clone()).name(), "ada@corp.example");
    assert_eq!(claims(named.claim("preferred_username", "ada\u{202e}\n")).name(), "ada\\u{202e}\\u{a}");
    assert_eq!(claims(draft().claim("name", "\u{7}".repeat(500))).name().len(), 200);
    assert_eq!(claims(draft().claim("exp", 4_000_000_000_i64)).expires().as_unix(), 4_000_000_000);
    // Beyond the last day it ends on the last day.
    for beyond in [253_402_300_800_i64, i64::MAX] {
        assert!(claims(draft().claim("exp", beyond)).expires().to_string().starts_with("9999-12-30"), "{beyond}");
    }
    let role = |more: Value| {
        let mut config = json!({ "issuer": Issuer::NAME, "client_id": Issuer::CLIENT });
        config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let config = serde_json::from_value(config).unwrap();
        Identity::new(&claims(draft()), &config).role(&config)
    };
    assert_eq!(role(json!({})), Ok(Role::Operator));
    assert_eq!(role(json!({ "roles": { "claim": "scope" } })), Err(Refused::NoRole));
    assert_eq!(role(json!({ "allow": { "people": ["7f3a"] } })), Ok(Role::Operator));
    assert_eq!(role(json!({ "allow": { "people": ["7f3b"] } })), Err(Refused::NotAllowed));
    assert_eq!(role(json!({ "allow": { "claims": { "client_id": "ci" } } })), Ok(Role::Operator));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn a_token_with_any_byte_changed_does_not_count(kind in 0..3_usize, at in any::<prop::sample::Index>(), byte in 0..128_u8) {
        thread_local! {
            static SIGNED: (KeySet, Vec<String>) = {
                let issuer = Issuer::new();
                let kinds = [("ec", "ES256"), ("p384", "ES384"), ("ed", "EdDSA")];
                (issuer.key_set(), kinds.map(|(kid, alg)| issuer.draft(kid, alg).sign()).to_vec())
            };
        }
        SIGNED.with(|(keys, tokens)| {
            let mut changed = tokens[kind].clone().into_bytes();
            let at = at.index(changed.len());
            prop_assume!(changed[at] != byte);
            changed[at] = byte;
            prop_assert!(as_access(tokens[kind].clone(), keys).is_ok());
            prop_assert!(as_access(String::from_utf8(changed).unwrap(), keys).is_err());
            Ok(())
        })?;
    }

    #[test]
    fn no_text_breaks_anything(text in "[a-zA-Z0-9_.=-]{0,80}|\\PC{0,40}") {
        let _ = (is_jwt(&text), issuer_of(&text), KeySet::parse(text.as_bytes()));
        prop_assert!(as_access(text, &Issuer::new().key_set()).is_err());
    }
}
