//! `/api/call/{server}/{path}`: calls for somebody elsewhere who never sees the token.

use std::io::Write;

use serde_json::json;

use crate::support::{ADMIN, Answer, Dashboard, Door, Home, Stub, bearer, http};

/// A home that is logged in there, its door, and a token for calls.
fn home(server: &str, token: &str, scopes: &str) -> (Home, Door, String) {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server, "--account", "me"], token).ok();
    let ci = home.issue("ci", &["--scopes", scopes]);
    let door = home.serve(&[]);
    (home, door, ci)
}

/// The server as one segment of a path.
fn encoded(server: &str) -> String {
    server.replace(':', "%3A").replace('/', "%2F")
}

/// A server that says back what it was asked.
fn echo() -> Stub {
    Stub::start(|_, request, stream| {
        let _ = stream.write_all(http("200 OK", "", request).as_bytes());
    })
}

#[test]
fn a_call_is_made_with_the_token_which_the_caller_never_sees() {
    let dashboard = Dashboard::start();
    let (home, door, ci) = home(dashboard.url(), ADMIN, "control");
    let at = format!("/api/call/{}", encoded(dashboard.url()));
    let read = door.get(&format!("{at}/api/tasks?limit=5&q=a%20b"), &ci);
    assert_eq!(read.header("loom-answered-by"), Some(dashboard.url()));
    assert_eq!(read.header("content-type"), Some("application/json"));
    assert_eq!(read.ok(200), json!({"by": "admin", "query": "limit=5&q=a%20b"}));
    let posted = door.post(&format!("{at}/api/tasks"), &ci, &json!({"title": "x", "project_id": 1})).ok(200);
    assert_eq!(posted["got"], json!({"title": "x", "project_id": 1}));
    for request in dashboard.seen() {
        assert!(request.contains(&format!("authorization: Bearer {ADMIN}\r\n")), "{request}");
        assert!(!request.contains(&ci), "{request}");
    }
    let calls = home.audited("api.request");
    assert_eq!(calls.len(), 2, "{calls:?}");
    assert!(calls.iter().all(|call| call["server"] == dashboard.url() && call["actor"]["token_id"].is_string()));
    let called =
        |call: &serde_json::Value| format!("{} {}", call["method"].as_str().unwrap(), call["path"].as_str().unwrap());
    assert_eq!(
        calls.iter().map(called).collect::<Vec<_>>(),
        ["GET /api/tasks", "POST /api/tasks"],
        "without the query"
    );
    // What the server says about the token is for the agent, and an answer never holds it.
    dashboard.tokens().all[0]["revoked"] = true.into();
    let refused = door.get(&format!("{at}/api/tasks"), &ci);
    assert_eq!((refused.status, refused.header("www-authenticate")), (401, None));
    assert_eq!(refused.header("loom-answered-by"), Some(dashboard.url()), "it is told from the door's own");
}

#[test]
fn a_secret_that_a_server_says_back_is_taken_out() {
    let server = echo();
    let (_home, door, ci) = home(server.url(), "tok_said_back_0123", "read");
    let said = door.get(&format!("/api/call/{}/x", encoded(server.url())), &ci);
    assert_eq!(said.status, 200);
    assert!(said.text().contains("authorization: "), "{}", said.text());
    assert!(!said.text().contains("tok_said_back"), "{}", said.text());
}

