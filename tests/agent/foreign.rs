//! Another user's directories, and another user's processes: nothing is made or started there, and nothing said to
//! them.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Home, Output, Running, as_root, find_program, run, wait_until};

/// A user of this machine that is not the one who tests.
const ANOTHER: u32 = 54321;

/// Everything below, with its owner.
fn owners(dir: &Path) -> Vec<(PathBuf, u32)> {
    let entries = std::fs::read_dir(dir).unwrap().flatten().map(|entry| entry.path());
    let nested = entries.flat_map(|path| {
        let found = path.symlink_metadata().unwrap();
        let below = if found.is_dir() { owners(&path) } else { Vec::new() };
        std::iter::once((path, found.uid())).chain(below)
    });
    nested.collect()
}

fn give_away(dir: &Path) {
    for path in std::iter::once(dir.to_owned()).chain(owners(dir).into_iter().map(|(path, _)| path)) {
        std::os::unix::fs::lchown(&path, Some(ANOTHER), Some(ANOTHER)).unwrap();
    }
}

/// A program with the environment of another user and the rights of root, as `sudo -E` has them.
fn with_their_environment(home: &Home, program: &str, arguments: &[&str], extra: &[(&str, &Path)]) -> Output {
    let mut command = home.command(program);
    command.args(arguments).envs(extra.iter().copied()).env("LC_ALL", "C.UTF-8");
    run(&mut command, b"protocol=https\nhost=a.example\n\n")
}

#[test]
fn with_another_users_environment_nothing_is_made_or_started() {
    let Some(()) = as_root("only root can be somebody else for a while") else { return };
    let home = Home::new();
    give_away(home.path());
    let before = owners(home.path());
    let (loom, agent) = (env!("CARGO_BIN_EXE_loom"), env!("CARGO_BIN_EXE_loom-agent"));
    let said = |done: Output| done.fails(1).says("belongs to another user").says("sudo -i loom");
    // Where the socket is looked for, where it is named, and where only the settings are theirs.
    let named = home.path().join("run/loom/agent.sock");
    let own = tempfile::tempdir().unwrap();
    std::fs::set_permissions(own.path(), PermissionsExt::from_mode(0o700)).unwrap();
    let elsewhere = own.path().join("loom/agent.sock");
    for extra in [&[][..], &[("LOOM_AGENT_SOCK", &*named)], &[("LOOM_AGENT_SOCK", &*elsewhere)]] {
        said(with_their_environment(&home, loom, &["status"], extra));
        let done = with_their_environment(&home, agent, &["--foreground"], extra);
        assert_eq!(done.code, 1, "{done:?}");
        assert!(done.err.contains("belongs to another user"), "{done:?}");
        assert_eq!(with_their_environment(&home, env!("CARGO_BIN_EXE_git-credential-loom"), &["get"], extra).out, "");
    }
    said(with_their_environment(&home, loom, &["config", "set", "default_server", "https://a.example"], &[]));
    said(with_their_environment(&home, loom, &["setup", "git"], &[]));
    assert_eq!(owners(home.path()), before, "nothing is there that was not");
    assert!(!elsewhere.exists());
    // Their own agent works as before.
    let Some(setpriv) = find_program("setpriv") else { return };
    let mut theirs = home.command(setpriv);
    theirs.args([&format!("--reuid={ANOTHER}"), &format!("--regid={ANOTHER}"), "--clear-groups", loom, "status"]);
    // They may not be able to reach the programs; then there is nothing to see.
    let done = run(&mut theirs, b"");
    assert!(!done.err.contains("another user"), "{done:?}");
    let mut end = home.command("setpriv");
    end.args([&format!("--reuid={ANOTHER}"), &format!("--regid={ANOTHER}"), "--clear-groups", loom, "agent", "stop"]);
    run(&mut end, b"");
}

