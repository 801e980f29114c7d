//! `loom api`: calls that the agent makes for somebody who never sees the token.

use std::io::Write;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use crate::support::authorization_server::{authorization_server_that_reads, json};
use crate::support::{ADMIN, Dashboard, Home, Output, Stub, http};

/// Keeps a token for the server, under this name.
fn keep(home: &Home, server: &str, account: &str, token: &str) {
    home.loom_in(&["login", "--with-token", "--server", server, "--account", account], token).ok();
}

fn parsed(output: Output) -> Value {
    let output = output.ok();
    serde_json::from_str(&output.out).unwrap_or_else(|_| panic!("{output:?}"))
}

/// Asserts that the call failed, with a body on stdout or none, and one sentence.
fn refused(output: Output, code: i32) -> Output {
    assert_eq!(output.code, code, "{output:?}");
    assert_eq!(output.err.lines().filter(|line| line.starts_with("loom: ")).count(), 1, "{output:?}");
    output
}

#[test]
fn a_call_is_made_with_the_token_and_prints_the_answer() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    keep(&home, dashboard.url(), "me", ADMIN);
    let done = home.loom(&["api", "/api/tasks?limit=5"]).ok().without(ADMIN);
    assert_eq!((done.out.as_str(), done.err.as_str()), (r#"{"by":"admin","query":"limit=5"}"#, ""));
    let posted = parsed(home.loom(&["api", "api/tasks", "-f", "title=a b", "-F", "project_id=3", "-F", "tags[]=x"]));
    assert_eq!(posted["got"], serde_json::json!({"title": "a b", "project_id": 3, "tags": ["x"]}));
    let queried = parsed(home.loom(&["api", "-X", "get", "/api/tasks", "-f", "q=a b", "-F", "n=3"]));
    assert_eq!(queried["query"], "q=a+b&n=3");
    let whole = parsed(home.loom(&["api", &format!("{}/api/status", dashboard.url())]));
    assert_eq!(whole["by"], "admin");
    let shown = home.loom(&["api", "-i", "/api/status"]).ok().out;
    assert!(shown.starts_with("HTTP/1.1 200\r\n"), "{shown}");
    assert!(shown.contains("\r\ncontent-type: application/json\r\n"), "{shown}");
    assert!(shown.contains("\r\n\r\n{\"by\""), "{shown}");
    assert_eq!(home.loom(&["api", "/api/status", "--select", ".by"]).ok().out, "admin\n");
    let seen = dashboard.seen();
    assert!(seen.iter().all(|request| request.contains(&format!("authorization: Bearer {ADMIN}\r\n"))), "{seen:?}");
    let entries = home.loom(&["audit", "tail", "--event", "api.request", "-n", "50"]).ok().out;
    assert_eq!(
        entries.lines().filter(|line| line.contains(dashboard.url()) && line.contains(" ok ")).count(),
        6,
        "{entries}"
    );
}

#[test]
fn what_a_call_may_not_is_refused_before_anything_is_sent() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    keep(&home, dashboard.url(), "me", ADMIN);
    let call = |arguments: &[&str]| home.loom(&[&["api"], arguments].concat());
    call(&["--scope", "read", "-X", "POST", "/api/tasks"]).fails(1).says("scope control");
    call(&["--scope", "control,audit", "-X", "DELETE", "/api/enterprise/tokens/x"]).fails(1).says("scope *");
    call(&["--scope", "read", "/api/%61udit"]).fails(1);
    for path in ["/api/../x", "/a b", "/x#y", "/\u{e9}", "/%2e%2e/x"] {
        call(&[path]).fails(1).says("not a path");
    }
    for header in [
        "Authorization: Bearer x",
        "cookie: a=b",
        "Host: evil.example",
        "Proxy-Authorization: x",
        "X-HTTP-Method-Override: DELETE",
        "X_HTTP_METHOD_OVERRIDE: DELETE",
        "X-Envoy-Original-Path: /",
        "Accept-Encoding: gzip",
    ] {
        call(&["-H", header, "/api/status"]).fails(1).says("the agent's to send");
    }
    call(&["-H", "a b: c", "/api/status"]).fails(1).says("not a header");
    call(&["-H", "X_Mine: c", "/api/status"]).fails(1).says("underscore").says("x-mine");
    for query in ["_method=DELETE", "%5fmethod=DELETE", "a=b&X-HTTP-Method-Override=PUT"] {
        call(&[&format!("/api/status?{query}")]).fails(1).says("another call");
    }
    for method in ["TRACE", "CONNECT", "G T"] {
        call(&["-X", method, "/api/status"]).fails(1).says("not a method");
    }
    call(&["https://elsewhere.example/api", "--server", dashboard.url()]).fails(1).says("does not lie");
    call(&["https://elsewhere.example/api"]).fails(4).says("not logged in");
    for (wrong, code) in [
        (&["-f", "x", "/api/tasks"][..], 2),
        (&["--paginate", "-X", "POST", "/x"], 2),
        (&["-q", "length", "/api/tasks"], 2),
    ] {
        call(wrong).fails(code);
    }
    assert_eq!(dashboard.requests(), 0, "nothing was sent");
}

