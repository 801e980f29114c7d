//! Whose login a name in a URL means: the account, the name that git sends with it, and last the person who logged in.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use base64::Engine;
use serde_json::json;

use crate::support::{Home, LoomServer, gits, loom_server, run};

/// Keeps a login of this person under an account of this name, as an older loom or `--account` named it.
fn log_in(home: &Home, server: &str, account: &str, person: &str, token: &str) {
    keep(home, server, account, person, json!({"access": token, "expires": null}));
}

/// The same with these tokens, which nobody renews.
fn keep(home: &Home, server: &str, account: &str, person: &str, mut tokens: serde_json::Value) {
    let endpoint = "http://127.0.0.1:9/token";
    tokens["grant"] = json!({"kind": "person", "issuer": "https://issuer.example", "client_id": "c",
        "token_endpoint": endpoint, "user": person});
    let params = json!({"server": server, "account": account, "credential": {"oauth": tokens}});
    home.loom(&["agent", "start"]).ok();
    let mut agent = UnixStream::connect(home.socket()).unwrap();
    writeln!(agent, "{}", json!({"v": 1, "verb": "save", "params": params})).unwrap();
    let mut answer = String::new();
    BufReader::new(agent).read_line(&mut answer).unwrap();
    assert!(answer.contains("\"ok\""), "{answer}");
}

fn get(home: &Home, user: &str, host: &str) -> String {
    home.helper("get", format!("protocol=https\nhost={host}\nusername={user}\n\n")).ok().out
}

/// Two people's logins at git.example, and one elsewhere.
fn prepared() -> Home {
    let home = Home::new();
    log_in(&home, "https://git.example", "work", "bob", "of-bob");
    log_in(&home, "https://git.example", "oauth2", "alice", "of-alice");
    log_in(&home, "https://other.example", "oauth2", "carol", "of-carol");
    home
}

/// What the server was shown, and the URL of its repository with this user in it.
fn shown(server: &LoomServer) -> Vec<String> {
    let decode = |header: &str| {
        let pair = base64::engine::general_purpose::STANDARD.decode(header.trim_start_matches("Basic ")).unwrap();
        String::from_utf8(pair).unwrap()
    };
    server.script().seen.iter().filter_map(|seen| seen.2.as_deref().map(decode)).collect()
}

fn url_with(server: &LoomServer, user: &str) -> String {
    format!("{}/git/team/app.git", server.url().replace("://", &format!("://{user}@")))
}

#[test]
fn ones_own_name_in_the_url_gets_ones_login_from_both_gits() {
    for git in gits() {
        let home = Home::new();
        let server = loom_server(&home);
        *server.tokens() = ["at_alice".to_owned(), "at_bob".to_owned()].into();
        log_in(&home, server.url(), "work", "bob", "at_bob");
        log_in(&home, server.url(), "oauth2", "alice", "at_alice");
        home.git(&git, &["clone", "--quiet", &url_with(&server, "alice"), "app"]).ok();
        home.git(&git, &["-C", "app", "commit", "--quiet", "--allow-empty", "-m", "More"]).ok();
        home.git(&git, &["-C", "app", "push", "--quiet", "origin", "HEAD:main"]).ok();
        // Until it is answered git shows the name without a password.
        let shown: Vec<String> = shown(&server).into_iter().filter(|pair| pair != "alice:").collect();
        assert!(!shown.is_empty(), "{shown:?}");
        assert!(shown.iter().all(|pair| pair == "oauth2:at_alice"), "{shown:?}");
        let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
        assert_eq!(status["accounts"].as_array().unwrap().len(), 2, "what git approved is no third account: {status}");
    }
}

#[test]
fn after_a_401_the_name_in_the_url_still_counts() {
    for git in gits() {
        let home = Home::new();
        let server = loom_server(&home);
        *server.tokens() = ["at_bob".to_owned()].into();
        log_in(&home, server.url(), "bob", "bob", "at_bob");
        // What could be renewed makes git come back, with the name of the answer: that of everybody who has a token.
        let renewable = json!({"access": "at_alice", "refresh": "rt_alice", "expires": null});
        keep(&home, server.url(), "alice", "alice", renewable);
        for _ in 0..2 {
            assert_ne!(home.git(&git, &["ls-remote", &url_with(&server, "alice")]).code, 0);
        }
        let shown = shown(&server);
        assert!(shown.contains(&"oauth2:at_alice".to_owned()), "{shown:?}");
        assert!(!shown.contains(&"oauth2:at_bob".to_owned()), "a login of somebody else was shown: {shown:?}");
    }
}

