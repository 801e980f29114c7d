//! The agent's own tokens over the HTTP door: issued, listed, revoked.

use serde_json::{Value, json};

use crate::support::{Door, Home};

const TOKENS: &str = "/api/enterprise/tokens";

/// A home with its door, and a token that may do everything.
fn home() -> (Home, Door, String) {
    let home = Home::new();
    let admin = home.issue("admin", &["--scopes", "*"]);
    let door = home.serve(&[]);
    (home, door, admin)
}

/// Issues a token over the door, which is then one that the administrator's led to.
fn issue(door: &Door, admin: &str, asked: &Value) -> String {
    door.post(TOKENS, admin, asked).ok(201)["token"].as_str().unwrap().to_owned()
}

fn names(door: &Door, admin: &str, query: &str) -> Vec<String> {
    let all = door.get(&format!("{TOKENS}{query}"), admin).ok(200);
    all.as_array().unwrap().iter().map(|token| token["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_token_is_shown_once_and_listed_without_itself() {
    let (home, door, admin) = home();
    let asked = json!({"name": "ci", "scopes": ["read", "write"], "expires_days": 30, "max_uses": 9});
    let made = door.post(TOKENS, &admin, &asked).ok(201);
    let token = made["token"].as_str().unwrap();
    assert!(token.starts_with("loom_"), "{made}");
    assert_eq!(token.len(), 48, "{made}");
    assert_eq!((&made["name"], &made["scopes"]), (&json!("ci"), &json!(["read", "write"])));
    assert!(made["id"].is_string(), "{made}");
    assert!(made["created_at"].is_string(), "{made}");
    assert!(made["expires_at"].is_string(), "{made}");
    door.get("/api/status", token).ok(200);
    let listed = door.get(TOKENS, &admin);
    assert!(!listed.text().contains("loom_"), "{}", listed.text());
    assert!(!listed.text().contains("hash"), "{}", listed.text());
    let listed = listed.ok(200);
    let ci = listed.as_array().unwrap().iter().find(|token| token["name"] == "ci").unwrap();
    assert_eq!((&ci["id"], &ci["revoked"], &ci["uses"]), (&made["id"], &json!(false), &json!(1)));
    assert!(ci["last_used"].is_string(), "{ci}");
    assert!(ci.get("token").is_none(), "{ci}");
    home.assert_nowhere_in_clear(token);
}

#[test]
fn what_is_asked_wrongly_is_refused_with_the_place_and_issues_nothing() {
    let (home, door, admin) = home();
    home.configure("[roles]\ndeployer = ['write', 'audit']\n");
    let refused = |body: Value| door.post(TOKENS, &admin, &body).fails(400).detail();
    door.post(TOKENS, &admin, &json!({"name": "ci", "role": "viewer"})).ok(201);
    assert!(refused(json!({"name": "ci", "scopes": ["read"]})).contains("an active token has this name"));
    assert!(refused(json!({"name": "a", "scopes": ["read", "sudo"]})).contains("Unknown scope: sudo"));
    refused(json!({"name": "a"}));
    refused(json!({"name": "a", "scopes": []}));
    refused(json!({"name": "a", "scopes": ["read"], "role": "viewer"}));
    assert!(refused(json!({"name": "a", "role": "root"})).contains("root"));
    for wrong in [json!({"expires_days": 0}), json!({"max_uses": 0}), json!({"expires_days": u32::MAX})] {
        let mut body = json!({"name": "a", "scopes": ["read"]});
        body.as_object_mut().unwrap().extend(wrong.as_object().unwrap().clone());
        refused(body);
    }
    for name in ["", "two\nlines", "a\u{0}b", &"x".repeat(256)] {
        refused(json!({"name": name, "scopes": ["read"]}));
    }
    let shape = |body: Value| {
        let answer = door.post(TOKENS, &admin, &body).fails(422);
        assert!(!answer.text().contains("hunter2"), "what was said is not said back: {}", answer.text());
        let detail = answer.json()["detail"].as_array().expect("a list").clone();
        assert!(detail[0]["msg"].is_string(), "{detail:?}");
        assert!(detail[0]["type"].is_string(), "{detail:?}");
        detail[0]["loc"].clone()
    };
    assert_eq!(shape(json!({"scopes": ["read"]})), json!(["body", "name"]));
    assert_eq!(shape(json!({"name": ["hunter2"], "scopes": ["read"]})), json!(["body", "name"]));
    assert_eq!(shape(json!({"name": "a", "scopes": "hunter2"})), json!(["body", "scopes"]));
    assert_eq!(shape(json!({"name": "a", "scopes": ["read"], "expires_days": -1})), json!(["body", "expires_days"]));
    assert_eq!(
        shape(json!({"name": "a", "scopes": ["read"], "servers": ["https://u:p@x"]})),
        json!(["body", "servers"])
    );
    shape(json!([]));
    shape(json!("hunter2"));
    for text in ["{", "{\"name\":\"a\",\"scopes\":[\"read\"]} x", "\u{feff}{}"] {
        let bearer = format!("Authorization: Bearer {admin}");
        door.ask("POST", TOKENS, &[&bearer, "Content-Type: application/json"], text).fails(422);
    }
    assert_eq!(names(&door, &admin, ""), ["ci"]);
}

#[test]
fn a_role_is_honoured() {
    let (home, door, admin) = home();
    home.configure("[roles]\ndeployer = ['write', 'audit']\n");
    for (role, scopes) in [
        ("viewer", json!(["read"])),
        ("auditor", json!(["read", "audit"])),
        ("operator", json!(["read", "write", "control"])),
        ("admin", json!(["*"])),
        ("deployer", json!(["write", "audit"])),
    ] {
        let made = door.post(TOKENS, &admin, &json!({"name": format!("a {role}"), "role": role})).ok(201);
        let sorted = |scopes: &Value| {
            let mut names: Vec<String> = serde_json::from_value(scopes.clone()).unwrap();
            names.sort();
            names
        };
        assert_eq!((sorted(&made["scopes"]), &made["role"]), (sorted(&scopes), &json!(role)));
    }
}

#[test]
fn a_revoked_token_is_refused_from_that_moment_and_by_the_next_agent() {
    let (home, door, admin) = home();
    let ci = issue(&door, &admin, &json!({"name": "ci", "scopes": ["read"]}));
    let id = |name: &str| {
        let all = door.get(TOKENS, &admin).ok(200);
        all.as_array().unwrap().iter().find(|token| token["name"] == name).unwrap()["id"].as_str().unwrap().to_owned()
    };
    door.get("/api/status", &ci).ok(200);
    let revoked = door.delete(&format!("{TOKENS}/ci"), &admin).ok(200);
    assert_eq!(revoked, json!({"status": "ok", "action": "revoke", "identifier": "ci"}));
    let refused = door.get("/api/status", &ci).fails(401);
    assert_eq!(refused.json(), json!({"detail": "Invalid, expired, or revoked token"}));
    assert_eq!(refused.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
    door.delete(&format!("{TOKENS}/ci"), &admin).ok(200);
    assert!(names(&door, &admin, "").is_empty());
    assert_eq!(names(&door, &admin, "?include_revoked=true"), ["ci"]);
    let other = issue(&door, &admin, &json!({"name": "a name with / and ?", "scopes": ["read"]}));
    door.delete(&format!("{TOKENS}/{}", id("a name with / and ?")), &admin).ok(200);
    door.get("/api/status", &other).fails(401);
    let gone = door.delete(&format!("{TOKENS}/ci?permanent=true"), &admin).ok(200);
    assert_eq!(gone["action"], "delete");
    assert_eq!(names(&door, &admin, "?include_revoked=true"), ["a name with / and ?"]);
    door.delete(&format!("{TOKENS}/ci"), &admin).fails(404);
    door.delete(&format!("{TOKENS}/nobody"), &admin).fails(404);
    home.loom(&["agent", "restart"]).ok();
    let door = home.serve(&[]);
    for token in [&ci, &other] {
        assert_eq!(door.get("/api/status", token).fails(401).detail(), "Invalid, expired, or revoked token");
    }
    door.get("/api/status", &admin).ok(200);
}

#[test]
fn a_narrower_token_mints_and_revokes_nothing_beyond_itself() {
    let (home, door, admin) = home();
    let parent = issue(&door, &admin, &json!({"name": "parent", "scopes": ["*"], "servers": ["*.example"]}));
    home.issue("sibling", &["--scopes", "read"]);
    let generate = |rights: Value| {
        let mut body = json!({"name": "child"});
        body.as_object_mut().unwrap().extend(rights.as_object().unwrap().clone());
        door.post(TOKENS, &parent, &body)
    };
    for wider in [
        json!({"scopes": ["read"]}),
        json!({"scopes": ["read"], "servers": ["elsewhere.test"]}),
        json!({"scopes": ["read"], "servers": ["a.example", "elsewhere.test"]}),
        json!({"scopes": ["read"], "servers": ["a.example"], "reveal": true}),
        json!({"role": "admin"}),
    ] {
        let refused = generate(wider).fails(403);
        assert!(!refused.text().contains("loom_"), "{}", refused.text());
    }
    let child = generate(json!({"scopes": ["read"], "servers": ["a.example"]})).ok(201);
    let child = child["token"].as_str().unwrap();
    door.post(TOKENS, child, &json!({"name": "grandchild", "scopes": ["read"], "servers": ["a.example"]})).fails(403);
    assert_eq!(names(&door, &parent, ""), ["child"]);
    for other in ["admin", "sibling", "parent"] {
        door.delete(&format!("{TOKENS}/{other}"), &parent).fails(404);
    }
    door.delete(&format!("{TOKENS}/parent"), &admin).ok(200);
    door.get("/api/status", child).fails(401);
}

#[test]
fn an_administrator_sees_and_revokes_what_is_for_their_servers() {
    let (home, door, admin) = home();
    let ci = home.issue("ci", &["--scopes", "read,write"]);
    home.issue("git", &["--scopes", "read", "--reveal", "--for", "git.example"]);
    let some = home.issue("some", &["--scopes", "*", "--for", "*.example"]);
    assert_eq!(names(&door, &admin, ""), ["ci", "git", "some"], "all but itself");
    assert_eq!(names(&door, &some, ""), ["git"]);
    door.delete(&format!("{TOKENS}/ci"), &some).fails(404);
    door.delete(&format!("{TOKENS}/git"), &some).ok(200);
    door.delete(&format!("{TOKENS}/ci"), &admin).ok(200);
    door.get("/api/status", &ci).fails(401);
}

#[test]
fn a_token_that_is_used_up_can_be_revoked_and_ends_what_it_began() {
    let (_home, door, admin) = home();
    let token = issue(&door, &admin, &json!({ "name": "once", "scopes": ["*"], "max_uses": 1 }));
    door.get("/api/status", &token).ok(200);
    door.get("/api/status", &token).fails(401);
    let form = ["Content-Type: application/x-www-form-urlencoded"];
    assert_eq!(door.ask("POST", "/oauth/revoke", &form, &format!("token={token}")).status, 200);
    let all = door.get("/api/enterprise/tokens?include_revoked=true", &admin).ok(200);
    let once = all.as_array().unwrap().iter().find(|token| token["name"] == "once").unwrap();
    assert_eq!(once["revoked"], true, "{once}");
}

#[test]
fn a_token_ends_with_its_last_use() {
    let (home, door, _) = home();
    let counted = home.issue("counted", &["--scopes", "read", "--max-uses", "2"]);
    door.get("/api/status", &counted).ok(200);
    door.get("/api/status", &counted).ok(200);
    door.get("/api/status", &counted).fails(401);
}
