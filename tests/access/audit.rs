//! The audit log: who asked for what, in a chain that shows every change, and in nobody's way.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Home, Running, loom_server, wait_until};

fn entries(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let said = home.loom(&[&["audit", "tail", "--json", "-n", "1000"], arguments].concat()).ok().out;
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_log_says_who_asked_for_what_and_what_came_of_it() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url(), "--account", "work"]).ok();
    let token = home.loom(&["token", "--account", "work"]).ok().out;
    home.loom(&["token", "--server", "https://other.example"]).fails(4);
    home.store("https", "git.example", "u", "p4ss-word-0815").ok();
    home.get("https", "git.example").ok();
    home.get("https", "nobody.example").ok();
    home.loom(&["logout", "--server", server.url()]).ok();
    let all = entries(&home, &[]);
    let told = |event: &str, outcome: &str| {
        let fits = |entry: &&Value| entry["event"] == event && entry["outcome"] == outcome;
        all.iter().find(fits).unwrap_or_else(|| panic!("{event} {outcome} in {all:#?}"))
    };
    told("agent.start", "ok");
    let login = told("login", "ok");
    assert_eq!((login["server"].as_str(), login["account"].as_str()), (Some(server.url()), Some("work")), "{login}");
    let asked = told("token.get", "ok");
    assert!(asked["actor"]["exe"].as_str().unwrap().ends_with("/loom"), "{asked}");
    assert_eq!(asked["actor"]["uid"], rustix::process::geteuid().as_raw());
    assert!(asked["actor"]["pid"].as_u64().unwrap() > 1);
    assert!(asked["time"].as_str().unwrap().ends_with('Z'));
    assert_eq!(told("token.get", "login_required")["server"], "https://other.example");
    let got = told("credential.get", "ok");
    assert!(got["actor"]["exe"].as_str().unwrap().ends_with("git-credential-loom"), "{got}");
    assert!(got["account"] == "u", "{got}");
    told("credential.get", "not_found");
    told("credential.store", "ok");
    told("logout", "ok");
    assert!(entries(&home, &["--event", "token"]).iter().all(|entry| entry["event"] == "token.get"));
    assert!(entries(&home, &["--event", "tok"]).is_empty());
    home.assert_nowhere_in_clear(token.trim());
    home.assert_nowhere_in_clear("p4ss-word-0815");
    home.loom(&["audit", "tail", "-n", "2"]).ok();
}

#[test]
fn what_gave_or_took_a_right_is_noted_with_which_one_it_was() {
    let home = Home::new();
    home.issue("ci", &["--scopes", "read"]);
    let path = home.path().join("sock/ci.sock");
    let path = path.to_str().unwrap();
    home.loom(&["agent", "socket", "add", path, "--token", "ci"]).ok();
    home.loom(&["agent", "socket", "remove", path]).ok();
    home.loom(&["token", "revoke", "ci"]).ok();
    let about = |event: &str| {
        let entry = entries(&home, &["--event", event]).pop().unwrap();
        assert_eq!(entry["outcome"], "ok");
        entry["about"].as_str().unwrap_or_else(|| panic!("{entry}")).to_owned()
    };
    assert_eq!((about("socket.add").as_str(), about("socket.remove").as_str()), (path, path));
    assert_eq!(about("token.generate"), about("token.revoke"));
    let shown = home.loom(&["audit", "tail", "--event", "token.revoke"]).ok().out;
    assert!(shown.contains(&format!("about={}", about("token.revoke"))), "{shown}");
}

#[test]
fn who_revokes_by_a_name_is_noted_with_each_token_that_ended() {
    let home = Home::new();
    let ids = |event: &str| {
        let about = |entry: Value| entry["about"].as_str().unwrap_or_else(|| panic!("{entry}")).to_owned();
        let done = entries(&home, &["--event", event]).into_iter().filter(|entry| entry["outcome"] == "ok");
        done.map(about).collect::<Vec<_>>()
    };
    for _ in 0..3 {
        home.issue("ci", &["--scopes", "read"]);
        for _ in 0..2 {
            home.loom(&["token", "revoke", "ci"]).ok();
            assert_eq!(ids("token.revoke"), ids("token.generate"), "one for each, when it ended");
        }
    }
}

