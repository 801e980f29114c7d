//! What the audit log says came of something: done when it was done, whatever was answered in the end, and never where
//! nothing was changed or somebody was refused.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use serde_json::{Value, json};

use crate::support::authorization_server::authorization_server_that_reads;
use crate::support::{Dialogue, Home};

/// The outcomes of an event, with the account that each is about.
fn outcomes(home: &Home, event: &str) -> Vec<(String, Option<String>)> {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    home.audited(event).iter().map(|entry| (text(&entry["outcome"]).unwrap(), text(&entry["account"]))).collect()
}

/// What came of it last.
fn last(home: &Home, event: &str) -> String {
    outcomes(home, event).pop().unwrap_or_else(|| panic!("nothing is noted of {event}")).0
}

/// Puts a directory where a file was, so that nobody reads or writes it.
fn spoil(home: &Home, file: &str) {
    let path = home.path().join(file);
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
}

#[test]
fn leases_logouts_and_ends_of_tokens_that_were_refused_are_noted() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    let lease = json!({ "v": 1, "verb": "lease", "params": { "name": "", "scopes": ["read"] } });
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    writeln!(stream, "{lease}").unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    assert!(answer.contains("\"error\""), "{answer}");
    assert_eq!(last(&home, "token.lease"), "bad_request");
    home.loom(&["logout", "--server", "https://a.example"]).fails(4);
    assert_eq!(last(&home, "logout"), "login_required");
    assert_eq!(home.audited("logout")[0]["server"], "https://a.example");
    let door = home.serve(&[]);
    let kind = ["Content-Type: application/x-www-form-urlencoded"];
    assert_eq!(door.ask("POST", "/oauth/revoke", &kind, "token=loom_of_nobody").status, 200);
    assert_eq!(last(&home, "token.revoke"), "unchanged");
}

#[test]
fn what_changed_nothing_is_not_noted_as_done_and_never_among_the_rights() {
    let home = Home::new();
    let reject = "protocol=https\nhost=git.example\nusername=nobody\npassword=no\n\n";
    for (event, act) in [
        ("credential.store", &(|| home.store("https", "git.example", "u", "pw")) as &dyn Fn() -> _),
        ("lock", &|| home.loom(&["lock"])),
        ("unlock", &|| home.loom(&["unlock"])),
        ("agent.serve_end", &|| home.loom(&["serve", "--stop"])),
    ] {
        act().ok();
        act().ok();
        let outcomes: Vec<String> = outcomes(&home, event).into_iter().map(|(outcome, _)| outcome).collect();
        assert_eq!(outcomes, ["ok", "unchanged"], "{event}");
    }
    home.helper("erase", reject).ok();
    assert_eq!(outcomes(&home, "credential.erase"), [("unchanged".to_owned(), Some("nobody".to_owned()))]);
    let refused = "protocol=https\nhost=git.example\nusername=u\npassword=pw\n\n";
    for outcome in ["ok", "unchanged"] {
        home.helper("erase", refused).ok();
        assert_eq!(last(&home, "credential.erase"), outcome);
    }
    // Git approves it: the mark goes.
    home.store("https", "git.example", "u", "pw").ok();
    assert_eq!(last(&home, "credential.store"), "ok");
    let rights = std::fs::read_to_string(home.path().join("state/loom/audit-rights.log")).unwrap();
    assert!(!rights.contains("unchanged"), "{rights}");
}

#[test]
fn what_git_approves_is_noted_under_the_name_that_is_kept() {
    let home = Home::new();
    let given = ["login", "--with-token", "--server", "https://git.example", "--account", "work"];
    home.loom_in(&given, "tok_0123456789\n").ok();
    let got = home.get("https", "git.example").ok().out;
    let user = got.lines().find_map(|line| line.strip_prefix("username=")).unwrap().to_owned();
    for (user, password) in [(&*user, "tok_0123456789"), (&*user, "another_one")] {
        home.store("https", "git.example", user, password).ok();
    }
    let header = "capability[]=authtype\nprotocol=https\nhost=git.example\npath=x\nauthtype=Custom\ncredential=c\n\n";
    home.helper("store", header).ok();
    let work = || ("unchanged".to_owned(), Some("work".to_owned()));
    let noted = outcomes(&home, "credential.store");
    assert_eq!(noted, [work(), work(), ("ok".to_owned(), Some("custom".to_owned()))]);
}

#[test]
fn whoever_joined_the_login_of_another_is_not_noted_as_having_logged_in() {
    let home = Home::new();
    let (go, goes) = channel::<()>();
    let goes = Mutex::new(goes);
    let server = authorization_server_that_reads(move |path, _, _| {
        if path == "/token" {
            let _ = goes.lock().unwrap().recv();
        }
        None
    });
    let login = ["--server", server.url(), "--client-id", "c", "--flow", "device"];
    let mut first = Dialogue::start(&home, &login);
    first.hears("CODE-1");
    let mut second = Dialogue::start(&home, &[&login[..2], &["--for-git"]].concat());
    second.hears("is under way");
    go.send(()).unwrap();
    first.end().ok();
    second.end().ok();
    let mut noted: Vec<String> = outcomes(&home, "login").into_iter().map(|(outcome, _)| outcome).collect();
    noted.sort();
    assert_eq!(noted, ["ok", "unchanged"]);
}

