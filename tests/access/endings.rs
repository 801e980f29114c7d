//! What lasts ends with the token that it was begun with: downloads, long polls, the log as it is written, leases.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::jwt::{AUDIENCE, CLIENT, Published};
use crate::support::authorization_server::{TOKENS, authorization_server_that_reads, json as json_answer};
use crate::support::{Home, Running, SOON, Stub, bearer, wait_until};

/// A stream ends within so long after its token was revoked.
const WITHIN: Duration = Duration::from_secs(8);

/// A server whose answers never end; at `/silent` it says nothing at all.
fn endless() -> Stub {
    Stub::start(|_, request, stream| {
        let is_silent = request.starts_with("GET /silent") || request.starts_with("POST /silent");
        if !is_silent {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        }
        // Until the agent hangs up.
        let _ = stream.set_read_timeout(Some(Duration::from_millis(50)));
        let mut buffer = [0; 64];
        loop {
            match stream.read(&mut buffer) {
                Ok(0) => return,
                Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => return,
                _ => {}
            }
            if !is_silent && stream.write_all(b"5\r\nagain\r\n").is_err() {
                return;
            }
        }
    })
}

fn home(server: &str) -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server, "--account", "me"], "tok").ok();
    home
}

/// A question at the agent's socket that is not over, and what has come.
fn begin(home: &Home, verb: &str, params: &Value, token: &str) -> BufReader<UnixStream> {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    writeln!(stream, "{}", json!({ "v": 1, "verb": verb, "params": params, "token": token })).unwrap();
    BufReader::new(stream)
}

/// What comes until the last answer.
fn rest(stream: &mut BufReader<UnixStream>) -> Value {
    let mut line = String::new();
    loop {
        line.clear();
        assert!(stream.read_line(&mut line).unwrap() > 0, "closed without a word");
        let said: Value = serde_json::from_str(&line).unwrap();
        if said.get("event").is_none() {
            return said;
        }
    }
}

fn in_time<T>(what: &str, ends: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let ended = ends();
    assert!(begun.elapsed() < WITHIN, "{what}: {:?}", begun.elapsed());
    ended
}

/// Asks for what never ends, has something done about it, and waits for the end.
fn cut_short(home: &Home, server: &Stub, token: &str, path: &str, end: impl FnOnce()) -> Value {
    let before = server.requests();
    let params = json!({ "server": server.url(), "method": "GET", "path": path, "headers": [] });
    let mut stream = begin(home, "api", &params, token);
    wait_until("the call is under way", || server.requests() > before);
    end();
    in_time(path, || rest(&mut stream))
}

#[test]
fn a_call_ends_with_its_token_whether_much_comes_or_nothing() {
    let server = endless();
    let home = home(server.url());
    for path in ["/much", "/silent"] {
        let token = home.issue("ci", &["--scopes", "read"]);
        let ended = cut_short(&home, &server, &token, path, || drop(home.loom(&["token", "revoke", "ci"]).ok()));
        assert_eq!(ended["error"]["code"], "denied", "{path}: {ended}");
        // Of a child too, when its parent goes; and though this was its last use, not before.
        let parent = home.issue("parent", &["--scopes", "*", "--max-uses", "2"]);
        let made = json!({ "name": "child", "scopes": ["read"] });
        let made = rest(&mut begin(&home, "token_generate", &made, &parent));
        let child = made["ok"]["token"].as_str().unwrap().to_owned();
        let ended = cut_short(&home, &server, &child, path, || {
            std::thread::sleep(Duration::from_millis(300));
            home.loom(&["token", "revoke", "parent"]).ok();
        });
        assert_eq!(ended["error"]["code"], "denied", "{path}: {ended}");
    }
}

