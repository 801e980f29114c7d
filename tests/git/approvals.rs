//! What git approves, beside what came in another way: an approval adds or updates what git itself brought, and nothing
//! else.

use std::sync::{Arc, Mutex};

use crate::support::authorization_server::{TOKENS, authorization_server_that_reads, json};
use crate::support::{Home, Stub, gits, http, loom_server, wait_until};

fn account<'a>(status: &'a serde_json::Value, name: &str) -> Option<&'a serde_json::Value> {
    status["accounts"].as_array().unwrap().iter().find(|account| account["account"] == name)
}

fn status(home: &Home) -> serde_json::Value {
    serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap()
}

#[test]
fn a_token_in_a_url_that_git_approves_does_not_replace_the_login() {
    for git in gits() {
        let home = Home::new();
        let server = loom_server(&home);
        home.loom(&["login", "--server", server.url()]).ok();
        let token = home.loom(&["token", "--server", server.url()]).ok().out;
        server.tokens().insert("lt_pasted".to_owned());
        let repository = server.url().replace("http://", "http://oauth2:lt_pasted@") + "/git/team/app.git";
        home.git(&git, &["ls-remote", &repository]).ok();
        assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, token);
        assert_eq!(account(&status(&home), "oauth2").unwrap()["kind"], "token");
        let done = home.loom(&["logout", "--server", server.url()]).ok();
        assert!(done.err.contains("revoked"), "{done:?}");
        assert!(!server.tokens().contains(token.trim()), "{done:?}");
    }
}

#[test]
fn what_git_approves_does_not_replace_what_a_person_gave() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", "ana"], "tok_given\n").ok();
    home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", "bo"], "pass word\n").ok();
    for name in ["ana", "bo"] {
        home.store("https", "git.example", name, "pat_of_a_url").ok();
    }
    let token = |name: &str| home.loom(&["token", "--server", "git.example", "--account", name]).ok().out;
    assert_eq!((token("ana"), token("bo")), ("tok_given\n".to_owned(), "pass word\n".to_owned()));
    // What git itself brought, it brings anew.
    home.store("https", "git.example", "cy", "pw_1").ok();
    home.store("https", "git.example", "cy", "pw_2").ok();
    assert_eq!(token("cy"), "pw_2\n");
}

#[test]
fn what_another_helper_answered_in_an_outage_does_not_replace_the_login() {
    let home = Home::new();
    let is_down = Arc::new(Mutex::new(false));
    let down = is_down.clone();
    let server = authorization_server_that_reads(move |path, _, _| match path {
        "/token" if *down.lock().unwrap() => Some(http("503 Service Unavailable", "", "")),
        "/token" => Some(json(&TOKENS.replace("3600", "1"))),
        _ => None,
    });
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    *is_down.lock().unwrap() = true;
    let host = server.url().trim_start_matches("http://");
    wait_until("the token has ended", || home.get("http", host).out.is_empty());
    home.store("http", host, "oauth2", "of_another_helper").ok();
    *is_down.lock().unwrap() = false;
    assert_eq!(account(&status(&home), "oauth2").unwrap()["kind"], "oauth");
    assert_eq!(account(&status(&home), "oauth2").unwrap()["renewable"], true);
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, "at_first\n");
}

#[test]
fn a_login_that_a_person_replaces_by_a_token_is_ended_at_its_server() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let old = home.loom(&["token", "--server", server.url()]).ok().out;
    home.loom_in(&["login", "--with-token", "--server", server.url()], "lt_pasted\n").ok();
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, "lt_pasted\n");
    wait_until("the old login is revoked", || !server.tokens().contains(old.trim()));
}

#[test]
fn a_login_whose_own_token_a_person_hands_over_again_lives() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let old = home.loom(&["token", "--server", server.url()]).ok().out;
    home.loom_in(&["login", "--with-token", "--server", server.url()], &old).ok();
    home.loom(&["logout", "--server", server.url()]).ok().says("revoked");
}

/// `get` for a password that ended, of a helper that renews it.
fn ended(home: &Home, lines: &str) -> String {
    let store = "protocol=https\nhost=git.example\nusername=u\npassword=pw\n";
    home.helper("store", format!("{store}{lines}\n")).ok();
    home.get("https", "git.example").ok().out
}

#[test]
fn the_helper_that_renews_a_password_gets_its_user_and_refresh_token() {
    let home = Home::new();
    let ends = jiff::Timestamp::now().as_second() + 2;
    let lines = format!("password_expiry_utc={ends}\noauth_refresh_token=rt_of_another\n");
    assert!(ended(&home, &lines).contains("password=pw\n"));
    let renewable = "username=u\noauth_refresh_token=rt_of_another\n";
    wait_until("the password has ended", || home.get("https", "git.example").ok().out == renewable);
    // One that is valid goes first.
    home.store("https", "git.example", "v", "pw_valid").ok();
    assert!(home.get("https", "git.example").ok().out.contains("password=pw_valid\n"));
}

#[test]
fn an_approval_of_the_same_password_brings_its_new_end_and_refresh_token() {
    let home = Home::new();
    let now = jiff::Timestamp::now().as_second();
    let at = |ends: i64, token: &str| format!("password_expiry_utc={ends}\noauth_refresh_token={token}\n");
    for (ends, token) in [(now + 1000, "rt_1"), (now + 2000, "rt_1"), (now + 2000, "rt_2")] {
        let said = ended(&home, &at(ends, token));
        assert!(said.contains(&at(ends, token)), "{said}");
    }
    // A git that knows of neither takes nothing away.
    let said = ended(&home, "");
    assert!(said.contains(&at(now + 2000, "rt_2")), "{said}");
}

#[test]
fn a_valid_token_of_a_server_that_hangs_is_given_at_once() {
    let home = Home::new();
    let (release, hold) = std::sync::mpsc::channel::<()>();
    let hold = Mutex::new(hold);
    let server: Stub = authorization_server_that_reads(move |path, _, request| match path {
        "/token" if request.contains("grant_type=refresh_token") => {
            let _ = hold.lock().unwrap().recv();
            Some(json(&TOKENS.replace("at_first", "at_renewed")))
        }
        "/token" => Some(json(&TOKENS.replace("3600", "60"))),
        _ => None,
    });
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let host = server.url().trim_start_matches("http://");
    let renewals = || server.seen().iter().filter(|request| request.contains("grant_type=refresh_token")).count();
    // A quarter of its life before its end it has to be renewed.
    let mut longest = std::time::Duration::ZERO;
    while renewals() == 0 {
        let asked = std::time::Instant::now();
        assert!(home.get("http", host).ok().out.contains("password=at_first\n"));
        longest = longest.max(asked.elapsed());
        assert!(longest < std::time::Duration::from_secs(8), "somebody waited {longest:?}");
    }
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, "at_first\n");
    assert_eq!(renewals(), 1, "those who ask meanwhile share the renewal");
    release.send(()).unwrap();
    wait_until("the new token is there", || home.get("http", host).ok().out.contains("password=at_renewed\n"));
}
