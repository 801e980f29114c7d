//! `loom token … --server`: a server's own tokens, and what such a server does not say by itself.

use serde_json::Value;

use crate::support::{ADMIN, Dashboard, Home};

fn logged_in(dashboard: &Dashboard) -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", dashboard.url(), "--account", "me"], ADMIN).ok();
    home
}

fn named(dashboard: &Dashboard, name: &str) -> Option<Value> {
    dashboard.tokens().all.iter().find(|token| token["name"] == name).cloned()
}

#[test]
fn a_server_is_always_told_the_scopes_that_a_role_stands_for() {
    let dashboard = Dashboard::start();
    let home = logged_in(&dashboard);
    home.configure("[roles]\ndeployer = [\"write\", \"audit\"]\n");
    let generate = |name: &str, rights: &[&str]| {
        home.loom(&[&["token", "generate", name, "--json", "--server", dashboard.url()], rights].concat())
    };
    for (name, rights, scopes) in [
        ("a", ["--scopes", "read"], vec!["read"]),
        ("b", ["--role", "viewer"], vec!["read"]),
        ("c", ["--role", "operator"], vec!["control", "read", "write"]),
        ("d", ["--role", "deployer"], vec!["write", "audit"]),
        ("e", ["--role", "admin"], vec!["*"]),
    ] {
        let shown: Value = serde_json::from_str(&generate(name, &rights).ok().out).unwrap();
        let kept = named(&dashboard, name).unwrap();
        assert_eq!(
            (&kept["scopes"], &shown["scopes"]),
            (&serde_json::json!(scopes), &serde_json::json!(scopes)),
            "{name}"
        );
        assert_eq!((&shown["token"], &shown["id"]), (&kept["token"], &kept["id"]));
        assert_eq!(shown["role"], if rights[0] == "--role" { rights[1].into() } else { Value::Null });
    }
    generate("f", &["--role", "sudo"]).fails(1).says("no role");
    generate("f", &[]).fails(2);
    let ours: Value = serde_json::from_str(&generate("f", &["--scopes", "read", "--reveal"]).ok().out).unwrap();
    assert!(ours["token"].as_str().unwrap().starts_with("loom_"), "only the agent's own tokens have that: {ours}");
    assert_eq!(ours["servers"], serde_json::json!([dashboard.url()]));
    home.loom(&["token", "generate", "f", "--scopes", "read", "--save"]).fails(2).says("--server is missing");
    generate("a", &["--scopes", "read"]).fails(1).says("already exists");
    assert!(named(&dashboard, "f").is_none());
    let shown =
        home.loom(&["token", "generate", "g", "--scopes", "read", "--expires", "30", "--server", dashboard.url()]).ok();
    for line in ["Name: g", "ID: ", "Token: loki_g_new_", "Scopes: read", "Expires: 2099-"] {
        assert!(shown.out.lines().any(|shown| shown.starts_with(line)), "{line}: {shown:?}");
    }
    shown.says("not shown again");
}

#[test]
fn a_token_that_can_do_more_than_was_asked_for_is_revoked_at_once() {
    let dashboard = Dashboard::start();
    let home = logged_in(&dashboard);
    let generate =
        |name: &str| home.loom(&["token", "generate", name, "--scopes", "write", "--server", dashboard.url()]);
    for (name, gives) in [("all", vec!["*"]), ("more", vec!["write", "audit"]), ("odd", vec!["write", "sudo"])] {
        dashboard.tokens().gives = Some(gives);
        generate(name).fails(1).says("another token").without("loki_");
        assert_eq!(named(&dashboard, name).unwrap()["revoked"], true, "{name}");
    }
    dashboard.tokens().keeps = true;
    let id = |name: &str| named(&dashboard, name).unwrap()["id"].as_str().unwrap().to_owned();
    let done = generate("kept").fails(1);
    done.says("does not revoke it").says(&id("kept")).without("loki_");
    dashboard.tokens().gives = Some(vec!["read"]);
    generate("less").ok();
}

#[test]
fn a_saved_token_is_another_account_and_is_shown_to_nobody() {
    let dashboard = Dashboard::start();
    let home = logged_in(&dashboard);
    let save = |name: &str| {
        home.loom(&[
            "token",
            "generate",
            name,
            "--role",
            "viewer",
            "--expires",
            "9",
            "--save",
            "--server",
            dashboard.url(),
        ])
    };
    save("ci").ok().says("account ci").without("loki_");
    let token = named(&dashboard, "ci").unwrap()["token"].as_str().unwrap().to_owned();
    assert_eq!(home.loom(&["token", "--account", "ci"]).ok().out.trim(), token);
    assert_eq!(home.loom(&["token"]).ok().out.trim(), ADMIN, "the first account stays the default");
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    let account = status["accounts"].as_array().unwrap().iter().find(|account| account["account"] == "ci").unwrap();
    assert_eq!(
        (&account["scopes"], &account["expires_at"]),
        (&serde_json::json!(["read"]), &"2099-01-01T00:00:00Z".into())
    );
    home.assert_nowhere_in_clear(&token);
    let count = dashboard.tokens().all.len();
    save("ci").fails(1).says("already");
    save("me").fails(1).says("already");
    assert_eq!(dashboard.tokens().all.len(), count, "nothing was issued");
}

#[test]
fn tokens_are_listed_and_revoked_by_name_or_id() {
    let dashboard = Dashboard::start();
    let home = logged_in(&dashboard);
    let at = |arguments: &[&str]| home.loom(&[&["token"], arguments, &["--server", dashboard.url()]].concat());
    at(&["generate", "one", "--scopes", "read"]).ok();
    at(&["generate", "two", "--scopes", "audit"]).ok();
    let listed = at(&["list"]).ok().without("loki_").out;
    assert!(listed.contains("one"), "{listed}");
    assert!(listed.contains("two"), "{listed}");
    at(&["revoke", "one"]).ok().says("Revoked");
    let id = named(&dashboard, "two").unwrap()["id"].as_str().unwrap().to_owned();
    at(&["revoke", &id]).ok();
    assert!(["one", "two"].iter().all(|name| named(&dashboard, name).unwrap()["revoked"] == true));
    let names = |output: String| -> Vec<String> {
        let all: Vec<Value> = serde_json::from_str(&output).unwrap();
        assert!(all.iter().all(|token| token.get("token").is_none() && token["created_at"].is_string()), "{all:?}");
        all.iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names(at(&["list", "--json"]).ok().out), ["admin"]);
    assert_eq!(names(at(&["list", "--all", "--json"]).ok().out), ["admin", "one", "two"]);
    at(&["revoke", "nobody"]).fails(1).says("HTTP 404");
    at(&["revoke", ".."]).fails(1);
    // The agent's own tokens are others.
    assert_eq!(home.loom(&["token", "list", "--json"]).ok().out, "[]\n");
}