#[test]
fn a_call_ends_when_its_token_is_revoked_elsewhere_or_over() {
    let server = endless();
    let home = home(server.url());
    let token = home.issue("ci", &["--scopes", "read"]);
    let beside = home.path().join("beside/agent.sock");
    let _beside = home.agent_at(&beside, &[]);
    wait_until("the other agent listens", || beside.exists());
    let ended = cut_short(&home, &server, &token, "/silent", || {
        let mut revoke = home.command(env!("CARGO_BIN_EXE_loom"));
        crate::support::run(revoke.args(["token", "revoke", "ci"]).env("LOOM_AGENT_SOCK", &beside), b"").ok();
    });
    assert_eq!(ended["error"]["code"], "denied", "{ended}");
    let token = home.issue("short", &["--scopes", "read"]);
    let file = home.path().join("state/loom/tokens.json");
    let mut list: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    for listed in list["tokens"].as_array_mut().unwrap() {
        listed["expires_at"] =
            jiff::Timestamp::now().checked_add(jiff::SignedDuration::from_secs(3)).unwrap().to_string().into();
    }
    let new = tempfile::Builder::new().tempfile_in(file.parent().unwrap()).unwrap();
    std::fs::write(new.path(), list.to_string()).unwrap();
    new.persist(&file).unwrap();
    let ended = cut_short(&home, &server, &token, "/silent", || {});
    assert_eq!(ended["error"]["code"], "denied", "{ended}");
}

#[test]
fn a_call_over_http_ends_with_its_token_also_while_its_body_is_awaited() {
    let server = endless();
    let home = home(server.url());
    let door = home.serve(&[]);
    let at = format!("/api/call/{}", server.url().replace(':', "%3A").replace('/', "%2F"));
    for (method, path, body) in
        [("GET", "/much", ""), ("GET", "/silent", ""), ("POST", "/silent", "Content-Length: 100\r\n")]
    {
        let token = home.issue("ci", &["--scopes", "*"]);
        let before = server.requests();
        let mut stream = door.connect();
        let head = format!(
            "{method} {at}{path} HTTP/1.1\r\nHost: {}\r\n{}\r\nConnection: close\r\n{body}\r\n",
            door.authority(),
            bearer(&token)
        );
        stream.write_all(head.as_bytes()).unwrap();
        if body.is_empty() {
            wait_until("the call is under way", || server.requests() > before)
        } else {
            wait_until("the call is noted", || home.audited("auth.ok").len() > 2)
        }
        home.loom(&["token", "revoke", "ci"]).ok();
        in_time(path, || {
            let mut all = Vec::new();
            let ended = stream.read_to_end(&mut all);
            let text = String::from_utf8_lossy(&all).into_owned();
            assert!(ended.is_err() || !text.ends_with("0\r\n\r\n"), "{method} {path}: it looks whole: {text}");
        });
    }
}

#[test]
fn a_call_with_an_access_token_ends_when_the_settings_give_less() {
    let (server, published) = (endless(), Published::start());
    let home = home(server.url());
    let config = |role: &str| {
        home.configure(&format!(
            "[[http.issuer]]\nissuer = '{}'\nclient_id = '{CLIENT}'\naudience = ['{AUDIENCE}']\n[http.issuer.roles]\n\
             claim = 'teams'\nmapping = {{ ops = '{role}' }}\n",
            published.stub.url()
        ));
    };
    config("operator");
    let door = home.serve(&[]);
    let token = published.draft("ec", "ES256").claim("teams", "ops").sign();
    let at = format!("/api/call/{}", server.url().replace(':', "%3A").replace('/', "%2F"));
    let begin = |method: &str| {
        let before = server.requests();
        let mut stream = door.connect();
        let (host, bearer) = (door.authority(), bearer(&token));
        write!(stream, "{method} {at}/silent HTTP/1.1\r\nHost: {host}\r\n{bearer}\r\nConnection: close\r\n\r\n")
            .unwrap();
        wait_until("the call is under way", || server.requests() > before);
        stream
    };
    let (mut writes, mut reads) = (begin("POST"), begin("GET"));
    let ends = |stream: &mut std::net::TcpStream| {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all);
        String::from_utf8_lossy(&all).into_owned()
    };
    config("viewer");
    let told = in_time("who may only read now", || ends(&mut writes));
    assert!(told.contains(" 403 "), "{told}");
    home.configure("");
    in_time("who may nothing now", || ends(&mut reads));
}

