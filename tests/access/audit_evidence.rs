//! What the audit log is worth as evidence: nobody empties it who may not even read it, what changes rights is there
//! before it is acknowledged, and no program is named that was not it.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use serde_json::{Value, json};

use crate::support::{Door, Home, bearer, find_program, injection, wait_until};

/// The lines in a file of the log.
fn lines(home: &Home, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(home.path().join("state/loom").join(file)).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// So many questions on one connection, and what is answered to each.
fn ask(home: &Home, question: &str, count: usize) -> Vec<String> {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    (0..count)
        .map(|_| {
            writeln!(stream, "{question}").unwrap();
            answers.next().unwrap().unwrap()
        })
        .collect()
}

#[test]
fn who_may_not_read_the_log_does_not_empty_it() {
    let home = Home::new();
    home.store("https", "git.example", "before", "pw").ok();
    let token = home.issue("reader", &["--scopes", "read"]);
    let question = format!(r#"{{"v":1,"verb":"audit","params":{{}},"token":"{token}"}}"#);
    assert!(ask(&home, &question, 3_000).iter().all(|answer| answer.contains("\"denied\"")));
    home.store("https", "git.example", "after", "pw").ok();
    let failed = home.audited("auth.fail");
    assert!((100..=110).contains(&failed.len()), "{}", failed.len());
    let more = failed.last().unwrap();
    assert_eq!(failed.len() as u64 - 1 + more["more"].as_u64().unwrap(), 3_000, "{more}");
    assert!(more["since"].as_str() <= more["time"].as_str(), "{more}");
    assert!(more["actor"]["token_id"].is_string(), "{more}");
    let shown = home.loom(&["audit", "tail", "--event", "auth.fail", "-n", "1"]).ok().out;
    assert!(shown.contains("more="), "{shown}");
    assert!(shown.contains("since="), "{shown}");
    // What the owner did is all there, and what gave rights is where no flood comes.
    assert_eq!(home.audited("credential.store").len(), 2);
    let rights = lines(&home, "audit-rights.log");
    assert_eq!(rights.iter().filter_map(|line| line["event"].as_str()).collect::<Vec<_>>(), ["token.generate"]);
    home.loom(&["audit", "verify"]).ok();
}

#[test]
fn a_token_that_changed_much_hides_no_account_that_it_changes_then() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example", "--account", "owner"], "tok_0123456789\n")
        .ok();
    let token = home.issue("writer", &["--scopes", "write"]);
    let save = |account: &str, secret: &str| {
        let credential = json!({ "token": { "token": secret, "source": "given" } });
        let params = json!({ "server": "https://a.example", "account": account, "credential": credential });
        json!({ "v": 1, "verb": "save", "params": params, "token": token }).to_string()
    };
    let saved = ask(&home, &save("junk", "tok_0000000000"), 100);
    assert!(saved.iter().all(|answer| answer.contains("\"ok\"")), "{saved:?}");
    let last = ask(&home, &save("owner", "tok_mallory0000"), 1).remove(0);
    assert!(last.contains("\"too_many\""), "{last}");
    let kept = home.loom(&["token", "--server", "https://a.example", "--account", "owner"]).ok().out;
    assert_eq!(kept.trim(), "tok_0123456789");
    let noted = lines(&home, "audit-rights.log");
    let logins: Vec<&Value> = noted.iter().filter(|line| line["event"] == "login").collect();
    assert_eq!(logins.len(), 101);
    assert!(logins.iter().all(|line| line["account"].is_string() && line["server"].is_string()), "{logins:?}");
    // The owner waits for nothing.
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_0123456789\n").ok();
}

#[test]
fn what_a_token_issued_is_counted_as_the_token() {
    let home = Home::new();
    let door = home.serve(&[]);
    let token = home.issue("root", &["--scopes", "*"]);
    let params = json!({ "name": "child", "scopes": ["read"] });
    let question = json!({ "v": 1, "verb": "token_generate", "params": params, "token": token }).to_string();
    let generate = || serde_json::from_str::<Value>(&ask(&home, &question, 1)[0]).unwrap();
    for _ in 0..50 {
        let made = generate();
        let child = made["ok"]["token"].as_str().unwrap_or_else(|| panic!("{made}"));
        let kind = ["Content-Type: application/x-www-form-urlencoded"];
        assert_eq!(door.ask("POST", "/oauth/revoke", &kind, &format!("token={child}")).status, 200);
    }
    let refused = generate();
    assert_eq!(refused["error"]["code"], "too_many", "{refused}");
}

#[test]
fn wrong_tokens_from_many_addresses_of_this_machine_are_a_few_lines() {
    let home = Home::new();
    let door = home.serve(&[]);
    for n in 0..400_u32 {
        let mut stream = from(&door, std::net::Ipv4Addr::from_bits(0x7f01_0000 + n));
        let (host, token) = (door.authority(), bearer(&format!("loom_{n:043}")));
        write!(stream, "GET /api/status HTTP/1.1\r\nHost: {host}\r\n{token}\r\nConnection: close\r\n\r\n").unwrap();
        let mut status = String::new();
        BufReader::new(stream).read_line(&mut status).unwrap();
        assert!(status.contains(" 401 ") || status.contains(" 429 "), "{status}");
    }
    let failed = home.audited("auth.fail");
    assert!(failed.len() <= 25, "{}", failed.len());
    assert!(failed.iter().any(|entry| entry["actor"] == json!({"address": "127.0.0.0/8"})), "{failed:?}");
    home.loom(&["audit", "verify"]).ok();
}

/// A connection from this address of the machine.
fn from(door: &Door, address: std::net::Ipv4Addr) -> TcpStream {
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&stream, &SocketAddrV4::new(address, 0)).unwrap();
    connect(&stream, &door.authority().parse::<SocketAddrV4>().unwrap()).unwrap();
    TcpStream::from(stream)
}

