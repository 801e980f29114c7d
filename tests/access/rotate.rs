//! Another secret for an issued token: the same rights, the same end, and the old one goes.

use serde_json::Value;

use crate::support::{Home, Output, run};

fn presenting(home: &Home, token: &str, arguments: &[&str]) -> Output {
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
}

fn rotated(home: &Home, arguments: &[&str]) -> Value {
    let said = home.loom(&[&["token", "rotate", "--json"], arguments].concat()).ok();
    serde_json::from_str(&said.out).unwrap()
}

fn listed(home: &Home) -> Vec<Value> {
    let all: Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    all.as_array().unwrap().clone()
}

#[test]
fn both_secrets_count_for_the_overlap_and_then_the_new_one_only() {
    let home = Home::new();
    home.loom_in(&["login", "a.example", "--with-token"], "tok_a").ok();
    let first = home.issue("ci", &["--scopes", "read", "--for", "https://a.example", "--reveal"]);
    let before = listed(&home).remove(0);
    let new = rotated(&home, &["ci", "--overlap", "1h"]);
    let second = new["token"].as_str().unwrap().to_owned();
    for (token, out) in [(&first, "tok_a\n"), (&second, "tok_a\n")] {
        assert_eq!(presenting(&home, token, &["token", "a.example"]).ok().out, out);
    }
    for same in ["name", "scopes", "servers", "reveal", "expires_at"] {
        assert_eq!(new[same], before[same], "{same}");
    }
    assert_eq!(listed(&home).iter().filter(|token| token["name"] == "ci").count(), 2, "both are listed");
    assert!(new["old"]["expires_at"].as_str() < before["expires_at"].as_str(), "{new}");
    let third = rotated(&home, &["ci", "--overlap", "0s"])["token"].as_str().unwrap().to_owned();
    for ended in [&first, &second] {
        presenting(&home, ended, &["token", "a.example"]).fails(1);
    }
    presenting(&home, &third, &["token", "a.example"]).ok();
    let noted = home.loom(&["audit", "tail", "--event", "token.rotate", "--json", "-n", "10"]).ok().out;
    assert_eq!(noted.lines().count(), 2, "{noted}");
    assert!(!noted.contains(&third[5..]), "{noted}");
    home.loom(&["token", "revoke", "ci"]).ok();
    presenting(&home, &third, &["token", "a.example"]).fails(1);
    home.loom(&["token", "rotate", "ci"]).fails(1).says("no token ci");
}

#[test]
fn one_name_stays_one_while_both_secrets_count() {
    let home = Home::new();
    let first = home.issue("ci", &["--scopes", "read"]);
    let second = rotated(&home, &["ci"])["token"].as_str().unwrap().to_owned();
    home.loom(&["token", "generate", "ci", "--scopes", "read"]).fails(1).says("name");
    home.loom(&["token", "revoke", "ci"]).ok();
    for ended in [&first, &second] {
        presenting(&home, ended, &["status"]).fails(1);
    }
}

#[test]
fn a_token_rotates_neither_itself_nor_others() {
    let home = Home::new();
    let own = home.issue("own", &["--scopes", "*"]);
    home.issue("other", &["--scopes", "read"]);
    for name in ["own", "other"] {
        presenting(&home, &own, &["token", "rotate", name]).fails(1).says(&format!("no token {name}"));
    }
    presenting(&home, &own, &["token", "generate", "child", "--scopes", "read"]).ok();
    presenting(&home, &own, &["token", "rotate", "child"]).ok();
    home.loom(&["token", "rotate", "other", "--server", "https://a.example"]).fails(2).says("--server");
}

#[test]
fn a_secret_of_an_age_ends_by_it() {
    let home = Home::new();
    home.issue("ci", &["--scopes", "read", "--expires", "90", "--max-age", "30"]);
    let before = listed(&home).remove(0);
    assert!(before["expires_at"].as_str() < before["ends_at"].as_str(), "{before}");
    let new = rotated(&home, &["ci"]);
    assert_eq!((&new["ends_at"], &new["max_age_days"]), (&before["ends_at"], &30.into()));
    home.loom(&["token", "generate", "x", "--scopes", "read", "--max-age", "0"]).fails(2);
}
