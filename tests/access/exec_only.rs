//! `loom exec --only`: a command in namespaces of its own, or not at all.

use crate::support::{Home, Output, run};

const FETCH: &str = "fetch https://git.example/org/app";

fn home() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://git.example"], "tok_of_git").ok();
    home
}

fn only(home: &Home, script: &str) -> Output {
    home.loom(&["exec", "--only", "--allow", FETCH, "--", "sh", "-c", script])
}

#[test]
fn an_only_command_sees_no_agent_no_network_and_nobody() {
    let home = home();
    let said = only(
        &home,
        "ls -A \"$XDG_CONFIG_HOME/loom\" \"$XDG_STATE_HOME/loom\" | grep -v : ; grep -c : /proc/net/dev; ls -d /proc/[0-9]* | wc -l; exit 7",
    );
    assert_eq!(said.code, 7, "{said:?}");
    let words: Vec<&str> = said.out.split_whitespace().collect();
    assert_eq!(words[0], "1", "one device, the loopback, and nothing in loom's directories: {said:?}");
    assert!(words[1].parse::<u32>().unwrap() < 9, "{said:?}");
    let asked = only(&home, "LOOM_AUTOSTART=0 loom status");
    assert!(asked.code != 0, "{asked:?}");
    // What is covered stays covered, also for who makes namespaces in turn.
    for way in ["umount \"$XDG_STATE_HOME/loom\"", "unshare -rm umount \"$XDG_STATE_HOME/loom\""] {
        let tried = only(&home, &format!("{way} 2>/dev/null; ls -A \"$XDG_STATE_HOME/loom\""));
        assert!(tried.out.trim().is_empty(), "{way}: {tried:?}");
    }
    assert_eq!(home.loom(&["token", "list", "--json"]).ok().out.trim(), "[]");
}

#[test]
fn an_only_command_reaches_the_relay_and_no_further() {
    let home = home();
    let said = only(&home, "git ls-remote https://git.example/org/lib; git ls-remote https://git.example/org/app");
    assert!(said.code != 0);
    // The one is not led to the relay, and nobody finds its server; the other one the agent judges, and does not find.
    assert!(said.err.contains("Could not resolve host: git.example"), "{said:?}");
    assert!(!said.err.contains("Failed to connect"), "{said:?}");
}

#[test]
fn where_there_are_no_namespaces_an_only_command_is_not_run() {
    let home = home();
    let mut without = home.command("unshare");
    let script = "echo 0 > /proc/sys/user/max_user_namespaces; exec loom exec --only --allow \"$0\" -- touch \"$1\"";
    let file = home.path().join("was-run");
    let said = run(without.args(["-r", "sh", "-c", script, FETCH]).arg(&file), b"");
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("was not run"), "{said:?}");
    assert!(said.err.contains("max_user_namespaces"), "{said:?}");
    assert!(!file.exists());
}