#[test]
fn what_changed_rights_is_in_the_log_once_it_is_acknowledged() {
    let home = Home::new();
    let socket = home.socket().with_file_name("restricted.sock");
    let socket = socket.to_str().unwrap();
    let steps: [(&[&str], &str); 8] = [
        (&["login", "--with-token", "--server", "https://a.example"], "login"),
        (&["token", "generate", "ci", "--scopes", "read"], "token.generate"),
        (&["agent", "socket", "add", socket, "--token", "ci"], "socket.add"),
        (&["serve", "--listen", "127.0.0.1:0"], "agent.serve"),
        (&["token", "revoke", "ci"], "token.revoke"),
        (&["logout", "--server", "https://a.example"], "logout"),
        (&["lock"], "lock"),
        (&["unlock"], "unlock"),
    ];
    for (step, event) in steps {
        let mut agent = home.agent(&[]);
        home.loom_in(step, "tok_0123456789\n").ok();
        agent.0.kill().unwrap();
        agent.0.wait().unwrap();
        let last = lines(&home, "audit-rights.log").pop().unwrap();
        assert_eq!((&last["event"], &last["outcome"]), (&json!(event), &json!("ok")), "{step:?}");
    }
    home.loom(&["audit", "verify"]).ok();
}

#[test]
fn only_what_changed_rights_is_synced_before_it_is_acknowledged() {
    if injection::tracer().is_none() {
        return;
    }
    let home = Home::new();
    let agent = home.agent(&[]);
    home.store("https", "git.example", "u", "pw").ok();
    home.loom(&["token", "generate", "first", "--scopes", "read"]).ok();
    let calls = injection::record(&home, &agent, || {
        home.loom(&["token", "generate", "second", "--scopes", "read"]).ok();
    });
    let shown: Vec<&str> = calls.iter().map(|call| call.shown.as_str()).collect();
    let at = |wanted: &dyn Fn(&&str) -> bool| shown.iter().position(wanted).unwrap_or_else(|| panic!("{shown:#?}"));
    let synced = at(&|call| call.contains("fdatasync(") && call.contains("audit-rights.log"));
    let answered = at(&|call| call.contains("sendto(") && call.contains("ok"));
    assert!(synced < answered, "{shown:#?}");
    let calls = injection::record(&home, &agent, || {
        home.get("https", "git.example").ok();
    });
    assert!(!calls.iter().any(|call| call.name.contains("sync")), "{calls:#?}");
}

