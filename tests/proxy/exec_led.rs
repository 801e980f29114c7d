//! By whatever name git knows a repository, and however many `loom exec` stand within one another, nothing goes another
//! way than the relay's.

use std::path::Path;

use super::fetch::{in_served, served};
use crate::support::{Home, Nginx, Output, run};

/// A clone `work` of what is served, with a commit that is not pushed.
fn clone(home: &Home, nginx: &Nginx) -> String {
    let app = format!("{}/git/app.git", nginx.basic);
    home.git(Path::new("git"), &["clone", "-q", &app, "work"]).ok();
    home.git(Path::new("git"), &["-C", "work", "commit", "-q", "--allow-empty", "-m", "More"]).ok();
    app
}

/// What a shell says that runs with these grants in the clone.
fn granted(home: &Home, grants: &[&str], script: &str) -> Output {
    let mut exec = home.command(env!("CARGO_BIN_EXE_loom"));
    exec.arg("exec").current_dir(home.path().join("work"));
    for grant in grants {
        exec.args(["--allow", grant]);
    }
    run(exec.args(["--", "sh", "-c", script]), b"")
}

fn at_server(home: &Home, name: &str) -> String {
    in_served(home, "app.git", &format!("git rev-parse -q --verify {name} || true"))
}

/// H1: the inner one's pushes are judged by the inner grants, and nothing of the outer one is there to be shown.
#[test]
fn a_command_within_a_command_has_the_narrower_grants_alone() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = clone(&home, &nginx);
    let before = at_server(&home, "main");
    let inner = format!(
        "echo outer $LOOM_TOKEN $LOOM_PROXY; COPY=$LOOM_TOKEN; export COPY; loom exec --allow 'push {app} agent/*' -- \
         sh -c 'env; git push -q {app} HEAD:agent/x && git push {app} HEAD:main'"
    );
    let outer = [&*format!("push {app} *"), "ANY https://api.github.com/**", "POST https://api.openai.com/v1/**"];
    let said = granted(&home, &outer, &inner);
    assert!(said.err.contains("! [remote rejected] HEAD -> main"), "{}", said.err);
    assert_eq!(at_server(&home, "main"), before);
    assert_ne!(at_server(&home, "agent/x"), "");
    let (first, environment) = said.out.split_once('\n').unwrap();
    for sign in first.split(' ').skip(1) {
        assert!(sign.len() > 10 && !environment.contains(sign), "{sign}: {environment}");
    }
}

#[test]
fn a_remote_is_led_away_as_it_is_written() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = clone(&home, &nginx);
    let before = at_server(&home, "main");
    let set = |url: &str| home.git_config(&["-C", "work", "remote", "set-url", "origin", url]).ok();
    for (at, url) in
        [&app.replace("https://localhost", "https://LocalHost"), &app.replace("https://", "https://al%69ce@")]
            .iter()
            .enumerate()
    {
        set(url);
        let script = format!("git push -q origin HEAD:agent/{at} && git push origin HEAD:main");
        let said = granted(&home, &["push agent/*"], &script);
        assert!(said.err.contains("[remote rejected] HEAD -> main"), "{url}: {}", said.err);
        assert_ne!(at_server(&home, &format!("agent/{at}")), "", "{url}");
    }
    // A password in it would be used, whatever is granted.
    set(&app.replace("https://", "https://alice:pw-s3cr3t@"));
    granted(&home, &[&format!("push {app} agent/*")], "true").fails(2).says("git remote set-url").without("pw-s3cr3t");
    assert_eq!(at_server(&home, "main"), before);
}

#[test]
fn without_the_relay_for_a_granted_repository_nothing_runs() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = clone(&home, &nginx);
    let grant = format!("push {app} agent/*");
    for (key, value) in
        [("insteadOf", app.as_str()), ("pushInsteadOf", &app), ("pushInsteadOf", app.trim_end_matches(".git"))]
    {
        let key = format!("url.git@localhost:app.{key}");
        home.git_config(&["config", "--global", &key, value]).ok();
        let said = granted(&home, &[&grant], "touch ../ran");
        home.git_config(&["config", "--global", "--unset-all", &key]).ok();
        assert!(said.code != 0 && said.err.contains("insteadOf"), "{key} {value}: {}", said.err);
        assert!(!home.path().join("ran").exists());
    }
    granted(&home, &[&grant], "true").ok();
}

/// M1, M3: neither a key in a file nor what a `git -c` around it says is another way.
#[test]
fn git_has_no_ssh_and_no_settings_that_come_after_the_relays() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = clone(&home, &nginx);
    home.git_config(&["config", "--global", "core.sshCommand", "touch ssh-was-run; false"]).ok();
    let said = granted(&home, &[&format!("fetch {app}")], "git ls-remote git@localhost:org/other; ls");
    assert!(said.err.contains("loom: SSH"), "{}", said.err);
    assert!(!said.out.contains("ssh-was-run"), "{}", said.out);
    let script = "git -c credential.helper=store -c alias.x='!loom exec --allow \"fetch '$APP'\" -- git config \
                  --get-all credential.helper' x";
    let mut git = home.command("sh");
    git.args(["-c", script]).env("APP", &app).current_dir(home.path().join("work"));
    let said = run(&mut git, b"").ok();
    assert_eq!(said.out.trim_end_matches('\n').lines().next_back().unwrap_or_default(), "", "{}", said.out);
}
