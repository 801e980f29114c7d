//! Login servers that are broken or hostile.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::support::authorization_server::{DEVICE, METADATA, TOKENS, authorization_server, json, refusal};
use crate::support::{Dialogue, Home, Output, Provider, Stub, http, wait_until};

/// One that gives this for a path, and else works.
fn with(path: &'static str, answer: impl Into<String>) -> Stub {
    let answer = answer.into();
    authorization_server(move |asked, _| (asked == path).then(|| answer.clone()))
}

fn log_in(home: &Home, server: &Stub) -> Output {
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"])
}

fn requests(server: &Stub, path: &str) -> usize {
    server.seen().iter().filter(|head| head.split(' ').nth(1).is_some_and(|asked| asked == path)).count()
}

#[test]
fn a_body_that_is_not_oauth_is_an_error_and_not_echoed() {
    let html = http("200 OK", "content-type: text/html\r\n", "<html>secret page</html>");
    let deep = json(&"[".repeat(100_000));
    let twice = json(r#"{"access_token":"at_1","access_token":"at_2","token_type":"bearer"}"#);
    let wrong_type = http("200 OK", "content-type: text/plain\r\n", TOKENS);
    let zipped =
        http("200 OK", "content-type: application/json\r\ncontent-encoding: gzip\r\n", "\u{1f}\u{8b}secret page");
    let huge = json(&format!("{{\"access_token\":\"{}\"}}", "a".repeat(2 * 1024 * 1024)));
    for answer in
        [html, deep, twice, wrong_type, zipped, huge, json("[]"), json("{}"), json(""), http("200 OK", "", "1")]
    {
        let home = Home::new();
        let server = with("/token", answer.clone());
        let done = log_in(&home, &server);
        assert_eq!(done.code, 1, "{done:?} for {}", &answer[..answer.len().min(200)]);
        assert!(done.err.contains("does not answer as OAuth servers do"), "{done:?}");
        assert!(!done.err.contains("secret page"), "{done:?}");
        assert!(!done.err.contains("at_1"), "{done:?}");
        home.loom(&["token", "--server", server.url()]).fails(4);
    }
}

#[test]
fn numbers_without_sense_are_bounded() {
    for expires in ["-5", "0", "1e300", "\"3600\"", "null", "\"soon\"", "{}"] {
        let home = Home::new();
        let tokens = TOKENS.replace("3600", expires);
        let device = DEVICE.replace("60", expires).replace("\"interval\":1", "\"interval\":-1");
        let server = authorization_server(move |path, _| match path {
            "/token" => Some(json(&tokens)),
            "/device" => Some(json(&device)),
            _ => None,
        });
        log_in(&home, &server).ok();
        assert_eq!(home.loom(&["token"]).ok().out.trim(), "at_first", "expires_in {expires}");
    }
}

#[test]
fn pending_and_slow_down_for_ever_end_with_the_code() {
    let home = Home::new();
    let device = DEVICE.replace("60", "3");
    let server = authorization_server(move |path, count| match path {
        "/token" => Some(refusal(if count % 2 == 0 { "authorization_pending" } else { "slow_down" })),
        "/device" => Some(json(&device)),
        _ => None,
    });
    let done = log_in(&home, &server);
    assert_eq!(done.code, 4, "{done:?}");
    assert!(requests(&server, "/token") <= 4, "{}", requests(&server, "/token"));
}

#[test]
fn what_a_server_says_reaches_the_terminal_without_escapes() {
    let home = Home::new();
    let said = r#"{"error":"\u001b]0;x\u0007bad","error_description":"\u202eevil\u001b[31m\r\nloom: done"}"#;
    let server = with("/token", http("400 Bad Request", "content-type: application/json\r\n", said));
    let done = log_in(&home, &server);
    assert_eq!(done.code, 1);
    assert!(!done.err.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{done:?}");
    assert_eq!(done.err.lines().filter(|line| line.starts_with("loom: ")).count(), 1, "{done:?}");
    let device = DEVICE.replace("CODE-1", "\\u001b[2JA\\u202eB");
    let server = with("/device", json(&device));
    let done = log_in(&home, &server).ok();
    assert!(!done.err.contains('\u{1b}'), "{done:?}");
    assert!(!done.err.contains('\u{202e}'), "{done:?}");
}

#[test]
fn a_page_that_is_not_safe_is_not_shown_and_never_opened() {
    let mut home = Home::new();
    let opened = home.path().join("opened");
    home.set("DISPLAY", ":none");
    home.set("BROWSER", format!("sh -c 'echo %s >> {}'", opened.display()));
    for page in [
        "http://evil.example/device",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "--version",
        "https://u:p@a.example",
        "",
    ] {
        let server = with("/device", json(&DEVICE.replace("URL/page", page)));
        let done = log_in(&home, &server);
        assert_eq!(done.code, 1, "{page}: {done:?}");
        assert!(!done.err.contains("enter the code"), "{done:?}");
    }
    // One elsewhere is shown with its own name, but it is the person who opens it.
    let server = with("/device", json(&DEVICE.replace("URL/page", "https://other.example/device")));
    log_in(&home, &server).ok().says("https://other.example").says(server.url());
    assert!(!opened.exists(), "{:?}", std::fs::read_to_string(&opened));
}

#[test]
fn a_redirect_is_followed_nowhere() {
    let elsewhere = Stub::start(|_, _, stream| drop(stream.write_all(json(TOKENS).as_bytes())));
    let redirect = http("307 Temporary Redirect", &format!("location: {}/x\r\n", elsewhere.url()), "");
    for path in ["/device", "/token"] {
        let home = Home::new();
        let server = with(path, redirect.clone());
        let done = log_in(&home, &server);
        assert_eq!(done.code, 1, "{path}: {done:?}");
        done.says("elsewhere");
    }
    let home = Home::new();
    let moved = redirect.clone();
    let server = authorization_server(move |path, count| match (path, count) {
        ("/token", 1..) | ("/revoke", _) => Some(moved.clone()),
        ("/token", 0) => Some(json(&TOKENS.replace("3600", "8"))),
        _ => None,
    });
    log_in(&home, &server).ok();
    wait_until("the token has ended", || home.loom(&["token"]).code != 0);
    home.loom(&["token"]).fails(1).says("elsewhere");
    home.loom(&["logout"]).ok().says("not supported");
    assert_eq!(elsewhere.requests(), 0);
}

#[test]
fn a_token_that_cannot_stand_in_a_header_is_refused_before_it_is_kept() {
    let long = "a".repeat(17 * 1024);
    for token in ["a\\nb", "a\\rb", "a\\u0000b", "a b", "tok\u{e9}n", "", &long] {
        // An empty refresh token is how some servers say that there is none.
        for field in ["at_first", "rt_first"].into_iter().filter(|field| !(token.is_empty() && *field == "rt_first")) {
            let home = Home::new();
            let server = with("/token", json(&TOKENS.replace(field, token)));
            log_in(&home, &server).fails_with("cannot be used");
            home.loom(&["status", "--server", server.url()]).fails(4);
        }
    }
    let home = Home::new();
    for kind in ["mac", "dpop", ""] {
        let server = with("/token", json(&TOKENS.replace("\"bearer\"", &format!("\"{kind}\""))));
        log_in(&home, &server).fails_with("cannot be used");
    }
}

impl Output {
    #[track_caller]
    fn fails_with(self, text: &str) -> Output {
        assert_eq!(self.code, 1, "{self:?}");
        self.says(text)
    }
}

#[test]
fn the_old_refresh_token_stays_until_another_comes() {
    let home = Home::new();
    let server = authorization_server(|path, count| match (path, count) {
        ("/token", 0) => Some(json(TOKENS)),
        ("/token", 1) => Some(json(r#"{"access_token":"at_2","token_type":"Bearer","expires_in":3600}"#)),
        ("/token", 2) => Some(json(&TOKENS.replace("first", "third"))),
        ("/token", _) => Some(refusal("invalid_grant")),
        _ => None,
    });
    log_in(&home, &server).ok();
    let renewed = |home: &Home| home.loom(&["token", "--min-validity", "2h"]);
    assert_eq!(renewed(&home).ok().out.trim(), "at_2");
    assert_eq!(renewed(&home).ok().out.trim(), "at_third");
    // The account is kept, its access is not served any more, and one clear message says what to do.
    let done = renewed(&home);
    assert_eq!(done.code, 4, "{done:?}");
    done.says("has ended the login").says("hint: loom login");
    home.loom(&["token"]).fails(4);
    home.loom(&["status"]).ok();
    assert_eq!(requests(&server, "/token"), 4, "nobody asks again");
}

#[test]
fn metadata_that_speak_for_another_issuer_are_refused() {
    let home = Home::new();
    let metadata = METADATA.replace("\"issuer\":\"URL\"", "\"issuer\":\"https://evil.example\"");
    let server = with("/.well-known/openid-configuration", json(&metadata));
    log_in(&home, &server).fails_with("https://evil.example");
    assert_eq!(requests(&server, "/device"), 0);
    let metadata = METADATA.replace("URL/token", "http://evil.example/token");
    let server = with("/.well-known/openid-configuration", json(&metadata));
    log_in(&home, &server).fails_with("neither https");
}

#[test]
fn a_resource_names_its_authorization_server_and_nobody_else_does() {
    let home = Home::new();
    let issuer = authorization_server(|_, _| None);
    let challenge = "www-authenticate: Bearer resource_metadata=\"URL/.well-known/oauth-protected-resource\"\r\n";
    let of = |resource: &str, issuer: &str| {
        let metadata =
            format!(r#"{{"resource":"{resource}","authorization_servers":["{issuer}"],"scopes_supported":["read"]}}"#);
        authorization_server(move |path, _| match path {
            "/" => Some(http("401 Unauthorized", challenge, "")),
            "/.well-known/oauth-protected-resource" => Some(json(&metadata)),
            _ => Some(http("404 Not Found", "", "")),
        })
    };
    let server = of("URL/", issuer.url());
    // The issuer is elsewhere: its page is shown, and not opened.
    log_in(&home, &server).ok().says("Open it only if you trust");
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out.trim(), "at_first");
    home.loom(&["token", "--server", issuer.url()]).fails(4);
    let server = of("https://other.example/", issuer.url());
    log_in(&home, &server).fails_with("other.example");
    let server = of("URL/", "http://evil.example");
    log_in(&home, &server).fails_with("neither https");
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_refused() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let stranger = Home::new();
    stranger.loom(&["login", "--server", provider.issuer(), "--flow", "device"]).fails(1).says("cannot be reached");
    // The very same server with its authority named in the settings.
    let own = Home::new();
    let ca = provider.ca().display();
    own.configure(&format!("[[server]]\nurl = '{}'\nca_file = '{ca}'\n", provider.issuer()));
    let mut login = Dialogue::start(&own, &["--server", provider.issuer(), "--flow", "device"]);
    login.shown();
    login.interrupt();
    login.end();
    let empty = own.path().join("empty.pem");
    std::fs::write(&empty, "").unwrap();
    own.configure(&format!("[[server]]\nurl = '{}'\nca_file = '{}'\n", provider.issuer(), empty.display()));
    own.loom(&["login", "--server", provider.issuer()]).fails(1).says("holds no certificate");
}

/// One request to a port of this machine, and what it answers.
fn visit(port: u16, request: &str) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let _ = stream.write_all(request.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[test]
fn the_port_for_the_browser_takes_one_answer_of_one_login() {
    let home = Home::new();
    let server = authorization_server(|_, _| None);
    let mut login = Dialogue::start(&home, &["--server", server.url(), "--client-id", "c", "--flow", "browser"]);
    let url = url::Url::parse(&login.shown()).unwrap();
    let parameter = |name: &str| url.query_pairs().find(|(key, _)| key == name).unwrap().1.into_owned();
    assert_eq!(parameter("code_challenge_method"), "S256");
    let (redirect, state) = (url::Url::parse(&parameter("redirect_uri")).unwrap(), parameter("state"));
    assert_eq!(redirect.host_str(), Some("127.0.0.1"));
    let port = redirect.port().unwrap();
    let get = |target: &str| visit(port, &format!("GET {target} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n\r\n"));
    let good = format!("/callback?code=c&state={state}");
    for (what, answer) in [
        ("wrong state", get("/callback?code=c&state=guessed")),
        ("wrong path", get(&format!("/elsewhere?code=c&state={state}"))),
        ("no query", get("/")),
        ("another host", visit(port, &format!("GET {good} HTTP/1.1\r\nhost: evil.example\r\n\r\n"))),
        (
            "a post",
            visit(port, &format!("POST {good} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-length: 0\r\n\r\n")),
        ),
        ("a huge head", visit(port, &format!("GET {good} HTTP/1.1\r\nx: {}\r\n\r\n", "a".repeat(32 * 1024)))),
        ("no HTTP", visit(port, "\u{0}\u{1}\r\n\r\n")),
    ] {
        assert!(!answer.contains("200 OK"), "{what}: {answer}");
    }
    assert_eq!(requests(&server, "/token"), 0, "nothing was redeemed");
    let answer = get(&good);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("default-src 'none'"), "{answer}");
    login.end().ok();
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "a second hit finds nobody");
    assert_eq!(requests(&server, "/token"), 1);
}

#[test]
fn a_server_that_dribbles_is_given_up_after_half_a_minute() {
    let home = Home::new();
    let server = Stub::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n");
        while stream.write_all(b" ").is_ok() {
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    });
    let began = std::time::Instant::now();
    home.loom(&["login", "--server", server.url(), "--flow", "device"]).fails(1).says("within 30 seconds");
    assert!(began.elapsed().as_secs() < 60);
}
