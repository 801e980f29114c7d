//! What an issuer alone decides, its keys and its tokens' ends, and how soon it is heard here.

use serde_json::json;

use crate::http::jwt::Published;
use crate::http::sso::{door, tokens};
use crate::support::{Home, Issuer, Jar, Provider, bearer};

#[test]
fn a_changed_key_counts_at_once_and_the_old_one_no_more() {
    let published = Published::start();
    let (_home, door) = published.home();
    let signed = |key: &'static str, alg: &str, name: Option<&str>| match name {
        Some(name) => published.draft(key, alg).header("kid", name).sign(),
        None => published.draft(key, alg).without_header("kid").sign(),
    };
    let shows = |key: &'static str| *published.keys.lock().unwrap() = vec![(key, "k")];
    shows("ec");
    let old = signed("ec", "ES256", Some("k"));
    door.get("/api/accounts", &old).ok(200);
    shows("ec-2");
    door.get("/api/accounts", &signed("ec-2", "ES256", Some("k"))).ok(200);
    door.get("/api/accounts", &old).fails(401);
    // A key of another kind, for tokens that name none as well.
    shows("p384");
    door.get("/api/accounts", &signed("p384", "ES384", Some("k"))).ok(200);
    shows("ec");
    door.get("/api/accounts", &signed("ec", "ES256", None)).ok(200);
    door.get("/api/accounts", &signed("ec-2", "ES256", None)).fails(401);
    for _ in 0..10 {
        door.get("/api/accounts", &published.draft("ec", "ES256").signed_by("stranger").sign());
    }
    assert!(published.asked() <= 5, "asked {} times", published.asked());
    door.get("/api/accounts", &old).ok(200);
}

#[test]
fn a_token_of_the_issuer_is_ended_by_the_issuer_alone_and_that_is_said() {
    let published = Published::start();
    let (home, door) = published.home();
    let token = published.draft("ec", "ES256").sign();
    let said = door.ask("POST", "/auth/logout", &[&bearer(&token)], "").fails(400);
    assert!(said.detail().contains(&format!("one of {},", published.stub.url())), "{}", said.text());
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    let said = door.ask("POST", "/oauth/revoke", &form, &format!("token={token}")).ok(400);
    assert_eq!(said, json!({ "error": "unsupported_token_type" }));
    door.get("/api/accounts", &token).ok(200);
    let noted: Vec<String> = home.audited("token.revoke").iter().map(|entry| entry["outcome"].to_string()).collect();
    assert_eq!(noted, ["\"bad_request\"", "\"bad_request\""], "both were tried, and nothing ended");
    let other = Issuer::new().draft("ec", "ES256").claim("iss", "https://elsewhere.example").sign();
    assert_eq!(door.ask("POST", "/oauth/revoke", &form, &format!("token={other}")).status, 200, "it says nothing");
}

#[test]
fn a_provider_that_changes_its_key_under_the_same_name_is_followed() {
    let mut home = Home::new();
    let Some(mut provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web") + "/api/status";
    let jar = Jar::new(&home);
    let (old, _) = tokens(&jar, &provider, "viewer-vera");
    let status = |token: &str| jar.send(&["-H", &bearer(token), &url]).status;
    assert_eq!(status(&old), 200);
    provider.set("REKEY", "1");
    provider.restart();
    let (new, _) = tokens(&jar, &provider, "viewer-vera");
    assert_eq!([status(&new), status(&old)], [200, 401]);
}