#[test]
fn a_file_that_is_closed_is_synced_before_the_next_one_vouches_for_it() {
    if injection::tracer().is_none() {
        return;
    }
    let home = Home::new();
    let agent = home.agent(&[]);
    home.issue("first", &["--scopes", "read"]);
    // What no Loom goes on with is closed, whatever its size.
    std::fs::write(home.path().join("state/loom/audit-rights.log"), "{}\n").unwrap();
    let calls = injection::record(&home, &agent, || {
        home.issue("second", &["--scopes", "read"]);
    });
    let about: Vec<&str> =
        calls.iter().map(|call| call.shown.as_str()).filter(|call| call.contains("audit-rights.log")).collect();
    let synced = about.iter().position(|call| call.contains("sync("));
    let closed = about.iter().position(|call| call.contains("rename") && call.contains("audit-rights.log.1"));
    assert!(closed.is_some(), "{about:#?}");
    assert!(synced.is_some(), "{about:#?}");
    assert!(synced < closed, "{about:#?}");
}

#[test]
fn without_a_log_nobody_gets_rights_and_all_can_take_them_away() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_0123456789\n").ok();
    for name in ["one", "two"] {
        home.issue(name, &["--scopes", "read"]);
    }
    home.loom(&["doctor"]).ok();
    let lock = home.path().join("state/loom/audit-rights.lock");
    std::fs::remove_file(&lock).unwrap();
    std::fs::create_dir(&lock).unwrap();
    home.loom(&["status"]).ok().says("the audit log is not written since");
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    assert!(status["audit"]["reason"].as_str().unwrap().contains("audit-rights.lock"), "{status}");
    let doctor = home.loom(&["doctor", "--json"]);
    let found: Value = serde_json::from_str(&doctor.out).unwrap();
    assert_eq!(doctor.code, 1, "{doctor:?}");
    assert!(found["audit"]["trouble"]["waiting"].is_u64(), "{doctor:?}");
    assert!(home.loom(&["doctor"]).out.contains("the audit log is not written since"));
    let verify = home.loom(&["audit", "verify"]);
    assert_eq!(verify.code, 1, "{verify:?}");
    assert!(verify.err.contains("the audit log is not written since"), "{verify:?}");
    home.loom(&["token", "generate", "three", "--scopes", "read"]).fails(1).says("cannot be written").says("hint: ");
    home.loom(&["serve", "--listen", "127.0.0.1:0"]).fails(1).says("cannot be written");
    let lease = json!({ "v": 1, "verb": "lease", "params": { "name": "l", "scopes": ["read"] } }).to_string();
    let leased = ask(&home, &lease, 1).remove(0);
    assert!(leased.contains("\"error\""), "{leased}");
    assert!(!leased.contains("loom_"), "{leased}");
    home.loom(&["token", "revoke", "one"]).ok().says("the audit log is not written since");
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_0123456789\n").ok();
    assert!(home.loom(&["token", "--server", "https://a.example"]).ok().err.is_empty(), "git hears nothing of it");
    home.loom(&["logout", "--server", "https://a.example"]).ok();
    home.loom(&["lock"]).ok();
    home.loom(&["unlock"]).ok();
    let tokens: Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    assert_eq!(tokens.as_array().unwrap().len(), 1, "{tokens}");
    // What waited is written once it can be.
    std::fs::remove_dir(&lock).unwrap();
    assert!(!home.loom(&["status"]).ok().err.contains("audit log"));
    for event in ["token.revoke", "login", "logout", "lock", "unlock"] {
        assert!(!home.audited(event).is_empty(), "{event}");
    }
    assert_eq!(home.audited("token.generate").iter().filter(|entry| entry["outcome"] == "ok").count(), 2);
    home.loom(&["audit", "verify"]).ok().says("");
    home.loom(&["doctor"]).ok();
}

