//! Locking and unlocking: what a locked agent gives out, which is nothing, and who opens it again.

use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Dialogue, Home, Output, Rotating, Running, find_program, gits, loom_server, run, wait_until};

const PASSPHRASE: &str = "correct horse battery staple";

/// A home with a login, whose sealed file has a passphrase.
fn with_passphrase() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["store", "rekey", "--passphrase"], PASSPHRASE).ok().says("Only the passphrase opens it");
    home
}

fn token(home: &Home) -> Output {
    home.loom(&["token", "--server", "https://a.example"])
}

fn is_locked(home: &Home) -> bool {
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap();
    status["agent"]["locked"].as_bool().unwrap()
}

/// Runs a shell command with a terminal of its own, on which this is typed.
fn on_terminal(home: &Home, script: &str, typed: &str) -> Option<Output> {
    let mut command = home.command(find_program("script")?);
    command.env("GIT_TERMINAL_PROMPT", "1").env("GIT_ASKPASS", "true").args(["-qec", script, "/dev/null"]);
    Some(run(&mut command, typed.as_bytes()))
}

#[test]
fn a_locked_agent_gives_nothing_to_anybody_until_it_is_unlocked() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    assert!(!is_locked(&home));
    home.loom(&["lock"]).ok().says("The agent is locked").says("loom store rekey --passphrase");
    assert!(is_locked(&home));
    let refused = token(&home).fails(1).says("the agent is locked").says("hint: loom unlock");
    assert_eq!(refused.out, "");
    home.loom(&["status"]).fails(1).says("the agent is locked");
    home.loom(&["why", "https://a.example/x"]).fails(1).says("the agent is locked");
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_b").fails(1).says("is locked");
    home.loom(&["logout", "--server", "https://a.example"]).fails(1).says("is locked");
    home.loom(&["store", "rekey"]).fails(1).says("is locked");
    home.loom(&["store", "migrate", "--to", "keyring"]).fails(1);
    assert_eq!(home.get("https", "a.example").out, "");
    assert_eq!(home.store("https", "c.example", "u", "p").out, "");
    home.loom(&["agent", "status"]).ok();
    home.loom(&["lock"]).ok();
    home.loom(&["unlock"]).ok().says("The agent is unlocked");
    assert_eq!(token(&home).ok().out.trim(), "tok_of_a");
    assert_eq!(home.get("https", "c.example").ok().out, "", "what was refused was not kept");
    home.loom(&["unlock"]).ok();
    let log = home.loom(&["audit", "tail", "-n", "50"]).ok().out;
    assert!(log.contains("lock"), "{log}");
    assert!(log.contains("unlock"), "{log}");
    assert!(log.contains("locked"), "{log}");
}

#[test]
fn only_the_passphrase_opens_what_a_new_agent_finds() {
    let home = with_passphrase();
    assert_eq!(token(&home).ok().out.trim(), "tok_of_a", "the agent that set it is open");
    home.loom(&["store", "status"]).ok();
    home.assert_nowhere_in_clear(PASSPHRASE);
    home.loom(&["agent", "restart"]).ok();
    assert!(is_locked(&home));
    token(&home).fails(1).says("the agent is locked");
    assert!(home.loom(&["doctor"]).out.contains("is locked: loom unlock"));
    home.loom_in(&["unlock"], "wrong").fails(1).says("that is not the passphrase");
    token(&home).fails(1);
    home.loom_in(&["unlock"], PASSPHRASE).ok();
    assert_eq!(token(&home).ok().out.trim(), "tok_of_a");
    // Once more without restart, then without a passphrase from then on.
    home.loom(&["lock"]).ok();
    token(&home).fails(1);
    home.loom_in(&["unlock"], &format!("{PASSPHRASE}\n")).ok();
    home.loom(&["store", "rekey"]).fails(1).says("hint: loom store rekey --passphrase");
    home.loom(&["store", "rekey", "--no-passphrase"]).ok();
    home.loom(&["agent", "restart"]).ok();
    assert_eq!(token(&home).ok().out.trim(), "tok_of_a");
}

#[test]
fn a_passphrase_set_before_the_first_login_counts_for_it() {
    let home = Home::new();
    home.loom_in(&["store", "rekey", "--passphrase"], PASSPHRASE).ok();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom(&["agent", "stop"]).ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_b").fails(1).says("is locked");
    home.loom_in(&["unlock"], PASSPHRASE).ok();
    assert_eq!(token(&home).ok().out.trim(), "tok_of_a");
    for nothing in ["", "two\nlines"] {
        home.loom_in(&["store", "rekey", "--passphrase"], nothing).fails(1).says("one line, and not empty");
    }
}

