use std::io::{BufRead, BufReader, Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, Stub, http, loom_server};

const START: &str =
    r#"{"device_code":"dc-secret-0123","user_code":"WXYZ-9876","verification_url":"URL/device","expires_in":300}"#;

/// A server whose start works and whose polls answer as told, by their number from 1.
fn polling(poll: impl Fn(usize) -> String + Send + Sync + 'static) -> Stub {
    Stub::start(move |number, head, stream| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        let answer = if head.starts_with("POST /auth/device/start") {
            http("200 OK", "", &START.replace("URL", &format!("http://{host}")))
        } else {
            poll(number)
        };
        let _ = stream.write_all(answer.as_bytes());
    })
}

fn starting(body: &'static str) -> Stub {
    Stub::start(move |_, _, stream| drop(stream.write_all(http("200 OK", "", body).as_bytes())))
}

#[test]
fn a_login_shows_url_and_code_and_says_nothing_on_stdout() {
    let home = Home::new();
    let server = loom_server(&home);
    let done = home.loom(&["login", "--server", server.url(), "--no-browser"]).ok();
    assert_eq!(done.out, "");
    assert!(done.err.contains(&format!("{}/device", server.url())), "{done:?}");
    assert!(done.err.contains("ABCD-1234"), "{done:?}");
    let token = server.tokens().first().cloned().unwrap();
    let done = done.says("Successfully logged in").without(&token);
    assert!(done.err.contains("Default server:"), "{done:?}");
    assert_eq!(home.loom(&["token", "--server", server.url()]).ok().out.trim(), token);
    home.assert_nowhere_in_clear(&token);
}

#[test]
fn several_servers_and_accounts_stay_apart_and_the_first_is_the_default() {
    let home = Home::new();
    let (one, two) = (loom_server(&home), loom_server(&home));
    home.loom(&["login", "--server", one.url()]).ok();
    home.loom(&["--server-url", two.url(), "login"]).ok();
    home.loom(&["login", "--server", two.url(), "--account", "work"]).ok();
    let of_one = one.tokens().first().cloned().unwrap();
    assert_eq!(home.loom(&["token"]).ok().out.trim(), of_one, "the first server logged in to is the default");
    let first = home.loom(&["token", "--server", two.url()]).ok().out;
    let work = home.loom(&["token", "--server", two.url(), "--account", "work"]).ok().out;
    assert_ne!(first, work);
    assert!(two.tokens().contains(first.trim()));
    assert!(two.tokens().contains(work.trim()));
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    assert_eq!(status["accounts"].as_array().unwrap().len(), 3);
    assert_eq!(status["default_server"], one.url());
    let defaults = status["accounts"].as_array().unwrap().iter().filter(|account| account["default"] == true).count();
    assert_eq!(defaults, 2, "each server has one default account: {status}");
}

