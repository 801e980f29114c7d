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
    home.loom_in(&["login", "--with-token", "--no-check", "--server", stub.url()], "tok_s3cr3t").ok();
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