#[test]
fn what_a_token_may_not_is_refused_before_anything_is_sent() {
    let (dashboard, other) = (Dashboard::start(), Dashboard::start());
    let (home, door, _) = home(dashboard.url(), ADMIN, "read");
    home.loom_in(&["login", "--with-token", "--server", other.url()], ADMIN).ok();
    let token = |scopes: &str| home.issue(scopes, &["--scopes", scopes, "--for", dashboard.url()]);
    let (reader, auditor, all) = (token("read"), token("audit"), token("*"));
    let at = format!("/api/call/{}", encoded(dashboard.url()));
    let insufficient = |answer: Answer, scope: &str| {
        assert_eq!(
            answer.fails(403).json(),
            json!({"detail": format!("Insufficient permissions. Required scope: {scope}")})
        );
    };
    insufficient(door.post(&format!("{at}/api/tasks"), &reader, &json!({})), "control");
    insufficient(door.post(&format!("{at}/api/unknown"), &reader, &json!({})), "admin");
    insufficient(door.get(&format!("{at}/api/v2/audit"), &reader), "audit");
    insufficient(door.get(&format!("{at}/api/audit"), &reader), "audit");
    insufficient(door.get(&format!("{at}/api/%61udit"), &reader), "audit");
    insufficient(door.get(&format!("{at}//api///audit"), &reader), "audit");
    insufficient(door.get(&format!("{at}/api/enterprise/tokens"), &reader), "admin");
    insufficient(door.get(&format!("{at}/api/status"), &auditor), "read");
    let mint =
        door.post(&format!("{at}/api/enterprise/tokens"), &all, &json!({"name": "x", "scopes": ["read"]})).fails(403);
    assert!(
        mint.detail().contains("--reveal"),
        "a new token of the server would be a secret in clear: {}",
        mint.text()
    );
    let hidden = door.get(&format!("/api/call/{}/api/status", encoded(other.url())), &reader).fails(404);
    let unknown = door.get("/api/call/nobody.example/api/status", &reader).fails(404);
    let shape = |answer: &Answer, name: &str| answer.text().replace(name, "");
    assert_eq!(shape(&hidden, other.url()), shape(&unknown, "https://nobody.example"), "it looks like any other");
    assert_eq!((dashboard.requests(), other.requests()), (0, 0), "nothing was sent");
    door.get(&format!("{at}/api/status"), &reader).ok(200);
}

#[test]
fn what_says_who_the_caller_is_here_goes_to_no_server() {
    let server = Stub::start(|_, _, stream| {
        let headers = "set-cookie: a=b\r\nset-cookie: c=d\r\naccess-control-allow-origin: *\r\naccess-control-allow-credentials: true\r\nstrict-transport-security: max-age=9\r\nclear-site-data: \"*\"\r\nservice-worker-allowed: /\r\nrefresh: 0;url=/\r\nalt-svc: h2=\":1\"\r\nx-accel-redirect: /x\r\ncache-control: public, max-age=9\r\nconnection: close, x-hop\r\nx-hop: 1\r\nx-kept: yes\r\netag: \"1\"\r\nlink: </x>; rel=next\r\ncontent-type: text/html\r\ncontent-security-policy: script-src *\r\nloom-answered-by: forged\r\n";
        let _ = stream.write_all(http("200 OK", headers, "<script>alert(1)</script>").as_bytes());
    });
    let (_home, door, ci) = home(server.url(), "tok_0123456789", "read");
    let path = format!("/api/call/{}/x", encoded(server.url()));
    let lines = [
        &*bearer(&ci),
        "Cookie: session=hunter2",
        "Referer: https://hunter2.example",
        "X-Forwarded-For: 10.6.6.6",
        "Forwarded: for=10.6.6.6",
        "Via: 1.1 hunter2",
        "Proxy-Authorization: Basic hunter2",
        "Sec-Fetch-Site: same-origin",
        "TE: trailers",
        "X-GitHub-Api-Version: 2022-11-28",
        "Connection: keep-alive, X-Named",
        "X-Named: hunter2",
        "X-Remote-User: hunter2",
        "X-Auth-Request-User: hunter2",
        "X-Real-IP: 10.6.6.6",
        "X-Envoy-Original-Path: /hunter2",
        "Accept: text/html",
        "If-None-Match: \"0\"",
    ];
    let answer = door.ask("GET", &path, &lines, "");
    let seen = server.seen().remove(0).to_ascii_lowercase();
    for line in ["x-github-api-version: 2022-11-28\r\n", "accept: text/html\r\n", "if-none-match: \"0\"\r\n"] {
        assert!(seen.contains(line), "{line}: {seen}");
    }
    for hidden in ["hunter2", "10.6.6.6", "cookie", "referer", "forwarded", "via:", "proxy-", "sec-", &ci] {
        assert!(!seen.contains(hidden), "{hidden}: {seen}");
    }
    assert_eq!(seen.matches("authorization:").count(), 1, "{seen}");
    let head = answer.head.to_ascii_lowercase();
    for hidden in [
        "set-cookie",
        "access-control-",
        "strict-transport",
        "clear-site",
        "service-worker",
        "refresh",
        "alt-svc",
        "x-accel",
        "x-hop",
        "public",
    ] {
        assert!(!head.contains(hidden), "{hidden}: {head}");
    }
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!((answer.header("x-kept"), answer.header("etag")), (Some("yes"), Some("\"1\"")));
    assert_eq!(answer.header("content-security-policy"), Some("sandbox; default-src 'none'"));
    assert_eq!(answer.header("loom-answered-by"), Some(server.url()));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    // Headers by which a call would be another than the one that was allowed.
    for line in [
        "X-HTTP-Method-Override: DELETE",
        "X_HTTP_METHOD_OVERRIDE: DELETE",
        "X-Original-URL: /",
        "X-Accel-Redirect: /",
        "Sudo: root",
    ] {
        door.ask("GET", &path, &[&bearer(&ci), line], "").fails(403);
    }
    assert_eq!(server.requests(), 1);
}

