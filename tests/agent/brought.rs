//! What other tools bring to keep, beside what git brings, a person gave and a login made: it is known which tool it
//! was, and none takes the place of a login.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use crate::support::authorization_server::{TOKENS, authorization_server_that_reads, json as answer};
use crate::support::{Home, wait_until};

fn ask(home: &Home, verb: &str, params: &Value) -> Value {
    home.loom(&["agent", "start"]).ok();
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    writeln!(stream, "{}", json!({ "v": 1, "verb": verb, "params": params })).unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    serde_json::from_str::<Value>(&reply).unwrap()["ok"].clone()
}

fn bring(home: &Home, url: &str, user: &str, secret: &str, tool: Option<&str>) {
    let (protocol, host) = url.split_once("://").unwrap();
    let which = json!({ "protocol": protocol, "host": host, "username": user });
    let done = ask(home, "store", &json!({ "which": which, "secret": secret, "tool": tool }));
    assert!(done.is_object(), "{done}");
}

fn forget(home: &Home, url: &str, tool: Option<&str>) {
    let (protocol, host) = url.split_once("://").unwrap();
    ask(home, "erase", &json!({ "which": { "protocol": protocol, "host": host }, "tool": tool }));
}

/// How the accounts of this server came, and what they are good for.
fn origins(home: &Home, server: &str) -> Vec<(String, String)> {
    let status = ask(home, "status", &json!({ "server": server }));
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let accounts = status["accounts"].as_array().unwrap().iter();
    accounts.map(|account| (text(&account["origin"]), text(&account["state"]))).collect()
}

fn origin(home: &Home, server: &str) -> String {
    origins(home, server).into_iter().map(|(origin, _)| origin).collect::<Vec<_>>().join(" ")
}

fn token(home: &Home, server: &str) -> String {
    home.loom(&["token", "--server", server]).ok().out.trim().to_owned()
}

#[test]
fn what_a_tool_brought_is_known_as_the_tools_and_forgotten_for_it_alone() {
    let home = Home::new();
    let (a, b) = ("https://a.example", "https://b.example");
    bring(&home, a, "u", "pw_1", Some("docker"));
    bring(&home, b, "u", "pw_b", None);
    assert_eq!((origin(&home, a), origin(&home, b)), ("docker".into(), "git".into()));
    home.loom(&["agent", "restart"]).ok();
    assert_eq!(origin(&home, a), "docker", "the store has it");
    bring(&home, a, "u", "pw_2", Some("docker"));
    assert_eq!((token(&home, a), origin(&home, a)), ("pw_2".into(), "docker".into()));
    bring(&home, b, "u", "pw_b2", Some("some-later-tool"));
    assert_eq!((token(&home, b), origin(&home, b)), ("pw_b".into(), "some-later-tool git".into()));
    for tool in ["docker", "cargo", "some-later-tool"] {
        forget(&home, b, Some(tool));
        assert_eq!(token(&home, b), "pw_b", "{tool} did not bring it");
    }
    forget(&home, a, Some("docker"));
    assert_eq!(origin(&home, a), "");
    forget(&home, b, None);
    assert_eq!(origin(&home, b), "");
}

/// What this tool is given at a server; nothing for a fault.
fn given(home: &Home, server: &str, tool: Option<&str>) -> Option<String> {
    let host = server.strip_prefix("https://").unwrap();
    let got = ask(home, "get", &json!({ "wanted": { "protocol": "https", "host": host }, "tool": tool }));
    got["proof"]["password"]["password"].as_str().map(str::to_owned)
}

#[test]
fn what_a_tool_brought_is_for_that_tool_alone() {
    let home = Home::new();
    let a = "https://a.example";
    bring(&home, a, "robot", "pw_1", Some("docker"));
    assert_eq!(given(&home, a, Some("docker")).as_deref(), Some("pw_1"));
    for other in [None, Some("cargo")] {
        assert_eq!(given(&home, a, other), None, "{other:?}");
    }
}

