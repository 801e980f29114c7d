//! Two agents of one person on one store, such as the desktop's and the one over SSH: one truth, whoever changes it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::support::authorization_server::{TOKENS, authorization_server_that_reads, json, refusal};
use crate::support::{Dialogue, Home, Output, Rotating, Running, Session, http, loom_server, run, wait_until};

/// A home with two agents. Front-ends speak to the first, or to the second through its own socket.
struct Two {
    home: Home,
    _agents: [Running; 2],
}

impl Two {
    fn new() -> Two {
        Two::of(Home::new())
    }

    fn of(home: Home) -> Two {
        let first = home.agent(&[]);
        let second = home.agent_at(&second_socket(&home), &[]);
        Two { home, _agents: [first, second] }
    }

    fn first(&self, arguments: &[&str]) -> Output {
        self.home.loom(arguments)
    }

    fn second(&self, arguments: &[&str]) -> Output {
        self.second_in(arguments, "")
    }

    fn second_in(&self, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.home.command(env!("CARGO_BIN_EXE_loom"));
        run(command.args(arguments).env("LOOM_AGENT_SOCK", second_socket(&self.home)), stdin.as_bytes())
    }

    fn second_helper(&self, operation: &str, stdin: &str) -> Output {
        let mut command = self.home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        run(command.arg(operation).env("LOOM_AGENT_SOCK", second_socket(&self.home)), stdin.as_bytes())
    }

    fn second_get(&self, host: &str) -> Output {
        self.second_helper("get", &format!("protocol=https\nhost={host}\n\n"))
    }
}

impl Drop for Two {
    fn drop(&mut self) {
        self.second(&["agent", "stop"]);
    }
}

fn second_socket(home: &Home) -> std::path::PathBuf {
    home.path().join("second/agent.sock")
}

fn password(said: &Output) -> Option<&str> {
    said.out.lines().find_map(|line| line.strip_prefix("password="))
}

#[test]
fn what_one_agent_stored_replaced_or_erased_the_other_gives_from_then_on() {
    let two = Two::new();
    assert_eq!(two.second_get("git.example").ok().out, "");
    two.home.store("https", "git.example", "u", "pw_1").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw_1"));
    two.home.store("https", "git.example", "u", "pw_2").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw_2"));
    two.second_helper("erase", "protocol=https\nhost=git.example\nusername=u\n\n").ok();
    assert_eq!(two.home.get("https", "git.example").ok().out, "");
}

#[test]
fn what_one_agent_logged_out_neither_gives_any_more() {
    let two = Two::new();
    for name in ["work", "play"] {
        two.home.loom_in(&["login", "--with-token", "--server", "git.example", "--account", name], "tok_1\n").ok();
    }
    assert_eq!(two.second(&["token", "--server", "git.example", "--account", "work"]).ok().out, "tok_1\n");
    two.first(&["logout", "--server", "git.example", "--account", "work"]).ok();
    // What the second knows of the account it has from before; a 401 and an approval are about that.
    let input = "protocol=https\nhost=git.example\nusername=work\npassword=tok_1\n\n";
    two.second_helper("erase", input).ok();
    two.second(&["token", "--server", "git.example", "--account", "work"]).fails(4);
    two.first(&["token", "--server", "git.example", "--account", "work"]).fails(4);
    assert_eq!(two.first(&["token", "--server", "git.example", "--account", "play"]).ok().out, "tok_1\n");
}

#[test]
fn a_401_of_an_older_password_does_not_mark_the_new_one() {
    let two = Two::new();
    two.home.store("https", "git.example", "u", "pw_old").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw_old"));
    two.home.store("https", "git.example", "u", "pw_new").ok();
    let input = "protocol=https\nhost=git.example\nusername=u\npassword=pw_old\n\n";
    two.second_helper("erase", input).ok();
    for said in [two.second_get("git.example"), two.home.get("https", "git.example")] {
        assert_eq!(password(&said.ok()), Some("pw_new"));
    }
}

#[test]
fn a_refresh_token_that_one_agent_used_up_is_not_presented_by_the_other() {
    let server = Rotating::start();
    let two = Two::new();
    Dialogue::start(&two.home, &["--server", server.url(), "--flow", "device", "--client-id", "c"]).end().ok();
    let token = ["token", "--server", server.url()];
    let fresh = ["token", "--server", server.url(), "--min-validity", "2h"];
    assert_eq!(two.second(&token).ok().out, "at_0\n");
    for turn in 0..6 {
        let done = if turn % 2 == 0 { two.first(&fresh) } else { two.second(&fresh) };
        assert_eq!(done.ok().out, format!("at_{}\n", turn + 1));
        assert_eq!(two.first(&token).ok().out, two.second(&token).ok().out);
    }
    assert_eq!(server.renewals(), Some(6), "a replayed refresh token would have ended the login");
}

