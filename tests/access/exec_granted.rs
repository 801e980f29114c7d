//! `loom exec --allow`: what a command is started with, and that nothing of it outlives the command.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Home, Output, Running, run, wait_until};

const PUSH: &str = "push https://git.example/org/app agent/*";

fn home() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://git.example", "--account", "alice"], "tok_of_git")
        .ok();
    home
}

/// The environment of a command with these options, as it sees it.
fn environment(home: &Home, options: &[&str]) -> Output {
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    exec.arg("exec").args(options).args(["--", "env"]);
    exec.env("SSH_AUTH_SOCK", "/nowhere").env("GIT_SSH_COMMAND", "ssh -i key").env("GIT_CONFIG_COUNT", "1");
    exec.env("GIT_CONFIG_KEY_0", "user.name").env("GIT_CONFIG_VALUE_0", "me");
    run(&mut exec, b"")
}

fn value<'a>(said: &'a str, name: &str) -> Option<&'a str> {
    said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
}

/// Threat 9: what leads around the relay is gone, and no secret of a server is there.
#[test]
fn a_command_with_grants_gets_a_relay_and_no_secret() {
    let home = home();
    let said = environment(&home, &["--allow", PUSH]).ok();
    assert!(said.err.contains(&format!("allowed: {PUSH}")), "{}", said.err);
    let (port, token) = (value(&said.out, "LOOM_PROXY").unwrap(), value(&said.out, "LOOM_TOKEN").unwrap());
    assert!(port.starts_with("http://127.0.0.1:"), "{port}");
    assert!(token.starts_with("loom_"), "{token}");
    assert_eq!(value(&said.out, "LOOM_GRANTS"), Some(PUSH));
    assert_eq!(value(&said.out, "GIT_CONFIG_VALUE_0"), Some("me"), "what was there stays");
    let led = format!("url.{port}/git.example/org/app.insteadOf");
    assert!(said.out.lines().any(|line| line.ends_with(&led)), "{}", said.out);
    assert!(said.out.contains("https://alice@git.example/org/app"), "{}", said.out);
    assert_eq!(value(&said.out, "SSH_AUTH_SOCK"), None);
    assert!(value(&said.out, "GIT_SSH_COMMAND").unwrap().contains("loom: SSH"), "{}", said.out);
    assert!(!said.out.contains("tok_of_git"), "{}", said.out);
    // And what it says of its rights is true.
    let denied = home.loom(&["exec", "--allow", PUSH, "--", "loom", "token", "--server", "https://git.example"]);
    denied.fails(1);
    home.loom(&["exec", "--allow", PUSH, "--", "loom", "status"]).fails(1);
    assert_eq!(home.loom(&["exec", "--allow", PUSH, "--", "sh", "-c", "exit 7"]).code, 7);
    assert_eq!(home.loom(&["token", "list", "--json"]).ok().out.trim(), "[]", "nothing is left");
}

#[test]
fn what_would_be_set_is_shown_without_a_token_or_a_command() {
    let home = home();
    let shown = home.loom(&["exec", "--print", "--allow", PUSH, "--allow", "GET https://api.github.com/**"]).ok();
    assert!(shown.out.contains("unset SSH_AUTH_SOCK"), "{}", shown.out);
    assert!(shown.out.contains("http://127.0.0.1:PORT"), "{}", shown.out);
    assert!(shown.out.contains("http_unix_socket"), "{}", shown.out);
    assert!(!shown.out.contains("loom_"), "{}", shown.out);
    home.loom(&["exec", "--print"]).fails(2);
    home.loom(&["exec", "--allow", PUSH]).fails(2);
}

#[test]
fn the_repository_here_is_meant_where_none_is_written() {
    let home = home();
    let repository = home.path().join("app");
    std::fs::create_dir(&repository).unwrap();
    let git = |arguments: &[&str]| run(home.command("git").current_dir(&repository).args(arguments), b"").ok();
    git(&["init", "-q"]);
    git(&["remote", "add", "origin", "git@git.example:org/app.git"]);
    let loom = |arguments: &[&str]| {
        run(home.command(env!("CARGO_BIN_EXE_loom")).current_dir(&repository).args(arguments), b"")
    };
    let said = loom(&["exec", "--allow", "push agent/{id}/*", "--", "env"]).ok();
    let granted = value(&said.out, "LOOM_GRANTS").unwrap();
    assert!(granted.starts_with("push https://git.example/org/app agent/"), "{granted}");
    assert!(!granted.contains('{'), "the token's id is in it: {granted}");
    git(&["remote", "set-url", "origin", "/srv/git/app.git"]);
    loom(&["exec", "--allow", "fetch", "--", "env"]).fails(2).says("/srv/git/app.git");
}

