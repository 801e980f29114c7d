//! Calls with curl through the proxy, and what the log says of them.

use std::io::Write;

use crate::support::{Home, Stub, http, run};

#[test]
fn curl_calls_what_is_granted_and_each_call_is_noted_with_its_grant() {
    let home = Home::new();
    let stub = Stub::start(|_, request, stream| {
        let _ = stream.write_all(
            http("200 OK", "Content-Type: application/json\r\n", &format!("{{\"got\":{}}}", request.len())).as_bytes(),
        );
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    let relay = home.relay(&[&format!("GET,POST {}/v1/**", stub.url())]);
    let shown = format!("Authorization: Bearer {}", relay.token);
    let url = |path: &str| format!("{}{path}", relay.base(stub.url()));
    let curl = |arguments: &[&str]| {
        run(home.command("curl").args(["-sS", "-w", "%{http_code}", "-H", &shown]).args(arguments), b"").ok().out
    };
    let json = "Content-Type: application/json";
    let large = "x".repeat(300_000);
    std::fs::write(home.path().join("large"), &large).unwrap();
    let file = format!("@{}", home.path().join("large").display());
    assert!(curl(&[&url("/v1/x")]).ends_with("200"));
    assert!(curl(&["-H", json, "-d", "{}", &url("/v1/x")]).ends_with("200"));
    assert!(curl(&["-H", json, "-H", "Expect: 100-continue", "--data-binary", &file, &url("/v1/x")]).ends_with("200"));
    assert!(curl(&["-X", "DELETE", &url("/v1/x")]).ends_with("403"));
    assert!(stub.seen().iter().any(|seen| seen.ends_with(&large)), "it did not arrive whole");
    let noted = home.audited("api.request");
    let outcomes: Vec<_> =
        noted.iter().map(|entry| (entry["method"].as_str().unwrap(), entry["outcome"].as_str().unwrap())).collect();
    for expected in [("GET", "ok"), ("POST", "ok"), ("DELETE", "denied")] {
        assert!(outcomes.contains(&expected), "{outcomes:?}");
    }
    assert!(
        noted.iter().any(|entry| entry["grant"].as_str().is_some_and(|grant| grant.ends_with("/v1/**"))),
        "{noted:?}"
    );
}

/// M8: what the settings lend to a server is sent there for who has a grant there, and shown to nobody. That the other
/// server refuses it says nothing of its own.
#[test]
fn a_login_that_is_lent_to_a_granted_server_is_used_there() {
    let home = Home::new();
    let stub = Stub::start(|_, request, stream| {
        let code = if request.contains("/v1/refused") { "401 Unauthorized" } else { "200 OK" };
        let _ = stream.write_all(http(code, "Content-Type: text/plain\r\n", "there").as_bytes());
    });
    home.configure(&format!("[[server]]\nurl = '{}'\nlogin = 'https://git.example'\n", stub.url()));
    home.loom_in(&["login", "--with-token", "--server", "https://git.example"], "tok_s3cr3t").ok();
    let relay = home.relay(&[&format!("GET {}/v1/**", stub.url())]);
    let host = stub.url().split_once("://").unwrap().1;
    let ask = |path: &str| relay.ask("GET", &format!("/{host}{path}"), "", b"");
    assert!(ask("/v1/x").starts_with("HTTP/1.1 200"), "{}", ask("/v1/x"));
    assert!(stub.seen().iter().any(|seen| seen.contains("Bearer tok_s3cr3t")), "{:?}", stub.seen());
    assert!(!ask("/v1/refused").starts_with("HTTP/1.1 200"));
    let status = home.loom(&["status", "--json"]).ok().out;
    assert!(status.contains("\"valid\""), "{status}");
    let shown = |arguments: &[&str]| {
        run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", &relay.token), b"")
    };
    assert_ne!(shown(&["token", "--server", "https://git.example"]).code, 0);
    assert_ne!(shown(&["token", "--server", stub.url()]).code, 0);
}