#[test]
fn a_login_and_what_git_rejects_are_noted_with_the_changed_account() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let kept = home.loom(&["status", "--json"]).ok().out;
    let kept: Value = serde_json::from_str(&kept).unwrap();
    let account = kept["accounts"][0]["account"].as_str().unwrap_or_default().to_owned();
    let login = entries(&home, &["--event", "login"]).pop().unwrap();
    assert_eq!(login["account"].as_str().unwrap_or_default(), account, "{login}");
    home.store("https", "git.example", "u", "p4ss-word-0815").ok();
    home.helper("erase", "protocol=https\nhost=git.example\n\n").ok();
    let erased = entries(&home, &["--event", "credential.erase"]).pop().unwrap();
    assert_eq!(erased["account"], "u", "{erased}");
}

#[test]
fn a_token_that_nobody_issued_is_noted() {
    let mut home = Home::new();
    home.loom(&["agent", "start"]).ok();
    home.set("LOOM_TOKEN", "loom_made_up");
    home.loom(&["token"]).fails(1);
    home.set("LOOM_TOKEN", "");
    assert_eq!(entries(&home, &["--event", "auth.fail"]).len(), 1);
    home.assert_nowhere_in_clear("loom_made_up");
}

#[test]
fn no_name_can_forge_an_entry() {
    let home = Home::new();
    let forged = "x\\n{\\\"time\\\":\\\"2026\\\",\\\"event\\\":\\\"forged\\\"}";
    let mut agent = connect(&home);
    let request = format!(
        "{{\"v\":1,\"verb\":\"token\",\"params\":{{\"server\":\"https://a.example\",\"account\":\"{forged}\"}}}}\n"
    );
    agent.write_all(request.as_bytes()).unwrap();
    BufReader::new(agent).read_line(&mut String::new()).unwrap();
    assert!(entries(&home, &["--event", "forged"]).is_empty());
    home.loom(&["audit", "verify"]).ok();
    let shown = home.loom(&["audit", "tail", "--event", "token.get"]).ok().out;
    assert_eq!(shown.lines().count(), 1, "{shown}");
}

fn connect(home: &Home) -> std::os::unix::net::UnixStream {
    home.loom(&["agent", "start"]).ok();
    std::os::unix::net::UnixStream::connect(home.socket()).unwrap()
}

#[test]
fn a_line_that_was_changed_or_taken_out_is_found() {
    let home = Home::new();
    for user in ["one", "two", "three"] {
        home.store("https", "git.example", user, "pw").ok();
    }
    home.loom(&["audit", "verify"]).ok().says("");
    let log = home.path().join("state/loom/audit.log");
    let whole = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, whole.replace("\"two\"", "\"2wo\"")).unwrap();
    let done = home.loom(&["audit", "verify"]);
    assert_eq!(done.code, 1, "{done:?}");
    assert!(done.err.contains("audit.log:"), "{done:?}");
    let without: Vec<&str> = whole.lines().filter(|line| !line.contains("\"two\"")).collect();
    std::fs::write(&log, without.join("\n") + "\n").unwrap();
    assert_eq!(home.loom(&["audit", "verify"]).code, 1);
    std::fs::write(&log, &whole).unwrap();
    home.loom(&["agent", "restart"]).ok();
    home.store("https", "git.example", "four", "pw").ok();
    home.loom(&["audit", "verify"]).ok();
}

#[test]
fn a_log_that_cannot_be_written_stops_nobody_and_loses_nothing() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    wait_until("the log is written", || entries(&home, &["--event", "credential.store"]).len() == 1);
    let (log, aside) = (home.path().join("state/loom/audit.log"), home.path().join("aside"));
    std::fs::rename(&log, &aside).unwrap();
    // A link is not followed, so nothing can be written.
    std::os::unix::fs::symlink(home.path().join("elsewhere"), &log).unwrap();
    for _ in 0..3 {
        assert!(home.get("https", "git.example").ok().out.contains("password=pw"));
    }
    assert!(!home.path().join("elsewhere").exists(), "the link was followed");
    std::fs::rename(&aside, &log).unwrap();
    // The next entry has it tried again, without anybody who reads the log.
    wait_until("what waited is written", || {
        home.get("https", "nobody.example").ok();
        std::fs::read_to_string(&log).unwrap().matches("credential.get").count() > 3
    });
    home.get("https", "git.example").ok();
    assert_eq!(
        entries(&home, &["--event", "credential.get"]).iter().filter(|entry| entry["outcome"] == "ok").count(),
        4
    );
    home.loom(&["audit", "verify"]).ok();
}