#[test]
fn paths_and_queries_arrive_as_they_were_written() {
    let server = echo();
    let (_home, door, ci) = home(server.url(), "tok_0123456789", "read");
    let at = format!("/api/call/{}", encoded(server.url()));
    for path in [
        "/",
        "/a/b",
        "/a%2Fb",
        "/a%20b?c=d%26e&f=%2F",
        "/a?",
        "/a?b?c",
        "/a+b?c+d",
        "/%E2%82%AC",
        "/a;b=c",
        "/x?url=http://evil.example/",
        "/http://evil.example/x",
        "//evil.example/x",
        "/@evil.example/x",
    ] {
        let said = door.get(&format!("{at}{path}"), &ci);
        assert_eq!(said.status, 200, "{path}: {}", said.text());
        let line = said.text().lines().next().unwrap_or_default().to_owned();
        assert_eq!(line, format!("GET {path} HTTP/1.1"));
    }
    assert_eq!(door.get(&at, &ci).text().lines().next(), Some("GET / HTTP/1.1"));
    let sent = server.requests();
    for path in ["/..", "/../x", "/a/../b", "/a/./b", "/%2e%2e/x", "/a/%2E%2E/%2e./x", "/.%2e", "/a\"b", "/a\\b"] {
        let answer = door.get(&format!("{at}{path}"), &ci);
        assert_eq!(answer.status, 400, "{path}: {}", answer.text());
    }
    for server in [
        "",
        "%00",
        "u:p@a.example",
        "a.example:0",
        "ftp%3A%2F%2Fa.example",
        "http%3A%2F%2F127.1",
        "%2e%2e",
        "a%0d%0ab.example",
        "%ff",
    ] {
        let answer = door.get(&format!("/api/call/{server}/x"), &ci);
        assert!(matches!(answer.status, 400 | 404 | 409), "{server}: {}", answer.text());
    }
    assert_eq!(server.requests(), sent, "nothing was sent");
    for method in ["TRACE", "CONNECT", "GETTY-IMAGES-AND-MORE", "get"] {
        let answer = door.ask(method, &format!("{at}/x"), &[&bearer(&ci)], "");
        assert!(answer.status >= 400, "{method}: {answer:?}");
    }
    assert_eq!(server.requests(), sent, "nothing was sent");
}

#[test]
fn a_servers_status_is_handed_on_and_a_server_that_is_gone_is_said() {
    let server = Stub::start(|_, request, stream| {
        let status = request.split(['/', ' ']).nth(2).unwrap_or_default().to_owned();
        let _ = stream.write_all(http(&format!("{status} X"), "", "it").as_bytes());
    });
    let (home, door, ci) = home(server.url(), "tok_0123456789", "read");
    let at = format!("/api/call/{}", encoded(server.url()));
    for status in [200, 201, 204, 404, 409, 418, 500] {
        let answer = door.get(&format!("{at}/{status}"), &ci);
        assert_eq!((answer.status, answer.header("loom-answered-by")), (status, Some(server.url())));
    }
    home.loom_in(&["login", "--with-token", "--server", "http://127.0.0.1:1"], "tok").ok();
    let gone = door.get("/api/call/http%3A%2F%2F127.0.0.1%3A1/x", &ci).fails(503);
    assert!(gone.header("loom-answered-by").is_none(), "{gone:?}");
    assert!(gone.detail().contains("cannot be reached"), "{gone:?}");
}
