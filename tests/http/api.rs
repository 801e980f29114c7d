//! The REST API of the HTTP door: paths, shapes and sentences as Loki's API has them.

use serde_json::json;

use crate::support::{Home, bearer, wait_until};

/// A home with two logins.
fn home() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_of_b").ok();
    home
}

#[test]
fn how_to_sign_in_may_be_known_by_anybody_and_nothing_else() {
    let home = home();
    let door = home.serve(&[]);
    let info = door.ask("GET", "/api/auth/info", &[], "").ok(200);
    assert_eq!((&info["token_auth_enabled"], &info["oidc_enabled"]), (&json!(true), &json!(false)), "{info}");
    assert_eq!((&info["oidc_issuer"], &info["oidc_client_id"]), (&json!(null), &json!(null)));
    let status = door.ask("GET", "/api/enterprise/status", &[], "").ok(200);
    let expected = json!({"auth_enabled": true, "oidc_enabled": false, "audit_enabled": true, "enterprise_mode": true});
    assert_eq!(status, expected);
    for (method, path) in [
        ("GET", "/api/status"),
        ("GET", "/api/accounts"),
        ("GET", "/api/enterprise/tokens"),
        ("POST", "/api/enterprise/tokens"),
        ("DELETE", "/api/enterprise/tokens/x"),
        ("GET", "/api/audit"),
        ("POST", "/api/token"),
        ("GET", "/api/call/a.example/x"),
        ("POST", "/api/control/start"),
        ("POST", "/api/control/stop"),
        ("GET", "/api/sessions"),
        ("DELETE", "/api/sessions/x"),
        ("POST", "/auth/device/complete"),
        ("POST", "/auth/logout"),
    ] {
        // The owner of the agent is on the same machine too, and still nobody without a token.
        let answer = door.ask(method, path, &[], "").fails(401);
        assert_eq!(answer.json(), json!({"detail": "Authentication required"}), "{method} {path}");
        assert_eq!(answer.header("www-authenticate"), Some("Bearer"), "{method} {path}");
    }
    assert!(home.is_listening(), "nobody stopped it");
}

#[test]
fn the_accounts_are_listed_and_of_each_server_only_to_who_may_see_it() {
    let home = home();
    let (all, some) = (
        home.issue("all", &["--scopes", "read"]),
        home.issue("some", &["--scopes", "read", "--for", "https://b.example"]),
    );
    let door = home.serve(&[]);
    let status = door.get("/api/status", &all).ok(200);
    assert_eq!((&status["agent"]["running"], &status["agent"]["http"]), (&json!(true), &json!(door.url)));
    assert_eq!(status["accounts"].as_array().unwrap().len(), 2);
    assert_eq!(door.get("/api/accounts", &all).ok(200), status["accounts"]);
    let answer = door.get("/api/accounts", &some);
    assert!(!answer.text().contains("a.example"), "{}", answer.text());
    assert!(!answer.text().contains("tok_of"), "{}", answer.text());
    assert_eq!(answer.ok(200)[0]["server"], "https://b.example");
}

#[test]
fn what_a_token_may_not_is_said_in_lokis_words() {
    let home = home();
    let door = home.serve(&[]);
    let token = |scope: &str| home.issue(scope, &["--scopes", scope]);
    let tokens = ["read", "write", "control", "audit", "*"].map(|scope| (scope, token(scope)));
    let json_header = "Content-Type: application/json";
    let who_may = |method: &str, path: &str, needed: &str| {
        let may = tokens.iter().filter(|(_, token)| {
            let answer = door.ask(method, path, &[&bearer(token), json_header], "");
            if answer.status == 403 && answer.detail().starts_with("Insufficient") {
                assert_eq!(
                    answer.json(),
                    json!({"detail": format!("Insufficient permissions. Required scope: {needed}")})
                );
                return false;
            }
            true
        });
        may.map(|(scope, _)| *scope).collect::<Vec<_>>()
    };
    assert_eq!(who_may("GET", "/api/status", "read"), ["read", "write", "control", "*"]);
    assert_eq!(who_may("GET", "/api/accounts", "read"), ["read", "write", "control", "*"]);
    assert_eq!(who_may("POST", "/api/token", "read"), ["read", "write", "control", "*"]);
    assert_eq!(who_may("GET", "/api/call/a.example/x", "read"), ["read", "write", "control", "*"]);
    assert_eq!(who_may("POST", "/api/call/a.example/x", "write"), ["write", "control", "*"]);
    assert_eq!(who_may("POST", "/api/call/a.example/api/control/stop", "control"), ["control", "*"]);
    assert_eq!(who_may("GET", "/api/audit", "audit"), ["audit", "*"]);
    assert_eq!(who_may("GET", "/api/call/a.example/api/audit", "audit"), ["audit", "*"]);
    assert_eq!(who_may("POST", "/api/control/start", "control"), ["control", "*"]);
    assert_eq!(who_may("GET", "/api/enterprise/tokens", "admin"), ["*"]);
    assert_eq!(who_may("DELETE", "/api/enterprise/tokens/x", "admin"), ["*"]);
    assert_eq!(who_may("GET", "/api/sessions", "admin"), ["*"]);
    let audited = home.audited("auth.fail");
    let is_whole =
        |entry: &serde_json::Value| entry["actor"]["token_id"].is_string() && entry["actor"]["address"] == "127.0.0.1";
    assert!(audited.len() > 15, "{audited:?}");
    assert!(audited.iter().all(is_whole), "{audited:?}");
}