#[test]
fn who_follows_with_a_token_sees_nothing_more_once_it_is_revoked() {
    let home = Home::new();
    let issued = home.loom(&["token", "generate", "watch", "--scopes", "audit", "--json"]).ok().out;
    let issued: Value = serde_json::from_str(&issued).unwrap();
    let mut follow = home.command(env!("CARGO_BIN_EXE_loom"));
    follow.args(["audit", "tail", "--follow", "--json"]).env("LOOM_TOKEN", issued["token"].as_str().unwrap());
    let mut follow = Running(follow.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap());
    let mut seen = BufReader::new(follow.0.stdout.take().unwrap()).lines();
    seen.next().unwrap().unwrap();
    home.loom(&["token", "revoke", "watch"]).ok();
    assert_eq!(follow.0.wait().unwrap().code(), Some(1));
    assert!(!seen.any(|line| line.unwrap().contains("token.revoke")));
}

#[test]
fn who_follows_sees_what_comes() {
    let home = Home::new();
    home.store("https", "git.example", "before", "pw").ok();
    let mut tail = home.command(env!("CARGO_BIN_EXE_loom"));
    tail.args(["audit", "tail", "--follow", "--json", "-n", "0", "--event", "credential.store"]);
    let mut tail = Running(tail.stdout(Stdio::piped()).spawn().unwrap());
    let lines = BufReader::new(tail.0.stdout.take().unwrap()).lines();
    let seen = std::thread::spawn(move || lines.take(3).map(Result::unwrap).collect::<Vec<String>>());
    // From when on it follows nobody can tell, but from then on it misses nothing.
    let mut user = 0;
    wait_until("three entries came", || {
        home.store("https", "git.example", &format!("user-{user}"), "pw").ok();
        user += 1;
        seen.is_finished()
    });
    let seen = seen.join().unwrap();
    assert!(!seen.iter().any(|line| line.contains("before")), "{seen:?}");
    let of =
        |line: &String| serde_json::from_str::<Value>(line).unwrap()["account"].as_str().unwrap()[5..].parse::<u32>();
    let users: Vec<u32> = seen.iter().map(|line| of(line).unwrap()).collect();
    assert_eq!(users, [users[0], users[0] + 1, users[0] + 2], "in their order, none missing");
}

#[test]
fn a_log_that_somebody_else_put_there_is_neither_read_nor_waited_for() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    let closed = home.path().join("state/loom/audit.log.1");
    std::fs::create_dir_all(closed.parent().unwrap()).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&closed).status().unwrap().success());
    home.loom(&["audit", "tail"]).fails(1).says("hint: ");
    home.loom(&["doctor"]).fails(1);
    std::fs::remove_file(&closed).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &closed).unwrap();
    home.loom(&["audit", "verify"]).fails(1).says("audit log cannot be read");
}

#[test]
fn many_who_want_the_whole_log_at_once_cost_no_more_memory_than_one() {
    const ENTRIES: usize = 600;
    // As many as are let in at once: nobody waits for a place on a busy machine.
    const READERS: usize = 8;
    let home = Home::new();
    let agent = home.agent(&[]);
    home.loom(&["audit", "tail"]).ok();
    let path = home.path().join("state/loom/audit.log");
    let line = std::fs::read_to_string(&path).unwrap().lines().nth(1).unwrap().to_owned();
    // Few and long ones: what is held of them counts, and not how long a busy machine takes to hand them on.
    let line = line.replace("\"exe\":\"", &format!("\"exe\":\"{}", "/0123456789".repeat(900)));
    assert!(line.len() > 9_000, "{line}");
    std::fs::write(&path, format!("{line}\n").repeat(ENTRIES)).unwrap();
    let peak = |field: &str| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", agent.0.id())).unwrap();
        let found = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        found.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = peak("VmRSS:");
    std::thread::scope(|scope| {
        for _ in 0..READERS {
            scope.spawn(|| {
                let all = home.loom(&["audit", "tail", "-n", "1000000000", "--json"]).ok().out;
                assert!(all.lines().count() >= ENTRIES, "{}", all.lines().count());
            });
        }
    });
    let grown = peak("VmHWM:") - before;
    // Of one who holds all of it there are some six thousand KiB.
    assert!(grown < 40 * 1024, "{grown} KiB");
}
