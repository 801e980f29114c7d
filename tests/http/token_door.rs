//! The HTTP door that a token opened: people whom an issuer knows come through it, and are neither the token nor see
//! what is the token's.

use serde_json::{Value, json};

use crate::http::jwt::{AUDIENCE, CLIENT, Published};
use crate::support::{Door, Home, Jar, run};

/// A home with a door that this token opened, at which an issuer of the settings counts.
fn home(published: &Published) -> (Home, Door, String) {
    let home = Home::new();
    let opener = home.issue("opener", &["--scopes", "*"]);
    let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("LOOM_TOKEN", &opener);
    let url = run(&mut serve, b"").ok().out.trim().to_owned();
    // Not before: an agent with a door in its settings opens that one.
    home.configure(&format!(
        "[[http.issuer]]\nissuer = '{}'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'\n",
        published.stub.url()
    ));
    (home, Door { url }, opener)
}

fn admin(published: &Published, subject: &str) -> String {
    let draft = published.draft("ec", "ES256").claim("roles", "admin");
    draft.claim("sub", subject).claim("preferred_username", subject).sign()
}

fn issue(door: &Door, token: &str, name: &str) -> Value {
    door.post("/api/enterprise/tokens", token, &json!({ "name": name, "scopes": ["read"] })).ok(201)
}

/// One field of each that is listed there.
fn listed(door: &Door, path: &str, token: &str, field: &str) -> Vec<String> {
    let all = door.get(path, token).ok(200);
    let mut told: Vec<String> =
        all.as_array().unwrap().iter().map(|one| one[field].as_str().unwrap().to_owned()).collect();
    told.sort();
    told
}

#[test]
fn an_administrator_sees_and_ends_nothing_of_the_token_behind_the_door() {
    let published = Published::start();
    let (home, door, opener) = home(&published);
    let other = home.issue("other", &["--scopes", "read"]);
    let of_opener = ["child", "grandchild"].map(|name| issue(&door, &opener, name));
    let [ada, eve] = ["ada", "eve"].map(|name| admin(&published, name));
    let own = issue(&door, &ada, "adas");
    issue(&door, &eve, "eves");
    let tokens = |token: &str| listed(&door, "/api/enterprise/tokens", token, "name");
    assert_eq!(tokens(&ada), ["adas", "eves", "other"]);
    let ends = |id: &Value| door.delete(&format!("/api/enterprise/tokens/{}", id.as_str().unwrap()), &ada);
    for token in &of_opener {
        ends(&token["id"]).fails(404);
        ends(&token["name"]).fails(404);
        door.get("/api/status", token["token"].as_str().unwrap()).ok(200);
    }
    ends(&json!("opener")).fails(404);
    // The token sees what came of it, those of people too: it is its door.
    assert_eq!(tokens(&opener), ["adas", "child", "eves", "grandchild", "other"]);
    let jar = Jar::new(&home);
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", &opener)]).is(303);
    let session = home.audited("auth.sign_in").pop().unwrap()["about"].as_str().unwrap().to_owned();
    assert!(listed(&door, "/api/sessions", &ada, "id").is_empty());
    door.delete(&format!("/api/sessions/{session}"), &ada).fails(404);
    jar.get(&format!("{}/", door.url)).is(200);
    assert_eq!(listed(&door, "/api/sessions", &opener, "id"), [session.as_str()]);
    door.delete(&format!("/api/sessions/{session}"), &opener).ok(200);
    // What is theirs they end, and what is neither theirs nor the token's they oversee.
    ends(&own["id"]).ok(200);
    ends(&json!("other")).ok(200);
    door.get("/api/status", &other).fails(401);
}

#[test]
fn the_log_names_the_person_and_apart_the_token_behind_the_door() {
    let published = Published::start();
    let (home, door, opener) = home(&published);
    let shown = home.issue("shown", &["--scopes", "*"]);
    let of_door = home.audited("token.generate")[0]["about"].clone();
    let of_shown = home.audited("token.generate")[1]["about"].clone();
    issue(&door, &admin(&published, "ada"), "adas");
    issue(&door, &shown, "more");
    issue(&door, &opener, "own");
    door.get("/api/status", "loom_wrong").fails(401);
    let noted = home.audited("token.generate");
    let who = |at: usize| (&noted[at]["actor"]["person"], &noted[at]["actor"]["token_id"], &noted[at]["door"]);
    assert_eq!(who(2), (&json!("ada"), &Value::Null, &of_door));
    assert_eq!(who(3), (&Value::Null, &of_shown, &of_door));
    assert_eq!(who(4), (&Value::Null, &of_door, &of_door));
    assert_eq!(home.audited("auth.fail").pop().unwrap()["door"], of_door);
    assert!(noted[0].get("door").is_none(), "nobody stands behind the user's socket");
    let said = home.loom(&["audit", "tail", "--event", "token.generate"]).ok().out;
    let line = said.lines().find(|line| line.contains("person=ada")).unwrap_or_else(|| panic!("{said}"));
    assert!(!line.contains("token=") && line.contains(&format!("door={}", of_door.as_str().unwrap())), "{line}");
    // At a door of the user's nobody stands behind it.
    home.loom(&["serve", "--stop"]).ok();
    let door = home.serve(&[]);
    issue(&door, &admin(&published, "ada"), "at the user's");
    assert!(home.audited("token.generate").pop().unwrap().get("door").is_none());
}

#[test]
fn a_sign_in_that_fails_at_a_tokens_door_says_at_which() {
    let published = Published::start();
    let (home, door, _) = home(&published);
    let of_door = home.audited("token.generate")[0]["about"].clone();
    let counted = home.issue("counted", &["--scopes", "read", "--max-uses", "5"]);
    let jar = Jar::new(&home);
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", &counted)]);
    let failed = home.audited("auth.fail").pop().unwrap();
    assert_eq!(failed["door"], of_door, "{failed}");
}

#[test]
fn who_handed_on_the_token_of_the_door_sees_the_sessions_begun_with_it() {
    let published = Published::start();
    let (home, door, _) = home(&published);
    let [ada, eve] = ["ada", "eve"].map(|name| admin(&published, name));
    let wanted = json!({ "name": "adas", "scopes": ["*"] });
    let own = door.post("/api/enterprise/tokens", &ada, &wanted).ok(201)["token"].as_str().unwrap().to_owned();
    home.loom(&["serve", "--stop"]).ok();
    let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("LOOM_TOKEN", &own);
    let door = Door { url: run(&mut serve, b"").ok().out.trim().to_owned() };
    let jar = Jar::new(&home);
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", &own)]).is(303);
    let session = home.audited("auth.sign_in").pop().unwrap()["about"].as_str().unwrap().to_owned();
    assert!(listed(&door, "/api/sessions", &eve, "id").is_empty());
    door.delete(&format!("/api/sessions/{session}"), &eve).fails(404);
    assert_eq!(listed(&door, "/api/enterprise/tokens", &ada, "name"), ["adas"]);
    assert_eq!(listed(&door, "/api/sessions", &ada, "id"), [session.as_str()]);
    door.delete(&format!("/api/sessions/{session}"), &ada).ok(200);
}