#[test]
fn a_presented_token_may_what_its_scopes_say_and_sees_no_secret() {
    let home = Home::new();
    let (dashboard, other) = (Dashboard::start(), Dashboard::start());
    keep(&home, dashboard.url(), "me", ADMIN);
    keep(&home, other.url(), "me", ADMIN);
    let issue = |name: &str, scopes: &str| {
        let arguments = ["token", "generate", name, "--scopes", scopes, "--for", dashboard.url(), "--json"];
        parsed(home.loom(&arguments))["token"].as_str().unwrap().to_owned()
    };
    let with = |token: &str, arguments: &[&str]| {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        crate::support::run(command.env("LOOM_TOKEN", token).arg("api").args(arguments), b"")
    };
    let (reader, auditor, all) = (issue("reader", "read"), issue("auditor", "audit"), issue("all", "*"));
    assert_eq!(parsed(with(&reader, &["/api/status"]))["by"], "admin");
    for path in ["/api/audit", "/api/enterprise/audit", "/api/v2/audit", "/api/compliance"] {
        assert_eq!(parsed(with(&auditor, &[path]))["by"], "admin", "{path}");
    }
    let sent = dashboard.requests();
    with(&reader, &["-X", "POST", "/api/tasks"]).fails(1).says("scope control");
    for path in ["/api/v2/audit", "/api/compliance", "/api/enterprise/audit"] {
        with(&reader, &[path]).fails(1).says("scope audit");
    }
    for header in ["X-Remote-User: root", "X-Real-IP: 127.0.0.1", "Sudo: root", "X-Accel-Redirect: /x", "X-Own: 1"] {
        with(&reader, &["-H", header, "/api/status"]).fails(1).says("a token may not send");
    }
    with(&reader, &["/api/status?sudo=root"]).fails(1).says("another call");
    with(&reader, &["/api/audit"]).fails(1).says("scope audit");
    with(&auditor, &["/api/status"]).fails(1).says("scope read");
    with(&reader, &["/api/status", "--server", other.url()]).fails(1);
    // A new token of the server would be a secret in clear.
    with(&all, &["-X", "POST", "/api/enterprise/tokens", "-f", "name=x"]).fails(1).says("--reveal");
    for path in ["/api/v2/api-keys", "/api/v2/api-%6beys/", "/Api/V2/api-keys/7/rotate", "/user/keys", "/oauth/token"] {
        with(&all, &["-X", "POST", path]).fails(1).says("--reveal");
    }
    assert_eq!((dashboard.requests(), other.requests()), (sent, 0), "nothing was sent");
    let denied = home.loom(&["audit", "tail", "--event", "api.request", "-n", "50"]).ok().out;
    assert_eq!(denied.lines().filter(|line| line.contains(" denied ")).count(), 18, "{denied}");
}

#[test]
fn the_settings_name_further_headers_that_tokens_may_send_to_a_server() {
    let home = Home::new();
    let server = Stub::start(|_, request, stream| drop(stream.write_all(http("200 OK", "", request).as_bytes())));
    keep(&home, server.url(), "me", "tok_headers_0123");
    let reader = home.issue("reader", &["--scopes", "read"]);
    let with = |header: &str| {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        crate::support::run(command.env("LOOM_TOKEN", &reader).args(["api", "/x", "-H", header]), b"")
    };
    with("X-Own: 1").fails(1).says("a token may not send the header x-own").says("api_headers");
    assert!(home.loom(&["api", "/x", "-H", "X-Own: 1"]).ok().out.contains("x-own: 1"), "the owner may");
    let settings = format!(
        "default_server = \"{0}\"\n[[server]]\nurl = \"{0}\"\napi_headers = [\"X-Own\", \"X-HTTP-Method\"]\n",
        server.url()
    );
    home.configure(&settings);
    assert!(with("x-own: 1").ok().out.contains("x-own: 1"));
    with("X_Own: 1").fails(1).says("underscore");
    with("X-HTTP-Method: DELETE").fails(1).says("the agent's to send");
}