#[test]
fn in_a_namespace_of_its_own_a_front_end_asks_the_kernel_who_is_there() {
    let (Some(unshare), Some(setpriv), Some(socat)) =
        (find_program("unshare"), find_program("setpriv"), find_program("socat"))
    else {
        return;
    };
    let Some(()) = as_root("only root can be somebody else for a while") else { return };
    let home = Home::new();
    let theirs = home.path().join("theirs");
    std::fs::create_dir(&theirs).unwrap();
    std::fs::set_permissions(home.path(), PermissionsExt::from_mode(0o711)).unwrap();
    give_away(&theirs);
    let (heard, placed) = (theirs.join("heard"), theirs.join("agent.sock"));
    let mut listen = Command::new(setpriv);
    listen.args([&format!("--reuid={ANOTHER}"), &format!("--regid={ANOTHER}"), "--clear-groups"]).arg(socat);
    listen.arg("-u").arg(format!("UNIX-LISTEN:{},fork,mode=666", placed.display()));
    listen.arg(format!("OPEN:{},creat,append", heard.display())).stdin(Stdio::null()).stderr(Stdio::null());
    let _listening = Running(listen.spawn().unwrap());
    wait_until("they listen", || placed.exists());
    // The path says that it is ours: it lies in our directory and we own it.
    let ours = home.path().join("ours");
    std::fs::create_dir(&ours).unwrap();
    std::fs::set_permissions(&ours, PermissionsExt::from_mode(0o700)).unwrap();
    let socket = ours.join("agent.sock");
    std::fs::rename(&placed, &socket).unwrap();
    std::os::unix::fs::chown(&socket, Some(0), Some(0)).unwrap();
    let store = "protocol=https\nhost=a.example\nusername=u\npassword=secret\n\n";
    for namespaces in
        [&["--pid", "--fork"][..], &["--mount", "--fork"], &["--user", "--map-root-user", "--pid", "--fork"]]
    {
        let within = |program: &str, argument: &str| {
            let mut command = home.command(&unshare);
            command.args(namespaces).args([program, argument]);
            run(command.env("LOOM_AGENT_SOCK", &socket).env("LOOM_AUTOSTART", "0"), store.as_bytes())
        };
        let refused = within(env!("CARGO_BIN_EXE_loom"), "status");
        assert_eq!(refused.code, 1, "{namespaces:?}: {refused:?}");
        assert!(refused.err.contains("another user"), "{namespaces:?}: {refused:?}");
        within(env!("CARGO_BIN_EXE_git-credential-loom"), "store");
    }
    assert_eq!(std::fs::read_to_string(&heard).unwrap_or_default(), "", "not a byte");
}

#[test]
fn agent_and_front_end_find_each_other_across_namespaces() {
    let Some(unshare) = find_program("unshare") else { return };
    let Some(()) = as_root("only root can be somebody else for a while") else { return };
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    let get = "protocol=https\nhost=a.example\n\n";
    let within = |namespaces: &[&str]| {
        let mut command = home.command(&unshare);
        command.args(namespaces).args([env!("CARGO_BIN_EXE_git-credential-loom"), "get"]).env("LOOM_AUTOSTART", "0");
        run(&mut command, get.as_bytes())
    };
    for namespaces in
        [&["--pid", "--fork"][..], &["--user", "--map-root-user"], &["--user", "--map-root-user", "--pid", "--fork"]]
    {
        assert!(within(namespaces).ok().out.contains("password=pw"), "{namespaces:?}");
    }
    // Where every user has the same number nobody can be told from anybody.
    assert!(!within(&["--user"]).out.contains("pw"));
    // The agent in a namespace of its own, the front-end outside.
    home.loom(&["agent", "stop"]).ok();
    let _agent = home.agent_through(&unshare, &["--pid", "--fork", "--kill-child"]);
    wait_until("it listens", || home.is_listening());
    assert!(home.get("https", "a.example").ok().out.contains("password=pw"));
}