#[test]
fn wrong_passphrases_wait_longer_and_longer() {
    let home = with_passphrase();
    home.loom(&["lock"]).ok();
    let begun = Instant::now();
    for _ in 0..3 {
        home.loom_in(&["unlock"], "wrong").fails(1);
    }
    assert!(begun.elapsed() >= Duration::from_secs(3), "one second, then two");
    // Nobody else waits for them.
    let mut guess = home.command(env!("CARGO_BIN_EXE_loom"));
    let file = home.path().join("wrong");
    std::fs::write(&file, "wrong").unwrap();
    guess.arg("unlock").stdin(std::fs::File::open(&file).unwrap()).stderr(Stdio::null());
    let _guess = Running(guess.spawn().unwrap());
    token(&home).fails(1).says("is locked");
}

#[test]
fn who_knows_the_passphrase_does_not_wait_behind_those_who_do_not() {
    let home = with_passphrase();
    home.loom(&["lock"]).ok();
    std::thread::scope(|scope| {
        let guessing = || drop(home.loom_in(&["unlock"], "wrong"));
        let guesses: Vec<_> = (0..8).map(|_| scope.spawn(guessing)).collect();
        wait_until("somebody was told that it is the wrong one", || guesses.iter().any(|guess| guess.is_finished()));
        // Most of the others keep theirs to themselves still: one second, two, four, eight, and so on up to thirty.
        let begun = Instant::now();
        home.loom_in(&["unlock"], PASSPHRASE).ok();
        assert!(begun.elapsed() < Duration::from_secs(40), "{:?}", begun.elapsed());
        assert!(guesses.iter().any(|guess| !guess.is_finished()), "wrong ones wait");
        token(&home).ok();
        home.loom(&["agent", "stop"]).ok();
    });
}

#[test]
fn a_person_types_the_passphrase_twice_to_set_it_and_may_mistype_it_twice() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    let Some(done) = on_terminal(&home, "loom store rekey --passphrase", "one\ntwo\n") else { return };
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.out.contains("two different passphrases"), "{done:?}");
    let done = on_terminal(&home, "loom store rekey --passphrase", "one two three\none two three\n").unwrap();
    assert_eq!(done.code, 0, "{done:?}");
    assert!(!done.out.contains("one two three\r\nOnce"), "{done:?}");
    home.loom(&["lock"]).ok();
    let done = on_terminal(&home, "loom unlock", "one\none two\none two three\n").unwrap();
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(done.out.matches("not the passphrase").count(), 2, "{done:?}");
    token(&home).ok();
}

#[test]
fn git_lets_the_person_at_the_terminal_unlock_once_for_all_and_goes_on() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom_in(&["store", "rekey", "--passphrase"], PASSPHRASE).ok();
    home.loom(&["lock"]).ok();
    let ls_remote = format!("git -c credential.helper=loom ls-remote {}/git/team/app.git", server.url());
    for git in gits() {
        let done = home.git(&git, &["ls-remote", &format!("{}/git/team/app.git", server.url())]);
        assert_ne!(done.code, 0, "nobody is there: {done:?}");
        assert!(done.err.contains("hint: loom unlock"), "nobody is there: {done:?}");
    }
    home.loom(&["config", "set", "autologin", "false"]).ok();
    let Some(done) = on_terminal(&home, &ls_remote, "x\n") else { return };
    assert_ne!(done.code, 0, "{done:?}");
    assert!(!done.out.contains("Passphrase:"), "{done:?}");
    home.loom(&["config", "set", "autologin", "true"]).ok();
    let three = format!("for n in 1 2 3; do {ls_remote} & done; wait");
    let done = on_terminal(&home, &three, &format!("{PASSPHRASE}\n")).unwrap();
    assert_eq!(done.out.matches("refs/heads/main").count(), 3, "{done:?}");
    assert_eq!(done.out.matches("Passphrase:").count(), 1, "{done:?}");
}

#[test]
fn a_signal_locks() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    kill_process(Pid::from_raw(home.agent_pid()).unwrap(), Signal::USR1).unwrap();
    wait_until("it is locked", || is_locked(&home));
    token(&home).fails(1).says("is locked");
    home.loom(&["unlock"]).ok();
    token(&home).ok();
}

#[test]
fn an_agent_that_nobody_asks_locks_itself_though_it_is_looked_at() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom(&["config", "set", "lock_after", "soon"]).fails(1);
    home.loom(&["config", "set", "lock_after", "1s"]).ok();
    let begun = Instant::now();
    token(&home).ok();
    wait_until("it is locked", || is_locked(&home));
    assert!(begun.elapsed() >= Duration::from_secs(1));
    home.loom(&["unlock"]).ok();
    wait_until("it is locked again", || is_locked(&home));
    home.loom(&["config", "set", "lock_after", "1h"]).ok();
    home.loom(&["unlock"]).ok();
    token(&home).ok();
}

