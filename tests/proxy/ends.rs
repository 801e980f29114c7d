//! What is under way ends with the rights under which it was begun.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;

use serde_json::{Value, json};

use crate::support::{Home, Relay, SOON, Stub, wait_until};

/// A token that lives as long as this connection.
fn lease(home: &Home, grants: &[String]) -> (String, UnixStream) {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    let frame = json!({ "v": 1, "verb": "lease", "params": { "name": "exec", "scopes": [], "grants": grants } });
    writeln!(stream, "{frame}").unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, &stream).read_line(&mut line).unwrap();
    let event: Value = serde_json::from_str(&line).unwrap();
    (event["event"]["token"].as_str().unwrap_or_else(|| panic!("{line}")).to_owned(), stream)
}

/// A server whose answers begin and do not end.
fn endless(home: &Home) -> Stub {
    let stub = Stub::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n");
        let _ = stream.read(&mut [0]);
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    stub
}

#[test]
fn a_stream_a_kept_connection_and_an_upload_end_with_the_lease() {
    let home = Home::new();
    let stub = endless(&home);
    let (token, leased) = lease(&home, &[format!("ANY {}/**", stub.url())]);
    let relay = Relay::start(&home.socket(), token.clone());
    let path = format!("/{}/x", stub.url().trim_start_matches("http://"));
    let head = |method: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{more}\r\n")
    };
    let mut streaming = relay.connect();
    streaming.write_all(head("GET", "").as_bytes()).unwrap();
    let mut seen = Vec::new();
    while !String::from_utf8_lossy(&seen).contains("data: 1") {
        let mut part = [0; 512];
        let count = streaming.read(&mut part).unwrap();
        assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
        seen.extend_from_slice(&part[..count]);
    }
    let mut kept = relay.connect();
    let mut uploading = relay.connect();
    let json = "Content-Type: application/json\r\nContent-Length: 1000000\r\n";
    uploading.write_all(head("POST", json).as_bytes()).unwrap();
    uploading.write_all(&[b' '; 100_000]).unwrap();
    wait_until("the upload has begun", || stub.requests() + relay.connections() >= 4);
    drop(leased);
    for (name, stream) in [("stream", &mut streaming), ("kept", &mut kept), ("upload", &mut uploading)] {
        let mut rest = Vec::new();
        let ended = stream.read_to_end(&mut rest);
        assert!(ended.is_ok() || ended.is_err_and(|error| error.kind() != std::io::ErrorKind::WouldBlock), "{name}");
    }
    let answer = relay.say(head("GET", ""));
    assert!(answer.starts_with("refused: "), "{answer}");
}

#[test]
fn revoking_a_token_ends_what_it_began_over_a_socket() {
    let home = Home::new();
    let stub = endless(&home);
    home.granted("box", &[&format!("GET {}/**", stub.url())]);
    let path = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &path.to_string_lossy(), "--token", "box"]).ok();
    let mut stream = UnixStream::connect(&path).unwrap();
    let host = stub.url().trim_start_matches("http://");
    stream.write_all(format!("GET /x HTTP/1.1\r\nHost: {host}\r\n\r\n").as_bytes()).unwrap();
    let mut first = [0; 8];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1");
    home.loom(&["token", "revoke", "box"]).ok();
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
    // The socket is the owner's: it stays, and gives nobody anything.
    let mut again = UnixStream::connect(&path).unwrap();
    again.set_read_timeout(Some(SOON)).unwrap();
    again.write_all(format!("GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = again.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(!answer.starts_with("HTTP/1.1 2"), "{answer}");
}
