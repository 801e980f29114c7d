//! Pages that have a browser send requests, names that lead here, and proofs that are none.

use serde_json::json;

use crate::support::{Door, Home, bearer};

fn home() -> (Home, Door, String) {
    let home = Home::new();
    let admin = home.issue("admin", &["--scopes", "*"]);
    let door = home.serve(&[]);
    (home, door, admin)
}

const TOKENS: &str = "/api/enterprise/tokens";
const INFO: &str = "/api/auth/info";

#[test]
fn another_name_that_leads_here_gets_nothing() {
    let (_home, door, admin) = home();
    let port = door.authority().rsplit(':').next().unwrap();
    let with_host = |host: &str| door.ask("GET", TOKENS, &[&format!("Host: {host}"), &bearer(&admin)], "");
    for host in
        [door.authority().to_owned(), format!("localhost:{port}"), format!("LOCALHOST:{port}"), format!("[::1]:{port}")]
    {
        with_host(&host).ok(200);
    }
    for host in [
        "evil.example".to_owned(),
        format!("evil.example:{port}"),
        format!("localhost.evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("localhost@evil.example:{port}"),
        format!("evil.example@localhost:{port}"),
        format!("localhost.:{port}"),
        format!("0.0.0.0:{port}"),
        format!("[::]:{port}"),
        format!("10.0.0.1:{port}"),
        format!("169.254.169.254:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.1:{port}"),
        format!("127.1:{port}"),
        "localhost:".to_owned(),
        "localhost:99999".to_owned(),
        "localhost:x".to_owned(),
        "localhost:-1".to_owned(),
        "localhost:+80".to_owned(),
        "localhost localhost".to_owned(),
        "localhost,localhost".to_owned(),
        "localhost/".to_owned(),
        "http://localhost".to_owned(),
        "l\u{f6}calhost".to_owned(),
    ] {
        let answer = with_host(&host);
        assert!(matches!(answer.status, 400 | 403), "{host}: {answer:?}");
        assert!(!answer.text().contains("loom_"), "{host}: {answer:?}");
    }
    assert_eq!(with_host("evil.example").fails(403).detail(), "This is not the server's name");
    // Also where nobody need show anything.
    door.ask("GET", INFO, &["Host: evil.example"], "").fails(403);
    door.ask("GET", "/nothing", &["Host: evil.example"], "").fails(403);
    door.ask("POST", "/auth/device/start", &["Host: evil.example"], "").fails(403);
}

#[test]
fn one_host_is_named_and_the_target_names_no_other() {
    let (_home, door, _) = home();
    let (own, get) = (door.authority().to_owned(), format!("GET {INFO} HTTP/1.1\r\n"));
    door.say(format!("{get}Connection: close\r\n\r\n")).fails(400);
    door.say(format!("{get}Host:\r\nConnection: close\r\n\r\n")).fails(403);
    door.say(format!("{get}Host: {own}\r\nHost: {own}\r\nConnection: close\r\n\r\n")).fails(400);
    door.say(format!("{get}Host: {own}\r\nHost: evil.example\r\nConnection: close\r\n\r\n")).fails(400);
    door.say(format!("{get}Host: evil.example\r\nHost: {own}\r\nConnection: close\r\n\r\n")).fails(400);
    door.say(format!("GET {INFO} HTTP/1.0\r\n\r\n")).fails(400);
    let absolute = |authority: &str, host: &str| {
        door.say(format!("GET http://{authority}{INFO} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"))
    };
    absolute(&own, &own).ok(200);
    absolute("evil.example", &own).fails(400);
    absolute("evil.example", "evil.example").fails(403);
    absolute(&own, "evil.example").fails(400);
    absolute(&format!("u:p@{own}"), &own).fails(400);
}

#[test]
fn no_page_reaches_the_api_not_even_one_of_ours() {
    let (home, door, admin) = home();
    let own = format!("Origin: {}", door.url);
    for origin in
        ["Origin: https://evil.example", "Origin: null", "Origin: http://localhost", &own, "Origin:", "Origin: file://"]
    {
        for (method, path, body) in [
            ("GET", TOKENS, ""),
            ("GET", INFO, ""),
            ("POST", TOKENS, r#"{"name":"x","role":"admin"}"#),
            ("DELETE", "/api/enterprise/tokens/admin", ""),
            ("POST", "/api/control/stop", ""),
            ("GET", "/api/call/a.example/x", ""),
            ("POST", "/auth/device/start", "{}"),
            ("POST", "/auth/device/complete", r#"{"user_code":"BCDF-BCDF"}"#),
            ("POST", "/auth/logout", ""),
            ("POST", "/oauth/device", ""),
            ("POST", "/oauth/register", "{}"),
            ("GET", "/.well-known/oauth-authorization-server", ""),
        ] {
            let answer = door.ask(method, path, &[origin, &bearer(&admin), "Content-Type: application/json"], body);
            assert_eq!(answer.fails(403).detail(), "Requests of other pages are refused", "{origin} {method} {path}");
        }
    }
    // Where a browser leaves the origin out, it still says that another site has it send this.
    for site in ["cross-site", "same-site", "odd"] {
        let site = format!("Sec-Fetch-Site: {site}");
        door.ask("POST", TOKENS, &[&site, &bearer(&admin)], r#"{"name":"x","role":"admin"}"#).fails(403);
    }
    assert!(home.is_listening(), "nothing was changed");
    assert_eq!(home.audited("token.generate").len(), 1, "nothing was changed");
}

#[test]
fn a_form_of_a_page_is_refused_before_anything_is_looked_up() {
    let (home, door, _) = home();
    let kinds = [
        "application/x-www-form-urlencoded",
        "Application/X-WWW-Form-URLencoded; charset=utf-8",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/plain;charset=UTF-8",
    ];
    let before = home.audited("auth").len() + home.audited("device").len();
    for kind in kinds {
        let kind = format!("Content-Type: {kind}");
        for path in [
            TOKENS,
            "/api/token",
            "/api/control/stop",
            "/auth/device/start",
            "/auth/device/poll",
            "/auth/device/complete",
            "/auth/logout",
            "/api/call/a.example/x",
        ] {
            for more in ["Cookie: session=x", "Sec-Fetch-Site: none", "X: y"] {
                let body = r#"{"name":"x","role":"admin","device_code":"x","user_code":"x"}"#;
                door.ask("POST", path, &[&kind, more], body).fails(403);
            }
        }
    }
    assert_eq!(home.audited("auth").len() + home.audited("device").len(), before, "somebody was looked up");
    assert!(home.is_listening(), "nothing was changed");
    assert_eq!(home.audited("token.generate").len(), 1, "nothing was changed");
}

#[test]
fn a_form_with_a_token_is_no_json_either() {
    let (home, door, admin) = home();
    for kind in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain"] {
        let kind = format!("Content-Type: {kind}");
        let body = r#"{"name":"x","role":"admin"}"#;
        door.ask("POST", TOKENS, &[&kind, &bearer(&admin)], body).fails(403);
    }
    assert_eq!(home.audited("token.generate").len(), 1);
}

#[test]
fn no_preflight_is_granted_and_no_answer_is_for_other_origins() {
    let (_home, door, admin) = home();
    let asked = ["Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization, content-type"];
    let own = format!("Origin: {}", door.url);
    let bearer = bearer(&admin);
    for path in [TOKENS, INFO, "/api/call/a.example/x", "/auth/device/start", "/oauth/token", "/nothing", "*"] {
        for origin in ["Origin: https://evil.example", &own, "X: no origin"] {
            let preflight = door.ask("OPTIONS", path, &[&[origin][..], &asked].concat(), "");
            assert!(preflight.status >= 400, "{path}: {preflight:?}");
            for answer in [preflight, door.ask("GET", path, &[origin, &bearer], "")] {
                let head = answer.head.to_ascii_lowercase();
                assert!(!head.contains("access-control-"), "{path} {origin}: {head}");
                assert_eq!(answer.header("cross-origin-resource-policy"), Some("same-origin"), "{path}");
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
                assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
            }
        }
    }
}

#[test]
fn a_token_counts_in_its_header_only() {
    let (_home, door, admin) = home();
    let own = bearer(&admin);
    let with = |lines: &[&str]| door.ask("GET", TOKENS, lines, "");
    with(&[&own]).ok(200);
    with(&[&format!("authorization: bearer {admin}")]).ok(200);
    with(&[&format!("Authorization: BEARER  {admin} ")]).ok(200);
    let basic = "Authorization: Basic bG9vbTp4";
    for lines in [
        &[&*own, &own][..],
        &[&own, basic],
        &[basic, &own],
        &[basic],
        &["Authorization:"],
        &["Authorization: Bearer"],
        &["Authorization: Bearer "],
        &[&format!("Authorization: {admin}")],
        &[&format!("Authorization: Token {admin}")],
        &[&format!("Authorization: Bearer{admin}")],
        &[&format!("Authorization: Bearer {admin} {admin}")],
        &[&format!("Authorization: Bearer {admin}, Bearer {admin}")],
        &[&format!("Authorization: Bearer \"{admin}\"")],
        &[&format!("Authorization: Bearer\t{admin}")],
        &[&format!("Proxy-Authorization: Bearer {admin}")],
        &[&format!("X-Api-Key: {admin}")],
        &[&format!("Cookie: session={admin}; token={admin}; loom_session={admin}; __Host-loom_session={admin}")],
        &[&format!("Cookie: {own}")],
    ] {
        let answer = with(lines).fails(401);
        assert!(answer.header("www-authenticate").is_some_and(|asked| asked.starts_with("Bearer")), "{lines:?}");
        assert!(!answer.text().contains(&admin), "{lines:?}");
    }
    for path in [format!("{TOKENS}?access_token={admin}"), format!("{TOKENS}?token={admin}")] {
        door.ask("GET", &path, &[], "").fails(401);
    }
    let form = format!("access_token={admin}");
    door.ask("POST", TOKENS, &["Content-Type: application/x-www-form-urlencoded"], &form).fails(403);
}

#[test]
fn nobody_writes_lines_of_their_own_into_the_log() {
    let (home, door, admin) = home();
    let forged = "x\n{\"event\":\"forged\"}\n";
    door.post(TOKENS, &admin, &json!({"name": forged, "role": "viewer"})).fails(400);
    let named = door.post("/auth/device/start", &admin, &json!({"name": forged})).ok(200);
    door.post("/auth/device/complete", &admin, &json!({"user_code": named["user_code"], "scopes": ["read"]})).ok(200);
    door.ask("GET", TOKENS, &[&bearer(&admin), "User-Agent: x {\"event\":\"forged\"}"], "").ok(200);
    door.get("/api/audit?event=%0a%7B%22event%22:%22forged%22%7D", &admin).ok(200);
    door.delete("/api/enterprise/tokens/x%0a%7B%22event%22:%22forged%22%7D", &admin).fails(404);
    door.post("/api/token", &admin, &json!({"server": forged, "account": forged})).fails(422);
    door.post("/api/token", &admin, &json!({"server": "https://a.example", "account": forged})).fails(403);
    door.get("/api/status", &format!("loom_{}", "%0aforged")).fails(401);
    let log = std::fs::read_to_string(home.path().join("state/loom/audit.log")).unwrap();
    home.loom(&["audit", "tail", "-n", "500"]).ok();
    let verified = home.loom(&["audit", "verify"]).ok();
    assert!(log.lines().all(|line| !line.contains("\"event\":\"forged\"")), "{log} {verified:?}");
    let shown = home.loom(&["audit", "tail", "-n", "500"]).ok().out;
    assert!(shown.lines().all(|line| !line.starts_with('{')), "{shown}");
    let names = home.loom(&["token", "list", "--all", "--json"]).ok().out;
    assert!(!names.contains("\\n"), "{names}");
}

#[test]
fn a_header_that_decides_stands_there_once() {
    let (_home, door, ci) = home();
    let (token, own) = (bearer(&ci), format!("Origin: {}", door.url));
    let form = "Content-Type: application/x-www-form-urlencoded";
    let refused = |method: &str, path: &str, headers: &[&str]| {
        let answer = door.ask(method, path, headers, if method == "GET" { "" } else { "token=x" });
        assert_eq!(answer.status, 403, "{path} {headers:?}: {}", answer.text());
    };
    for origins in [[&*own, "Origin: https://evil.example"], ["Origin: https://evil.example", &own], [&own, &own]] {
        refused("POST", "/sign-in/token", &[form, origins[0], origins[1]]);
        refused("GET", "/", &origins);
        refused("GET", "/api/accounts", &[&token, origins[0], origins[1]]);
    }
    refused("POST", "/sign-in/token", &[form, &own, "Sec-Fetch-Site: same-origin", "Sec-Fetch-Site: cross-site"]);
    refused("POST", "/api/enterprise/tokens", &[&token, "Content-Type: application/json", "Content-Type: text/plain"]);
    assert_eq!(door.ask("POST", "/sign-in/token", &[form, &own], "token=x").status, 401);
}