#[test]
fn the_state_of_an_answer_keeps_the_name_that_the_url_had() {
    let home = prepared();
    home.store("https", "git.example", "alice", "pw-of-alice").ok();
    let ask = |rest: &str| {
        let lines = format!("capability[]=state\nprotocol=https\nhost=git.example\n{rest}\n");
        home.helper("get", lines).ok().out
    };
    let first = ask("username=alice\n");
    assert!(first.contains("password=pw-of-alice"), "{first}");
    let state = first.lines().find(|line| line.starts_with("state[]=")).unwrap().to_owned();
    let second = ask(&format!("username=alice\n{state}\n"));
    assert!(second.contains("username=oauth2\npassword=of-alice"), "{second}");
    let all = home.helper("get", "protocol=https\nhost=git.example\nusername=oauth2\n\n").ok().out;
    assert!(all.contains("of-"), "{all}");
    // Whatever name git says back is that of the answer, which means everybody with a token.
    let Some(state) = second.lines().find(|line| line.starts_with("state[]=")).map(str::to_owned) else { return };
    let third = ask(&format!("username=oauth2\n{state}\n"));
    assert!(!third.contains("of-bob"), "{third}");
}

#[test]
fn an_account_of_that_name_goes_before_the_person() {
    let home = prepared();
    assert!(get(&home, "alice", "git.example").contains("username=oauth2\npassword=of-alice"));
    assert!(get(&home, "bob", "git.example").contains("of-bob"));
    assert!(get(&home, "work", "git.example").contains("of-bob"));
    for (user, host) in [
        ("carol", "git.example"),
        ("alice", "other.example"),
        ("alice", "git.example:8443"),
        ("alice", "evil.git.example"),
        ("Alice", "git.example"),
        ("ali", "git.example"),
    ] {
        assert_eq!(get(&home, user, host), "", "{user} {host}");
    }
    home.store("https", "git.example", "alice", "pw-of-alice").ok();
    assert!(get(&home, "alice", "git.example").contains("username=alice\npassword=pw-of-alice"));
    home.helper("erase", "protocol=https\nhost=git.example\nusername=alice\npassword=pw-of-alice\n\n").ok();
    assert!(get(&home, "alice", "git.example").contains("of-alice"), "then the login follows");
    home.helper("erase", "protocol=https\nhost=git.example\nusername=alice\n\n").ok();
    assert!(
        get(&home, "alice", "git.example").contains("of-alice"),
        "what a person rejects is the account of that name"
    );
}

#[test]
fn a_name_that_two_logins_share_is_not_guessed_and_why_says_so() {
    let home = prepared();
    log_in(&home, "https://git.example", "third", "alice", "of-another-alice");
    assert_eq!(get(&home, "alice", "git.example"), "");
    home.loom(&["token", "--server", "git.example", "--account", "alice"]).fails(4);
    home.loom(&["logout", "--server", "git.example", "--account", "alice"]).fails(4);
    let why = home.loom(&["why", "git.example", "--account", "alice"]);
    assert_eq!(why.code, 4, "{why:?}");
    assert!(why.out.contains("Several logins"), "{why:?}");
    assert!(get(&home, "third", "git.example").contains("of-another-alice"));
}

#[test]
fn part_of_an_address_counts_only_where_nothing_else_has_the_name() {
    let home = Home::new();
    log_in(&home, "https://git.example", "oauth2", "alice@corp.example", "of-corp");
    assert!(get(&home, "alice", "git.example").contains("of-corp"));
    assert!(get(&home, "alice@corp.example", "git.example").contains("of-corp"));
    assert_eq!(get(&home, "alice@other.example", "git.example"), "");
    assert_eq!(get(&home, "corp.example", "git.example"), "");
    log_in(&home, "https://git.example", "private", "alice@home.example", "of-home");
    assert_eq!(get(&home, "alice", "git.example"), "", "two people may have such a name");
    log_in(&home, "https://git.example", "third", "alice", "of-alice");
    assert!(get(&home, "alice", "git.example").contains("of-alice"));
}

#[test]
fn commands_and_rules_take_the_persons_name_too() {
    let home = prepared();
    let at = ["--server", "git.example", "--account", "alice"];
    assert_eq!(home.loom(&[&["token"][..], &at].concat()).ok().out, "of-alice\n");
    let script = ["--env", "T", "--", "sh", "-c", "echo $T"];
    assert_eq!(home.loom(&[&["exec"][..], &at, &script].concat()).ok().out, "of-alice\n");
    let why = home.loom(&["why", "git.example", "--account", "alice"]).ok().out;
    assert!(why.starts_with("https://git.example  oauth2\n"), "{why}");
    assert!(why.contains("alice, who logged in"), "{why}");
    home.configure("[[account]]\nmatch = 'git.example'\nuser = 'alice'\n");
    assert!(home.get("https", "git.example").ok().out.contains("of-alice"));
    home.configure("");
    assert!(home.get("https", "git.example").ok().out.contains("of-bob"), "the oldest is the default");
    home.loom(&[&["logout", "--local"][..], &at].concat()).ok().says("oauth2");
    assert_eq!(get(&home, "alice", "git.example"), "");
    assert!(get(&home, "bob", "git.example").contains("of-bob"), "nobody else was logged out");
    home.loom(&[&["logout"][..], &at].concat()).fails(4);
    // An account of that name is what is meant, if there is one.
    log_in(&home, "https://git.example", "oauth2", "alice", "of-alice");
    home.store("https", "git.example", "alice", "pw").ok();
    home.loom(&[&["logout", "--local"][..], &at].concat()).ok();
    assert!(get(&home, "alice", "git.example").contains("of-alice"));
}

