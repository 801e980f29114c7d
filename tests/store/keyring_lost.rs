//! A keyring that does what it was asked and answers with an error: what is there by now counts, for what is said, for
//! what is revoked and for what the log says.

use std::sync::Arc;

use serde_json::Value;

use crate::support::authorization_server::{authorization_server_that_reads, json};
use crate::support::{Fails, Home, Manner, SecretService, Session, Stub, http, wait_until};

/// A home whose credentials are in such a keyring.
fn home() -> Option<(Home, Session, Arc<SecretService>)> {
    let mut home = Home::with(&[("LOOM_STORE", "keyring")]);
    let session = Session::without_keyring(&mut home)?;
    let service = Arc::new(SecretService::start(&session));
    Some((home, session, service))
}

/// A server whose logins have tokens with a number; it is told of each revocation.
fn server(revoked: impl Fn(&str) + Send + Sync + 'static) -> Stub {
    authorization_server_that_reads(move |path, count, request| match path {
        "/token" => {
            let refresh = format!(r#""refresh_token":"rt_{count}_","expires_in":3600"#);
            Some(json(&format!(r#"{{"access_token":"at_{count}_","token_type":"bearer",{refresh}}}"#)))
        }
        "/revoke" => {
            revoked(request);
            Some(http("200 OK", "", ""))
        }
        _ => None,
    })
}

fn login<'a>(server: &'a Stub, account: &'a str) -> [&'a str; 9] {
    ["login", "--server", server.url(), "--client-id", "c", "--flow", "device", "--account", account]
}

fn revocations(server: &Stub) -> usize {
    server.seen().iter().filter(|request| request.starts_with("POST /revoke")).count()
}

/// What came of it each time, and for which account.
fn noted(home: &Home, event: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    home.audited(event).iter().map(|entry| (text(&entry["outcome"]), text(&entry["account"]))).collect()
}

fn pair(outcome: &str, account: &str) -> (String, String) {
    (outcome.to_owned(), account.to_owned())
}

#[test]
fn what_was_made_before_the_answer_was_lost_is_not_made_again() {
    let Some((home, _session, service)) = home() else { return };
    let given = ["login", "--with-token", "--server", "https://a.example"];
    for (secret, call) in [("tok_first", "CreateItem"), ("tok_second", "CreateItem"), ("tok_third", "Delete")] {
        // The connection is made, and then it breaks.
        home.loom(&["status"]);
        let made = service.calls("CreateItem");
        service.set(match call {
            "CreateItem" => Manner::Fails(&[("CreateItem", Fails::Done)]),
            _ => Manner::Fails(&[("Delete", Fails::Done)]),
        });
        home.loom_in(&given, secret).ok().says("kept in the keyring");
        assert_eq!((service.calls("CreateItem"), service.items()), (made + 1, 1), "{secret}");
        assert_eq!(home.loom(&["token", "--server", "https://a.example"]).ok().out.trim(), secret);
    }
}

#[test]
fn a_login_that_the_keyring_does_not_take_is_revoked() {
    let Some((home, _session, service)) = home() else { return };
    let server = server(|_| {});
    service.set(Manner::Refuses("CreateItem"));
    home.loom(&login(&server, "work")).fails(1);
    wait_until("it is revoked", || revocations(&server) > 0);
    assert_eq!(noted(&home, "login"), [pair("unavailable", "work")]);
    service.set(Manner::Honest);
    home.loom(&["token", "--server", server.url()]).fails(4);
}

#[test]
fn a_login_that_the_keyring_took_all_the_same_is_noted_and_not_revoked() {
    let Some((home, _session, service)) = home() else { return };
    let server = server(|_| {});
    home.loom(&["status"]);
    service.set(Manner::Fails(&[("CreateItem", Fails::Done), ("SearchItems", Fails::NotDone)]));
    home.loom(&login(&server, "work")).fails(1);
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, "at_0_\n");
    assert_eq!(noted(&home, "login"), [pair("ok", "work")]);
    assert_eq!(revocations(&server), 0);
}

#[test]
fn a_logout_that_the_keyring_carried_out_all_the_same_is_noted_as_one() {
    let Some((home, _session, service)) = home() else { return };
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok").ok();
    service.set(Manner::Fails(&[("Delete", Fails::Done), ("SearchItems", Fails::NotDone)]));
    home.loom(&["logout", "--server", "https://a.example"]).ok();
    assert_eq!(service.items(), 0);
    assert_eq!(noted(&home, "logout").last().unwrap().0, "ok");
}

#[test]
fn a_logout_that_fails_at_its_third_account_notes_those_before() {
    let Some((home, _session, service)) = home() else { return };
    let keyring = service.clone();
    let server = server(move |request| {
        if request.contains("rt_1_") {
            // The turn of the next one needs what the keyring has: nor does it say so when it is asked again.
            keyring.set(Manner::Fails(&[("SearchItems", Fails::NotDone), ("SearchItems", Fails::NotDone)]));
        }
    });
    for account in ["one", "three", "two"] {
        home.loom(&login(&server, account)).ok();
    }
    home.loom(&["logout", "--all"]).fails(1);
    let mut logouts = noted(&home, "logout");
    logouts.sort();
    assert_eq!(logouts, [pair("ok", "one"), pair("ok", "three"), pair("unavailable", "two")]);
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
    let left = status["accounts"].as_array().unwrap();
    assert_eq!(left.iter().map(|left| left["account"].as_str().unwrap()).collect::<Vec<_>>(), ["two"]);
    assert_eq!(service.items(), 1);
    let told = server.seen().iter().filter(|request| request.starts_with("POST /revoke")).cloned().collect::<String>();
    assert!(told.contains("rt_0_"), "{told}");
    assert!(!told.contains("rt_2_"), "{told}");
}