#[test]
fn a_login_anew_in_one_agent_is_not_undone_by_a_renewal_of_the_other() {
    let server = Rotating::start();
    let two = Two::new();
    let login = ["--server", server.url(), "--flow", "device", "--client-id", "c"];
    Dialogue::start(&two.home, &login).end().ok();
    two.second(&["token", "--server", server.url()]).ok();
    two.first(&["logout", "--server", server.url()]).ok();
    two.second(&["token", "--server", server.url(), "--min-validity", "2h"]).fails(4);
    assert_eq!(server.renewals(), Some(0));
    two.first(&["token", "--server", server.url()]).fails(4);
}

#[test]
fn a_login_waits_for_a_renewal_in_flight_and_ends_what_that_brought() {
    let (go, goes) = channel::<()>();
    let goes = Mutex::new(goes);
    let server = authorization_server_that_reads(move |path, count, request| match path {
        "/token" if request.contains("refresh_token=rt_0_") => {
            let _ = goes.lock().unwrap().recv();
            Some(numbered(99))
        }
        "/token" => Some(numbered(count)),
        "/revoke" => Some(http("200 OK", "", "")),
        _ => None,
    });
    let two = Two::new();
    let login = ["--server", server.url(), "--flow", "device", "--client-id", "c"];
    Dialogue::start(&two.home, &login).end().ok();
    let fresh = ["token", "--server", server.url(), "--min-validity", "2h"];
    std::thread::scope(|scope| {
        let renewing = scope.spawn(|| two.second(&fresh));
        wait_until("the renewal is under way", || server.seen().iter().any(|request| request.contains("=rt_0_")));
        let login = Dialogue::start(&two.home, &login);
        wait_until("the login waits for its turn", || waits(&two.home).contains(".lock is locked by process"));
        go.send(()).unwrap();
        renewing.join().unwrap().ok();
        login.end().ok();
    });
    let revoked: String = server.seen().into_iter().filter(|request| request.starts_with("POST /revoke")).collect();
    assert!(revoked.contains("rt_99_"), "what the renewal brought would live on: {revoked}");
    assert!(!revoked.contains("rt_0_"), "it ended what was being used up: {revoked}");
    let kept = two.second(&["token", "--server", server.url()]).ok().out;
    assert!(!kept.contains("at_0_"), "{kept}");
    assert!(!kept.contains("at_99_"), "{kept}");
}

/// What the first agent says that it waits for.
fn waits(home: &Home) -> String {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    writeln!(stream, r#"{{"v":1,"verb":"hello"}}"#).unwrap();
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).unwrap();
    answer
}

/// Tokens with this number.
fn numbered(number: usize) -> String {
    let refresh = format!(r#""refresh_token":"rt_{number}_","expires_in":3600"#);
    json(&format!(r#"{{"access_token":"at_{number}_","token_type":"bearer",{refresh}}}"#))
}

#[test]
fn a_lock_in_one_agent_holds_for_the_other_and_for_one_that_starts_later() {
    let two = Two::new();
    two.home.store("https", "git.example", "u", "pw").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
    two.first(&["lock"]).ok().says("every agent");
    two.second(&["token", "--server", "git.example"]).fails(1).says("locked").says("loom unlock");
    assert_eq!(two.second_get("git.example").out, "");
    two.second(&["agent", "restart"]).ok();
    two.second(&["token", "--server", "git.example"]).fails(1).says("locked");
    let status = two.second(&["status", "--json"]);
    assert!(status.out.contains("\"locked\":true"), "{status:?}");
    two.second(&["unlock"]).ok();
    assert_eq!(password(&two.home.get("https", "git.example").ok()), Some("pw"));
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
}

#[test]
fn a_passphrase_set_by_one_agent_locks_the_other_until_it_hears_it() {
    let two = Two::new();
    two.home.store("https", "git.example", "u", "pw").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
    for phrase in ["first horse", "second horse"] {
        two.home.loom_in(&["store", "rekey", "--passphrase"], phrase).ok();
        assert_eq!(password(&two.home.get("https", "git.example").ok()), Some("pw"));
        assert_eq!(two.second_get("git.example").out, "");
        two.second(&["token", "--server", "git.example"]).fails(1).says("locked");
        two.second_helper("store", "protocol=https\nhost=other.example\nusername=u\npassword=pw\n\n").fails(1);
        two.second_in(&["unlock"], phrase).ok();
        assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
    }
    two.first(&["store", "rekey", "--no-passphrase"]).ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
}

#[test]
fn two_agents_that_store_at_once_lose_nothing() {
    let two = Two::new();
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let two = &two;
            scope.spawn(move || {
                for number in 0..10 {
                    let host = format!("h{worker}-{number}.example");
                    let input = format!("protocol=https\nhost={host}\nusername=u\npassword=pw_{number}\n\n");
                    match worker % 2 {
                        0 => two.home.helper("store", &input).ok(),
                        _ => two.second_helper("store", &input).ok(),
                    };
                    // Both agents contend for one account as well.
                    two.home.store("https", "shared.example", "u", &format!("pw_{worker}_{number}")).ok();
                }
            });
        }
    });
    for worker in 0..4 {
        for number in 0..10 {
            let host = format!("h{worker}-{number}.example");
            let wanted = format!("pw_{number}");
            assert_eq!(password(&two.home.get("https", &host).ok()), Some(&*wanted), "{host}");
            assert_eq!(password(&two.second_get(&host).ok()), Some(&*wanted), "{host}");
        }
    }
    assert_eq!(two.home.get("https", "shared.example").ok().out, two.second_get("shared.example").ok().out);
}

