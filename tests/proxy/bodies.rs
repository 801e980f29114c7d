//! Bodies that two readers could read in two ways, lists of a push above all: none of them reaches a server.

use std::io::Write;

use crate::support::{Home, Relay, Stub, http};

const A: &str = "1111111111111111111111111111111111111111";
const B: &str = "2222222222222222222222222222222222222222";

/// A server that takes every push and every call, and what may be done there.
fn bench(home: &Home, words: &str) -> (Stub, Relay) {
    let stub = Stub::start(|_, _, stream| {
        let kind = "Content-Type: application/x-git-receive-pack-result\r\n";
        let _ = stream.write_all(http("200 OK", kind, "0000").as_bytes());
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    let grants = [format!("push {}/org/app {words}", stub.url()), format!("ANY {}/v1/**", stub.url())];
    let relay = home.relay(&grants.each_ref().map(String::as_str));
    (stub, relay)
}

fn at(stub: &Stub, path: &str) -> String {
    format!("/{}{path}", stub.url().trim_start_matches("http://"))
}

fn line(text: &str) -> String {
    format!("{:04x}{text}", text.len() + 4)
}

fn push(relay: &Relay, stub: &Stub, headers: &str, body: &[u8]) -> String {
    let kind = "Content-Type: application/x-git-receive-pack-request\r\n";
    relay.ask("POST", &at(stub, "/org/app.git/git-receive-pack"), &format!("{kind}{headers}"), body)
}

#[test]
fn a_list_goes_up_written_anew_and_the_pack_behind_it_as_it_is() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/*");
    let first = line(&format!("{A} {B} refs/heads/agent/x\0  report-status   delete-refs agent=x\n"));
    let body = [first.as_bytes(), b"0000PACK\0\0\0\x02\0\0\0\0and the rest"].concat();
    let answer = push(&relay, &stub, "", &body);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let seen = stub.seen().pop().unwrap();
    let anew = line(&format!("{A} {B} refs/heads/agent/x\0 report-status agent=x"));
    let expected = format!("{anew}0000PACK\0\0\0\x02\0\0\0\0and the rest");
    assert!(seen.ends_with(&expected), "{seen:?}");
    let lower = seen.to_ascii_lowercase();
    assert!(lower.contains(&format!("content-length: {}\r\n", expected.len())), "{seen}");
    assert!(lower.contains("authorization: basic ") && !seen.contains(&relay.token), "{seen}");
}

#[test]
fn the_probe_goes_up_and_nothing_like_it() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/*");
    assert!(push(&relay, &stub, "", b"0000").starts_with("HTTP/1.1 200"));
    for body in [&b"00000000"[..], b"0000PACK", b"0000 ", b"000", b"0001"] {
        let answer = push(&relay, &stub, "", body);
        assert!(!answer.starts_with("HTTP/1.1 200"), "{body:?}: {answer}");
    }
    assert_eq!(stub.requests(), 1);
}

#[test]
fn a_list_that_two_readers_could_read_otherwise_goes_nowhere() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/* delete");
    let good = |more: &str| line(&format!("{A} {B} refs/heads/agent/x\0 report-status{more}"));
    let main = line(&format!("{A} {B} refs/heads/main"));
    let bodies: Vec<String> = vec![
        format!("{}0001{main}0000PACK", good("")),
        format!("{}{}0000PACK", good(""), line(&format!("{A} {B} refs/heads/main\0 x"))),
        format!("{}{}0000PACK", good(""), line(&format!("shallow {A}"))),
        format!("{}{}0000PACK", good(""), good("")),
        format!("{}0000{}0000PACK", good(" push-options"), line("ci.skip")),
        format!("{}0000PACK", line("push-cert\0 report-status\n")),
        format!("{}0004{main}0000PACK", good("")),
        format!("{}0000xPACK\0\0\0\u{2}\0\0\0\0", good("")),
        format!("{}0000PACK\0\0\0\u{4}\0\0\0\0", good("")),
        format!("{}0000", good("")),
        good(""),
        format!("{}0000", line(&format!("{} {B} refs/heads/agent/x\0 report-status", A.replace('1', "A")))),
        format!("{}0000more", line(&format!("{A} {} refs/heads/agent/x\0 report-status", "0".repeat(40)))),
        format!("{}0000PACK", line(&format!("{A} {B} refs/heads/agent/../main\0 report-status"))),
        format!("{}0000PACK", line(&format!("{A} {B} refs/heads/agent/x\0 report-status unheard-of"))),
    ];
    for body in bodies {
        let answer = push(&relay, &stub, "", body.as_bytes());
        assert!(!answer.starts_with("HTTP/1.1 200") || answer.contains("ng refs/"), "{body:?}: {answer}");
    }
    assert_eq!(stub.requests(), 0, "{:?}", stub.seen());
}

#[test]
fn a_list_is_judged_however_small_its_pieces_are() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/*");
    let list = line(&format!("{A} {B} refs/heads/main\0 report-status")) + "0000PACK\0\0\0\u{2}\0\0\0\0";
    let chunks: String = list.chars().map(|c| format!("1\r\n{c}\r\n")).collect();
    let head = format!(
        "POST {} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
         Content-Type: application/x-git-receive-pack-request\r\nTransfer-Encoding: chunked\r\n\r\n",
        at(&stub, "/org/app.git/git-receive-pack"),
        relay.token
    );
    let answer = relay.say(format!("{head}{chunks}0\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("ng refs/heads/main "), "{answer}");
    assert_eq!(stub.requests(), 0);
}

#[test]
fn a_request_with_two_ends_goes_nowhere() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/*");
    let post = |headers: &str, body: &str| {
        let (to, token) = (at(&stub, "/v1/x"), &relay.token);
        relay.say_and_end(format!(
            "POST {to} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n{headers}\r\n{body}"
        ))
    };
    let smuggled = format!("GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n", at(&stub, "/admin"));
    for (headers, body) in [
        ("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", format!("0\r\n\r\n{smuggled}")),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3\r\n", format!("0\r\n\r\n{smuggled}")),
        ("Content-Length: 3\r\nContent-Length: 4\r\n", format!("abc{smuggled}")),
        ("Transfer-Encoding: xchunked\r\n", format!("0\r\n\r\n{smuggled}")),
        ("Transfer-Encoding: gzip, chunked\r\n", format!("0\r\n\r\n{smuggled}")),
        ("Content-Length: 3\r\nContent-Encoding: gzip\r\nContent-Encoding: gzip\r\n", "abc".into()),
        ("Content-Length: 10\r\n", "cut".into()),
    ] {
        let answer = post(headers, &body);
        assert!(!answer.contains("HTTP/1.1 200"), "{headers}: {answer}");
    }
    // In the middle of a body its server is left with half of it.
    for chunks in ["3;x=y\r\nabc\r\n0\r\n\r\n", "3\nabc\n0\n\n", "3\r\nabc\r\n0\r\nX: y\r\n\r\n"] {
        let answer = post("Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n", chunks);
        assert!(!answer.contains("HTTP/1.1 200"), "{chunks:?}: {answer}");
    }
    assert!(!stub.seen().iter().any(|seen| seen.contains("/admin")), "{:?}", stub.seen());
}

#[test]
fn a_little_that_becomes_a_lot_ends_the_request() {
    let home = Home::new();
    let (stub, relay) = bench(&home, "agent/*");
    let mut child =
        home.command("sh").args(["-c", "head -c 200000000 /dev/zero | tr '\\0' 0 | gzip -9"]).output().unwrap();
    let bomb = std::mem::take(&mut child.stdout);
    let answer = push(&relay, &stub, "Content-Encoding: gzip\r\n", &bomb);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    for encoding in ["gzip, gzip", "br", "deflate", "zstd"] {
        let answer = push(&relay, &stub, &format!("Content-Encoding: {encoding}\r\n"), b"0000");
        assert!(answer.starts_with("HTTP/1.1 400"), "{encoding}: {answer}");
    }
    assert_eq!(stub.requests(), 0);
}

#[test]
fn a_form_takes_a_grant_for_every_method_that_it_could_name() {
    let home = Home::new();
    let stub = bench(&home, "agent/*").0;
    let post = home.relay(&[&format!("POST {}/v1/**", stub.url())]);
    let any = home.relay(&[&format!("ANY {}/v1/**", stub.url())]);
    for kind in ["application/x-www-form-urlencoded", "Multipart/Form-Data; boundary=x", ""] {
        let header = if kind.is_empty() { String::new() } else { format!("Content-Type: {kind}\r\n") };
        let answer = post.ask("POST", &at(&stub, "/v1/x"), &header, b"_method=DELETE");
        assert!(answer.starts_with("HTTP/1.1 403"), "{kind}: {answer}");
        assert!(any.ask("POST", &at(&stub, "/v1/x"), &header, b"_method=DELETE").starts_with("HTTP/1.1 200"), "{kind}");
    }
    let json = "Content-Type: application/json\r\n";
    assert!(post.ask("POST", &at(&stub, "/v1/x"), json, b"{}").starts_with("HTTP/1.1 200"));
}