#[test]
fn a_move_whose_setting_cannot_be_written_is_noted_as_done() {
    let home = Home::with(&[]);
    home.configure("");
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_0123456789\n").ok();
    let config = home.path().join("config/loom/config.toml");
    std::fs::remove_file(&config).unwrap();
    std::os::unix::fs::symlink("gone/config.toml", &config).unwrap();
    home.loom(&["store", "migrate", "--to", "file"]).fails(1).says("config.toml");
    assert_eq!(last(&home, "store.migrate"), "ok");
}

#[test]
fn an_unlocking_after_which_nothing_can_be_read_is_noted_as_done() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    home.loom(&["lock"]).ok();
    spoil(&home, "config/loom/credentials.json");
    home.loom(&["unlock"]).fails(1);
    assert_eq!(last(&home, "unlock"), "ok");
}

#[test]
fn a_socket_closed_while_its_list_cannot_be_written_is_noted_as_closed() {
    let home = Home::new();
    home.issue("ci", &["--scopes", "read"]);
    let path = home.path().join("run/ci.sock");
    let path = path.to_str().unwrap();
    home.loom(&["agent", "socket", "add", path, "--token", "ci"]).ok();
    spoil(&home, "state/loom/sockets.json");
    home.loom(&["agent", "socket", "remove", path]).fails(1);
    assert!(!std::path::Path::new(path).exists());
    assert_eq!(last(&home, "socket.remove"), "ok");
}

#[test]
fn a_repair_after_which_the_look_fails_is_noted_as_done() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    home.loom(&["agent", "stop"]).ok();
    let text = std::fs::read_to_string(home.credentials()).unwrap();
    std::fs::write(home.credentials(), &text[..text.len() - 4]).unwrap();
    home.loom(&["agent", "start"]).ok();
    // What is looked at last is the log.
    spoil(&home, "state/loom/audit.log");
    home.loom(&["doctor", "--restore"]).fails(1);
    let rights = std::fs::read_to_string(home.path().join("state/loom/audit-rights.log")).unwrap();
    let last: Value = serde_json::from_str(rights.lines().last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["outcome"]), (&json!("store.restore"), &json!("ok")));
}

/// Changes the list of tokens while the agent runs, as another agent does.
fn change_tokens(home: &Home, change: impl Fn(&mut Value)) {
    let list = home.path().join("state/loom/tokens.json");
    let mut pages: Value = serde_json::from_slice(&std::fs::read(&list).unwrap()).unwrap();
    pages["tokens"].as_array_mut().unwrap().iter_mut().for_each(change);
    let new = list.with_extension("new");
    std::fs::write(&new, pages.to_string()).unwrap();
    std::fs::set_permissions(&new, PermissionsExt::from_mode(0o600)).unwrap();
    std::fs::rename(&new, &list).unwrap();
}

#[test]
fn whatever_becomes_of_a_token_is_noted_by_its_id_and_as_an_end_only_once() {
    let home = Home::new();
    let admin = home.issue("admin", &["--scopes", "*"]);
    let door = home.serve(&[]);
    let path = |id: &str| format!("/api/enterprise/tokens/{id}");
    let id = |name: &str| {
        home.issue(name, &["--scopes", "read"]);
        home.audited("token.generate").pop().unwrap()["about"].as_str().unwrap().to_owned()
    };
    let last = |event: &str| {
        let entry = home.audited(event).pop().unwrap();
        (entry["about"].as_str().unwrap_or_default().to_owned(), entry["outcome"].as_str().unwrap().to_owned())
    };
    let first = id("first");
    for outcome in ["ok", "unchanged"] {
        door.delete(&path(&first), &admin).ok(200);
        assert_eq!(last("token.revoke"), (first.clone(), outcome.to_owned()));
    }
    let permanent = format!("{}?permanent=true", path(&first));
    door.delete(&permanent, &admin).ok(200);
    assert_eq!(last("token.revoke"), (first.clone(), "ok".to_owned()), "it was taken off the list");
    door.delete(&permanent, &admin).fails(404);
    // Who has one that has expired may end it, which is no news.
    let shown = home.issue("shown", &["--scopes", "read"]);
    let second = home.audited("token.generate").pop().unwrap()["about"].as_str().unwrap().to_owned();
    let expires = |token: &mut Value| {
        if token["id"] == second.as_str() {
            token["expires_at"] = "2000-01-01T00:00:00Z".into();
        }
    };
    change_tokens(&home, expires);
    let kind = ["Content-Type: application/x-www-form-urlencoded"];
    assert_eq!(door.ask("POST", "/oauth/revoke", &kind, &format!("token={shown}")).status, 200);
    assert_eq!(last("token.revoke"), (second.clone(), "unchanged".to_owned()));
    // A machine that somebody approved.
    let third = id("third");
    change_tokens(&home, |token| {
        if token["id"] == third.as_str() {
            token["approved_by"] = json!({ "name": "vera" });
        }
    });
    for outcome in ["ok", "unchanged"] {
        let mut stream = UnixStream::connect(home.socket()).unwrap();
        writeln!(stream, "{}", json!({ "v": 1, "verb": "device_end", "params": { "id": third } })).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains("\"ok\""), "{answer}");
        assert_eq!(last("device.end"), (third.clone(), outcome.to_owned()));
    }
}