#[test]
fn an_agent_that_waits_for_a_person_to_log_in_is_not_idle() {
    let home = Home::new();
    let server = loom_server(&home);
    home.configure("lock_after = '1s'\n");
    let pending = (200, "application/json", r#"{"status":"pending"}"#.into());
    server.script().overrides.insert("/auth/device/poll".into(), pending);
    let mut login = Dialogue::start(&home, &["--server", server.url()]);
    login.shown();
    // What is tried is that this time passes.
    std::thread::sleep(Duration::from_secs(2));
    server.script().overrides.clear();
    assert_eq!(login.end().code, 0);
    wait_until("it is locked afterwards", || is_locked(&home));
}

#[test]
fn a_renewal_under_way_is_kept_before_the_agent_is_locked() {
    let home = Home::new();
    let server = Rotating::start();
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    for _ in 0..5 {
        let mut asks = home.command(env!("CARGO_BIN_EXE_loom"));
        asks.args(["token", "--server", server.url(), "--min-validity", "10h"]);
        let mut asks = Running(asks.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        home.loom(&["lock"]).ok();
        asks.0.wait().unwrap();
        home.loom(&["unlock"]).ok();
        home.loom(&["token", "--server", server.url(), "--min-validity", "10h"]).ok();
    }
}

#[test]
fn a_login_under_way_ends_when_the_agent_is_locked() {
    let home = Home::new();
    let server = loom_server(&home);
    let pending = (200, "application/json", r#"{"status":"pending"}"#.into());
    server.script().overrides.insert("/auth/device/poll".into(), pending);
    let mut login = Dialogue::start(&home, &["--server", server.url()]);
    login.shown();
    home.loom(&["lock"]).ok();
    let ended = login.end();
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.err.contains("the agent is locked"), "{ended:?}");
}

#[test]
fn who_knew_the_old_passphrase_writes_nothing_once_it_changed() {
    let one = with_passphrase();
    let dir = |name: &str| one.path().join(name).to_str().unwrap().to_owned();
    let shared = [("LOOM_STORE", "file"), ("XDG_CONFIG_HOME", &dir("config")), ("XDG_STATE_HOME", &dir("state"))];
    let two = Home::with(&shared);
    two.loom_in(&["unlock"], PASSPHRASE).ok();
    two.store("https", "b.example", "u", "pw_b").ok();
    one.loom_in(&["store", "rekey", "--passphrase"], "another one").ok();
    two.store("https", "c.example", "u", "pw_c").fails(1).says("the agent is locked").says("hint: loom unlock");
    two.loom_in(&["unlock"], PASSPHRASE).fails(1).says("not the passphrase");
    two.loom_in(&["unlock"], "another one").ok();
    two.store("https", "c.example", "u", "pw_c").ok();
    one.loom(&["agent", "restart"]).ok();
    one.loom_in(&["unlock"], "another one").ok();
    assert_eq!(token(&one).ok().out.trim(), "tok_of_a");
    for host in ["b.example", "c.example"] {
        assert!(one.get("https", host).ok().out.contains("password=pw_"), "{host}");
    }
}

#[test]
fn what_is_typed_while_a_wrong_passphrase_is_tried_shows_nowhere() {
    let Some(script) = find_program("script") else { return };
    let home = with_passphrase();
    home.loom(&["lock"]).ok();
    // The shell then takes what is left, for half a second.
    let shell = "loom unlock; stty -icanon min 0 time 5; echo \"left=[$(dd bs=99 count=1 2>/dev/null)]\"; stty -a";
    let mut command = home.command(script);
    command.args(["-qec", shell, "/dev/null"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = Running(command.spawn().unwrap());
    let (mut keys, mut screen) = (running.0.stdin.take().unwrap(), running.0.stdout.take().unwrap());
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains("Passphrase:") {
        let mut byte = [0];
        screen.read_exact(&mut byte).unwrap();
        shown.extend(byte);
    }
    // The second and third wait for two and for four seconds, while more is typed.
    keys.write_all(b"wrong-1\nwrong-2\nwrong-3\nrest-of-it\n").unwrap();
    screen.read_to_end(&mut shown).unwrap();
    let shown = String::from_utf8_lossy(&shown);
    assert!(!shown.contains("wrong-"), "{shown}");
    assert!(!shown.contains("rest-of-it"), "{shown}");
    assert!(shown.contains("left=[]"), "{shown}");
    assert!(shown.contains("Waiting: wrong passphrases are answered after 4 seconds"), "{shown}");
    assert!(shown.contains(" echo "), "{shown}");
    assert_eq!(shown.matches("not the passphrase").count(), 3, "{shown}");
}
