//! `loom serve`: the HTTP door is opened and closed, and what keeps it shut.

use std::net::TcpListener;

use crate::support::{Home, injection, run, wait_until};

/// The ports of TCP at which the agent listens, as the kernel has them.
fn listens(home: &Home) -> usize {
    let process = format!("/proc/{}", home.agent_pid());
    let sockets: Vec<String> = std::fs::read_dir(format!("{process}/fd"))
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            std::fs::read_link(entry.path()).ok()?.to_str()?.strip_prefix("socket:[").map(str::to_owned)
        })
        .map(|inode| inode.trim_end_matches(']').to_owned())
        .collect();
    let all = ["tcp", "tcp6"].map(|kind| std::fs::read_to_string(format!("{process}/net/{kind}")).unwrap_or_default());
    let is_own = |line: &&str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        words.get(3) == Some(&"0A") && words.get(9).is_some_and(|inode| sockets.iter().any(|own| own == inode))
    };
    all.iter().flat_map(|text| text.lines()).filter(is_own).count()
}

/// An address where nobody listens.
fn free() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().to_string()
}

/// Asserts that git still gets what is kept.
fn git_goes_on(home: &Home) {
    assert!(home.get("https", "a.example").ok().out.contains("password=pw"));
}

fn home() -> Home {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    home
}

#[test]
fn nothing_listens_unasked_and_only_the_url_is_printed() {
    let home = home();
    assert_eq!(listens(&home), 0);
    let done = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok();
    let url = done.out.trim_end().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{done:?}");
    assert!(done.out == format!("{url}\n"), "{done:?}");
    assert_eq!((done.err.lines().count(), listens(&home)), (1, 1), "{done:?}");
    assert!(
        home.loom(&["agent", "status"]).ok().out.contains(&url)
            || home.loom(&["agent", "status"]).ok().err.contains(&url)
    );
    // Again is another door in the place of the first one.
    let again = home.serve(&[]);
    assert_eq!(listens(&home), 1);
    again.ask("GET", "/api/auth/info", &[], "").ok(200);
    let closed = home.loom(&["serve", "--stop"]).ok();
    assert_eq!((closed.out.as_str(), listens(&home), again.is_open()), ("", 0, false));
    home.loom(&["serve", "--stop"]).ok();
    git_goes_on(&home);
    let log = [home.audited("agent.serve").len(), home.audited("agent.serve_end").len()];
    assert_eq!(log, [2, 2]);
}

#[test]
fn localhost_and_the_other_loopback_have_a_door_as_well() {
    let home = home();
    for listen in ["localhost:0", "127.9.9.9:0", "[::1]:0"] {
        if listen.starts_with('[') && TcpListener::bind("[::1]:0").is_err() {
            continue;
        }
        let door = home.serve(&["--listen", listen]);
        door.ask("GET", "/api/auth/info", &[], "").ok(200);
        let wrong = door.ask("GET", "/api/auth/info", &["Host: evil.example"], "");
        assert_eq!(wrong.status, 403, "{listen}");
    }
}

#[test]
fn in_clear_there_is_no_door_for_other_machines() {
    let home = home();
    for listen in ["0.0.0.0:0", ":0", "[::]:0", "10.255.255.254:57374", "192.0.2.1:0"] {
        home.loom(&["serve", "--listen", listen]).fails(1).says("a certificate is needed").says("hint:");
    }
    for listen in
        ["", "57374", "127.0.0.1", "127.0.0.1:99999", "localhost.evil.example:1", "http://127.0.0.1:1", "127.1:0"]
    {
        home.loom(&["serve", "--listen", listen]).fails(1).says("no address with a port").says("hint:");
    }
    home.configure("[http]\nlisten = '0.0.0.0:0'\n");
    home.loom(&["serve"]).fails(1).says("a certificate is needed");
    assert_eq!(listens(&home), 0);
    git_goes_on(&home);
}

#[test]
fn a_port_that_is_taken_is_said_and_what_was_open_stays_open() {
    let home = home();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    home.loom(&["serve", "--listen", &address]).fails(1).says(&address).says("hint:");
    assert_eq!(listens(&home), 0);
    let door = home.serve(&[]);
    home.loom(&["serve", "--listen", &address]).fails(1).says(&address);
    door.ask("GET", "/api/auth/info", &[], "").ok(200);
    git_goes_on(&home);
}