#[test]
fn of_several_tokens_the_least_powerful_one_that_suffices_is_used() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    keep(&home, dashboard.url(), "me", ADMIN);
    for (name, scopes) in [("operator", "control"), ("viewer", "read")] {
        home.loom(&["token", "generate", name, "--scopes", scopes, "--save", "--server", dashboard.url()]).ok();
    }
    let by = |arguments: &[&str]| parsed(home.loom(&[&["api"], arguments].concat()))["by"].clone();
    assert_eq!(by(&["/api/tasks"]), "viewer");
    // As the README has it.
    let task = ["/api/tasks", "-F", "project_id=1", "-f", "title=Hello", "-f", "priority=high"];
    assert_eq!(by(&task), "operator");
    assert_eq!(by(&["/api/audit"]), "admin");
    assert_eq!(by(&["/api/tasks", "--account", "operator"]), "operator");
    let sent = dashboard.requests();
    home.loom(&["api", "-X", "POST", "/api/tasks", "--account", "viewer"]).fails(1).says("scope control");
    assert_eq!(dashboard.requests(), sent);
}

#[test]
fn a_refusal_is_one_sentence_and_its_body_is_the_answer() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    keep(&home, dashboard.url(), "me", &dashboard.token("weak", &["read"]));
    let done = refused(home.loom(&["api", "-X", "POST", "/api/tasks"]), 1).says("lacks the scope control");
    assert_eq!(done.out, r#"{"detail":"Insufficient permissions. Required scope: control"}"#);
    let done = refused(home.loom(&["api", "/api/nothing", "--select", ".x"]), 1).says("HTTP 404").says("Not Found");
    assert!(done.out.contains("/api/nothing"));
    dashboard.tokens().all.iter_mut().for_each(|token| token["revoked"] = true.into());
    let sent = dashboard.requests();
    refused(home.loom(&["api", "/api/tasks"]), 4).says("refused this login").says("hint: loom login --server");
    assert_eq!(dashboard.requests(), sent + 1, "what cannot be renewed is not asked twice");
}

#[test]
fn after_a_401_of_a_call_the_account_is_marked_as_after_one_of_git() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    keep(&home, dashboard.url(), "first", &dashboard.token("first", &["read"]));
    keep(&home, dashboard.url(), "second", &dashboard.token("second", &["read"]));
    assert_eq!(parsed(home.loom(&["api", "/api/status"]))["by"], "first");
    dashboard.tokens().all.iter_mut().filter(|token| token["name"] == "first").for_each(|token| {
        token["revoked"] = true.into();
    });
    let state = |account: &str| {
        let states = parsed(home.loom(&["status", "--json"]));
        let all = states["accounts"].as_array().unwrap();
        all.iter().find(|known| known["account"] == account).unwrap()["state"].clone()
    };
    // Who may not `erase` has no other way to it.
    let reader = home.issue("reader", &["--scopes", "read"]);
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    refused(crate::support::run(command.env("LOOM_TOKEN", &reader).args(["api", "/api/status"]), b""), 4);
    assert_eq!(state("first"), "valid");
    refused(home.loom(&["api", "/api/status"]), 4).says("refused this login");
    let sent = dashboard.requests();
    assert_eq!((state("first"), state("second")), ("refused".into(), "valid".into()));
    assert_eq!(parsed(home.loom(&["api", "/api/status"]))["by"], "second", "it is not offered again");
    refused(home.loom(&["api", "/api/status", "--account", "first"]), 4).says("refused this login");
    assert_eq!(dashboard.requests(), sent + 1);
}

