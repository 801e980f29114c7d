//! Other machines that log in to this agent: RFC 8628 and the dialect of Loom servers.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Door, Home, Output, Running, bearer, wait_until};

/// The home of the agent, its door, and a token that may approve everything.
fn home() -> (Home, Door, String) {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    let admin = home.issue("admin", &["--scopes", "*", "--reveal"]);
    let door = home.serve(&[]);
    (home, door, admin)
}

/// `loom login` on another machine, waiting for approval.
struct Login {
    running: Running,
    said: BufReader<std::process::ChildStderr>,
    code: String,
}

impl Login {
    fn start(machine: &Home, door: &Door, flow: &str) -> Login {
        let mut command = machine.command(env!("CARGO_BIN_EXE_loom"));
        command.args(["login", "--server", &door.url, "--flow", flow]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut running = Running(command.spawn().unwrap());
        let mut said = BufReader::new(running.0.stderr.take().unwrap());
        let mut text = String::new();
        let code = loop {
            assert!(said.read_line(&mut text).unwrap() > 0, "it ended before there was a code: {text}");
            if let Some(code) = text.split_whitespace().find(|word| is_code(word)) {
                break code.to_owned();
            }
        };
        Login { running, said, code }
    }

    fn ends(mut self) -> Output {
        let mut err = String::new();
        std::io::Read::read_to_string(&mut self.said, &mut err).unwrap();
        Output { code: self.running.0.wait().unwrap().code().unwrap(), out: String::new(), err }
    }
}

fn is_code(word: &str) -> bool {
    word.len() == 9
        && word.bytes().enumerate().all(|(at, byte)| if at == 4 { byte == b'-' } else { byte.is_ascii_uppercase() })
}

fn complete(door: &Door, token: &str, body: &Value) -> crate::support::Answer {
    door.post("/auth/device/complete", token, body)
}

/// A request of OAuth.
fn form(door: &Door, path: &str, body: &str) -> crate::support::Answer {
    door.ask("POST", path, &["Content-Type: application/x-www-form-urlencoded"], body)
}

/// A machine that waits: its code, and the person's.
fn start(door: &Door) -> (String, String) {
    let started = form(door, "/oauth/device", "client_id=loom&scope=read&device_name=box").ok(200);
    let text = |key: &str| started[key].as_str().unwrap().to_owned();
    (text("device_code"), text("user_code"))
}

fn poll(door: &Door, device_code: &str) -> crate::support::Answer {
    let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
    form(door, "/oauth/token", &format!("grant_type={grant}&client_id=loom&device_code={device_code}"))
}

fn listed(home: &Home) -> Vec<Value> {
    serde_json::from_str(&home.loom(&["token", "list", "--all", "--json"]).ok().out).unwrap()
}

#[test]
fn another_machine_gets_what_was_granted_and_no_more_and_ends_it_itself() {
    for flow in ["device", "loom"] {
        let (home, door, admin) = home();
        let machine = Home::new();
        let login = Login::start(&machine, &door, flow);
        let grant = json!({"user_code": login.code.to_lowercase(), "scopes": ["read"], "servers": ["https://a.example"], "expires_days": 7});
        let done = complete(&door, &admin, &grant).ok(200);
        assert_eq!((&done["status"], &done["token"]["scopes"]), (&json!("completed"), &json!(["read"])), "{flow}");
        assert!(!done.to_string().contains("loom_"), "the machine gets it, who approves does not: {done}");
        login.ends().ok();
        let token = machine.loom(&["token", "--server", &door.url]).ok().out.trim().to_owned();
        assert!(token.starts_with("loom_"), "{flow}");
        home.assert_nowhere_in_clear(&token);
        let granted = listed(&home).into_iter().find(|token| token["id"] == done["token"]["id"]).unwrap();
        assert_eq!(granted["servers"], json!(["https://a.example"]), "{flow}");
        assert!(granted["expires_at"].is_string(), "{granted}");
        assert!(granted["reveal"] != json!(true), "{granted}");
        door.get("/api/accounts", &token).ok(200);
        door.get("/api/audit", &token).fails(403);
        door.post("/api/token", &token, &json!({"server": "https://a.example"})).fails(403);
        // The other machine calls through its own agent, which never shows the token to who calls.
        let called = machine.loom(&["api", "--server", &door.url, "/api/accounts"]).ok().without(&token);
        assert!(called.out.contains("https://a.example"), "{flow}: {called:?}");
        machine.loom(&["logout", "--server", &door.url]).ok().says("revoked at the server");
        door.get("/api/accounts", &token).fails(401);
        assert!(listed(&home).iter().any(|token| token["id"] == granted["id"] && token["revoked"] == true), "{flow}");
    }
}

#[test]
fn who_is_denied_is_told_and_has_no_token() {
    for flow in ["device", "loom"] {
        let (home, door, admin) = home();
        let machine = Home::new();
        let login = Login::start(&machine, &door, flow);
        let done = complete(&door, &admin, &json!({"user_code": login.code, "deny": true, "scopes": ["read"]})).ok(200);
        assert_eq!((&done["status"], &done["token"]), (&json!("denied"), &json!(null)));
        let ended = login.ends();
        assert!(ended.code != 0, "{flow}: {ended:?}");
        assert_eq!(
            (listed(&home).len(), machine.loom(&["token", "--server", &door.url]).code != 0),
            (1, true),
            "{flow}"
        );
    }
}

#[test]
fn a_code_is_for_one_decision_and_a_token_is_told_once() {
    let (home, door, admin) = home();
    let (device_code, user_code) = start(&door);
    assert_eq!(poll(&door, &device_code).ok(400), json!({"error": "authorization_pending"}));
    assert_eq!(poll(&door, &device_code).ok(400), json!({"error": "slow_down"}));
    complete(&door, &admin, &json!({"user_code": user_code, "scopes": ["read"]})).ok(200);
    complete(&door, &admin, &json!({"user_code": user_code, "scopes": ["*"]})).fails(404);
    complete(&door, &admin, &json!({"user_code": user_code, "deny": true})).fails(404);
    let told = poll(&door, &device_code);
    assert_eq!(told.header("cache-control"), Some("no-store"));
    let told = told.ok(200);
    assert_eq!((&told["token_type"], &told["scope"]), (&json!("Bearer"), &json!("read")));
    assert!(told["access_token"].as_str().unwrap().starts_with("loom_"), "{told}");
    assert!(told["expires_in"].is_u64(), "{told}");
    assert_eq!(poll(&door, &device_code).ok(400), json!({"error": "expired_token"}));
    assert_eq!(poll(&door, "nonsense").ok(400), json!({"error": "expired_token"}));
    let poll = door.ask("POST", "/auth/device/poll", &["Content-Type: application/json"], r#"{"device_code":"x"}"#);
    assert_eq!(poll.ok(200), json!({"status": "expired"}));
    assert_eq!(listed(&home).len(), 2);
    let approved = listed(&home).into_iter().find(|token| token["name"] != "admin").unwrap();
    assert!(approved["name"].as_str().unwrap().starts_with("box "), "{approved}");
}

#[test]
fn nobody_approves_more_than_they_have() {
    let (home, door, _) = home();
    let narrow = home.issue("narrow", &["--scopes", "*", "--for", "https://a.example"]);
    let (device_code, user_code) = start(&door);
    for scope in ["read", "write", "control", "audit"] {
        let weak = home.issue(scope, &["--scopes", scope]);
        complete(&door, &weak, &json!({"user_code": user_code, "scopes": ["read"]})).fails(403);
    }
    for wider in [
        json!({"scopes": ["read"], "servers": ["https://b.example"]}),
        json!({"scopes": ["read"], "servers": ["https://a.example", "https://b.example"]}),
        json!({"scopes": ["read"], "reveal": true}),
    ] {
        let mut body = json!({"user_code": user_code});
        body.as_object_mut().unwrap().extend(wider.as_object().unwrap().clone());
        complete(&door, &narrow, &body).fails(403);
    }
    complete(&door, &narrow, &json!({"user_code": user_code, "scopes": []})).fails(400);
    complete(&door, &narrow, &json!({"user_code": user_code, "scopes": ["sudo"]})).fails(422);
    assert_eq!(poll(&door, &device_code).ok(400)["error"], "authorization_pending", "nothing was decided");
    // Who says nothing grants reading, for the servers that they see themselves.
    let done = complete(&door, &narrow, &json!({"user_code": user_code})).ok(200);
    assert_eq!(
        (&done["token"]["scopes"], &done["token"]["servers"]),
        (&json!(["read"]), &json!(["https://a.example"]))
    );
    let token = poll(&door, &device_code).ok(200)["access_token"].as_str().unwrap().to_owned();
    home.loom(&["token", "revoke", "narrow"]).ok();
    door.get("/api/accounts", &token).fails(401);
}

#[test]
fn who_tries_codes_gets_few_tries_and_fills_no_log() {
    let (home, door, admin) = home();
    let (_, user_code) = start(&door);
    let statuses: Vec<u16> = (0..60)
        .map(|number: usize| {
            let letters = b"BCDFGHJKLM";
            let [tens, ones] = [number / 10, number % 10].map(|digit| char::from(letters[digit]));
            let code = format!("AAAA-AA{tens}{ones}");
            complete(&door, &admin, &json!({"user_code": code, "scopes": ["read"]})).status
        })
        .collect();
    assert_eq!(statuses.iter().filter(|status| **status == 404).count(), 20, "{statuses:?}");
    assert_eq!(statuses.last(), Some(&429));
    let refused = complete(&door, &admin, &json!({"user_code": user_code, "scopes": ["read"]})).fails(429);
    assert!(refused.header("retry-after").is_some(), "a right code is not told from a wrong one then: {refused:?}");
    assert!(home.audited("auth.fail").len() <= 20, "{}", home.audited("auth.fail").len());
    door.get("/api/accounts", &admin).ok(200);
}

#[test]
fn of_many_machines_of_one_address_the_oldest_gives_way() {
    let (home, door, _) = home();
    for _ in 0..70 {
        start(&door);
        form(&door, "/oauth/revoke", "token=loom_nonsense");
    }
    let noted = home.audited("device").len() + home.audited("token.revoke").len();
    assert!(noted <= 60, "strangers wrote {noted} lines");
}

#[test]
fn what_is_asked_in_the_wrong_way_is_refused_in_the_words_of_oauth() {
    let (_home, door, admin) = home();
    let error = |path: &str, body: &str| form(&door, path, body).ok(400)["error"].as_str().unwrap().to_owned();
    assert_eq!(error("/oauth/device", "scope=read"), "invalid_client");
    assert_eq!(error("/oauth/device", "client_id=loom&scope=sudo"), "invalid_scope");
    assert_eq!(error("/oauth/device", "client_id=loom&client_id=loom"), "invalid_request");
    assert_eq!(error("/oauth/token", "grant_type=authorization_code&code=x"), "unsupported_grant_type");
    assert_eq!(error("/oauth/token", "grant_type=client_credentials"), "unsupported_grant_type");
    assert_eq!(error("/oauth/token", "grant_type=urn:ietf:params:oauth:grant-type:device_code"), "invalid_request");
    assert_eq!(error("/oauth/revoke", ""), "invalid_request");
    let json = door.ask("POST", "/oauth/token", &["Content-Type: application/json"], "{}");
    assert_eq!(json.ok(400)["error"], "invalid_request");
    assert_eq!(form(&door, "/oauth/revoke", "token=loom_nonsense").status, 200, "it says nothing (RFC 7009)");
    form(&door, "/oauth/revoke", &format!("token={admin}"));
    door.get("/api/accounts", &admin).fails(401);
    let said = door.ask("GET", "/.well-known/oauth-authorization-server", &[], "").ok(200);
    assert_eq!(said["issuer"], door.url);
    for key in ["token_endpoint", "device_authorization_endpoint", "registration_endpoint", "revocation_endpoint"] {
        assert!(said[key].as_str().unwrap().starts_with(&door.url), "{key}: {said}");
    }
    let registered = door.ask("POST", "/oauth/register", &["Content-Type: application/json"], r#"{"client_name":"x"}"#);
    assert_eq!(registered.ok(201)["token_endpoint_auth_method"], "none");
}

#[test]
fn who_has_a_token_ends_it() {
    let (home, door, _) = home();
    let ci = home.issue("ci", &["--scopes", "read"]);
    door.ask("POST", "/auth/logout", &[&bearer(&ci)], "").ok(200);
    door.get("/api/accounts", &ci).fails(401);
    door.ask("POST", "/auth/logout", &[&bearer(&ci)], "").fails(401);
}

#[test]
fn what_nobody_fetched_is_worth_nothing_once_the_agent_has_ended() {
    let (home, door, admin) = home();
    let (_, user_code) = start(&door);
    complete(&door, &admin, &json!({"user_code": user_code, "scopes": ["read"]})).ok(200);
    home.loom(&["agent", "stop"]).ok();
    wait_until("the agent has stopped", || !home.is_listening());
    assert!(
        listed(&home).iter().all(|token| token["name"] == "admin" || token["active"] == false),
        "{:?}",
        listed(&home)
    );
}