#[test]
fn a_server_that_is_busy_or_broken_for_a_while_does_not_end_a_login() {
    let home = Home::new();
    let server = polling(|number| match number {
        1 => http("429 Too Many Requests", "retry-after: 0\r\n", "slow down"),
        2 => http("503 Service Unavailable", "retry-after: 0\r\n", ""),
        3 => http("200 OK", "content-type: text/html\r\nretry-after: 0\r\n", "<html>a proxy's page</html>"),
        _ => http("200 OK", "", r#"{"status":"completed","access_token":"lt_after_trouble"}"#),
    });
    home.loom(&["login", "--server", server.url(), "--flow", "loom"]).ok().says("trouble");
    assert_eq!(home.loom(&["token"]).ok().out.trim(), "lt_after_trouble");
}

#[test]
fn a_code_that_expires_ends_the_login_with_a_hint() {
    let home = Home::new();
    let server = polling(|_| http("200 OK", "", r#"{"status":"expired"}"#));
    let done = home.loom(&["login", "--server", server.url()]);
    assert_eq!(done.code, 4, "{done:?}");
    done.says("expired").says("hint: loom login --server");
}

#[test]
fn ctrl_c_ends_a_login_with_130_and_the_agent_stops_asking() {
    let home = Home::new();
    let server = polling(|_| http("200 OK", "", r#"{"status":"pending"}"#));
    let mut login = home.command(env!("CARGO_BIN_EXE_loom"));
    let mut child = login.args(["login", "--server", server.url()]).stderr(Stdio::piped()).spawn().unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("Waiting") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended before it waited");
    }
    rustix::process::kill_process(
        rustix::process::Pid::from_raw(child.id() as i32).unwrap(),
        rustix::process::Signal::INT,
    )
    .unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("Cancelled"), "{rest}");
    // The agent answers others, and the login is not there.
    home.loom(&["token", "--server", server.url()]).fails(4);
    let polls = server.requests();
    let until = Instant::now() + Duration::from_millis(2500);
    while Instant::now() < until {
        assert!(server.requests() <= polls + 1, "the agent goes on polling for nobody");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn an_unreachable_server_says_so_in_one_sentence() {
    let home = Home::new();
    home.loom(&["login", "--server", "http://127.0.0.1:9"]).fails(1).says("cannot be reached").says("hint: ");
}

#[test]
fn a_server_that_is_no_loom_server_says_so_in_one_sentence() {
    let home = Home::new();
    for body in ["<html>Welcome</html>", "[]", "{}", r#"{"device_code":1}"#, ""] {
        let server = starting(body);
        let done = home.loom(&["login", "--server", server.url()]).fails(1).says("does not answer like a Loom server");
        assert!(!done.err.contains("Welcome"), "the body is echoed: {done:?}");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let home = Home::new();
    let elsewhere = starting("{}");
    let target = format!("location: {}/auth/device/start\r\n", elsewhere.url());
    let server = Stub::start(move |_, _, stream| {
        let _ = stream.write_all(http("307 Temporary Redirect", &target, "").as_bytes());
    });
    home.loom(&["login", "--server", server.url()]).fails(1).says("elsewhere");
    assert_eq!(elsewhere.requests(), 0);
}

#[test]
fn an_endless_answer_ends_at_a_megabyte() {
    let home = Home::new();
    let server = Stub::start(|_, _, stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
        while stream.write_all(chunk.as_bytes()).is_ok() {}
    });
    home.loom(&["login", "--server", server.url()]).fails(1);
}

#[test]
fn escapes_in_what_a_server_sends_reach_no_terminal() {
    let home = Home::new();
    let server = Stub::start(|_, head, stream| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let start = START.replace("URL", &format!("http://{host}")).replace("WXYZ", "\\u001b[31mW\\u202eX\\u0007");
        let done = r#"{"status":"completed","access_token":"lt_x"}"#;
        let _ = stream.write_all(http("200 OK", "", if head.contains("/start") { &start } else { done }).as_bytes());
    });
    let done = home.loom(&["login", "--server", server.url()]).ok();
    assert!(!done.err.contains(['\x1b', '\x07', '\u{202e}']), "{done:?}");
}

#[test]
fn a_page_that_is_not_safe_to_open_is_refused() {
    let home = Home::new();
    for page in
        ["javascript:alert(1)", "file:///etc/passwd", "http://elsewhere.example/device", "--help", "data:text/html,x"]
    {
        let start = format!(r#"{{"device_code":"d","user_code":"C","verification_url":"{page}","expires_in":300}}"#);
        let server = Stub::start(move |_, _, stream| drop(stream.write_all(http("200 OK", "", &start).as_bytes())));
        home.loom(&["login", "--server", server.url()]).fails(1).says("not safe to open");
    }
}

#[test]
fn a_page_on_another_host_is_named_and_never_opened_by_itself() {
    let mut home = Home::new();
    let opened = home.path().join("opened");
    let browser = home.path().join("browser");
    std::fs::write(&browser, format!("#!/bin/sh\necho \"$1\" > {}\n", opened.display())).unwrap();
    std::fs::set_permissions(&browser, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    home.set("BROWSER", browser);
    home.set("DISPLAY", ":99");
    let server = Stub::start(|_, head, stream| {
        let start = r#"{"device_code":"d","user_code":"C","verification_url":"https://login.example/device"}"#;
        let done = r#"{"status":"completed","access_token":"lt_x"}"#;
        let _ = stream.write_all(http("200 OK", "", if head.contains("/start") { start } else { done }).as_bytes());
    });
    home.loom(&["login", "--server", server.url()]).ok().says("https://login.example/device").says("only if you trust");
    assert!(!opened.exists(), "the browser was opened");
    let own = loom_server(&home);
    home.loom(&["login", "--server", own.url()]).ok();
    crate::support::wait_until("the browser opens the server's own page", || opened.exists());
}

#[test]
fn a_token_that_fits_no_header_is_rejected_before_it_is_stored() {
    let home = Home::new();
    for token in ["a b", "a\\nb", "a\\r\\nX: y", "a\\u0000", "tok\\u00e9n", "", &"x".repeat(16 * 1024 + 1)] {
        let answer = format!(r#"{{"status":"completed","access_token":"{token}"}}"#);
        let server = polling(move |_| http("200 OK", "", &answer));
        home.loom(&["login", "--server", server.url()]).without("a b").says("cannot be used");
        home.loom(&["token", "--server", server.url()]).fails(4);
    }
}

#[test]
fn a_bad_certificate_is_refused_and_nothing_turns_that_off() {
    let Some(openssl) = crate::support::find_program("openssl") else { return };
    let home = Home::new();
    let pem = home.path().join("self-signed.pem");
    let made = home
        .command(&openssl)
        .args([
            "req",
            "-x509",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-nodes",
            "-subj",
            "/CN=localhost",
        ])
        .args(["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "2", "-keyout"])
        .args([&pem.with_extension("key"), std::path::Path::new("-out"), &pem])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = home.command(&openssl);
    command.args(["s_server", "-quiet", "-www", "-accept", &port.to_string(), "-cert"]).arg(&pem).arg("-key");
    let child = command.arg(pem.with_extension("key")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let _server = crate::support::Running(child);
    crate::support::wait_until("the TLS server listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    home.loom(&["login", "--server", &format!("https://127.0.0.1:{port}")]).fails(1).says("certificate");
}

#[test]
fn a_token_from_stdin_is_kept_and_given_to_git_and_scripts() {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://git.example"], "tok_from_stdin\r\n")
        .ok()
        .without("tok_from");
    assert_eq!(home.loom(&["token", "--server", "git.example"]).ok().out, "tok_from_stdin\n");
    assert_eq!(home.get("https", "git.example").ok().out, "username=oauth2\npassword=tok_from_stdin\n");
    let named = ["login", "--with-token", "--server", "https://git.example", "--account", "deploy"];
    home.loom_in(&named, "a password with spaces").ok();
    let asked = home.helper("get", "protocol=https\nhost=git.example\nusername=deploy\n\n").ok();
    assert_eq!(asked.out, "username=deploy\npassword=a password with spaces\n");
    for bad in ["", "two\nlines", "with space", "caf\u{e9}"] {
        home.loom_in(&["login", "--with-token", "--server", "https://git.example"], bad).fails(1).says("not a token");
    }
}

#[test]
fn nothing_goes_in_clear_over_the_network_unless_the_config_says_so() {
    let home = Home::new();
    let login = ["login", "--with-token", "--server", "http://dev.example:8080"];
    home.loom_in(&login, "tok_clear").fails(1).says("unencrypted").says("allow_http");
    home.configure("[[server]]\nurl = \"http://dev.example:8080\"\nallow_http = true\n");
    home.loom_in(&login, "tok_clear").ok();
    assert!(home.get("http", "dev.example:8080").ok().out.contains("tok_clear"));
    // Its own way to log in is tried; OAuth is not for servers in clear.
    home.loom(&["login", "--server", "http://dev.example:8080"]).fails(1).says("cannot be reached");
    home.configure("");
    assert_eq!(home.get("http", "dev.example:8080").ok().out, "", "allowed no more, served no more");
    home.loom(&["config", "set-default-server", "http://dev.example:8080"]).fails(1).says("unencrypted");
    home.loom(&["logout", "--all"]).ok().says("was not told");
}