#[test]
fn a_call_without_a_scope_goes_on_as_an_account_that_has_it() {
    let home = Home::new();
    let dashboard = Dashboard::start();
    // Nothing is known of what these may: the oldest is everybody's first.
    keep(&home, dashboard.url(), "weak", &dashboard.token("weak", &["read"]));
    keep(&home, dashboard.url(), "auditor", &dashboard.token("auditor", &["read", "audit"]));
    keep(&home, dashboard.url(), "strong", &dashboard.token("strong", &["control"]));
    let call = |arguments: &[&str]| home.loom(&[&["api"], arguments].concat());
    let task = ["/api/tasks", "-F", "project_id=1", "-f", "title=x"];
    let done = parsed(call(&task));
    assert_eq!((&done["by"], &done["got"]["title"]), (&"strong".into(), &"x".into()), "the body came again");
    assert_eq!(parsed(call(&["/api/v2/audit"]))["by"], "auditor");
    assert_eq!(dashboard.requests(), 3 + 2);
    refused(call(&[&task[..], &["--account", "weak"]].concat()), 1).says("lacks the scope control");
    refused(call(&["/api/v2/api-keys", "-X", "POST"]), 1).says("lacks the scope admin");
    // A server that asks more than is known of its route gives a narrow token no wider account.
    assert_eq!(parsed(call(&["/odd"]))["by"], "strong");
    let sent = dashboard.requests();
    let reader = home.issue("reader", &["--scopes", "read"]);
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let done = crate::support::run(command.env("LOOM_TOKEN", &reader).args(["api", "/odd"]), b"");
    refused(done, 1).says("lacks the scope control");
    refused(call(&["--scope", "read", "/odd"]), 1).says("lacks the scope control");
    assert_eq!(dashboard.requests(), sent + 2);
}

