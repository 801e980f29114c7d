//! A 401 in the middle: what git 2.46 can do within one command, and what remains for older ones.

use std::io::Write;

use crate::support::{Home, LoomServer, Stub, gits, http, loom_server, run};

fn two_accounts(home: &Home, server: &LoomServer) {
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["login", "--server", server.url(), "--account", "work"]).ok();
    let first = home.loom(&["token", "--server", server.url()]).ok().out;
    server.tokens().remove(first.trim());
}

fn state_of(home: &Home, account: &str) -> String {
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    let found = status["accounts"].as_array().unwrap().iter().find(|held| held["account"] == account).cloned();
    found.unwrap()["state"].as_str().unwrap().to_owned()
}

fn speaks_state(home: &Home, git: &std::path::Path) -> bool {
    run(home.command(git).args(["credential", "capability"]), b"").out.contains("capability state")
}

#[test]
fn after_a_refused_token_the_next_follows_in_the_same_command() {
    for git in gits() {
        let home = Home::new();
        let server = loom_server(&home);
        two_accounts(&home, &server);
        let repository = format!("{}/git/team/app.git", server.url());
        if !speaks_state(&home, &git) {
            assert_ne!(home.git(&git, &["ls-remote", &repository]).code, 0);
        }
        home.git(&git, &["ls-remote", &repository]).ok();
        assert_eq!(state_of(&home, "oauth2"), "refused");
        assert_eq!(state_of(&home, "work"), "valid");
        home.loom(&["agent", "restart"]).ok();
        assert_eq!(state_of(&home, "oauth2"), "refused", "a new agent knows it too");
        home.git(&git, &["ls-remote", &repository]).ok();
    }
}

#[test]
fn a_server_that_wants_bearer_gets_it_from_a_git_that_can() {
    for git in gits() {
        let home = Home::new();
        let server = loom_server(&home);
        server.script().challenge = Some("Bearer realm=\"loom\"");
        home.loom(&["login", "--server", server.url()]).ok();
        let repository = format!("{}/git/team/app.git", server.url());
        let done = home.git(&git, &["ls-remote", &repository]);
        let sent: Vec<String> = server
            .script()
            .seen
            .iter()
            .filter(|(_, path, _)| path.starts_with("/git/"))
            .filter_map(|seen| seen.2.clone())
            .collect();
        if speaks_state(&home, &git) {
            done.ok();
            assert!(sent.iter().all(|sent| sent.starts_with("Bearer ")), "{sent:?}");
            assert!(!sent.is_empty(), "{sent:?}");
        } else {
            assert!(sent.iter().all(|sent| sent.starts_with("Basic ")), "{sent:?}");
        }
    }
}

#[test]
fn states_and_headers_are_said_only_to_who_offers_them() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["login", "--server", server.url(), "--account", "work"]).ok();
    let host = server.url().trim_start_matches("http://");
    let ask = |lines: &str| home.helper("get", format!("{lines}protocol=http\nhost={host}\n\n")).ok().out;
    let plain = ask("wwwauth[]=Bearer realm=\"x\"\n");
    assert!(!plain.contains("state"), "{plain}");
    assert!(!plain.contains("continue"), "{plain}");
    assert!(!plain.contains("authtype"), "{plain}");
    let able = ask("capability[]=authtype\ncapability[]=state\nwwwauth[]=Bearer realm=\"x\"\n");
    assert!(able.starts_with("capability[]=authtype\ncapability[]=state\nauthtype=Bearer\n"), "{able}");
    assert!(able.contains("ephemeral=1\n"), "{able}");
    assert!(able.contains("state[]=loom:"), "{able}");
    assert!(able.contains("continue=1\n"), "{able}");
    let both = ask("capability[]=authtype\nwwwauth[]=Bearer realm=\"x\"\nwwwauth[]=Basic realm=\"y\"\n");
    assert!(both.starts_with("username=oauth2\n"), "{both}");
    // Nothing else to try: git shall say that authentication failed, and not ask for a name.
    home.loom(&["logout", "--server", server.url(), "--account", "work"]).ok();
    let last = ask("capability[]=state\n");
    assert!(!last.contains("continue"), "{last}");
}

#[test]
fn who_may_only_look_gets_the_next_candidate_once_and_marks_nothing() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["login", "--server", server.url(), "--account", "work"]).ok();
    let host = server.url().trim_start_matches("http://");
    let reader = home.issue("reader", &["--scopes", "read", "--reveal"]);
    let ask = |more: &str| {
        let lines = format!("capability[]=state\nprotocol=http\nhost={host}\n{more}\n");
        let mut helper = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        run(helper.arg("get").env("LOOM_TOKEN", &reader), lines.as_bytes()).ok().out
    };
    let line = |answer: &str, begin: &str| answer.lines().find(|line| line.starts_with(begin)).unwrap().to_owned();
    let first = ask("");
    let second = ask(&format!("{}\n", line(&first, "state[]=")));
    assert_ne!(line(&first, "password="), line(&second, "password="));
    assert!(!second.contains("continue"), "git would go round: {second}");
    for account in ["oauth2", "work"] {
        assert_eq!(state_of(&home, account), "valid", "{account}");
    }
}

#[test]
fn a_state_that_was_not_said_here_changes_nothing() {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    for state in ["loom:0123456789abcdef", "loom:", "other:1", "loom:\u{202e}"] {
        let lines = format!("capability[]=state\nprotocol=https\nhost=a.example\nstate[]={state}\n\n");
        assert!(home.helper("get", lines).ok().out.contains("password=pw"), "{state}");
    }
}

#[test]
fn what_a_sick_server_refused_is_of_use_again_once_it_takes_it() {
    let home = Home::new();
    let server = stub_that_wants("Bearer tok_given");
    home.loom_in(&["login", "--with-token", "--server", server.url(), "--account", "ci"], "tok_given\n").ok();
    let host = server.url().trim_start_matches("http://");
    home.helper("erase", format!("protocol=http\nhost={host}\nusername=ci\npassword=tok_given\n\n")).ok();
    home.loom(&["token", "--server", server.url()]).fails(4).says("refused");
    let status = home.loom(&["status"]).ok();
    assert!(status.err.contains("loom status --check --server"), "it says what to do: {status:?}");
    home.loom(&["agent", "restart"]).ok();
    assert_eq!(state_of(&home, "ci"), "refused");
    home.loom(&["status", "--check"]).ok();
    assert_eq!(state_of(&home, "ci"), "valid");
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out, "tok_given\n");
}

#[test]
fn what_a_server_goes_on_refusing_stays_refused() {
    let home = Home::new();
    let server = stub_that_wants("Bearer another");
    home.loom_in(&["login", "--with-token", "--server", server.url(), "--account", "ci"], "tok_given\n").ok();
    let host = server.url().trim_start_matches("http://");
    home.helper("erase", format!("protocol=http\nhost={host}\nusername=ci\npassword=tok_given\n\n")).ok();
    home.loom(&["status", "--check"]).ok();
    assert_eq!(state_of(&home, "ci"), "refused");
}

/// A server that lets in whoever shows this, and nobody else.
fn stub_that_wants(authorization: &'static str) -> Stub {
    Stub::start(move |_, request, stream| {
        let shown = request.lines().find_map(|line| line.strip_prefix("authorization: "));
        let answer = if shown == Some(authorization) {
            http("200 OK", "", "well")
        } else {
            http("401 Unauthorized", "www-authenticate: Bearer\r\n", "")
        };
        let _ = stream.write_all(answer.as_bytes());
    })
}
