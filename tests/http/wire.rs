//! Requests that are not as they should be, on the wire: refused, and never taken for two.

use std::io::{BufReader, Read, Write};

use serde_json::json;

use crate::support::{Answer, Door, Home, SOON, bearer};

fn home() -> (Home, Door, String) {
    let home = Home::new();
    let admin = home.issue("admin", &["--scopes", "*"]);
    let door = home.serve(&[]);
    (home, door, admin)
}

/// The head of a request with these further lines, up to its end.
fn head(door: &Door, method: &str, path: &str, token: &str, lines: &str) -> String {
    format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n{}\r\n{lines}\r\n", door.authority(), bearer(token))
}

/// Asserts that one answer came, with one of these statuses, and the connection was closed behind it.
#[track_caller]
fn one_refusal(said: &str, statuses: &[u16], why: &str) {
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{why}: {said}");
    let status: u16 = said.split(' ').nth(1).unwrap().parse().unwrap();
    assert!(statuses.contains(&status), "{why}: {said}");
}

#[test]
fn a_request_with_two_lengths_is_refused_and_nothing_behind_it_is_read() {
    let (home, door, admin) = home();
    let inner = head(&door, "POST", "/api/control/stop", &admin, "Content-Length: 0\r\n");
    let outer = |lines: &str| head(&door, "POST", "/api/control/start", &admin, lines);
    for (lines, body) in [
        ("Content-Length: 0\r\nContent-Length: 10\r\n", String::new()),
        ("Content-Length: 10\r\nContent-Length: 0\r\n", String::new()),
        ("Content-Length: 0, 10\r\n", String::new()),
        ("Content-Length: +0\r\n", String::new()),
        ("Content-Length: 0x0\r\n", String::new()),
        ("Content-Length: -1\r\n", String::new()),
        ("Content-Length: 99999999999999999999999\r\n", String::new()),
        ("Transfer-Encoding: identity\r\n", String::new()),
        ("Transfer-Encoding: chunked, identity\r\n", String::from("0\r\n\r\n")),
        ("Transfer-Encoding: xchunked\r\n", String::from("0\r\n\r\n")),
        ("Transfer-Encoding : chunked\r\n", String::from("0\r\n\r\n")),
        ("Content-Length : 0\r\n", String::new()),
        (" Content-Length: 0\r\n", String::new()),
        ("X: y\r\n Content-Length: 0\r\n", String::new()),
    ] {
        let said = door.say_all(outer(lines) + &body + &inner);
        one_refusal(&said, &[400], lines);
    }
    // Both is one request to every server that reads it as it should be read (RFC 9112 §6.1), and closes.
    for lines in
        ["Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n"]
    {
        let said = door.say_all(outer(lines) + "0\r\n\r\n" + &inner);
        one_refusal(&said, &[200, 400], lines);
    }
    assert!(home.is_listening(), "what was smuggled stopped the agent");
    assert!(door.is_open(), "what was smuggled stopped the agent");
}

#[test]
fn chunks_that_are_none_are_refused() {
    let (home, door, admin) = home();
    let inner = head(&door, "POST", "/api/control/stop", &admin, "Content-Length: 0\r\n");
    let outer = head(&door, "POST", "/api/control/start", &admin, "Transfer-Encoding: chunked\r\n");
    for chunks in ["g\r\n", "-1\r\n", "0x0\r\n\r\n", "fffffffffffffffff\r\n", "1\r\nab\r\n0\r\n\r\n", "\r\n0\r\n\r\n"] {
        let said = door.say_all(format!("{outer}{chunks}{inner}"));
        assert!(said.matches("HTTP/1.1 ").count() <= 1, "{chunks:?}: {said}");
        assert!(!said.contains("HTTP/1.1 200"), "{chunks:?}: {said}");
    }
    assert!(home.is_listening());
    assert!(door.is_open());
}

#[test]
fn a_body_that_is_too_large_is_not_read() {
    let (_home, door, admin) = home();
    let large = json!({"name": "x".repeat(70_000), "scopes": ["read"]}).to_string();
    let path = "/api/enterprise/tokens";
    let declared =
        head(&door, "POST", path, &admin, &format!("Connection: close\r\nContent-Length: {}\r\n", large.len()));
    one_refusal(&door.say_all(format!("{declared}{large}")), &[413], "a length");
    let chunked = head(&door, "POST", path, &admin, "Connection: close\r\nTransfer-Encoding: chunked\r\n");
    let chunk = format!("2000\r\n{}\r\n", "x".repeat(0x2000));
    one_refusal(&door.say_all(chunked + &chunk.repeat(16)), &[413], "chunks without an end");
    let form = format!(
        "POST /oauth/token HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n",
        door.authority(),
        large.len()
    );
    one_refusal(&door.say_all(form + &large), &[413], "a form, by somebody who shows nothing");
    assert_eq!(door.get(path, &admin).ok(200), json!([]));
}

