//! Where a server sends those who call it: the agent goes there for its owner only, and with the credential nowhere
//! else.

use std::io::Write;

use serde_json::json;

use crate::support::{Home, Stub, bearer, http, run};

fn encoded(server: &str) -> String {
    server.replace(':', "%3A").replace('/', "%2F")
}

/// A server that redirects with the status that its path names, to what stands in its query.
fn redirecting() -> Stub {
    Stub::start(|_, request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let (path, to) = path.split_once("?to=").unwrap_or((path, ""));
        let answer = match path.rsplit('/').next().unwrap_or_default() {
            status @ ("300" | "301" | "302" | "303" | "307" | "308") => {
                http(&format!("{status} X"), &format!("location: {to}\r\n"), "moved")
            }
            "refresh" => http("200 OK", &format!("refresh: 0; url={to}\r\n"), "refreshed"),
            _ => http("200 OK", "", &format!("at {path}")),
        };
        let _ = stream.write_all(answer.as_bytes());
    })
}

fn elsewhere() -> Stub {
    Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "of the inner network").as_bytes())))
}

#[test]
fn nobody_but_the_owner_has_the_agent_go_where_a_server_sends_it() {
    let (server, inner, kept) = (redirecting(), elsewhere(), elsewhere());
    let home = Home::new();
    for url in [server.url(), kept.url()] {
        home.loom_in(&["login", "--with-token", "--server", url], "tok_redirected_0123").ok();
    }
    let (door, ci) = (home.serve(&[]), home.issue("ci", &["--scopes", "*"]));
    let at = format!("/api/call/{}", encoded(server.url()));
    let inner_host = inner.url().trim_start_matches("http:");
    for to in [
        &format!("{}/x", inner.url()),
        &format!("{inner_host}/x"),
        &format!("{}/x", kept.url()),
        "http://127.0.0.1:1/",
        "http://[::1]:1/",
        "http://localhost:1/",
        "https://192.0.2.1/",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "http://u:p@127.0.0.1:1/",
    ] {
        let whole = if to.starts_with("//") { format!("http:{to}") } else { (*to).to_owned() };
        for status in [301, 302, 303, 307, 308, 300] {
            let path = format!("{at}/{status}?to={to}");
            let answers = [
                door.get(&path, &ci),
                door.post(&path, &ci, &json!({"secret": "of the caller"})),
                door.ask("HEAD", &path, &[&bearer(&ci)], ""),
            ];
            for answer in &answers {
                assert_eq!((answer.status, answer.header("location")), (status, Some(&*whole)), "{to}");
                assert!(!answer.text().contains("inner network"));
            }
        }
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        let call = format!("/307?to={to}");
        let said = run(command.args(["api", "--server", server.url(), &call]).env("LOOM_TOKEN", &ci), b"");
        assert_eq!(said.out, "moved", "a token on this machine is no owner: {said:?}");
    }
    door.get(&format!("{at}/refresh?to={}/x", inner.url()), &ci);
    assert_eq!((inner.requests(), kept.requests()), (0, 0), "nobody else was asked");
}

#[test]
fn at_its_own_server_a_redirect_is_followed_for_who_reads() {
    let server = redirecting();
    let home = Home::new();
    let org = format!("{}/org", server.url());
    home.loom_in(&["login", "--with-token", "--server", &org], "tok_redirected_0123").ok();
    let (door, ci) = (home.serve(&[]), home.issue("ci", &["--scopes", "read,write", "--for", &org]));
    let at = format!("/api/call/{}", encoded(&org));
    for to in ["/org/y", "y", "x/../y", &format!("{org}/y")] {
        let answer = door.get(&format!("{at}/302?to={to}"), &ci);
        assert_eq!((answer.status, answer.text().as_str()), (200, "at /org/y"), "{to}");
        assert!(server.seen().last().unwrap().contains("authorization: Bearer tok_redirected_0123"));
        // What sends something is not sent on; where it should go is said as a whole URL, for half of one would lead
        // the caller to the door that it came through.
        let answer = door.post(&format!("{at}/307?to={to}"), &ci, &json!({}));
        assert_eq!((answer.status, answer.header("location")), (307, Some(&*format!("{org}/y"))), "{to}");
    }
    let sent = server.requests();
    for (number, to) in [
        "/mallory",
        "/",
        "/org-evil",
        "..%2fmallory",
        "/org/%252e%252e/mallory",
        "/org/..;/mallory",
        "//mallory",
        "/org//mallory",
        "/api/audit",
    ]
    .iter()
    .enumerate()
    {
        let answer = door.get(&format!("{at}/302?to={to}"), &ci);
        assert_eq!((answer.status, answer.text().as_str()), (302, "moved"), "{to}");
        assert_eq!(server.requests(), sent + number + 1, "{to}");
    }
}

#[test]
fn the_owners_call_goes_elsewhere_without_the_credential() {
    let (server, other) = (redirecting(), elsewhere());
    let home = Home::new();
    let org = format!("{}/org", server.url());
    home.loom_in(&["login", "--with-token", "--server", &org], "tok_redirected_0123").ok();
    let call = |to: &str| home.loom(&["api", "--server", &org, &format!("/302?to={to}")]).ok().out;
    assert_eq!(call(&format!("{}/x", other.url())), "of the inner network");
    assert_eq!(call("/mallory"), "at /mallory");
    for request in other.seen().iter().chain(server.seen().last()) {
        assert!(!request.contains("tok_redirected"), "{request}");
        assert!(!request.contains("authorization"), "{request}");
    }
    assert_eq!(call("/org/..%2fmallory"), "moved");
}