#[test]
fn a_followed_log_and_a_lease_last_as_long_as_their_token() {
    let home = home("https://a.example");
    let token = home.issue("auditor", &["--scopes", "*"]);
    let mut follow = home.command(env!("CARGO_BIN_EXE_loom"));
    follow.args(["audit", "tail", "--follow"]).env("LOOM_TOKEN", &token).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut follow = Running(follow.spawn().unwrap());
    let mut line = String::new();
    BufReader::new(follow.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    let leased = begin(&home, "lease", &json!({ "name": "l", "scopes": ["read"] }), &token);
    let (mut leased, mut made) = (leased, String::new());
    leased.read_line(&mut made).unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    let made = made["event"]["token"].as_str().unwrap().to_owned();
    // Who only waits costs nothing, once what was begun is noted.
    let switches = || {
        let status = std::fs::read_to_string(format!("/proc/{}/status", home.agent_pid())).unwrap();
        let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
        count.trim().parse::<u64>().unwrap()
    };
    let in_a_while = || {
        let before = switches();
        std::thread::sleep(Duration::from_millis(1500));
        switches() - before
    };
    wait_until("nothing wakes the agent up", || in_a_while() <= 2);
    home.loom(&["token", "revoke", "auditor"]).ok();
    in_time("the follower", || follow.0.wait().unwrap());
    assert!(in_time("the lease", || rest(&mut leased)).get("ok").is_some());
    assert_eq!(rest(&mut begin(&home, "hello", &json!({}), &made))["error"]["code"], "denied");
}

#[test]
fn a_secret_is_not_handed_to_who_lost_the_right_while_waiting() {
    let (asked, goes_on) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (is_asked, go_on) = (asked.clone(), goes_on.clone());
    let server = authorization_server_that_reads(move |path, count, _| {
        if path == "/token" && count > 0 {
            is_asked.store(true, Ordering::SeqCst);
            wait_until("it is let go", || go_on.load(Ordering::SeqCst));
        }
        (path == "/token").then(|| json_answer(TOKENS))
    });
    let home = Home::new();
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let token = home.issue("ci", &["--scopes", "read", "--reveal"]);
    let params = json!({ "server": server.url(), "min_validity": 100_000 });
    let mut waiting = begin(&home, "token", &params, &token);
    wait_until("a new one is asked for", || asked.load(Ordering::SeqCst));
    home.loom(&["token", "revoke", "ci"]).ok();
    goes_on.store(true, Ordering::SeqCst);
    let said = rest(&mut waiting);
    assert_eq!(said["error"]["code"], "denied", "{said}");
    assert_eq!(home.audited("token.get")[0]["outcome"], "denied");
}

#[test]
fn a_page_that_shows_the_log_as_it_is_written_ends_with_its_session() {
    let home = home("https://a.example");
    let door = home.serve(&[]);
    let admin = home.issue("admin", &["--scopes", "*"]);
    let begin = |token: &str| {
        let body = format!("token={token}");
        let origin = format!("Origin: {}", door.url);
        let form = "Content-Type: application/x-www-form-urlencoded";
        let signed_in = door.ask("POST", "/sign-in/token", &[&origin, form], &body);
        let cookie = signed_in.head.lines().find_map(|line| line.strip_prefix("set-cookie: loom=")).unwrap();
        let cookie = format!("loom={}", cookie.split(';').next().unwrap());
        let mut stream = door.connect();
        let head = format!("GET /audit/live HTTP/1.1\r\nHost: {}\r\nCookie: {cookie}\r\n\r\n", door.authority());
        stream.write_all(head.as_bytes()).unwrap();
        let mut stream = BufReader::new(stream);
        let mut line = String::new();
        stream.read_line(&mut line).unwrap();
        assert!(line.contains("200"), "{line}");
        stream
    };
    let ends = |mut stream: BufReader<std::net::TcpStream>| {
        let mut line = String::new();
        while !line.contains("event: end") {
            line.clear();
            assert!(stream.read_line(&mut line).unwrap() > 0);
        }
    };
    let (by_session, by_token) = (begin(&admin), begin(&home.issue("auditor", &["--scopes", "audit"])));
    home.loom(&["token", "revoke", "auditor"]).ok();
    in_time("of a token", || ends(by_token));
    let sessions = door.get("/api/sessions", &admin).ok(200);
    let id = sessions[0]["id"].as_str().unwrap();
    door.delete(&format!("/api/sessions/{id}"), &admin).ok(200);
    in_time("of a session", || ends(by_session));
}