#[test]
fn after_a_401_the_token_is_renewed_once_and_the_call_made_again() {
    let home = Home::new();
    let calls = std::sync::Arc::new(AtomicUsize::new(0));
    let good = std::sync::Arc::new(std::sync::Mutex::new("at_renewed"));
    let (counted, accepted) = (calls.clone(), good.clone());
    let server = authorization_server_that_reads(move |path, count, request| match path {
        "/token" if count == 0 => None,
        "/token" => Some(json(r#"{"access_token":"at_renewed","token_type":"bearer","expires_in":3600}"#)),
        "/api/echo" => {
            counted.fetch_add(1, Ordering::SeqCst);
            let is_good = request.contains(&format!("authorization: Bearer {}", accepted.lock().unwrap()));
            let body = request.split("\r\n\r\n").nth(1).unwrap_or_default();
            Some(if is_good { json(body) } else { http("401 Unauthorized", "", "no") })
        }
        _ => None,
    });
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let done = home.loom(&["api", "/api/echo", "-f", "a=b"]).ok();
    assert_eq!((done.out.as_str(), calls.load(Ordering::SeqCst)), (r#"{"a":"b"}"#, 2), "the body was sent again");
    *good.lock().unwrap() = "nobody has this";
    // Once for a call, and three times a minute for all calls.
    for _ in 0..2 {
        refused(home.loom(&["api", "/api/echo", "-f", "a=b"]), 4).says("hint: loom login");
    }
    for _ in 0..2 {
        refused(home.loom(&["api", "/api/echo", "-f", "a=b"]), 1).says("renewed again in");
    }
    assert_eq!(calls.load(Ordering::SeqCst), 2 + 2 + 1);
    assert_eq!(server.seen().iter().filter(|request| request.contains("grant_type=refresh_token")).count(), 3);
}

#[test]
fn a_redirect_elsewhere_loses_the_token_and_all_that_the_caller_added() {
    let home = Home::new();
    let elsewhere = Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "from elsewhere").as_bytes())));
    let target = elsewhere.url().to_owned();
    let server = Stub::start(move |_, request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default();
        let to = match path {
            "/here" => "/there".to_owned(),
            "/loop" => "/loop".to_owned(),
            "/audit-next" => "/api/audit".to_owned(),
            _ => format!("{target}/x"),
        };
        let answer = match path {
            "/there" | "/api/audit" => http("200 OK", "", path),
            _ => http("302 Found", &format!("location: {to}\r\n"), "moved"),
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    keep(&home, server.url(), "me", "tok_redirected_0123");
    assert_eq!(
        home.loom(&["api", "/away", "-H", "X-Api-Key: mine", "-H", "Accept: text/x"]).ok().out,
        "from elsewhere"
    );
    let seen = elsewhere.seen().concat();
    assert!(!seen.contains("tok_redirected"), "{seen}");
    assert!(!seen.contains("authorization"), "{seen}");
    assert!(!seen.contains("mine"), "{seen}");
    assert!(seen.contains("accept: text/x"), "{seen}");
    assert_eq!(home.loom(&["api", "/here"]).ok().out, "/there");
    assert!(server.seen().last().unwrap().contains("authorization: Bearer tok_redirected_0123"));
    // What sends something is not sent on, nor is what needs more than is granted, nor a circle.
    let calls = elsewhere.requests();
    assert_eq!(home.loom(&["api", "-X", "POST", "/away"]).ok().out, "moved");
    assert_eq!(home.loom(&["api", "--scope", "read", "/audit-next"]).ok().out, "moved");
    assert_eq!(home.loom(&["api", "/loop"]).ok().out, "moved");
    assert_eq!(elsewhere.requests(), calls);
}

#[test]
fn a_server_that_asks_to_wait_is_waited_for_but_not_for_long() {
    let home = Home::new();
    let server = Stub::start(|number, request, stream| {
        let wait = if request.contains("/long") { 3600 } else { 1 };
        let busy = http("429 Too Many Requests", &format!("retry-after: {wait}\r\n"), "busy");
        let answer = match request.contains("/soon") && number > 0 {
            true => http("200 OK", "", request.split("\r\n\r\n").nth(1).unwrap_or_default()),
            false if request.contains("/never") => http("429 Too Many Requests", "", "busy"),
            false if request.contains("/zero") => http("429 Too Many Requests", "retry-after: 0\r\n", "busy"),
            false => busy,
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    keep(&home, server.url(), "me", "tok_waiting_0123");
    let done = home.loom(&["api", "/soon", "-f", "a=b"]).ok().says("wait 1 seconds");
    assert_eq!(done.out, r#"{"a":"b"}"#);
    for path in ["/long", "/never"] {
        let sent = server.requests();
        let done = refused(home.loom(&["api", path]), 1).says("HTTP 429").says("try again later");
        assert_eq!((done.out.as_str(), server.requests()), ("busy", sent + 1), "{path}");
    }
    let sent = server.requests();
    refused(home.loom(&["api", "/zero"]), 1).says("HTTP 429");
    assert!(server.requests() - sent <= 13, "{} times", server.requests() - sent);
}

#[test]
fn a_server_that_shows_the_token_shows_it_to_nobody() {
    let home = Home::new();
    let token = "tok_to_be_echoed_0123456789";
    let server = Stub::start(|number, request, stream| {
        let said = request.split("authorization: ").nth(1).and_then(|rest| rest.lines().next()).unwrap_or_default();
        let body = format!("you sent {said}; again {said}");
        let head = format!(
            "HTTP/1.1 200 OK\r\nx-debug: {said}\r\nset-cookie: session=as-good-as-a-token\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let _ = stream.write_all(head.as_bytes());
        // Cut in the middle of the token, elsewhere each time.
        for part in body.as_bytes().chunks(7 + number) {
            let _ = stream.write_all(part);
            let _ = stream.flush();
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
    });
    keep(&home, server.url(), "me", token);
    home.store("http", server.url().trim_start_matches("http://"), "alice", "hunter2/with+odd").ok();
    for (account, secrets) in
        [("me", [token, token]), ("alice", ["hunter2/with+odd", "YWxpY2U6aHVudGVyMi93aXRoK29kZA"])]
    {
        for _ in 0..3 {
            let done = home.loom(&["api", "-i", "/", "--account", account]).ok();
            let done = done.without(secrets[0]).without(secrets[1]).without("as-good-as");
            assert_eq!(done.out.matches("you sent ").count(), 1);
            assert!(done.out.matches("******").count() >= 3, "{done:?}");
        }
    }
}

#[test]
fn pages_are_followed_at_the_same_server_only() {
    let home = Home::new();
    let other = Dashboard::start();
    let elsewhere = format!("{}/api/status", other.url());
    let server = Stub::start(move |_, request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
        let next = match &*path {
            "/items?per=2" => "</items?page=2>; rel=\"next\", </items?page=3>; rel=\"last\"".to_owned(),
            "/items?page=2" => "</items?page=3>; rel=\"next\"".to_owned(),
            "/away" => format!("<{elsewhere}>; rel=\"next\""),
            _ => "</items?page=2>; rel=\"prev\"".to_owned(),
        };
        let body = format!(r#"[{{"of":"{path}"}}]"#);
        let _ = stream.write_all(http("200 OK", &format!("link: {next}\r\n"), &body).as_bytes());
    });
    keep(&home, server.url(), "me", "tok_paging_0123");
    keep(&home, other.url(), "me", ADMIN);
    let all = home.loom(&["api", "/items", "-X", "GET", "-f", "per=2", "--paginate", "--select", ".[].of"]).ok().out;
    assert_eq!(all, "/items?per=2\n/items?page=2\n/items?page=3\n");
    assert_eq!(home.loom(&["api", "/items?per=2", "--paginate"]).ok().out.lines().count(), 3);
    let done = home.loom(&["api", "/away", "--paginate"]);
    assert_eq!((done.code, other.requests()), (1, 0), "{done:?}");
    done.says("does not lie");
}
