//! One request in several spellings, and one name for several servers: what a server could read otherwise than it was
//! judged does not reach it.

use crate::support::{Home, Stub, http};

/// A home with a login at a server that answers everything.
fn stub(home: &Home) -> Stub {
    let stub = Stub::start(|_, _, stream| {
        let _ = std::io::Write::write_all(stream, http("200 OK", "Content-Type: text/plain\r\n", "fine").as_bytes());
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    stub
}

fn path(stub: &Stub, path: &str) -> String {
    format!("/{}{path}", stub.url().trim_start_matches("http://"))
}

#[test]
fn a_path_that_servers_could_read_otherwise_is_refused() {
    let home = Home::new();
    let stub = stub(&home);
    let relay = home.relay(&[&format!("ANY {}/v1/**", stub.url())]);
    let ask = |to: &str| relay.ask("GET", &path(&stub, to), "", b"");
    assert!(ask("/v1/x").starts_with("HTTP/1.1 200"), "{}", ask("/v1/x"));
    let before = stub.requests();
    for odd in [
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "/v1/%252e%252e/admin",
        "/v1/..%2fadmin",
        "/v1/x;/../../admin",
        "/v1/x\\..\\..\\admin",
        "/v1//admin",
        "/v1/%00",
        "/V1/x",
        "/v1/%c0%ae%c0%ae/admin",
        "/v2/x",
        "//v1/x",
        "/v1/x?_method=DELETE",
        "/v1/x?x-http-method-override=PUT",
    ] {
        let answer = ask(odd);
        assert!(answer.starts_with("HTTP/1.1 4"), "{odd}: {answer}");
    }
    for header in
        ["X-HTTP-Method-Override: DELETE", "X_HTTP_Method: DELETE", "X-Original-URL: /admin", "X-Rewrite-Url: /a"]
    {
        let answer = relay.ask("GET", &path(&stub, "/v1/x"), &format!("{header}\r\n"), b"");
        assert!(answer.starts_with("HTTP/1.1 403"), "{header}: {answer}");
    }
    assert_eq!(stub.requests(), before, "the server heard of it: {:?}", stub.seen().last());
}

#[test]
fn git_never_falls_under_a_grant_of_an_api_and_no_api_under_gits() {
    let home = Home::new();
    let stub = stub(&home);
    let all = home.relay(&[&format!("ANY {}/**", stub.url())]);
    for git in [
        "/org/app.git/info/refs?service=git-receive-pack",
        "/org/app/info/refs?service=git-upload-pack",
        "/org/app/git-receive-pack",
        "/org/app/git-upload-pack",
        "/org/app/git-upload-archive",
        "/org/app.git/HEAD",
        "/org/app.git/objects/info/packs",
        "/org/app/info/lfs/objects/batch",
        "/org/app/info/lfs/locks",
        "/org/app/Git-Receive-Pack",
        "/org/app/git%2Dreceive-pack",
        "/org/app/git-receive-pack/",
    ] {
        for method in ["GET", "POST"] {
            let answer = all.ask(method, &path(&stub, git), "", b"");
            assert!(answer.starts_with("HTTP/1.1 4"), "{method} {git}: {answer}");
        }
    }
    let fetch = home.relay(&[&format!("fetch {}/org/app", stub.url())]);
    for other in [
        "/org/app",
        "/org/app/x",
        "/org/app.git/info/refs",
        "/org/app/info/refs?service=git-receive-pack&service=git-upload-pack",
        "/org/app/info/refs?service=git%2Dupload-pack",
        "/org/app/info/refs?service=git-upload-pack&x",
        "/org/app/sub/info/refs?service=git-upload-pack",
        "/org/app/info/refs/info/refs?service=git-upload-pack",
        "/org/app.git/git-upload-archive",
        "/org/app/HEAD",
        "/org/other/info/lfs/objects/batch",
    ] {
        let answer = fetch.ask("GET", &path(&stub, other), "", b"");
        assert!(answer.starts_with("HTTP/1.1 4"), "{other}: {answer}");
    }
    assert_eq!(stub.requests(), 0, "{:?}", stub.seen());
}

#[test]
fn host_authority_and_path_name_one_server_of_the_grants() {
    let home = Home::new();
    let (stub, other) = (stub(&home), stub(&home));
    let relay = home.relay(&[&format!("GET {}/**", stub.url())]);
    let authority = |stub: &Stub| stub.url().trim_start_matches("http://").to_owned();
    let say = |target: &str, host: &str| {
        let token = &relay.token;
        relay.say(format!(
            "GET {target} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n"
        ))
    };
    let (own, elsewhere) = (authority(&stub), authority(&other));
    assert!(say(&format!("http://{own}/x"), &own).starts_with("HTTP/1.1 200"));
    assert!(say(&format!("/{own}/x"), "localhost").starts_with("HTTP/1.1 200"));
    for (target, host) in [
        (format!("http://{own}/x"), "localhost"),
        (format!("http://{elsewhere}/x"), elsewhere.as_str()),
        (format!("http://{elsewhere}/x"), own.as_str()),
        (format!("http://u@{own}/x"), own.as_str()),
        (format!("/{elsewhere}/x"), "localhost"),
        (format!("/{own}/x"), "evil.example"),
        ("/x".to_owned(), "localhost"),
        ("*".to_owned(), "localhost"),
        (own.clone(), own.as_str()),
    ] {
        let answer = say(&target, host);
        assert!(answer.starts_with("HTTP/1.1 4"), "{target} {host}: {answer}");
    }
    let connect =
        relay.say(format!("CONNECT {own} HTTP/1.1\r\nHost: {own}\r\nAuthorization: Bearer {}\r\n\r\n", relay.token));
    assert!(connect.starts_with("HTTP/1.1 4"), "{connect}");
    assert_eq!((stub.requests(), other.requests()), (2, 0));
}

#[test]
fn whoever_reaches_the_port_without_the_token_learns_nothing() {
    let home = Home::new();
    let stub = stub(&home);
    let relay = home.relay(&[&format!("GET {}/**", stub.url())]);
    let wrong = home.granted("another", &[&format!("GET {}/**", stub.url())]);
    let say = |authorization: &str| {
        let head = format!("GET {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n", path(&stub, "/x"));
        relay.say(format!("{head}{authorization}\r\n"))
    };
    for (shown, status) in [
        (String::new(), "401"),
        (format!("Authorization: Bearer {wrong}\r\n"), "403"),
        ("Authorization: Bearer tok_s3cr3t\r\n".into(), "403"),
        ("Authorization: Basic eDp5\r\n".into(), "403"),
        (format!("Authorization: Bearer {0}\r\nAuthorization: Bearer {0}\r\n", relay.token), "403"),
        (format!("Private-Token: {}\r\n", relay.token), "401"),
    ] {
        let answer = say(&shown);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{shown}: {answer}");
        assert!(!answer.contains(stub.url()), "{answer}");
    }
    assert!(say(&format!("Authorization: token {}\r\n", relay.token)).starts_with("HTTP/1.1 200"));
    assert_eq!(stub.requests(), 1);
}
