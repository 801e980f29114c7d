//! Git over TLS with nginx and `git http-backend`: Basic, Bearer, a password changed in the middle, submodules, crowds.

use std::path::Path;

use crate::support::{Home, Nginx, gits};

fn speaks_bearer(home: &Home, git: &Path) -> bool {
    crate::support::run(home.command(git).args(["credential", "capability"]), b"").out.contains("authtype")
}

#[test]
fn clone_and_push_over_tls_with_basic_and_with_bearer() {
    let mut home = Home::new();
    let Some(nginx) = Nginx::start(&mut home) else { return };
    nginx.repository("app.git", None);
    nginx.accept_basic("alice", "pw-basic");
    let host = nginx.basic.trim_start_matches("https://");
    home.store("https", host, "alice", "pw-basic").ok();
    home.loom_in(&["login", "--with-token", "--server", &nginx.bearer], "tok_bearer").ok();
    for (number, git) in gits().iter().enumerate() {
        for (name, server) in [("basic", &nginx.basic), ("bearer", &nginx.bearer)] {
            let work = format!("{name}-{number}");
            let cloned = home.git(git, &["clone", "--quiet", &format!("{server}/git/app.git"), &work]);
            if name == "bearer" && !speaks_bearer(&home, git) {
                assert_ne!(cloned.code, 0, "an older git cannot send Bearer");
                home.loom_in(&["login", "--with-token", "--server", &nginx.bearer], "tok_bearer").ok();
                continue;
            }
            cloned.ok();
            home.git(git, &["-C", &work, "commit", "--quiet", "--allow-empty", "-m", "More"]).ok();
            home.git(git, &["-C", &work, "push", "--quiet", "origin", "HEAD:main"]).ok();
        }
    }
    let sent = nginx.log();
    assert!(sent.contains("\"Bearer tok_bearer\""), "{sent}");
    assert!(sent.contains("\"Basic "), "{sent}");
}

#[test]
fn a_password_changed_in_the_middle_is_followed_by_the_next_candidate() {
    let mut home = Home::new();
    let Some(nginx) = Nginx::start(&mut home) else { return };
    nginx.repository("app.git", None);
    let host = nginx.basic.trim_start_matches("https://");
    home.store("https", host, "alice", "old").ok();
    home.store("https", host, "bob", "new").ok();
    let url = format!("{}/git/app.git", nginx.basic);
    let git = &gits()[0];
    nginx.accept_basic("alice", "old");
    home.git(git, &["ls-remote", &url]).ok();
    nginx.accept_basic("bob", "new");
    if !speaks_bearer(&home, git) {
        assert_ne!(home.git(git, &["ls-remote", &url]).code, 0);
    }
    home.git(git, &["ls-remote", &url]).ok();
    home.loom(&["why", &nginx.basic]).ok();
}

#[test]
fn a_submodule_on_another_host_gets_nothing_of_the_first() {
    let mut home = Home::new();
    let Some(nginx) = Nginx::start(&mut home) else { return };
    nginx.repository("sub.git", None);
    nginx.repository("top.git", Some(&format!("{}/git/sub.git", nginx.bearer)));
    nginx.accept_basic("alice", "pw-of-top");
    home.store("https", nginx.basic.trim_start_matches("https://"), "alice", "pw-of-top").ok();
    let top = format!("{}/git/top.git", nginx.basic);
    let git = &gits()[0];
    assert_ne!(home.git(git, &["clone", "--quiet", "--recursive", &top, "one"]).code, 0);
    let bearer_port = nginx.bearer.rsplit_once(':').unwrap().1;
    for line in nginx.log().lines().filter(|line| line.starts_with(bearer_port)) {
        assert!(line.ends_with("\"-\""), "the other host was sent something: {line}");
    }
    if speaks_bearer(&home, git) {
        home.loom_in(&["login", "--with-token", "--server", &nginx.bearer], "tok_bearer").ok();
        home.git(git, &["clone", "--quiet", "--recursive", &top, "two"]).ok();
        assert!(home.path().join("two/sub/.git").exists());
    }
}

#[test]
fn fifty_fetches_at_once_all_get_their_credential() {
    let mut home = Home::new();
    let Some(nginx) = Nginx::start(&mut home) else { return };
    nginx.repository("app.git", None);
    nginx.accept_basic("alice", "pw");
    home.store("https", nginx.basic.trim_start_matches("https://"), "alice", "pw").ok();
    home.loom(&["agent", "stop"]).ok();
    let url = format!("{}/git/app.git", nginx.basic);
    let git = &gits()[0];
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| home.git(git, &["ls-remote", &url]).ok());
        }
    });
}