#[test]
fn a_door_that_cannot_be_opened_anew_is_not_closed() {
    let home = home();
    let address = free();
    let door = home.serve(&["--listen", &address]);
    let nothing = home.path().join("nothing.pem").display().to_string();
    home.loom(&["serve", "--listen", &address, "--tls-cert", &nothing, "--tls-key", &nothing])
        .fails(1)
        .says("nothing.pem");
    door.ask("GET", "/api/auth/info", &[], "").ok(200);
}

#[test]
fn a_door_that_closed_for_one_that_does_not_open_is_not_said_to_be_there() {
    let Some(strace) = injection::tracer() else { return };
    let home = home();
    home.loom(&["agent", "stop"]).ok();
    // The agent's own socket, the first door, the second one. The tracer is the child, so that the agent is ours.
    let fault = "inject=listen:error=EADDRINUSE:when=3";
    let _agent = home.agent_through(&strace, &["-D", "-o", "/dev/null", "-e", "trace=listen", "-e", fault]);
    let address = free();
    let door = home.serve(&["--listen", &address]);
    let url = || {
        let status: serde_json::Value =
            serde_json::from_str(&home.loom(&["agent", "status", "--json"]).ok().out).unwrap();
        status["http"].clone()
    };
    assert_eq!(url(), *door.url);
    home.loom(&["serve", "--listen", &address]).fails(1).says(&address).says("hint:");
    assert_eq!((listens(&home), url()), (0, serde_json::Value::Null));
    let door = home.serve(&["--listen", &address]);
    assert_eq!(url(), *door.url);
}

#[test]
fn the_settings_open_the_door_with_the_agent_and_close_it_with_it() {
    let home = home();
    let address = free();
    home.configure(&format!("[http]\nlisten = '{address}'\n"));
    home.loom(&["agent", "restart"]).ok();
    wait_until("the door is open", || std::net::TcpStream::connect(&address).is_ok());
    let door = home.serve(&["--listen", &address]);
    assert_eq!(door.url, format!("http://{address}"));
    door.ask("GET", "/api/auth/info", &[], "").ok(200);
    assert_eq!(listens(&home), 1);
    home.loom(&["agent", "stop"]).ok();
    wait_until("the door is closed", || !door.is_open());
    git_goes_on(&home);
    wait_until("the door is open", || door.is_open());
}

#[test]
fn settings_that_open_no_door_keep_git_from_nothing() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    for listen in [taken.local_addr().unwrap().to_string(), "0.0.0.0:0".to_owned(), "nonsense".to_owned()] {
        let home = home();
        home.configure(&format!("[http]\nlisten = '{listen}'\n"));
        home.loom(&["agent", "restart"]).ok();
        git_goes_on(&home);
        assert_eq!(listens(&home), 0, "{listen}");
        home.loom(&["agent", "status"]).ok().says("loom serve");
        home.loom(&["serve"]).fails(1);
    }
}

#[test]
fn who_has_less_than_everything_opens_and_closes_no_door() {
    let home = home();
    let tokens = ["read", "write", "control", "audit"].map(|scope| home.issue(scope, &["--scopes", scope]));
    let some = home.issue("some", &["--scopes", "*", "--for", "https://a.example"]);
    let with = |token: &str, arguments: &[&str]| {
        run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
    };
    for token in tokens.iter().chain([&some]) {
        with(token, &["serve", "--listen", "127.0.0.1:0"]).fails(1);
    }
    assert_eq!(listens(&home), 0);
    let door = home.serve(&[]);
    for token in tokens.iter().chain([&some]) {
        with(token, &["serve", "--stop"]).fails(1);
    }
    assert!(door.is_open());
    let all = home.issue("all", &["--scopes", "*"]);
    with(&all, &["serve", "--stop"]).fails(1).says("was not opened with this token");
    assert!(door.is_open());
}

#[test]
fn a_locked_agent_gives_nothing_at_the_door_either() {
    let mut home = home();
    home.set("LOOM_PASSPHRASE", "correct horse");
    let reveal = home.issue("reveal", &["--scopes", "*", "--reveal"]);
    let door = home.serve(&[]);
    let asked = serde_json::json!({"server": "https://a.example"});
    assert_eq!(door.post("/api/token", &reveal, &asked).ok(200)["token"], "pw");
    home.loom(&["lock"]).ok();
    assert!(home.loom(&["agent", "status", "--json"]).ok().out.contains("\"locked\":true"));
    let refused = door.post("/api/token", &reveal, &asked);
    assert_eq!(refused.fails(423).detail(), "the agent is locked");
}
