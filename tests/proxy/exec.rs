//! `loom exec --allow` with real gits and a server: what is granted works unchanged, and nothing else does.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;

use super::fetch::{in_served, served};
use crate::support::{Home, Output, Running, run, wait_until};

fn exec(home: &Home, grants: &[String], script: &str) -> Output {
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    exec.arg("exec").args(grants.iter().flat_map(|grant| ["--allow", grant])).args(["--", "sh", "-ec", script]);
    run(&mut exec, b"")
}

#[test]
fn git_in_a_granted_command_pushes_what_it_may_and_no_more() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let push = [format!("push {app} agent/*")];
    let work = home.path().join("work").display().to_string();
    // A rule of the user's own that is as long as a server's name, and would lead pushes elsewhere.
    let rule = format!("git config --global url.ssh://nowhere.example/.pushInsteadOf {}/", nginx.basic);
    run(home.command("sh").args(["-c", &rule]), b"").ok();
    let cloned = format!("git clone -q {app} {work}; cd {work}; git commit -q --allow-empty -m more");
    exec(&home, &push, &format!("{cloned}; git push -q origin HEAD:agent/x")).ok().without("pw-s3cr3t");
    assert!(!in_served(&home, "app.git", "git rev-parse -q --verify agent/x || true").is_empty());
    let config = std::fs::read_to_string(home.path().join("work/.git/config")).unwrap();
    assert!(config.contains(&app) && !config.contains("127.0.0.1"), "the true URL is kept: {config}");
    let refused = exec(&home, &push, &format!("cd {work}; git push origin HEAD:main"));
    assert!(refused.err.contains("[remote rejected] HEAD -> main"), "{refused:?}");
    let spelled = app.replacen("https://", "https://alice@", 1);
    exec(&home, &push, &format!("cd {work}; git push -q {spelled} HEAD:agent/y")).ok();
    let fetch = [format!("fetch {app}")];
    assert!(exec(&home, &fetch, &format!("cd {work}; git push origin HEAD:agent/z")).code != 0);
}

/// Threat 10: another user's process on the loopback, and a web page that was led there.
#[test]
fn the_port_of_a_command_answers_nobody_without_its_token() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let file = home.path().join("environment");
    let script = format!("env > {0}.new; mv {0}.new {0}; exec cat", file.display());
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    exec.args(["exec", "--allow", &format!("fetch {}/git/app", nginx.basic), "--", "sh", "-c", &script]);
    let _exec = Running(exec.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap());
    wait_until("the command runs", || file.exists());
    let said = std::fs::read_to_string(&file).unwrap();
    let value =
        |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned();
    let (address, token) = (value("LOOM_PROXY").replace("http://", ""), value("LOOM_TOKEN"));
    let path = format!("/{}/git/app/info/refs?service=git-upload-pack", nginx.basic.trim_start_matches("https://"));
    let before = nginx.log();
    let ask = |host: &str, headers: &str| {
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: {host}\r\n{headers}Connection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    };
    let shown = format!("Authorization: Bearer {token}\r\n");
    for (host, headers) in [
        (address.as_str(), ""),
        (&address, "Authorization: Bearer loom_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
        ("evil.example", &shown),
        ("evil.example", "Origin: https://evil.example\r\n"),
    ] {
        let answer = ask(host, headers);
        assert!(!answer.starts_with("HTTP/1.1 2"), "{host} {headers}: {answer}");
    }
    assert_eq!(nginx.log(), before, "the server heard of it");
    assert!(ask(&address, &shown).starts_with("HTTP/1.1 200"));
}

/// Threat 11: a connection that a grandchild keeps has nothing behind it once the command has ended.
#[test]
fn what_a_grandchild_keeps_open_ends_with_the_command() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let ready = home.path().join("ready");
    let script = format!(
        "(trap '' HUP; env > {0}.new; mv {0}.new {0}; exec sleep 600) >/dev/null 2>&1 </dev/null & \
         echo $! > {0}.pid; while [ ! -e {0} ]; do :; done",
        ready.display()
    );
    exec(&home, &[format!("push {app} agent/*")], &script).ok();
    let said = std::fs::read_to_string(&ready).unwrap();
    let pid = std::fs::read_to_string(home.path().join("ready.pid")).unwrap();
    let value =
        |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('=')).unwrap().to_owned();
    assert!(TcpStream::connect(value("LOOM_PROXY").replace("http://", "")).is_err());
    let mut late = home.command(env!("CARGO_BIN_EXE_loom"));
    late.args(["api", &format!("{}/x", nginx.basic)]).env("LOOM_TOKEN", value("LOOM_TOKEN"));
    assert!(run(&mut late, b"").err.contains("token"), "it is worth nothing any more");
    run(home.command("kill").arg(pid.trim()), b"").ok();
}