/// A command that runs until the test lets it go, and its environment.
fn running(home: &Home) -> (Running, String) {
    let file = home.path().join("environment");
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    let script = format!("env > {0}.new; mv {0}.new {0}; exec cat", file.display());
    exec.args(["exec", "--allow", PUSH, "--allow", "GET https://api.github.com/**", "--", "sh", "-c", &script]);
    let exec = Running(exec.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    wait_until("the command starts", || file.exists());
    (exec, std::fs::read_to_string(file).unwrap())
}

/// The socket of which `gh` is told.
fn socket_of(environment: &str) -> String {
    let settings = format!("{}/config.yml", value(environment, "GH_CONFIG_DIR").unwrap());
    std::fs::read_to_string(settings).unwrap().split('"').nth(3).unwrap().to_owned()
}

/// Anybody of the machine opens connections to the port: the agent hears of none that says nothing, and they take no
/// place at the socket.
#[test]
fn who_only_opens_connections_keeps_nobody_out_and_is_not_noted() {
    let home = home();
    let (_exec, environment) = running(&home);
    let address = value(&environment, "LOOM_PROXY").unwrap().strip_prefix("http://").unwrap();
    let _silent: Vec<TcpStream> = (0..70).map(|_| TcpStream::connect(address).unwrap()).collect();
    let mut gh = UnixStream::connect(socket_of(&environment)).unwrap();
    gh.write_all(b"GET /user HTTP/1.1\r\nHost: api.github.com\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    gh.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
    assert_eq!(home.audited("proxy.open").len(), 1);
}

/// Threat 11: also where nobody could end them, all of a command's ways end with it.
#[test]
fn a_killed_exec_leaves_no_token_no_port_and_no_way() {
    let home = home();
    let (mut exec, environment) = running(&home);
    let (token, proxy) = (value(&environment, "LOOM_TOKEN").unwrap(), value(&environment, "LOOM_PROXY").unwrap());
    let address = proxy.strip_prefix("http://").unwrap();
    let socket = socket_of(&environment);
    assert!(socket.len() < 104, "{socket}");
    let dir = std::path::Path::new(&socket).parent().unwrap();
    assert_eq!(dir.metadata().unwrap().mode() & 0o777, 0o700);
    let mut way = TcpStream::connect(address).unwrap();
    let listed: Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), 1);
    exec.0.kill().unwrap();
    exec.0.wait().unwrap();
    let _ = way.write_all(b"GET / HTTP/1.1\r\n\r\n");
    let mut rest = Vec::new();
    let _ = way.read_to_end(&mut rest);
    assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    let ended =
        || run(home.command(env!("CARGO_BIN_EXE_loom")).args(["agent", "status"]).env("LOOM_TOKEN", token), b"");
    wait_until("the token ends", || ended().code != 0);
    // The next one takes away what it left.
    home.loom(&["exec", "--allow", PUSH, "--", "true"]).ok();
    assert!(!dir.exists(), "{}", dir.display());
}

#[test]
fn who_has_grants_hands_on_those_and_no_more() {
    let home = home();
    let more = "push https://git.example/org/app *";
    let inner = |grant: &str| format!("loom exec --allow '{grant}' -- printenv LOOM_GRANTS");
    let outer = |script: &str| home.loom(&["exec", "--allow", PUSH, "--", "sh", "-c", script]);
    let narrower = "fetch https://git.example/org/app";
    assert!(outer(&inner(narrower)).ok().out.contains(narrower));
    outer(&inner(more)).fails(1);
    let own = outer("loom exec -- printenv LOOM_GRANTS").ok();
    assert!(own.out.contains(PUSH), "{}", own.out);
    outer("loom exec --scopes read -- true").fails(1);
}

/// L10: who has no such grants is told of what they asked for, and not of scopes that they did not name.
#[test]
fn a_token_that_is_too_narrow_is_said_to_be() {
    let home = home();
    home.loom(&["exec", "--scopes", "*", "--server", "https://a.example", "--", "loom", "exec", "--", "true"])
        .fails(1)
        .says("more rights");
}
