//! Tokens that the agent issues: what whoever presents one gets, and what never.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, Output, Running, gits, loom_server, run, wait_until};

/// A home with two logins.
fn home() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_of_b").ok();
    home
}

/// Issues a token with these options.
fn issue(home: &Home, name: &str, options: &[&str]) -> String {
    let said = home.loom(&[&["token", "generate", name, "--json"], options].concat()).ok().out;
    let reply: serde_json::Value = serde_json::from_str(&said).unwrap();
    reply["token"].as_str().unwrap().to_owned()
}

/// `loom` with this token.
fn presenting(home: &Home, token: &str, arguments: &[&str]) -> Output {
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
}

/// What git's helper gets with this token.
fn git_gets(home: &Home, token: &str, host: &str) -> Output {
    let mut helper = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
    run(helper.arg("get").env("LOOM_TOKEN", token), format!("protocol=https\nhost={host}\n\n").as_bytes())
}

fn list(home: &Home, options: &[&str]) -> serde_json::Value {
    serde_json::from_str(&home.loom(&[&["token", "list", "--json"], options].concat()).ok().out).unwrap()
}

#[test]
fn a_token_is_shown_once_and_kept_as_a_hash_only() {
    let home = home();
    let said = home.loom(&["token", "generate", "ci", "--scopes", "read,write", "--expires", "30"]).ok();
    let field = |name: &str| said.out.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let token = field("Token:");
    assert!(token.starts_with("loom_"), "{token}");
    assert_eq!(token.len(), 48, "{token}");
    assert_eq!((field("Name:").as_str(), field("Scopes:").as_str()), ("ci", "read, write"));
    said.says("it is not shown again");
    home.assert_nowhere_in_clear(&token);
    let listed = list(&home, &[]);
    assert_eq!((&listed[0]["name"], &listed[0]["scopes"][1]), (&"ci".into(), &"write".into()));
    assert!(listed[0]["expires_at"].is_string());
    assert!(listed[0].get("token").is_none());
    assert!(listed[0]["last_used"].is_null());
    presenting(&home, &token, &["status"]).ok();
    assert!(list(&home, &[])[0]["last_used"].is_string());
    let mode = std::os::unix::fs::MetadataExt::mode(&home.path().join("state/loom/tokens.json").metadata().unwrap());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn nothing_defaults_to_full_power() {
    let home = home();
    home.loom(&["token", "generate", "ci"]).fails(2);
    home.loom(&["token", "generate", "ci", "--scopes", "read", "--role", "viewer"]).fails(2);
    home.loom(&["token", "generate", "ci", "--scopes", "sudo"]).fails(2);
    home.loom(&["token", "generate", "ci", "--scopes", ""]).fails(2);
    home.loom(&["token", "generate", "ci", "--role", "root"]).fails(1).says("there is no role root");
    home.loom(&["token", "generate", "ci", "--scopes", "read", "--expires", "0"]).fails(2);
    home.configure("[roles]\ndeployer = ['write', 'audit']\n[tokens]\nmax_active = 2\ndefault_expiration_days = 7\n");
    issue(&home, "one", &["--role", "deployer"]);
    assert_eq!(list(&home, &[])[0]["scopes"], serde_json::json!(["write", "audit"]));
    home.loom(&["token", "generate", "one", "--scopes", "read"]).fails(1).says("an active token has this name");
    issue(&home, "two", &["--role", "operator"]);
    home.loom(&["token", "generate", "three", "--scopes", "read"]).fails(1).says("2 tokens are active");
    home.loom(&["token", "revoke", "two"]).ok();
    issue(&home, "three", &["--role", "viewer"]);
}

#[test]
fn a_servers_own_secret_is_handed_only_to_a_token_that_may_reveal_it() {
    let home = home();
    let plain = issue(&home, "plain", &["--scopes", "*"]);
    let reveal = issue(&home, "reveal", &["--scopes", "read", "--reveal"]);
    presenting(&home, &plain, &["token", "--server", "https://a.example"])
        .fails(1)
        .says("--reveal")
        .without("tok_of_a");
    presenting(&home, &plain, &["exec", "--server", "https://a.example", "--env", "T", "--", "env"]).fails(1);
    assert_eq!(git_gets(&home, &plain, "a.example").out, "");
    let told = presenting(&home, &reveal, &["token", "--server", "https://a.example"]).ok().out;
    assert_eq!(told.trim(), "tok_of_a");
    assert!(git_gets(&home, &reveal, "a.example").ok().out.contains("password=tok_of_a"));
}

#[test]
fn a_token_for_some_servers_sees_no_others() {
    let home = home();
    let token =
        issue(&home, "a", &["--scopes", "control", "--for", "https://a.example", "--for", "*.x.example", "--reveal"]);
    assert_eq!(presenting(&home, &token, &["token", "--server", "https://a.example"]).ok().out.trim(), "tok_of_a");
    let hidden = presenting(&home, &token, &["token", "--server", "https://b.example"]).fails(1).without("tok_of_b");
    let unknown = presenting(&home, &token, &["token", "--server", "https://nobody.example"]).fails(1);
    assert_eq!(
        hidden.err.replace("b.example", ""),
        unknown.err.replace("nobody.example", ""),
        "it looks like any other"
    );
    assert!(!hidden.err.contains("hint:"), "{hidden:?}");
    assert_eq!(git_gets(&home, &token, "b.example").ok().out, "");
    let status = presenting(&home, &token, &["status"]).ok().out;
    assert!(status.contains("a.example"), "{status}");
    assert!(!status.contains("b.example"), "{status}");
    presenting(&home, &token, &["why", "https://b.example"]).fails(1);
    presenting(&home, &token, &["logout", "--server", "https://b.example"]).fails(1);
    presenting(&home, &token, &["logout", "--all"]).ok();
    assert_eq!(home.loom(&["token", "--server", "https://b.example"]).ok().out.trim(), "tok_of_b");
    presenting(&home, &token, &["lock"]).fails(1).says("certain servers only");
}

#[test]
fn each_command_needs_its_scope() {
    let home = home();
    let token = |scope: &str| issue(&home, scope, &["--scopes", scope]);
    let tokens = ["read", "write", "control", "audit", "*"].map(|scope| (scope, token(scope)));
    let who_may = |arguments: &[&str], stdin: &str| {
        let may = tokens.iter().filter(|(_, token)| {
            let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
            let done = run(command.args(arguments).env("LOOM_TOKEN", token), stdin.as_bytes());
            assert!(done.code == 0 || done.err.contains("does not have the scope"), "{arguments:?}: {done:?}");
            done.code == 0
        });
        may.map(|(scope, _)| *scope).collect::<Vec<_>>()
    };
    assert_eq!(who_may(&["status"], ""), ["read", "write", "control", "*"]);
    assert_eq!(who_may(&["why", "https://a.example"], ""), ["read", "write", "control", "*"]);
    assert_eq!(who_may(&["store", "status"], ""), ["read", "write", "control", "*"]);
    let save = ["login", "--with-token", "--server", "https://a.example"];
    assert_eq!(who_may(&save, "tok_of_a"), ["write", "control", "*"]);
    assert_eq!(who_may(&["audit", "tail"], ""), ["audit", "*"]);
    assert_eq!(who_may(&["audit", "verify"], ""), ["audit", "*"]);
    assert_eq!(who_may(&["doctor"], ""), ["*"]);
    assert_eq!(who_may(&["store", "rekey"], ""), ["*"]);
    assert_eq!(who_may(&["token", "list"], ""), ["*"]);
    assert_eq!(who_may(&["unlock"], ""), ["control", "*"]);
    assert_eq!(who_may(&["agent", "status"], ""), ["read", "write", "control", "audit", "*"]);
    let log = home.loom(&["audit", "tail", "--event", "auth.fail", "-n", "50", "--json"]).ok().out;
    assert!(log.lines().count() > 20, "{log}");
    assert!(log.contains("\"token_id\""), "{log}");
    let log = home.loom(&["audit", "tail", "--event", "auth.ok", "-n", "500", "--json"]).ok().out;
    assert!(log.lines().count() > 40, "{log}");
    assert!(log.contains("\"token_id\""), "{log}");
    assert!(log.contains("\"pid\""), "{log}");
}

#[test]
fn a_narrower_token_mints_nothing_wider_and_what_it_mints_dies_with_it() {
    let home = home();
    let parent = issue(&home, "parent", &["--scopes", "*", "--for", "*.example"]);
    let generate =
        |options: &[&str]| presenting(&home, &parent, &[&["token", "generate", "child", "--json"], options].concat());
    generate(&["--scopes", "read"]).fails(1).says("more rights");
    generate(&["--scopes", "read", "--for", "elsewhere.test"]).fails(1).says("more rights");
    generate(&["--scopes", "read", "--for", "a.example", "--reveal"]).fails(1).says("more rights");
    let child: serde_json::Value =
        serde_json::from_str(&generate(&["--scopes", "read", "--for", "a.example"]).ok().out).unwrap();
    let child = child["token"].as_str().unwrap();
    presenting(&home, child, &["status"]).ok();
    presenting(&home, child, &["token", "generate", "grandchild", "--scopes", "read", "--for", "a.example"]).fails(1);
    issue(&home, "sibling", &["--scopes", "read"]);
    let seen = presenting(&home, &parent, &["token", "list"]).ok().out;
    assert!(seen.contains("child"), "{seen}");
    assert!(!seen.contains("sibling"), "{seen}");
    assert!(!seen.contains("parent"), "{seen}");
    presenting(&home, &parent, &["token", "revoke", "sibling"]).fails(1).says("there is no token sibling");
    home.loom(&["token", "revoke", "parent"]).ok();
    presenting(&home, child, &["status"]).fails(1).says("not known");
}

#[test]
fn a_revoked_token_is_worth_nothing_at_once_and_after_a_crash() {
    let home = home();
    for round in 0..3 {
        let token = issue(&home, &format!("ci{round}"), &["--scopes", "read"]);
        presenting(&home, &token, &["status"]).ok();
        home.loom(&["token", "revoke", &format!("ci{round}")]).ok().says("Revoked");
        let agent = rustix::process::Pid::from_raw(home.agent_pid()).unwrap();
        rustix::process::kill_process(agent, rustix::process::Signal::KILL).unwrap();
        wait_until("it is dead", || !home.is_listening());
        presenting(&home, &token, &["status"]).fails(1).says("not known");
    }
    assert_eq!(list(&home, &[]), serde_json::json!([]));
    assert_eq!(list(&home, &["--all"]).as_array().unwrap().len(), 3);
    home.loom(&["token", "revoke", "nobody"]).fails(1).says("there is no token nobody");
    let counted = issue(&home, "twice", &["--scopes", "read", "--max-uses", "2"]);
    presenting(&home, &counted, &["status"]).ok();
    home.loom(&["agent", "restart"]).ok();
    presenting(&home, &counted, &["status"]).ok();
    presenting(&home, &counted, &["status"]).fails(1);
}

#[test]
fn ten_thousand_wrong_tokens_leave_valid_clients_alone_and_the_log_short() {
    let home = home();
    let token = issue(&home, "ci", &["--scopes", "read"]);
    let ask = |token: &str| {
        use std::io::{BufRead, BufReader, Write};
        let mut stream = std::os::unix::net::UnixStream::connect(home.socket()).unwrap();
        writeln!(stream, r#"{{"v":1,"verb":"hello","token":"{token}"}}"#).unwrap();
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply).unwrap();
        reply
    };
    for number in 0..10_000 {
        assert!(ask(&format!("loom_{number:043}")).contains("\"denied\""));
    }
    assert!(ask(&token).contains("\"running\":true"), "also from the same process");
    presenting(&home, &token, &["status"]).ok();
    let log = home.loom(&["audit", "tail", "--event", "auth.fail", "-n", "20000"]).ok().out;
    assert!((20..=60).contains(&log.lines().count()), "{}", log.lines().count());
}

#[test]
fn a_command_gets_a_token_that_ends_with_it_however_it_ends() {
    let home = home();
    let leased =
        home.loom(&["exec", "--scopes", "read", "--", "sh", "-c", "loom status >&2; printf %s $LOOM_TOKEN; exit 7"]);
    assert_eq!(leased.code, 7, "{leased:?}");
    assert!(leased.out.starts_with("loom_"), "{leased:?}");
    assert!(leased.err.contains("a.example"), "{leased:?}");
    presenting(&home, &leased.out, &["status"]).fails(1).says("not known");
    home.loom(&["exec", "--", "loom", "token", "--server", "https://a.example"]).fails(1).says("--reveal");
    let git = ["exec", "--server", "https://a.example", "--reveal", "--", "loom", "token", "--server"];
    assert_eq!(home.loom(&[&git[..], &["https://a.example"]].concat()).ok().out.trim(), "tok_of_a");
    home.loom(&[&git[..], &["https://b.example"]].concat()).fails(1);
    home.loom(&["exec", "--", "no-such-program"]).fails(1).says("no-such-program");
    let file = home.path().join("token");
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    exec.args([
        "exec",
        "--",
        "sh",
        "-c",
        &format!("printf %s $LOOM_TOKEN >{0}.new; mv {0}.new {0}; exec cat", file.display()),
    ]);
    let mut exec = Running(exec.stdin(Stdio::piped()).spawn().unwrap());
    wait_until("the command has its token", || file.exists());
    let token = std::fs::read_to_string(&file).unwrap();
    presenting(&home, &token, &["status"]).ok();
    assert_eq!(list(&home, &[])[0]["name"], "exec sh");
    exec.0.kill().unwrap();
    exec.0.wait().unwrap();
    wait_until("the token has ended", || presenting(&home, &token, &["status"]).code == 1);
    assert_eq!(list(&home, &["--all"]), serde_json::json!([]), "it is written down nowhere");
}

#[test]
fn git_works_only_for_the_servers_of_a_token_that_may_reveal() {
    let home = Home::new();
    let (ours, other) = (loom_server(&home), loom_server(&home));
    home.loom(&["login", "--server", ours.url()]).ok();
    home.loom(&["login", "--server", other.url()]).ok();
    for (number, git) in gits().iter().enumerate() {
        let ls_remote = format!("{} -c credential.helper=loom ls-remote", git.display());
        let at = |url: &str| format!("{ls_remote} {url}/git/team/app.git");
        let done = home.loom(&["exec", "--server", ours.url(), "--reveal", "--", "sh", "-c", &at(ours.url())]).ok();
        assert!(done.out.contains("refs/heads/main"), "git {number}: {done:?}");
        assert!(done.err.is_empty(), "git {number}: {done:?}");
        let done = home.loom(&["exec", "--server", ours.url(), "--reveal", "--", "sh", "-c", &at(other.url())]);
        assert_ne!(done.code, 0, "git {number}: {done:?}");
        assert!(done.out.is_empty(), "git {number}: {done:?}");
    }
}

#[test]
fn that_the_list_of_the_tokens_is_gone_is_said_until_there_is_another() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok").ok();
    home.loom(&["token", "revoke", "nobody"]);
    assert!(!home.loom(&["status"]).ok().err.contains("tokens.json"), "there never was one");
    let token = home.issue("ci", &["--scopes", "read"]);
    std::fs::remove_file(home.path().join("state/loom/tokens.json")).unwrap();
    let mut presenting = home.command(env!("CARGO_BIN_EXE_loom"));
    run(presenting.arg("status").env("LOOM_TOKEN", &token), b"").fails(1).says("not known");
    home.loom(&["status"]).ok().says("tokens.json").says("has ended");
    let doctor = home.loom(&["doctor"]);
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert!(doctor.out.contains("tokens.json"), "{doctor:?}");
    // Who begins it anew is told once more, and then no longer.
    let generate = |name: &str| home.loom(&["token", "generate", name, "--scopes", "read"]).ok().err;
    assert!(generate("ci").contains("tokens.json"));
    assert!(!generate("other").contains("tokens.json"));
    assert!(!home.loom(&["status"]).ok().err.contains("tokens.json"));
    home.loom(&["doctor"]).ok();
    // The lock beside it may go as well: a running agent knows what there was.
    for name in ["tokens.json", "tokens.lock"] {
        std::fs::remove_file(home.path().join("state/loom").join(name)).unwrap();
    }
    home.loom(&["status"]).ok().says("tokens.json").says("has ended");
}

