//! A locked agent, and who asks it for a server at which nothing is kept: they are told that there is nothing, as by an
//! open one, since a tool takes "locked" for a failure also where it needs nothing.

use crate::support::{Home, Session, run};

const PASSPHRASE: &str = "correct horse battery staple";

/// Asserts that something is locked at these hosts and nothing is there at the others, for git.
fn is_locked_only(home: &Home, locked: &[&str], others: &[&str]) {
    for host in locked {
        home.get("https", host).fails(1).says("the agent is locked").says("hint: loom unlock");
    }
    for host in others {
        let given = home.get("https", host).ok();
        assert_eq!((given.out.as_str(), given.err.as_str()), ("", ""), "{host}");
    }
}

#[test]
fn a_locked_agent_has_nothing_where_nothing_is_kept() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example/team"], "tok_of_b").ok();
    home.configure("[[server]]\nurl = 'https://registry.example'\nlogin = 'https://a.example'\n");
    home.loom(&["lock"]).ok();
    let others = ["c.example", "a.example:444", "x.a.example", "example"];
    is_locked_only(&home, &["a.example", "b.example", "registry.example"], &others);
    // Who asks by name means something that is there.
    home.loom(&["token", "--server", "https://c.example"]).fails(1).says("the agent is locked");
    home.loom(&["unlock"]).ok();
    assert!(home.get("https", "a.example").ok().out.contains("tok_of_a"));
}

#[test]
fn a_token_for_some_servers_learns_nothing_of_what_there_is_beside_them() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example/team"], "tok_of_b").ok();
    let servers = ["--for", "a.example", "--for", "c.example", "--for", "b.example/other"];
    let token = home.issue("some", &[&["--scopes", "read", "--reveal"], &servers[..]].concat());
    home.loom(&["lock"]).ok();
    let get = |host: &str, path: &str| {
        let mut command = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        let question = format!("protocol=https\nhost={host}\npath={path}\n\n");
        run(command.arg("get").env("LOOM_TOKEN", &token), question.as_bytes())
    };
    get("a.example", "").fails(1).says("the agent is locked");
    get("b.example", "other").fails(1).says("the agent is locked");
    for host in ["b.example", "c.example", "d.example"] {
        let given = get(host, "").ok();
        assert_eq!((given.out.as_str(), given.err.as_str()), ("", ""), "{host}");
    }
}

#[test]
fn so_does_one_that_waits_for_a_passphrase_or_whose_file_is_spoiled() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["store", "rekey", "--passphrase"], PASSPHRASE).ok();
    home.loom(&["agent", "stop"]).ok();
    is_locked_only(&home, &["a.example"], &["c.example"]);
    home.loom(&["lock"]).ok();
    std::fs::write(home.credentials(), "nothing that loom wrote").unwrap();
    is_locked_only(&home, &["a.example", "c.example"], &[]);
}

#[test]
fn the_keyrings_names_are_read_while_the_agent_is_locked() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    assert!(home.loom(&["status"]).ok().out.contains("keyring"));
    home.loom(&["lock"]).ok();
    is_locked_only(&home, &["a.example"], &["c.example"]);
    session.lock();
    // What cannot be read is not known.
    is_locked_only(&home, &["a.example", "c.example"], &[]);
}
