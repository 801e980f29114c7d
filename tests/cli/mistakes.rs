//! What people type who know gh, Git Credential Manager, ssh-agent, 1Password or git, and what they are answered. A
//! mistake is never carried out: it is said, with what was probably meant.

use crate::support::{Home, run};

/// What was typed, the exit code, and what is said.
type Row = (&'static [&'static str], i32, &'static [&'static str]);

/// At a home with the account alice at git.example, and alice and bob at two.example.
const MISTAKES: &[Row] = &[
    // gh
    (&["auth", "setup-git"], 2, &["hint: did you mean: loom setup git"]),
    (&["auth", "refresh"], 2, &["hint: did you mean: loom login"]),
    (&["auth", "lgoin"], 2, &["hint: did you mean: loom auth login"]),
    (&["auth"], 2, &["Usage"]),
    (&["auth", "logout", "--user", "alice"], 2, &["there is no --user", "hint: "]),
    (&["auth", "login", "--web"], 2, &["there is no --web", "hint: "]),
    (&["auth", "token", "--hostname", "nowhere.example"], 4, &["not logged in to https://nowhere.example"]),
    (&["completion", "-s", "bash"], 2, &["hint: did you mean: loom completions"]),
    // Git Credential Manager
    (&["configure"], 2, &["hint: did you mean: loom setup git"]),
    (&["unconfigure"], 2, &["hint: did you mean: loom setup git --remove"]),
    (&["diagnose"], 2, &["hint: did you mean: loom doctor"]),
    (&["github", "list"], 2, &["hint: did you mean: loom status"]),
    // ssh-agent
    (&["add", "git.example"], 2, &["hint: did you mean: loom login"]),
    (&["ssh-add", "-l"], 2, &["hint: did you mean: loom login"]),
    (&["daemon"], 2, &["hint: did you mean: loom agent"]),
    (&["login", "git@git.example:team/app.git"], 2, &["SSH", "hint: loom login https://git.example\n"]),
    (&["token", "ssh://git@git.example/team/app.git"], 2, &["SSH", "hint: loom token https://git.example\n"]),
    // 1Password
    (&["signin"], 2, &["hint: did you mean: loom login"]),
    (&["read", "op://vault/item"], 2, &["hint: did you mean: loom token"]),
    (&["run", "--env-file", "x", "--", "env"], 2, &["hint: did you mean: loom exec"]),
    (&["exec", "--env-file", "no-such-file", "--", "true"], 1, &["no-such-file"]),
    // git
    (&["credential", "fill"], 2, &["hint: did you mean: loom credential-helper"]),
    (&["config", "--get", "store"], 2, &["there is no --get"]),
    (&["config", "get", "user.name"], 1, &["there is no setting user.name", "default_server"]),
    (&["config", "set", "autologin", "maybe"], 1, &["maybe is not a value for autologin: true, false"]),
    (&["config", "set", "lock_after", "soon"], 1, &["soon is not a value for lock_after: 15m"]),
    // Anybody
    (&["statsu"], 2, &["hint: did you mean: loom status"]),
    (&["login", "http://git.example"], 1, &["hint: "]),
    (&["login", "https://alice:pw@git.example"], 2, &["password", "hint: loom login https://git.example --with-token"]),
    (&["login", "git.example", "--token", "abc"], 2, &["there is no --token", "hint: "]),
    (&["token", "git.exmaple"], 4, &["hint: did you mean: https://git.example"]),
    (&["token", "git.example", "--account", "alcie"], 4, &["no account alcie", "hint: did you mean: alice"]),
    (&["logout"], 1, &["no default server", "hint: name one with --server URL"]),
    (&["logout", "two.example"], 2, &["alice, bob", "--account USER"]),
    (&["logout", "git.example", "--account"], 2, &["--account <USER> needs a value"]),
    (&["token", "generate", "ci"], 2, &["--scopes"]),
    (&["token", "generate", "ci", "--scopes", "repo"], 2, &["repo is not a value for --scopes"]),
    (&["token", "generate", "ci", "--scopes", "read", "--expires", "0"], 2, &["0 is not a value for --expires"]),
    (&["token", "--min-validity", "ten"], 2, &["ten is not a value for --min-validity"]),
    (&["token", "revoke", "nothing"], 1, &["no token nothing", "hint: loom token list"]),
    (&["exec", "git.example", "--env", "X"], 1, &["git.example cannot be run"]),
    (&["setup", "npm"], 2, &["hint: "]),
    (&["lock", "--server", "git.example"], 2, &["--server means nothing here"]),
    (&["api", "git.example/user"], 1, &["hint: "]),
    (&["why"], 2, &["URL"]),
    (&["switch", "carol"], 4, &["carol"]),
    (&["rule", "add", "git.example", "alice"], 2, &["hint: "]),
];

#[test]
fn what_newcomers_type_is_answered_with_what_they_meant() {
    let home = Home::new();
    home.loom_in(&["login", "git.example", "--account", "alice", "--with-token"], "tok_a").ok();
    for account in ["alice", "bob"] {
        home.loom_in(&["login", "two.example", "--account", account, "--with-token"], "tok_two").ok();
    }
    home.loom(&["config", "unset", "default_server"]).ok();
    let mut wrong = Vec::new();
    for (typed, code, said) in MISTAKES {
        let done = home.loom(typed);
        let is_said = said.iter().all(|text| done.err.contains(text));
        if done.code != *code || !is_said || !done.out.is_empty() || done.err.contains("tok_") {
            wrong.push(format!("loom {}: expected {code} and {said:?}, got {done:?}", typed.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    assert_eq!(status["accounts"].as_array().unwrap().len(), 3, "nothing was carried out");
}

#[test]
fn every_command_that_is_suggested_is_one() {
    let home = Home::new();
    let suggested = MISTAKES.iter().flat_map(|(_, _, said)| said.iter()).filter_map(|text| {
        let line = text.strip_prefix("hint: did you mean: loom ").or_else(|| text.strip_prefix("hint: loom "))?;
        Some(line.trim().to_owned())
    });
    for line in suggested {
        let words: Vec<&str> = line.split(' ').filter(|word| !word.contains("://")).collect();
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        let help = run(command.args(&words).arg("--help"), b"");
        assert_eq!(help.code, 0, "loom {line}: {help:?}");
    }
}