#[test]
fn memory_is_compared_after_a_login_by_the_other_agent_too() {
    let home = Home::new();
    let server = loom_server(&home);
    let two = Two::of(home);
    two.second(&["token", "--server", server.url()]).fails(4);
    two.first(&["login", "--server", server.url()]).ok();
    let token = two.first(&["token", "--server", server.url()]).ok().out;
    assert_eq!(two.second(&["token", "--server", server.url()]).ok().out, token);
    two.second(&["logout", "--server", server.url()]).ok();
    two.first(&["token", "--server", server.url()]).fails(4);
}

#[test]
fn a_lock_during_the_other_agents_renewal_loses_no_login() {
    let (release, hold) = channel::<()>();
    let hold = Mutex::new(hold);
    let server = authorization_server_that_reads(move |path, _, request| match path {
        "/token" if request.contains("refresh_token=rt_first") => {
            let _ = hold.lock().unwrap().recv();
            Some(json(&TOKENS.replace("at_first", "at_renewed").replace("rt_first", "rt_renewed")))
        }
        "/token" if request.contains("refresh_token=rt_renewed") => Some(json(&TOKENS.replace("at_first", "at_last"))),
        "/token" if request.contains("grant_type=refresh_token") => Some(refusal("invalid_grant")),
        _ => None,
    });
    let two = Two::new();
    two.first(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let fresh = ["token", "--server", server.url(), "--min-validity", "2h"];
    std::thread::scope(|scope| {
        let renewing = scope.spawn(|| two.second(&fresh));
        wait_until("the renewal is under way", || {
            server.seen().iter().any(|request| request.contains("refresh_token=rt_first"))
        });
        two.first(&["lock"]).ok();
        release.send(()).unwrap();
        // Whatever they are told, it is told.
        renewing.join().unwrap();
    });
    two.second(&["token", "--server", server.url()]).fails(1).says("locked");
    two.second(&["unlock"]).ok();
    assert_eq!(two.second(&["token", "--server", server.url()]).ok().out, "at_renewed\n");
    assert_eq!(two.first(&fresh).ok().out, "at_last\n", "what renews it was stored");
    two.second(&["lock"]).ok();
    two.first(&["unlock"]).ok();
}

#[test]
fn what_one_agent_moved_to_another_store_the_other_finds_there() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::without_keyring(&mut home) else { return };
    let Some(_keyring) = session.keyring(&home) else { return };
    home.configure("store = 'file'\n");
    let two = Two::of(home);
    two.home.store("https", "git.example", "u", "pw").ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
    two.first(&["store", "migrate", "--to", "keyring"]).ok();
    assert_eq!(password(&two.second_get("git.example").ok()), Some("pw"));
    two.second_helper("store", "protocol=https\nhost=other.example\nusername=u\npassword=pw_2\n\n").ok();
    assert_eq!(password(&two.home.get("https", "other.example").ok()), Some("pw_2"));
    two.first(&["store", "migrate", "--to", "file"]).ok();
    assert_eq!(password(&two.second_get("other.example").ok()), Some("pw_2"));
    two.second_helper("store", "protocol=https\nhost=git.example\nusername=u\npassword=pw_3\n\n").ok();
    assert_eq!(password(&two.home.get("https", "git.example").ok()), Some("pw_3"));
    drop(two);
}