#[test]
fn an_api_call_is_made_as_the_person_who_is_named() {
    let home = Home::new();
    let server = loom_server(&home);
    server.script().overrides.insert("/api/whoami".into(), (200, "application/json", "{}".into()));
    log_in(&home, server.url(), "work", "bob", "at_bob");
    log_in(&home, server.url(), "oauth2", "alice", "at_alice");
    home.loom(&["api", "/api/whoami", "--server", server.url(), "--account", "alice"]).ok();
    let sent = server.script().seen.last().unwrap().2.clone().unwrap();
    assert_eq!(sent, "Bearer at_alice");
    let done = run(home.command(env!("CARGO_BIN_EXE_loom")).args(["api", "/api/whoami", "--account", "nobody"]), b"");
    assert_eq!(done.code, 4, "{done:?}");
}

#[test]
fn azures_organization_means_the_one_account_that_nobody_named() {
    let home = Home::new();
    let given = |server: &str, more: &[&str], token: &str| {
        home.loom_in(&[&["login", "--with-token", "--server", server], more].concat(), token).ok();
    };
    let ask = |host: &str, user: &str| {
        home.helper("get", format!("protocol=https\nhost={host}\nusername={user}\n\n")).ok().out
    };
    given("https://dev.azure.com", &["--account", "fabrikam"], "tok_of_fabrikam");
    assert_eq!(ask("dev.azure.com", "contoso"), "", "it may be for that organization alone");
    given("https://dev.azure.com", &[], "tok_of_all");
    assert!(ask("dev.azure.com", "contoso").contains("password=tok_of_all\n"));
    assert!(ask("dev.azure.com", "fabrikam").contains("password=tok_of_fabrikam\n"));
    let why = home.loom(&["why", "https://contoso@dev.azure.com/contoso/app"]).ok();
    assert!(why.out.contains("contoso is an organization there"), "{why:?}");
    // Elsewhere, and where a person or a rule says the name, it is somebody's.
    given("https://git.example", &[], "tok_elsewhere");
    assert_eq!(ask("git.example", "contoso"), "");
    home.loom(&["token", "--server", "https://dev.azure.com", "--account", "contoso"]).fails(4);
    home.loom(&["logout", "--server", "https://dev.azure.com", "--account", "contoso"]);
    assert!(ask("dev.azure.com", "contoso").contains("tok_of_all"));
    home.configure("[[account]]\nmatch = 'https://dev.azure.com'\nuser = 'nobody'\n");
    assert_eq!(home.get("https", "dev.azure.com").ok().out, "");
    // A login is named after who logged in; of two people neither is guessed.
    home.configure("");
    home.loom(&["logout", "--all", "--local"]).ok();
    log_in(&home, "https://dev.azure.com", "ana@contoso.example", "ana@contoso.example", "of-ana");
    assert!(ask("dev.azure.com", "contoso").contains("password=of-ana\n"));
    log_in(&home, "https://dev.azure.com", "bo@contoso.example", "bo@contoso.example", "of-bo");
    assert_eq!(ask("dev.azure.com", "contoso"), "");
    // A rule says which of them, and it alone.
    home.configure("[[account]]\nmatch = 'https://dev.azure.com/contoso'\nuser = 'bo@contoso.example'\n");
    let at = |path: &str, user: &str| {
        home.helper("get", format!("protocol=https\nhost=dev.azure.com\npath={path}\nusername={user}\n\n")).ok().out
    };
    assert!(at("contoso/app", "contoso").contains("password=of-bo\n"));
    assert_eq!(at("fabrikam/app", "fabrikam"), "");
    assert!(at("contoso/app", "ana@contoso.example").contains("password=of-ana\n"), "somebody is named");
    home.git_config(&["config", "--global", "credential.https://dev.azure.com.useHttpPath", "true"]).ok();
    let why = home.loom(&["why", "https://contoso@dev.azure.com/contoso/app"]).ok().out;
    assert!(why.starts_with("https://dev.azure.com  bo@contoso.example\n"), "{why}");
    assert!(why.contains("https://dev.azure.com/contoso"), "it names the rule: {why}");
    home.configure("[[account]]\nmatch = 'https://dev.azure.com/contoso'\nuser = 'nobody'\n");
    assert_eq!(at("contoso/app", "contoso"), "", "nobody else's");
}