#[test]
fn a_servers_own_token_is_for_who_may_reveal_it() {
    let home = home();
    let door = home.serve(&[]);
    let plain = home.issue("plain", &["--scopes", "*"]);
    let reveal = home.issue("reveal", &["--scopes", "read", "--reveal", "--for", "https://a.example"]);
    let wanted = json!({"server": "https://a.example"});
    let refused = door.post("/api/token", &plain, &wanted).fails(403);
    assert!(!refused.text().contains("tok_of_a"), "{}", refused.text());
    assert!(refused.detail().contains("--reveal"), "{}", refused.text());
    let told = door.post("/api/token", &reveal, &wanted);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    assert_eq!(told.ok(200)["token"], "tok_of_a");
    let hidden = door.post("/api/token", &reveal, &json!({"server": "https://b.example"})).fails(404);
    let unknown = door.post("/api/token", &reveal, &json!({"server": "https://nobody.example"})).fails(404);
    assert_eq!(
        hidden.text().replace("b.example", ""),
        unknown.text().replace("nobody.example", ""),
        "it looks like any other"
    );
    door.post("/api/token", &reveal, &json!({"server": "https://u:p@a.example"})).fails(422);
    door.post("/api/token", &reveal, &json!({"server": 7})).fails(422);
}

#[test]
fn the_log_is_read_by_event_and_so_many_at_once() {
    let home = home();
    let auditor = home.issue("auditor", &["--scopes", "audit"]);
    home.issue("other", &["--scopes", "read"]);
    let door = home.serve(&[]);
    let read = |query: &str| door.get(&format!("/api/audit{query}"), &auditor).ok(200).as_array().unwrap().clone();
    let generated = read("?event=token.generate");
    assert_eq!(generated.len(), 2, "{generated:?}");
    assert_eq!(read("?event=token.generate&limit=1"), generated[1..], "the last ones");
    assert_eq!(read("?event=token"), read("?event=token.*"));
    assert!(read("?limit=0").is_empty());
    assert!(read("?event=nothing.such").is_empty());
    assert!(read("?limit=999999999").len() >= 5);
    assert!(read("").len() >= 5);
    assert_eq!(read("?event=agent.serve").len(), 1);
    for wrong in ["?limit=x", "?limit=-1", "?limit=", "?limit=1&limit=2"] {
        assert_eq!(door.get(&format!("/api/audit{wrong}"), &auditor).status, 422, "{wrong}");
    }
}

#[test]
fn what_is_not_there_is_said_with_its_path() {
    let home = Home::new();
    let token = home.issue("ci", &["--scopes", "*"]);
    let door = home.serve(&[]);
    for path in ["/api/nothing", "/api/status/", "/api//status", "/API/STATUS", "/api", "/%61pi/status", "/favicon.ico"]
    {
        let answer = door.get(path, &token).ok(404);
        assert_eq!((&answer["error"], &answer["path"]), (&json!("Not Found"), &json!(path)));
    }
    for (method, path) in
        [("PUT", "/api/status"), ("POST", "/api/audit"), ("GET", "/api/control/stop"), ("GET", "/oauth/token")]
    {
        door.ask(method, path, &[&bearer(&token)], "").fails(405);
    }
}

#[test]
fn who_may_control_the_agent_sees_that_it_runs_and_stops_it() {
    let home = home();
    let controller = home.issue("controller", &["--scopes", "control"]);
    let door = home.serve(&[]);
    let started = door.ask("POST", "/api/control/start", &[&bearer(&controller)], "").ok(200);
    assert_eq!((&started["status"], &started["agent"]["running"]), (&json!("running"), &json!(true)));
    let pid = home.agent_pid();
    // Loki's dashboard says which of its parts is meant; there is only one here.
    let stopped = door.post("/api/control/stop", &controller, &json!({"component": "all"})).ok(200);
    assert_eq!(stopped["status"], "stopping");
    wait_until("the agent has stopped", || !home.is_listening() && !door.is_open());
    wait_until("its process has ended", || !std::path::Path::new(&format!("/proc/{pid}/exe")).exists());
}
