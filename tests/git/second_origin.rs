//! A login that the settings have used at a second origin, such as a registry beside its git host: given out there
//! under the name that stands there, and never more than that.

use std::path::Path;

use serde_json::Value;

use crate::support::{Home, Nginx, Output, gits, run};

const REGISTRY: &str = "registry.example";

/// A login at `git.example`, lent to a path of the registry.
fn home() -> Home {
    let home = Home::new();
    home.configure(
        "[[server]]\nurl = 'https://registry.example/team'\nlogin = 'https://git.example'\nusername = 'token'\n",
    );
    home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", "ana"], "tok_of_git").ok();
    home
}

fn question(host: &str, path: &str, more: &str) -> String {
    format!("protocol=https\nhost={host}\npath={path}\n{more}\n")
}

/// `loom` with this token.
fn presenting(home: &Home, token: &str, program: impl AsRef<Path>, arguments: &[&str], stdin: &str) -> Output {
    run(home.command(program.as_ref()).args(arguments).env("LOOM_TOKEN", token), stdin.as_bytes())
}

fn state(home: &Home) -> String {
    let status: Value =
        serde_json::from_str(&home.loom(&["status", "--server", "git.example", "--json"]).ok().out).unwrap();
    status["accounts"][0]["state"].as_str().unwrap().to_owned()
}

#[test]
fn git_is_given_a_login_at_the_second_origin_whose_401_marks_nothing() {
    for git in gits() {
        let mut home = Home::new();
        let Some(nginx) = Nginx::start(&mut home) else { return };
        nginx.repository("app.git", None);
        nginx.accept_basic("token", "tok_of_git");
        let settings =
            format!("[[server]]\nurl = '{}'\nlogin = 'https://git.example'\nusername = 'token'\n", nginx.basic);
        home.configure(&settings);
        home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", "ana"], "tok_of_git").ok();
        let url = format!("{}/git/app.git", nginx.basic);
        home.git(&git, &["ls-remote", &url]).ok();
        assert_eq!(state(&home), "valid");
        let status = home.loom(&["status", "--json"]).ok().out;
        assert!(
            !status.contains(&format!("\"server\":\"{}\"", nginx.basic)),
            "an approval keeps no second one: {status}"
        );
        nginx.accept_basic("token", "another");
        assert_ne!(home.git(&git, &["ls-remote", &url]).code, 0);
        assert_eq!(state(&home), "valid", "its own server has not refused it");
        assert!(home.get("https", "git.example").ok().out.contains("tok_of_git"));
        // What the login says anew counts there as well.
        home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", "ana"], "another").ok();
        home.git(&git, &["ls-remote", &url]).ok();
    }
}

#[test]
fn a_login_is_offered_at_the_second_origin_and_nowhere_beside_it() {
    let home = home();
    let given = |host: &str, path: &str, more: &str| home.helper("get", question(host, path, more)).ok().out;
    let there = given(REGISTRY, "team/app", "");
    assert!(there.contains("username=token\npassword=tok_of_git\n"), "{there}");
    assert!(given(REGISTRY, "team/app", "username=token\n").contains("tok_of_git"));
    assert!(given(REGISTRY, "team/app", "username=ana\n").contains("tok_of_git"));
    assert!(given("git.example", "x", "").contains("username=ana\n"), "its own server has its own name");
    for (host, path) in [(REGISTRY, "other/app"), ("registry.example:444", "team"), ("x.registry.example", "team")] {
        assert_eq!(given(host, path, ""), "", "{host}/{path}");
    }
    assert_eq!(given(REGISTRY, "team/app", "username=somebody\n"), "");
    let url = "https://registry.example/team";
    assert_eq!(home.loom(&["token", "--server", url]).ok().out, "tok_of_git\n");
    home.loom(&["token", "--server", "registry.example"]).fails(4).says("registry.example");
    let why = home.loom(&["why", "https://registry.example", "--path", "team/app"]).ok().out;
    assert!(why.contains("The settings offer the login of"), "{why}");
    let status: Value = serde_json::from_str(&home.loom(&["status", "--server", url, "--json"]).ok().out).unwrap();
    assert_eq!(status["accounts"][0]["server"], "https://git.example");
    assert_eq!(status["accounts"][0]["used_at"], serde_json::json!([url]));
    home.loom(&["status"]).ok().says(url);
    let noted = home.audited("credential.get");
    let sent = noted.iter().find(|entry| entry["sent_to"] == "https://registry.example/team/app").unwrap();
    assert_eq!(sent["server"], "https://git.example");
    home.loom(&["logout", "--server", url]).fails(4);
    assert_eq!(state(&home), "valid", "who logs out there has no login there");
    // Where the login is gone it is said where to log in.
    home.loom(&["logout", "--server", "git.example"]).ok();
    home.loom(&["token", "--server", url]).fails(4).says("git.example");
}

