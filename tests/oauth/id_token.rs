//! The ID token of a login: kept with it, renewed with it, and handed to who may have the login's own secret.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::support::{Dialogue, Home, Output, Provider, run, wait_until};

/// A home with a login of alice for these scopes.
fn logged_in(home: &mut Home, settings: &[(&str, &str)], scopes: &str) -> Option<Provider> {
    let provider = Provider::start_with(home, &[&[("DC_INTERVAL", "1")], settings].concat())?;
    let scopes = scopes.split(' ').flat_map(|scope| ["--scope", scope]);
    let own = ["--server", provider.issuer(), "--flow", "device", "--client-id", "loom-cli"];
    let mut login = Dialogue::start(home, &own.into_iter().chain(scopes).collect::<Vec<_>>());
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
    Some(provider)
}

fn id_token(home: &Home, more: &[&str]) -> Output {
    home.loom(&[&["token", "--id-token"], more].concat())
}

fn claims(token: &str) -> Value {
    let payload = token.trim().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}

#[test]
fn the_id_token_of_a_login_is_kept_and_renewed_with_it() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("ID_TTL", "100")], "openid offline_access") else { return };
    let said: Value = serde_json::from_str(&id_token(&home, &["--json"]).ok().out).unwrap();
    let first = said["token"].as_str().unwrap().to_owned();
    let own = claims(&first);
    assert_eq!((own["sub"].as_str(), own["aud"].as_str()), (Some("alice"), Some("loom-cli")));
    let end: jiff::Timestamp = said["expires_at"].as_str().unwrap().parse().unwrap();
    assert_eq!(Some(end.as_second()), own["exp"].as_i64(), "its own end, and not the access token's");
    assert_ne!(first, home.loom(&["token"]).ok().out.trim(), "it is no access token");
    home.assert_nowhere_in_clear(&first);
    home.loom(&["agent", "restart"]).ok();
    assert_eq!(id_token(&home, &[]).ok().out.trim(), first, "it is kept");
    // It ends sooner than somebody needs it, so the login is renewed, which brings another.
    let before = provider.count("POST /token");
    let mut second = String::new();
    wait_until("there is another one", || {
        second = id_token(&home, &["--min-validity", "99s"]).ok().out.trim().to_owned();
        second != first
    });
    assert!(provider.count("POST /token") > before);
    assert_eq!(claims(&second)["sub"], "alice");
    assert_eq!(id_token(&home, &["--bearer"]).ok().out, format!("Bearer {second}\n"));
    let kube = home.loom(&["kube", "--id-token", "--server", provider.issuer()]).ok().out;
    let kube: Value = serde_json::from_str(&kube).unwrap();
    assert_eq!(kube["status"]["token"], second.as_str(), "kubectl is given it too");
    // Where nothing can be renewed the one that lasts is given.
    provider.fail("/token", 503, 20);
    assert_eq!(id_token(&home, &["--min-validity", "60s"]).ok().out.trim(), second);
    let noted = home.audited("token.get");
    assert!(noted.iter().any(|entry| entry["server"] == provider.issuer() && entry["outcome"] == "ok"));
}

#[test]
fn an_id_token_takes_the_right_to_a_secret_and_a_login_with_openid() {
    let mut home = Home::new();
    let Some(_provider) = logged_in(&mut home, &[], "openid") else { return };
    let first = id_token(&home, &[]).ok().out;
    let token = home.issue("plain", &["--scopes", "read"]);
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let asked = run(command.args(["token", "--id-token"]).env("LOOM_TOKEN", token), b"");
    asked.fails(1).says("--reveal").without(first.trim());
    id_token(&home, &["--audience", "x"]).fails(2);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    let none = id_token(&home, &["--server", "https://a.example"]).fails(4);
    none.says("has no ID token").says("--scope openid").without("tok_of_a");
    home.loom(&["logout", "--all"]).ok();
    id_token(&home, &[]).fails(4).without(first.trim());
}

#[test]
fn an_id_token_that_ended_and_cannot_be_renewed_is_not_given() {
    let mut home = Home::new();
    // Without offline_access there is no refresh token.
    let Some(_provider) = logged_in(&mut home, &[("ID_TTL", "2")], "openid") else { return };
    wait_until("it has ended", || id_token(&home, &[]).code == 4);
    id_token(&home, &[]).fails(4).says("has ended").says("--scope openid");
    home.loom(&["token"]).ok();
}
