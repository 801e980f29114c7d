//! Standard output that cannot be written: a full disk is said, a reader that went away is not, and no token stays
//! behind that nobody saw.

use std::process::Stdio;

use crate::support::{ADMIN, Dashboard, Home, Output, loom_server, run};

/// With standard output on a disk that is full.
fn on_full_disk(home: &Home, program: &str, arguments: &[&str], stdin: &str) -> Output {
    let script = "program=$1; shift; exec \"$program\" \"$@\" >/dev/full";
    run(home.command("sh").args(["-c", script, "sh", program]).args(arguments), stdin.as_bytes())
}

fn loom(home: &Home, arguments: &[&str]) -> Output {
    on_full_disk(home, env!("CARGO_BIN_EXE_loom"), arguments, "")
}

/// With a reader that is gone before anything is written.
fn unread(home: &Home, arguments: &[&str]) -> Output {
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let done = command.args(arguments).stdin(Stdio::null()).stdout(writer).stderr(Stdio::piped()).output().unwrap();
    let err = String::from_utf8(done.stderr).unwrap();
    Output { code: done.status.code().unwrap(), out: String::new(), err }
}

fn active_tokens(home: &Home) -> usize {
    let tokens: serde_json::Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    tokens.as_array().unwrap().len()
}

#[test]
fn every_command_that_prints_says_that_it_could_not() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["token", "generate", "seen", "--scopes", "read"]).ok();
    let url = server.url();
    let commands: &[&[&str]] = &[
        &["token", "--server", url],
        &["token", "--json", "--server", url],
        &["token", "list"],
        &["status"],
        &["status", "--json"],
        &["why", url],
        &["audit", "tail"],
        &["audit", "tail", "--follow"],
        &["audit", "verify"],
        &["config", "get", "default_server"],
        &["config", "list"],
        &["completions", "bash"],
        &["store", "status"],
        &["doctor"],
        &["agent", "status"],
        &["api", "/api/info", "--server", url],
        &["setup", "git"],
        &["--help"],
        &["login", "--help"],
        &["--version"],
    ];
    for command in commands {
        let said = loom(&home, command).fails(1);
        assert!(said.err.contains("standard output cannot be written: No space left"), "{command:?}: {said:?}");
    }
    assert_ne!(on_full_disk(&home, env!("CARGO_BIN_EXE_loom-agent"), &["--help"], "").code, 0);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    for command in [&["status"][..], &["token"], &["audit", "tail", "--follow"], &["completions", "zsh"], &["--help"]] {
        let done = unread(&home, command);
        assert_eq!(done.code, 0, "{command:?}: {done:?}");
        assert!(!done.err.contains("loom: "), "{command:?}: {done:?}");
    }
}

#[test]
fn git_does_not_take_half_an_answer_for_one() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    let helper = env!("CARGO_BIN_EXE_git-credential-loom");
    let question = "protocol=https\nhost=git.example\n\n";
    on_full_disk(&home, helper, &["get"], question).fails(1).says("standard output cannot be written");
    on_full_disk(&home, helper, &["capability"], "").fails(1).says("standard output cannot be written");
}

#[test]
fn a_token_that_nobody_saw_is_revoked() {
    let home = Home::new();
    home.loom(&["token", "generate", "seen", "--scopes", "read"]).ok();
    for json in [&[][..], &["--json"]] {
        let generate = [&["token", "generate", "unseen", "--scopes", "read"], json].concat();
        loom(&home, &generate).fails(1).says("so it was revoked").says("hint: ");
        assert_eq!(active_tokens(&home), 1);
        unread(&home, &generate).fails(1).says("so it was revoked");
        assert_eq!(active_tokens(&home), 1);
    }
}

#[test]
fn a_servers_token_that_nobody_saw_is_revoked_there() {
    let dashboard = Dashboard::start();
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", dashboard.url(), "--account", "me"], ADMIN).ok();
    let generate = ["token", "generate", "unseen", "--scopes", "read", "--server", dashboard.url()];
    loom(&home, &generate).fails(1).says("so it was revoked");
    let revoked = |token: &serde_json::Value| token["name"] != "unseen" || token["revoked"] == true;
    assert!(dashboard.tokens().all.iter().all(revoked), "{:?}", dashboard.tokens().all);
}