#[test]
fn what_is_kept_for_the_second_origin_itself_goes_before_what_is_lent() {
    let home = home();
    let given = || home.helper("get", question(REGISTRY, "team/app", "")).ok().out;
    let store = |user: &str, password: &str| {
        let more = format!("username={user}\npassword={password}\n");
        home.helper("store", question(REGISTRY, "team", &more)).ok();
    };
    // What came from here is no second account, nor is what was the login's before it was renewed.
    store("token", "tok_of_git");
    store("token", "tok_before");
    assert!(given().contains("tok_of_git"));
    store("ana", "own");
    assert!(given().contains("username=ana\npassword=own\n"), "{}", given());
    // A person who rejects what is kept there does not reject what is lent.
    home.helper("erase", question(REGISTRY, "team", "")).ok();
    assert!(given().contains("tok_of_git"));
    home.helper("erase", question(REGISTRY, "team", "")).ok();
    assert!(given().contains("tok_of_git"));
    assert_eq!(state(&home), "valid");
}

#[test]
fn a_token_reaches_a_lent_login_only_if_it_sees_both_servers() {
    let home = home();
    let [helper, loom] = [env!("CARGO_BIN_EXE_git-credential-loom"), env!("CARGO_BIN_EXE_loom")];
    let issue = |name: &str, servers: &[&str], scopes: &str| {
        let servers = servers.iter().flat_map(|server| ["--for", server]);
        home.issue(name, &[&["--scopes", scopes, "--reveal"][..], &servers.collect::<Vec<_>>()].concat())
    };
    let asked = question(REGISTRY, "team/app", "");
    let url = ["token", "--server", "https://registry.example/team"];
    for (name, servers) in [("registry", [REGISTRY]), ("git", ["git.example"])] {
        let token = issue(name, &servers, "read,write");
        let given = presenting(&home, &token, helper, &["get"], &asked);
        assert!(!given.out.contains("tok_of_git"), "{name}: {given:?}");
        let told = presenting(&home, &token, loom, &url, "");
        assert!(told.code != 0 && !told.out.contains("tok_of_git") && !told.err.contains("git.example"), "{told:?}");
        let refused = question(REGISTRY, "team/app", "username=token\npassword=tok_of_git\n");
        presenting(&home, &token, helper, &["erase"], &refused);
        assert_eq!(state(&home), "valid", "{name} marks nothing");
        let own = question(REGISTRY, "team/app", "username=mine\npassword=planted\n");
        presenting(&home, &token, helper, &["store"], &own);
        let given = home.helper("get", asked.as_str()).ok().out;
        assert!(given.contains("tok_of_git"), "{name} puts nothing before the login: {given}");
    }
    let token = issue("both", &[REGISTRY, "git.example"], "read,write");
    assert!(presenting(&home, &token, helper, &["get"], &asked).ok().out.contains("tok_of_git"));
    assert_eq!(presenting(&home, &token, loom, &url, "").ok().out, "tok_of_git\n");
    let plain = home.issue("plain", &["--scopes", "read"]);
    presenting(&home, &plain, loom, &url, "").fails(1).says("--reveal").without("tok_of_git");
}

#[test]
fn settings_that_lend_in_a_circle_or_in_clear_are_refused() {
    let home = home();
    let clear = "[[server]]\nurl = 'http://registry.example'\nlogin = 'https://git.example'\n";
    home.configure(clear);
    assert!(!home.get("http", REGISTRY).out.contains("tok_of_git"));
    home.loom(&["token", "--server", "http://registry.example"]).fails(1).says("unencrypted");
    home.configure(&format!("{clear}[[server]]\nurl = 'https://git.example'\nlogin = 'https://c.example'\n"));
    home.loom(&["status"]).fails(1).says("has `login` itself");
}