#[test]
fn a_token_that_only_writes_puts_nothing_in_a_logins_place() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    let oauth = |access: &str| json!({"oauth": {"access": access, "expires": null}});
    let given = json!({"token": {"token": "of-attacker", "source": "given"}});
    let save = |token: Option<&str>, server: &str, account: Option<&str>, credential: &Value| {
        let params = json!({"server": server, "account": account, "credential": credential});
        let mut agent = UnixStream::connect(home.socket()).unwrap();
        writeln!(agent, "{}", json!({"v": 1, "verb": "save", "token": token, "params": params})).unwrap();
        let mut answer = String::new();
        BufReader::new(agent).read_line(&mut answer).unwrap();
        answer
    };
    let git = |token: Option<&str>, operation: &str, more: &str| {
        let mut helper = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        let input = format!("protocol=https\nhost=git.example\n{more}\n");
        run(helper.arg(operation).env("LOOM_TOKEN", token.unwrap_or_default()), input.as_bytes()).ok().out
    };
    assert!(save(None, "https://git.example/team", Some("ada"), &oauth("of-owner")).contains("\"ok\""));
    let token = |scopes: &str| issue(&home, scopes, &["--scopes", scopes]);
    let (writer, operator) = (token("write"), token("control"));
    let of_attacker = oauth("of-attacker");
    for credential in [&given, &of_attacker] {
        for (server, account) in [
            ("https://git.example/team", "ada"),
            ("https://git.example/team", "oauth2"),
            ("https://git.example/team/app", "mallory"),
            ("https://git.example", "mallory"),
            ("https://git.example", "ada"),
        ] {
            let said = save(Some(&writer), server, Some(account), credential);
            assert!(said.contains("\"denied\""), "{server} {account}: {said}");
            assert!(said.contains("control"), "{server} {account}: {said}");
        }
    }
    for path in ["team/app", "team", "elsewhere"] {
        git(Some(&writer), "store", &format!("path={path}\nusername=mallory\npassword=of-attacker\n"));
    }
    git(Some(&writer), "erase", "path=team/app\n");
    git(Some(&writer), "erase", "path=team/app\nusername=ada\n");
    assert!(save(Some(&writer), "https://git.example/team", Some("second"), &given).contains("\"ok\""));
    assert!(save(Some(&writer), "https://git.example/team", Some("second"), &given).contains("\"ok\""));
    for more in ["path=team/app\n", "path=team\n", "path=team/app\nusername=ada\n"] {
        assert!(git(None, "get", more).contains("of-owner"), "{more}");
    }
    let mut named = oauth("of-attacker");
    named["oauth"]["grant"] = json!({"kind": "person", "issuer": "https://evil.example", "client_id": "c",
        "token_endpoint": "https://evil.example/token"});
    let said = save(Some(&operator), "https://new.example", None, &named);
    assert!(said.contains("\"denied\""), "it would be asked for ever: {said}");
    assert!(save(Some(&operator), "https://git.example/team", Some("ada"), &given).contains("\"ok\""));
    assert!(git(None, "get", "path=team/app\nusername=ada\n").contains("of-attacker"));
}

#[test]
fn of_several_tokens_of_one_name_the_one_that_is_meant_is_named_by_its_id() {
    let home = home();
    let parent = issue(&home, "parent", &["--scopes", "*"]);
    presenting(&home, &parent, &["token", "generate", "ci", "--scopes", "read"]).ok();
    presenting(&home, &parent, &["token", "generate", "ci", "--scopes", "read"]).fails(1).says("has this name");
    presenting(&home, &parent, &["token", "generate", "parent", "--scopes", "read"]).ok();
    let own = issue(&home, "ci", &["--scopes", "read"]);
    home.loom(&["token", "revoke", "ci"]).fails(1).says("several").says("ID");
    presenting(&home, &own, &["status"]).ok();
    let listed = list(&home, &[]);
    let ids: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .filter(|token| token["name"] == "ci")
        .map(|token| token["id"].as_str().unwrap())
        .collect();
    home.loom(&["token", "revoke", ids[0]]).ok();
    presenting(&home, &own, &["status"]).ok();
    home.loom(&["token", "revoke", "ci"]).ok();
    presenting(&home, &own, &["status"]).fails(1);
}