#[test]
fn tools_and_git_keep_the_same_users_secrets_apart() {
    let home = Home::new();
    let a = "https://a.example";
    bring(&home, a, "u", "pw_git", None);
    bring(&home, a, "u", "pw_docker", Some("docker"));
    bring(&home, a, "u", "pw_keyring", Some("keyring"));
    for (tool, secret) in [(None, "pw_git"), (Some("docker"), "pw_docker"), (Some("keyring"), "pw_keyring")] {
        assert_eq!(given(&home, a, tool).as_deref(), Some(secret), "{tool:?}");
    }
}

#[test]
fn what_a_tool_brought_goes_before_a_login_for_it_alone() {
    let home = Home::new();
    let a = "https://a.example";
    home.loom_in(&["login", "--with-token", "--server", a], "tok_given").ok();
    bring(&home, a, "robot", "pw_docker", Some("docker"));
    for (tool, secret) in [(None, "tok_given"), (Some("docker"), "pw_docker"), (Some("keyring"), "tok_given")] {
        assert_eq!(given(&home, a, tool).as_deref(), Some(secret), "{tool:?}");
    }
}

#[test]
fn a_tool_is_told_where_nothing_is_kept() {
    let home = Home::new();
    home.configure("[[server]]\nurl = 'https://a.example'\nkeep = false\n");
    for (tool, kept) in [(None, true), (Some("docker"), false)] {
        let which = json!({ "protocol": "https", "host": "a.example", "username": "u" });
        let done = ask(&home, "store", &json!({ "which": which, "secret": "pw", "tool": tool }));
        assert_eq!(done.is_object(), kept, "{tool:?}");
    }
}

#[test]
fn a_person_means_what_a_tool_brought_last() {
    let home = Home::new();
    let a = "https://a.example";
    bring(&home, a, "robot", "pw_docker", Some("docker"));
    home.loom_in(&["login", "--with-token", "--server", a], "tok_given").ok();
    assert_eq!(token(&home, a), "tok_given");
}

#[test]
fn a_tool_replaces_no_login_and_nothing_that_a_person_gave() {
    let home = Home::new();
    let a = "https://a.example";
    home.loom_in(&["login", "--with-token", "--server", a, "--account", "ana"], "tok_given").ok();
    bring(&home, a, "ana", "pw_of_docker", Some("docker"));
    assert_eq!((token(&home, a), origin(&home, a)), ("tok_given".into(), "given docker".into()));
    forget(&home, a, Some("docker"));
    // The token as a password of somebody else is the token.
    bring(&home, a, "whoever", "tok_given", Some("docker"));
    assert_eq!(origin(&home, a), "given");
    forget(&home, a, Some("docker"));
    assert_eq!(origins(&home, a), [("given".into(), "valid".into())]);
}

#[test]
fn what_a_login_gave_out_before_its_renewal_comes_back_as_nothing() {
    let home = Home::new();
    let renewed = AtomicUsize::new(0);
    let server = authorization_server_that_reads(move |path, _, _| {
        let number = if path == "/token" { renewed.fetch_add(1, Ordering::Relaxed) } else { return None };
        let tokens = TOKENS.replace("at_first", &format!("at_{number}"));
        Some(answer(&if number == 0 { tokens.replace("3600", "1") } else { tokens }))
    });
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let first = "at_0";
    wait_until("it was renewed", || token(&home, server.url()) != first);
    for (user, secret) in [("oauth2", first), ("oauth2", "at_1"), ("ana", "at_1")] {
        bring(&home, server.url(), user, secret, Some("docker"));
        assert_eq!(origin(&home, server.url()), "login", "{user} {secret}");
    }
    forget(&home, server.url(), Some("docker"));
    assert_eq!(origins(&home, server.url()), [("login".into(), "valid".into())]);
}

#[test]
fn whoever_brings_a_refused_password_again_clears_the_mark() {
    let home = Home::new();
    let a = "https://a.example";
    for again in ["pw", "pw_2"] {
        bring(&home, a, "u", "pw", Some("docker"));
        let which = json!({ "protocol": "https", "host": "a.example", "username": "u" });
        ask(&home, "erase", &json!({ "which": which, "secret": "pw", "tool": "docker" }));
        assert_eq!(origins(&home, a), [("docker".into(), "refused".into())]);
        bring(&home, a, "u", again, Some("docker"));
        assert_eq!(origins(&home, a), [("docker".into(), "valid".into())], "{again}");
    }
}
