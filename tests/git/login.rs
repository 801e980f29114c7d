//! A login from inside a git command: offered on the terminal to a person who is there, and to nobody else.

use std::io::Read;
use std::process::{Command, Stdio};

use crate::support::{Home, LoomServer, Output, Running, find_program, gits, loom_server, run};

/// Runs a shell command with a terminal of its own and returns what appeared on it.
fn on_terminal(home: &Home, script: &str, environment: &[(&str, &str)]) -> Option<Output> {
    let mut command = home.command(find_program("script")?);
    command.env("GIT_TERMINAL_PROMPT", "1").envs(environment.iter().copied());
    Some(run(command.args(["-qec", script, "/dev/null"]), b""))
}

fn ls_remote(url: &str) -> String {
    format!("git -c credential.helper=loom ls-remote {url}/git/team/app.git")
}

/// A home whose default server has no login.
fn logged_out() -> (Home, LoomServer) {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["config", "set-default-server", server.url()]).ok();
    (home, server)
}

/// Has the server say this of every device code.
fn polls_say(server: &LoomServer, status: &str) {
    let body = format!(r#"{{"status":"{status}"}}"#);
    server.script().overrides.insert("/auth/device/poll".into(), (200, "application/json", body));
}

#[test]
fn a_person_at_a_terminal_is_shown_url_and_code_and_git_goes_on() {
    let (home, server) = logged_out();
    let Some(done) = on_terminal(&home, &ls_remote(server.url()), &[]) else { return };
    assert_eq!(done.code, 0, "{done:?}");
    assert!(done.out.contains("ABCD-1234"), "{done:?}");
    assert!(done.out.contains("refs/heads/main"), "{done:?}");
    home.loom(&["token"]).ok();
}

#[test]
fn nobody_is_asked_where_nobody_is_there_or_asking_is_forbidden() {
    let (home, server) = logged_out();
    let asked = |server: &LoomServer| server.script().seen.iter().any(|seen| seen.1 == "/auth/device/start");
    for git in gits() {
        let done = home.git(&git, &["ls-remote", &format!("{}/git/team/app.git", server.url())]);
        assert_ne!(done.code, 0, "{done:?}");
        assert!(done.err.contains("hint: loom login --server"), "{done:?}");
    }
    for (name, value) in [("GIT_TERMINAL_PROMPT", "0"), ("CI", "true")] {
        let Some(done) = on_terminal(&home, &ls_remote(server.url()), &[("GIT_ASKPASS", "true"), (name, value)]) else {
            return;
        };
        assert_ne!(done.code, 0, "{name}: {done:?}");
    }
    let never = format!(
        "git -c credential.interactive=never -c credential.helper=loom ls-remote {}/git/team/app.git",
        server.url()
    );
    on_terminal(&home, &never, &[("GIT_ASKPASS", "true")]);
    home.loom(&["config", "set", "autologin", "false"]).ok();
    on_terminal(&home, &ls_remote(server.url()), &[("GIT_ASKPASS", "true")]);
    assert!(!asked(&server), "{:?}", server.script().seen);
}

#[test]
fn a_login_is_not_offered_where_it_would_be_somebody_elses() {
    let (home, server) = logged_out();
    let named = server.url().replace("http://", "http://zed@");
    for _ in 0..2 {
        let Some(done) = on_terminal(&home, &ls_remote(&named), &[("GIT_ASKPASS", "true")]) else { return };
        assert_ne!(done.code, 0, "{done:?}");
    }
    home.configure(&format!("default_server = '{0}'\n[[account]]\nmatch = '{0}'\nuser = 'zed'\n", server.url()));
    on_terminal(&home, &ls_remote(server.url()), &[("GIT_ASKPASS", "true")]);
    assert!(!server.script().seen.iter().any(|seen| seen.1 == "/auth/device/start"));
}

#[test]
fn many_gits_show_one_prompt() {
    let (home, server) = logged_out();
    let both = format!("for n in 1 2 3 4 5; do {} & done; wait", ls_remote(server.url()));
    let Some(done) = on_terminal(&home, &both, &[]) else { return };
    assert_eq!(done.out.matches("refs/heads/main").count(), 5, "{done:?}");
    assert_eq!(done.out.matches("ABCD-1234").count(), 1, "{done:?}");
    assert_eq!(server.tokens().len(), 1);
}

#[test]
fn a_login_that_was_left_is_not_shown_again_at_once() {
    let (home, server) = logged_out();
    polls_say(&server, "expired");
    for _ in 0..3 {
        let Some(done) = on_terminal(&home, &ls_remote(server.url()), &[("GIT_ASKPASS", "true")]) else { return };
        assert_ne!(done.code, 0, "{done:?}");
    }
    let starts = server.script().seen.iter().filter(|seen| seen.1 == "/auth/device/start").count();
    assert_eq!(starts, 1, "it was shown once");
    server.script().overrides.clear();
    home.loom(&["login", "--server", server.url()]).ok();
}

#[test]
fn a_person_who_ends_the_login_is_not_asked_for_a_password_as_well() {
    let (home, server) = logged_out();
    polls_say(&server, "pending");
    let Some(script) = find_program("script") else { return };
    let mut command = home.command(script);
    command.env("GIT_TERMINAL_PROMPT", "1").args(["-qec", &ls_remote(server.url()), "/dev/null"]);
    let mut git = Running(command.stdout(Stdio::piped()).spawn().unwrap());
    let mut terminal = git.0.stdout.take().unwrap();
    let (mut shown, mut chunk) = (String::new(), [0; 256]);
    while !shown.contains("ABCD-1234") {
        let count = terminal.read(&mut chunk).unwrap();
        assert!(count > 0, "it ended before it showed the code: {shown}");
        shown += &String::from_utf8_lossy(&chunk[..count]);
    }
    // Only the login is told, not git, as a terminal's Ctrl+C would.
    let login = format!("login --for-git --server {}", server.url());
    assert!(Command::new("pkill").args(["-INT", "-f", &login]).status().unwrap().success());
    let mut rest = String::new();
    terminal.read_to_string(&mut rest).unwrap();
    assert!(!rest.contains("Username for"), "{rest}");
    assert!(rest.contains("quit"), "git says who told it to: {rest}");
    assert_ne!(git.0.wait().unwrap().code(), Some(0));
}

#[test]
fn git_lfs_ends_when_the_server_refuses_what_it_was_given() {
    if find_program("git-lfs").is_none() {
        return;
    }
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let git = &gits()[0];
    let url = format!("{}/git/team/app.git", server.url());
    home.git(git, &["clone", "--quiet", &url, "app"]).ok();
    std::fs::write(home.path().join("app/big.bin"), "not so big").unwrap();
    for arguments in
        [&["lfs", "install", "--local"][..], &["lfs", "track", "*.bin"], &["add", "."], &["commit", "-qm", "Big"]]
    {
        home.git(git, &[&["-C", "app"], arguments].concat()).ok();
    }
    server.tokens().clear();
    // A bound in case it does not end: then `timeout` answers 124.
    let push = ["60", "git", "-C", "app", "-c", "credential.helper=loom", "push", "origin", "HEAD:main"];
    let done = run(home.command("timeout").args(push), b"");
    assert_ne!(done.code, 0, "{done:?}");
    assert_ne!(done.code, 124, "{done:?}");
    let asked = server.script().seen.iter().filter(|seen| seen.1.contains("/info/lfs")).count();
    assert!(asked < 20, "it asked {asked} times");
}
