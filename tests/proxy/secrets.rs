//! Secrets that a server shows, and places to which it would lead them: none of them comes to the client, and none goes
//! there.

use std::io::Write;

use crate::support::{Home, Relay, Stub, http};

fn at(stub: &Stub, path: &str) -> String {
    format!("/{}{path}", stub.url().trim_start_matches("http://"))
}

fn bench(home: &Home, answer: impl Fn(&str) -> String + Send + Sync + 'static) -> (Stub, Relay) {
    let stub = Stub::start(move |_, request, stream| {
        let _ = stream.write_all(answer(request).as_bytes());
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t_of_the_server").ok();
    let relay = home.relay(&[&format!("ANY {}/v1/**", stub.url()), &format!("fetch {}/org/app", stub.url())]);
    (stub, relay)
}

#[test]
fn what_a_server_shows_of_what_it_was_sent_is_taken_out() {
    let home = Home::new();
    let (stub, relay) = bench(&home, |request| {
        let shown =
            request.lines().find(|line| line.to_ascii_lowercase().starts_with("authorization")).unwrap_or_default();
        let shown = shown.split_once(": ").map_or("", |(_, value)| value);
        let headers = format!(
            "X-Echo: {shown}\r\nSet-Cookie: s=cookie-s3cr3t\r\nWWW-Authenticate: Bearer cookie-s3cr3t\r\n\
             Connection: X-Hop\r\nX-Hop: cookie-s3cr3t\r\nContent-Type: text/html\r\n"
        );
        http("500 Oops", &headers, &format!("you sent {shown}"))
    });
    let answer = relay.ask("GET", &at(&stub, "/v1/x"), "", b"");
    assert!(answer.starts_with("HTTP/1.1 500") && answer.contains("you sent Bearer ***"), "{answer}");
    assert!(!answer.contains("s3cr3t"), "{answer}");
    assert!(stub.seen()[0].contains("tok_s3cr3t_of_the_server"));
}

#[test]
fn nothing_in_which_the_client_put_its_token_goes_up() {
    let home = Home::new();
    let (stub, relay) = bench(&home, |_| http("200 OK", "", "fine"));
    let token = relay.token.clone();
    let headers = format!(
        "Private-Token: {token}\r\nX-Api-Key: {token}\r\nCookie: t={token}\r\nProxy-Authorization: Bearer {token}\r\n\
         X-Auth: {token}\r\nAccept: text/plain\r\nUpgrade: websocket\r\n"
    );
    assert!(relay.ask("GET", &at(&stub, "/v1/x"), &headers, b"").starts_with("HTTP/1.1 200"));
    let seen = stub.seen().concat();
    assert!(!seen.contains(&token) && seen.to_ascii_lowercase().contains("accept: text/plain"), "{seen}");
    assert!(!seen.to_ascii_lowercase().contains("upgrade"), "{seen}");
    let answer = relay.ask("GET", &at(&stub, &format!("/v1/x?private_token={token}")), "", b"");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(stub.requests(), 1);
}

#[test]
fn a_401_of_a_server_is_never_handed_through() {
    let home = Home::new();
    let (stub, relay) = bench(&home, |_| http("401 Unauthorized", "WWW-Authenticate: Basic realm=x\r\n", "who?"));
    for path in ["/v1/x", "/org/app/info/refs?service=git-upload-pack"] {
        let answer = relay.ask("GET", &at(&stub, path), "", b"");
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.to_ascii_lowercase().contains("www-auth"), "{answer}");
    }
}

#[test]
fn a_redirect_stays_at_the_server_and_links_lead_back_here() {
    let home = Home::new();
    let (stub, relay) = bench(&home, |request| {
        let path = request.split(' ').nth(1).unwrap();
        match path {
            "/v1/own" => http("302 Found", "Location: /v1/there?x=1\r\nLink: </v1/own?page=2>; rel=\"next\"\r\n", ""),
            "/v1/near" => http("302 Found", "Location: http://127.0.0.1:1/?sig=s3cr3t\r\n", ""),
            _ => http("302 Found", "Location: https://else.example/?sig=s3cr3t\r\n", ""),
        }
    });
    let base = relay.base(stub.url());
    let own = relay.ask("GET", &at(&stub, "/v1/own"), "", b"");
    assert!(own.contains(&format!("location: {base}/v1/there?x=1\r\n")), "{own}");
    assert!(own.contains(&format!("link: <{base}/v1/own?page=2>; rel=\"next\"\r\n")), "{own}");
    for path in ["/v1/near", "/v1/else", "/org/app/info/refs?service=git-upload-pack"] {
        let answer = relay.ask("GET", &at(&stub, path), "", b"");
        assert!(answer.starts_with("HTTP/1.1 403") && !answer.contains("s3cr3t"), "{path}: {answer}");
        assert!(answer.contains("else.example") || answer.contains("127.0.0.1:1"), "{path}: {answer}");
    }
    assert_eq!(stub.requests(), 4, "nothing is followed here");
}

#[test]
fn an_answer_that_is_a_secret_takes_more_than_a_grant() {
    let home = Home::new();
    let (stub, relay) = bench(&home, |_| http("200 OK", "", "a new token"));
    let answer = relay.ask("POST", &at(&stub, "/v1/tokens"), "Content-Type: application/json\r\n", b"{}");
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
    assert_eq!(stub.requests(), 0);
}