#[test]
fn a_head_has_so_many_lines_and_bytes() {
    let (_home, door, admin) = home();
    let with = |lines: &str| {
        door.say_all(head(&door, "GET", "/api/accounts", &admin, &format!("{lines}Connection: close\r\n")))
    };
    one_refusal(&with(&"X: y\r\n".repeat(50)), &[200], "fifty lines");
    one_refusal(&with(&"X: y\r\n".repeat(100)), &[431], "a hundred lines");
    one_refusal(&with(&format!("X: {}\r\n", "y".repeat(16_000))), &[200], "a long line");
    one_refusal(&with(&format!("X: {}\r\n", "y".repeat(80_000))), &[431], "a line that is too long");
    let said = door.say_all(format!("GET /{} HTTP/1.1\r\nHost: {}\r\n\r\n", "y".repeat(80_000), door.authority()));
    one_refusal(&said, &[414, 431], "a path that is too long");
    for token in ["x".repeat(20 * 1024), format!("loom_{}", "x".repeat(20 * 1024))] {
        door.get("/api/accounts", &token).fails(401);
    }
}

#[test]
fn what_is_no_http_gets_at_most_one_refusal() {
    let (home, door, admin) = home();
    let host = format!("Host: {}\r\n", door.authority());
    for said in [
        "\0\0\0\0\r\n\r\n".to_owned(),
        "GET\r\n\r\n".to_owned(),
        format!("GET /api/auth/info\r\n{host}\r\n"),
        format!("GET  /api/auth/info HTTP/1.1\r\n{host}\r\n"),
        format!("GET /api/auth/info HTTP/9.9\r\n{host}\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
        "\u{16}\u{3}\u{1}\u{2}\0\u{1}\0\u{1}".to_owned() + &"\0".repeat(200) + "\r\n\r\n",
        format!("GET /api/auth/info\0 HTTP/1.1\r\n{host}\r\n"),
        format!("GET /api/auth/info HTTP/1.1\r\n{host}X: a\0b\r\n\r\n"),
        format!("GET /api/auth/info HTTP/1.1\r\n{host}X\0: ab\r\n\r\n"),
        format!("GET /api/auth/info HTTP/1.1\r\n{host}X: a\rb\r\n\r\n"),
        format!("GET /api/\u{e9} HTTP/1.1\r\n{host}X\u{e9}: ab\r\n\r\n"),
        format!("GET http://[::1 HTTP/1.1\r\n{host}\r\n"),
        format!("CONNECT a.example:443 HTTP/1.1\r\n{host}\r\n"),
    ] {
        let mut stream = door.connect();
        let _ = stream.write_all(said.as_bytes());
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.matches("HTTP/1.").count() <= 1, "{said:?}: {answer}");
        assert!(!answer.contains(" 200 OK"), "{said:?}: {answer}");
    }
    for (path, status) in
        [("/api/enterprise/tokens/a%00b", 404), ("/api/enterprise/tokens/a%0d%0ab", 404), ("/api/%00", 404)]
    {
        let answer = door.delete(path, &admin);
        assert_eq!(answer.status, status, "{path}");
        assert!(!answer.text().contains('\0'), "{}", answer.text());
        assert!(!answer.text().contains('\n'), "{}", answer.text());
    }
    assert_eq!(door.delete("/api/enterprise/tokens/%ff%fe", &admin).status, 400);
    assert!(home.is_listening());
    assert!(door.is_open());
}

#[test]
fn several_requests_on_one_connection_are_answered_in_their_order() {
    let (_home, door, admin) = home();
    let mut stream = BufReader::new(door.connect());
    let asked: String = ["/api/accounts", "/api/nothing", "/api/enterprise/tokens"]
        .iter()
        .map(|path| head(&door, "GET", path, &admin, ""))
        .collect();
    stream.get_mut().write_all(asked.as_bytes()).unwrap();
    for status in [200, 404, 200] {
        assert_eq!(Answer::read(&mut stream).unwrap().status, status);
    }
}

#[test]
fn half_a_request_and_then_silence_is_hung_up_on() {
    let (_home, door, admin) = home();
    let whole = head(&door, "GET", "/api/accounts", &admin, "");
    let began = std::time::Instant::now();
    let half_head = |at: usize| {
        let mut stream = door.connect();
        stream.write_all(&whole.as_bytes()[..at]).unwrap();
        stream
    };
    let mut silent: Vec<_> = [0, 1, 20, whole.len() - 2].map(half_head).into_iter().collect();
    let mut body = door.connect();
    let slow = head(&door, "POST", "/api/enterprise/tokens", &admin, "Content-Length: 50\r\n") + "{\"na";
    body.write_all(slow.as_bytes()).unwrap();
    // An answer that says so is as good as none.
    let mut answer = String::new();
    let _ = body.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    for stream in &mut silent {
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    }
    assert!(began.elapsed() < SOON, "they stay open for {:?}", began.elapsed());
    door.get("/api/accounts", &admin).ok(200);
}