#[test]
fn that_the_settings_were_changed_is_noted_where_rights_are() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    home.configure("[tokens]\nmax_active = 2\n");
    home.get("https", "git.example").ok();
    assert_eq!(home.audited("settings").len(), 1);
    home.get("https", "git.example").ok();
    assert_eq!(home.audited("settings").len(), 1);
    assert_eq!(lines(&home, "audit-rights.log").last().unwrap()["event"], "settings");
}

#[test]
fn verify_says_for_programs_too_how_far_back_the_log_goes() {
    let home = Home::new();
    home.store("https", "git.example", "u", "pw").ok();
    let found: Value = serde_json::from_str(&home.loom(&["audit", "verify", "--json"]).ok().out).unwrap();
    let chains = found["chains"].as_array().unwrap();
    assert_eq!(chains.iter().map(|chain| &chain["file"]).collect::<Vec<_>>(), ["audit-rights.log", "audit.log"]);
    assert!(chains[1]["since"].as_str().unwrap().ends_with('Z'), "{found}");
    assert_eq!(chains[1]["dropped_files"], 0);
    let log = home.path().join("state/loom/audit.log");
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::write(&log, text.replacen("{\"time\"", "{ \"time\"", 1)).unwrap();
    let done = home.loom(&["audit", "verify", "--json"]);
    let found: Value = serde_json::from_str(&done.out).unwrap();
    assert_eq!((done.code, found["broken"].as_str()), (1, Some("audit.log:2")), "{found}");
}

/// Connects and has been let in; then does as it is told.
const CONNECTED: &str = r#"
import os, socket, sys
peer = socket.socket(socket.AF_UNIX); peer.connect(sys.argv[1]); os.set_inheritable(peer.fileno(), True)
peer.sendall(b'{"v":1,"verb":"hello"}\n'); peer.recv(65536)
ask = lambda server: peer.sendall(('{"v":1,"verb":"token","params":{"server":"https://%s.example"}}\n' % server).encode())
"#;

#[test]
fn only_the_program_that_connected_is_named() {
    let Some(python) = find_program("python3") else { return };
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    // What stands on the path may be a script.
    let own =
        std::process::Command::new(python).args(["-c", "import os; print(os.readlink('/proc/self/exe'))"]).output();
    let python = PathBuf::from(String::from_utf8(own.unwrap().stdout).unwrap().trim());
    let run = |then: &str| {
        let mut program = home.command(&python);
        program.args(["-c", &format!("{CONNECTED}{then}")]).arg(home.socket());
        assert!(program.status().unwrap().success());
    };
    // Becomes another program, before and after its question was answered.
    run("ask('exec'); os.execv('/bin/sleep', ['sleep', '0.3'])");
    // Ends, and leaves the connection to a child that asks.
    run("
if os.fork() == 0:
    parent = os.getppid()
    while os.getppid() == parent: pass
    ask('child'); peer.recv(65536); os._exit(0)
");
    let noted = |server: &str| {
        let all = home.audited("token.get");
        all.into_iter().find(|entry| entry["server"] == format!("https://{server}.example"))
    };
    for server in ["exec", "child"] {
        wait_until("it is noted", || noted(server).is_some());
        assert_eq!(noted(server).unwrap()["actor"]["exe"], python.to_str().unwrap(), "{server}");
    }
    // Who asks and is gone at once may be nobody any more, and never somebody else.
    for n in 0..10 {
        let mut program = home.command(&python);
        let script = CONNECTED.replace("peer.sendall(b'{\"v\":1,\"verb\":\"hello\"}\\n'); peer.recv(65536)", "");
        program.args(["-c", &format!("{script}ask('gone-{n}'); os._exit(0)")]).arg(home.socket());
        assert!(program.status().unwrap().success());
    }
    let gone = home.audited("token.get").into_iter().filter(|entry| entry["server"].as_str().unwrap().contains("gone"));
    assert!(
        gone.map(|entry| entry["actor"]["exe"].clone()).all(|exe| exe.is_null() || exe == python.to_str().unwrap())
    );
}
