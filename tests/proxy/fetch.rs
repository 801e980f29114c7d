//! Fetching through the proxy with real gits and `git http-backend` behind nginx: with what is granted, and nothing
//! else.

use std::path::Path;

use crate::support::{Home, Nginx, run};

/// A home with a login at nginx, where there are `app.git` and others.
pub(super) fn served(home: &mut Home) -> Option<Nginx> {
    let nginx = Nginx::start(home)?;
    nginx.repository("app.git", None);
    nginx.accept_basic("alice", "pw-s3cr3t");
    home.store("https", nginx.basic.trim_start_matches("https://"), "alice", "pw-s3cr3t").ok();
    Some(nginx)
}

/// Adds commits and files to what is served, as if others had.
pub(super) fn in_served(home: &Home, name: &str, script: &str) -> String {
    let dir = home.path().join("nginx/served").join(name);
    run(home.command("sh").args(["-ec", script]).current_dir(dir), b"").ok().out.trim().to_owned()
}

fn head(home: &Home, work: &Path) -> String {
    run(home.command("git").args(["rev-parse", "HEAD"]).current_dir(work), b"").ok().out
}

#[test]
fn a_granted_repository_is_cloned_in_every_version_of_the_protocol() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let relay = home.relay(&[&format!("fetch {app}")]);
    for version in ["0", "1", "2"] {
        let work = format!("v{version}");
        let protocol = format!("protocol.version={version}");
        relay.git(&home, &nginx.basic, &["-c", &protocol, "clone", "-q", &app, &work]).ok().without("pw-s3cr3t");
        assert!(!head(&home, &home.path().join(&work)).is_empty());
    }
    let shown = run(home.command("git").args(["remote", "get-url", "origin"]).current_dir(home.path().join("v2")), b"");
    shown.ok().says("").without(&relay.token);
    let fetched = home.audited("git.fetch");
    assert!(fetched.len() >= 3, "{fetched:?}");
    assert_eq!(fetched[0]["repository"], "/git/app");
    assert!(fetched[0]["grant"].as_str().unwrap().starts_with("fetch https://localhost:"), "{fetched:?}");
    assert_eq!(fetched[0]["outcome"], "ok");
}

#[test]
fn without_the_git_suffix_it_is_the_same_repository_and_others_are_not() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    nginx.repository("other.git", None);
    let relay = home.relay(&[&format!("fetch {}/git/app", nginx.basic)]);
    let listed = |name: &str| relay.git(&home, &nginx.basic, &["ls-remote", &format!("{}/git/{name}", nginx.basic)]);
    listed("app.git").ok();
    for name in ["other.git", "app.git.git", "App.git", "app.wiki"] {
        let answer = listed(name);
        assert_ne!(answer.code, 0, "{name}");
    }
    let refused = listed("other.git").ends(128);
    assert!(refused.err.contains("fetch https://localhost"), "{}", refused.err);
    assert!(!nginx.log().contains("other"), "the server heard of it: {}", nginx.log());
}

#[test]
fn shallow_and_partial_clones_and_sha256_go_through() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    in_served(&home, "app.git", "git config uploadpack.allowFilter true");
    in_served(
        &home,
        ".",
        "git init -q --bare --object-format=sha256 -b main new.git
        git -C new.git config http.receivepack true
        work=$(mktemp -d); git -C $work init -q --object-format=sha256 -b main
        git -C $work commit -q --allow-empty -m one; git -C $work push -q $PWD/new.git main; rm -rf $work",
    );
    let url = |name: &str| format!("{}/git/{name}", nginx.basic);
    let relay = home.relay(&[&format!("fetch {}", url("app")), &format!("push {} *", url("new"))]);
    let clone = |options: &[&str], name: &str, work: &str| {
        relay.git(&home, &nginx.basic, &[&["clone", "-q"], options, &[&url(name), work]].concat()).ok();
    };
    clone(&["--depth", "1"], "app.git", "shallow");
    clone(&["--filter=blob:none", "--no-checkout"], "app.git", "partial");
    clone(&[], "new.git", "sha256");
    home.git(Path::new("git"), &["-C", "sha256", "commit", "-q", "--allow-empty", "-m", "two"]).ok();
    relay.git(&home, &nginx.basic, &["-C", "sha256", "push", "-q", "origin", "HEAD:refs/heads/side"]).ok();
}

#[test]
fn submodules_go_through_where_they_are_granted() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    nginx.repository("sub.git", None);
    nginx.repository("with.git", Some("../sub.git"));
    let url = |name: &str| format!("{}/git/{name}", nginx.basic);
    let clone = |grants: &[&str], work: &str| {
        let relay = home.relay(grants);
        relay.git(&home, &nginx.basic, &["clone", "-q", "--recurse-submodules", &url("with.git"), work])
    };
    let (with, sub) = (format!("fetch {}", url("with")), format!("fetch {}", url("sub")));
    clone(&[&with, &sub], "both").ok();
    assert_ne!(clone(&[&with], "one").code, 0);
}

#[test]
fn what_git_compressed_arrives_as_it_was() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    // So many refs that what is wanted is longer than git sends uncompressed.
    in_served(
        &home,
        "app.git",
        "for n in $(seq 60); do
        tree=$(git write-tree 2>/dev/null || git hash-object -t tree /dev/null)
        id=$(git commit-tree -m $n $tree); git update-ref refs/heads/b$n $id; done",
    );
    let app = format!("{}/git/app.git", nginx.basic);
    let relay = home.relay(&[&format!("fetch {app}")]);
    for version in ["0", "2"] {
        let protocol = format!("protocol.version={version}");
        let mut command = relay.git_command(&home, &nginx.basic, &["-c", &protocol, "clone", "-q", &app, version]);
        let done = run(command.env("GIT_TRACE_CURL", "1"), b"").ok();
        assert!(done.err.contains("Content-Encoding: gzip"), "git compressed nothing");
        done.without(&relay.token);
    }
}

#[test]
fn a_renamed_repository_is_followed_where_its_new_name_is_granted() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let (old, new) = (format!("{}/old/app.git", nginx.basic), format!("{}/git/app.git", nginx.basic));
    let relay = home.relay(&[&format!("fetch {old}"), &format!("fetch {new}")]);
    relay.git(&home, &nginx.basic, &["clone", "-q", &old, "followed"]).ok();
    let relay = home.relay(&[&format!("fetch {old}")]);
    let refused = relay.git(&home, &nginx.basic, &["clone", "-q", &old, "not"]);
    assert_ne!(refused.code, 0);
}

#[test]
fn twenty_fetches_at_once_all_arrive() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let relay = home.relay(&[&format!("fetch {app}")]);
    std::thread::scope(|scope| {
        for at in 0..20 {
            let (home, relay, nginx, app) = (&home, &relay, &nginx, &app);
            scope.spawn(move || relay.git(home, &nginx.basic, &["clone", "-q", app, &format!("w{at}")]).ok());
        }
    });
}
