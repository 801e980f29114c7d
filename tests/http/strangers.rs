//! Who is a stranger at the HTTP door though an issuer knows them, and for how long counts what somebody handed on.

use std::io::Write;

use serde_json::{Value, json};

use crate::http::jwt::{AUDIENCE, CLIENT, Published};
use crate::http::sso::{audit, door, sign_in, tokens};
use crate::support::{Home, Jar, Provider, Seen, Stub, http, run};

/// Somebody decides about a machine that waits: what the page answers, and the machine's code.
fn decide(jar: &Jar<'_>, home: &Home, url: &str, fields: &[(&str, &str)]) -> (Seen, String) {
    let started = post(home, &format!("{url}/auth/device/start"), &json!({ "name": "box" }));
    let code = started["user_code"].as_str().unwrap();
    let page = jar.get(&format!("{url}/device?user_code={code}")).is(200);
    let key = page.field("key");
    let mut form = vec![("key", &*key), ("user_code", code), ("decision", "approve"), ("scope-read", "on")];
    form.extend(fields);
    (jar.post(&format!("{url}/device"), &form), started["device_code"].as_str().unwrap().to_owned())
}

/// The same where it is granted: the machine's token.
fn approve(jar: &Jar<'_>, home: &Home, url: &str, fields: &[(&str, &str)]) -> String {
    let (page, device_code) = decide(jar, home, url, fields);
    page.is(200);
    let polled = post(home, &format!("{url}/auth/device/poll"), &json!({ "device_code": device_code }));
    polled["access_token"].as_str().unwrap().to_owned()
}

fn post(home: &Home, url: &str, body: &Value) -> Value {
    let answer = Jar::new(home).send(&["-H", "content-type: application/json", "-d", &body.to_string(), url]);
    serde_json::from_str(&answer.is(200).body).unwrap()
}

/// What somebody with this token is answered.
fn status(home: &Home, url: &str, token: &str) -> u16 {
    Jar::new(home).send(&["-H", &format!("Authorization: Bearer {token}"), url]).status
}

fn session(jar: &Jar<'_>) -> String {
    let cookies = jar.cookies();
    let line = cookies.lines().find(|line| line.contains("\tloom\t")).expect("a session");
    line.rsplit('\t').next().unwrap().to_owned()
}

fn is_signed_in(home: &Home, url: &str, session: &str) -> bool {
    Jar::new(home).send(&["-H", &format!("Cookie: loom={session}"), &format!("{url}/")]).status == 200
}

#[test]
fn who_has_no_role_is_told_whom_to_ask_and_gets_nothing() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    home.loom_in(&["login", "--with-token", "--server", "https://api.example"], "tok_hidden").ok();
    let jar = Jar::new(&home);
    let away = jar.get(&format!("{url}/auth/oidc/login")).is(303);
    let page = jar.get(&provider.redirect_for(away.location(), "mallory")).is(403);
    assert!(page.body.contains("mallory"), "{}", page.body);
    assert!(page.body.contains("ask the owner of this agent"), "{}", page.body);
    assert!(!jar.cookies().contains("\tloom\t"), "{}", jar.cookies());
    assert_eq!(jar.get(&format!("{url}/")).is(303).location(), "/sign-in");
    let (access, _) = tokens(&jar, &provider, "mallory");
    for path in ["/api/status", "/api/accounts", "/api/call/api.example/v1", "/api/enterprise/tokens"] {
        assert_eq!(status(&home, &format!("{url}{path}"), &access), 403, "{path}");
    }
    let started = post(&home, &format!("{url}/auth/device/start"), &json!({}));
    let body = json!({ "user_code": started["user_code"], "scopes": ["read"] }).to_string();
    let json = ["-H", "content-type: application/json", "-d", &body];
    let bearer = format!("Authorization: Bearer {access}");
    jar.send(&[&json[..], &["-H", &bearer, &format!("{url}/auth/device/complete")]].concat()).is(403);
    assert!(audit(&home, "auth.fail").contains("person=mallory"));
    assert!(audit(&home, "auth.sign_in").is_empty());
}

#[test]
fn a_viewer_uses_what_is_kept_only_where_servers_are_named() {
    let upstream = Stub::start(|_, _, stream| {
        let _ = stream.write_all(http("200 OK", "content-type: application/json\r\n", "{}").as_bytes());
    });
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    home.loom_in(&["login", "--with-token", "--server", upstream.url()], "tok_hidden").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://other.example"], "tok_other").ok();
    let settings = |more: &str| {
        let issuer = provider.issuer();
        home.configure(&format!(
            "[[http.issuer]]\nissuer = '{issuer}'\nclient_id = 'loom-web'\naudience = 'urn:loom:test'\n{more}"
        ));
    };
    settings("reveal = true\n");
    let door = home.serve(&[]);
    let jar = Jar::new(&home);
    let page = sign_in(&jar, &door.url, &provider, "viewer-vera");
    assert!(page.body.contains(upstream.url()), "{}", page.body);
    assert!(page.body.contains("https://other.example"), "{}", page.body);
    let machine = approve(&jar, &home, &door.url, &[]);
    let (access, _) = tokens(&jar, &provider, "viewer-vera");
    let server: String = url::form_urlencoded::byte_serialize(upstream.url().as_bytes()).collect();
    let call = format!("/api/call/{server}/x");
    for token in [&machine, &access] {
        door.get("/api/status", token).ok(200);
        let refused = door.get(&call, token).fails(403);
        assert!(refused.detail().contains("ask the owner of this agent to name servers"), "{}", refused.text());
        door.post("/api/token", token, &json!({ "server": upstream.url() })).fails(403);
    }
    let loom = |arguments: &[&str]| {
        run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", &machine), b"")
    };
    loom(&["status"]).ok();
    loom(&["status", "--check"]).fails(1).says("only looks");
    let (refused, _) = decide(&jar, &home, &door.url, &[("reveal", "yes")]);
    assert_eq!(refused.status, 403, "{}", refused.body);
    assert_eq!(upstream.requests(), 0);
    settings(&format!("servers.viewer = ['{}']\n", upstream.url()));
    door.get(&call, &access).ok(200);
    door.get("/api/call/other.example/x", &access).fails(404);
    assert_eq!(door.get("/api/accounts", &access).ok(200).as_array().unwrap().len(), 1);
    door.get(&call, &machine).fails(403);
    let wider = approve(&jar, &home, &door.url, &[]);
    door.get(&call, &wider).ok(200);
    door.get("/api/call/other.example/x", &wider).fails(404);
    // Whoever the settings do not let in any more is out with the next request, and so is what they handed on.
    settings("allow = { people = ['somebody'] }\n");
    door.get("/api/status", &access).fails(403);
    for token in [&machine, &wider] {
        door.get("/api/status", token).fails(401);
    }
    assert_eq!(jar.get(&format!("{}/", door.url)).is(303).location(), "/sign-in");
}

#[test]
fn only_whom_the_rules_of_the_settings_name_comes_in() {
    let published = Published::start();
    let home = Home::new();
    let settings = |more: &str| {
        let url = published.stub.url();
        home.configure(&format!(
            "[http]\ndefault_role = 'viewer'\n\
             [[http.issuer]]\nissuer = '{url}'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'\n{more}\n"
        ));
    };
    settings("");
    let door = home.serve(&[]);
    let came = |roles: &str, more: Value| {
        let mut draft = published.draft("ec", "ES256").claim("roles", roles);
        for (name, value) in more.as_object().unwrap() {
            draft = draft.claim(name, value.clone());
        }
        door.get("/api/status", &draft.sign()).status == 200
    };
    let ada = json!({ "email": "ada@corp.example", "email_verified": true, "tid": "t-1" });
    assert!(
        came("", json!({})),
        "a default role is for everybody who has an account there, where nothing else is said"
    );
    settings("allow = { domains = ['corp.example'], claims = { tid = 't-1' } }");
    assert!(came("", ada.clone()));
    for (name, value) in [
        ("email", json!("ada@corp.example.evil.example")),
        ("email", json!("ada@sub.corp.example")),
        ("email", json!("ada@evil.example@corp.example")),
        ("email", json!("ada@c\u{43e}rp.example")),
        ("email_verified", json!(false)),
        ("email_verified", json!("true")),
        ("tid", json!("t-2")),
        ("tid", json!(null)),
    ] {
        let mut other = ada.clone();
        other[name] = value.clone();
        assert!(!came("admin", other), "{name} {value}: a role lets nobody in whom the rules do not name");
    }
    for nobody in
        ["{}", "{ people = [] }", "{ domains = [] }", "{ claims = {} }", "{ people = [], claims = { tid = 't-1' } }"]
    {
        settings(&format!("allow = {nobody}"));
        assert!(!came("admin", ada.clone()), "{nobody}");
    }
    settings("allow = { people = ['7f3a'] }");
    assert!(came("", json!({})));
    assert!(!came("", json!({ "sub": "7f3b", "preferred_username": "7f3a" })));
}

#[test]
fn a_machine_has_what_its_approver_has_now_and_ends_with_their_role() {
    let mut home = Home::new();
    let Some(mut provider) = Provider::start(&mut home) else { return };
    let url = door(&mut home, provider.issuer(), "loom-web");
    let (ada, eve) = (Jar::new(&home), Jar::new(&home));
    sign_in(&ada, &url, &provider, "admin-ada");
    sign_in(&eve, &url, &provider, "admin-eve");
    let machine = approve(&ada, &home, &url, &[("scope-audit", "on"), ("days", "365")]);
    let other = approve(&eve, &home, &url, &[("scope-audit", "on")]);
    let may = |token: &str| ["/api/status", "/api/audit"].map(|path| status(&home, &format!("{url}{path}"), token));
    assert_eq!(may(&machine), [200, 200]);
    // The browser that signs in anew has one session, not two.
    let first = session(&ada);
    sign_in(&ada, &url, &provider, "admin-ada");
    assert!(!is_signed_in(&home, &url, &first));
    assert!(is_signed_in(&home, &url, &session(&ada)));
    provider.set("ROLES", "viewer");
    provider.restart();
    let again = Jar::new(&home);
    sign_in(&again, &url, &provider, "admin-ada");
    assert_eq!(may(&machine), [200, 403], "no more than its approver");
    assert!(!ada.get(&format!("{url}/")).is(200).body.contains("auth.sign_in"), "nor have their other sessions");
    provider.set("ROLES", "none");
    provider.restart();
    let away = again.get(&format!("{url}/auth/oidc/login")).is(303);
    again.get(&provider.redirect_for(away.location(), "admin-ada")).is(403);
    assert_eq!((may(&machine), may(&other)), ([401, 401], [200, 200]), "what others approved is theirs");
    assert!(!is_signed_in(&home, &url, &session(&ada)));
    assert!(is_signed_in(&home, &url, &session(&eve)));
    assert!(audit(&home, "device.end").contains("person=admin-ada"), "{}", audit(&home, "device.end"));
    let ended = home.audited("auth.session_end");
    // Theirs of the first browser, and of the other one.
    assert_eq!(ended.len(), 2, "{ended:?}");
    assert!(ended.iter().all(|end| end["actor"]["person"] == "admin-ada" && end["about"].is_string()), "{ended:?}");
    // It does not come back with the role: somebody who has it approves anew.
    provider.set("ROLES", "admin");
    provider.restart();
    sign_in(&ada, &url, &provider, "admin-ada");
    assert_eq!(may(&machine), [401, 401]);
}

#[test]
fn what_single_sign_on_issued_goes_by_the_settings_of_the_moment() {
    let published = Published::start();
    let home = Home::new();
    let settings = |mapping: &str| {
        let url = published.stub.url();
        home.configure(&format!(
            "[[http.issuer]]\nissuer = '{url}'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'\n\
             roles = {{ claim = 'teams', mapping = {{ {mapping} }} }}\n"
        ));
    };
    settings("ops = 'admin'");
    let door = home.serve(&[]);
    let ops = published.draft("ec", "ES256").claim("teams", "ops").sign();
    let issue = |by: &str, name: &str| {
        let made = door.post("/api/enterprise/tokens", by, &json!({ "name": name, "scopes": ["*"] })).ok(201);
        made["token"].as_str().unwrap().to_owned()
    };
    let own = issue(&ops, "ci");
    let child = issue(&own, "child");
    let may = |token: &str| ["/api/status", "/api/enterprise/tokens"].map(|path| door.get(path, token).status);
    assert_eq!((may(&own), may(&child)), ([200, 200], [200, 200]));
    settings("ops = 'viewer'");
    assert_eq!((may(&own), may(&child)), ([200, 403], [200, 403]));
    settings("dev = 'admin'");
    assert_eq!((may(&own), may(&child)), ([401, 401], [401, 401]));
    let listed = home.loom(&["token", "list", "--json"]).ok().out;
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap(), json!([]), "what has no rights is not active");
    settings("ops = 'admin'");
    assert_eq!(may(&child), [200, 200]);
    home.configure("");
    assert_eq!(
        (may(&own), may(&child)),
        ([401, 401], [401, 401]),
        "an issuer that is named no more vouches for nobody"
    );
}

#[test]
fn nobody_hands_on_a_token_for_longer_than_they_may() {
    let home = Home::new();
    let (admin, reader) = (home.issue("admin", &["--scopes", "*"]), home.issue("reader", &["--scopes", "read"]));
    let door = home.serve(&[]);
    let jar = Jar::new(&home);
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", &reader)]).is(303);
    let for_days = |days: &str| decide(&jar, &home, &door.url, &[("days", days)]).0.status;
    for days in ["2900000", "4294967295", "99999999999999999999", "366", "91", "0", "-1", "1.5"] {
        assert_eq!(for_days(days), 400, "{days}");
    }
    assert_eq!(for_days("90"), 200);
    let complete = |days: u32| {
        let started = post(&home, &format!("{}/auth/device/start", door.url), &json!({}));
        let body = json!({ "user_code": started["user_code"], "scopes": ["read"], "expires_days": days });
        door.post("/auth/device/complete", &admin, &body).status
    };
    assert_eq!([2_900_000, 366, 365].map(complete), [400, 400, 200]);
    let generate = |days: &str| home.loom(&["token", "generate", "long", "--scopes", "read", "--expires", days]);
    let refused = generate("366");
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(refused.err.contains("365"), "{refused:?}");
    assert!(refused.err.contains("max_expiration_days"), "{refused:?}");
    let body = json!({ "name": "long", "scopes": ["read"], "expires_days": 366 });
    assert!(door.post("/api/enterprise/tokens", &admin, &body).fails(400).detail().contains("365"));
    // A list that names no server is not all of them.
    let body = json!({ "name": "all", "scopes": ["read"], "servers": [] });
    door.post("/api/enterprise/tokens", &admin, &body).fails(422);
    home.configure("[tokens]\nmax_expiration_days = 7\n");
    assert_eq!((for_days("8"), complete(8), complete(7)), (400, 400, 200));
    assert!(generate("8").code != 0);
    let made = home.loom(&["token", "generate", "usual", "--scopes", "read", "--json"]).ok().out;
    let made: Value = serde_json::from_str(&made).unwrap();
    let ends: jiff::Timestamp = made["expires_at"].as_str().unwrap().parse().unwrap();
    assert!(ends.as_second() - jiff::Timestamp::now().as_second() <= 7 * 24 * 3600, "{made}");
    let started = post(&home, &format!("{}/auth/device/start", door.url), &json!({}));
    let page = jar.get(&format!("{}/device?user_code={}", door.url, started["user_code"].as_str().unwrap())).is(200);
    assert!(page.body.contains("name=\"days\" value=\"7\""), "what is proposed can be granted: {}", page.body);
}

#[test]
fn a_sign_in_ends_the_session_that_the_browser_had() {
    let home = Home::new();
    let token = home.issue("me", &["--scopes", "*"]);
    let door = home.serve(&[]);
    let (jar, other) = (Jar::new(&home), Jar::new(&home));
    for jar in [&jar, &other] {
        jar.post(&format!("{}/sign-in/token", door.url), &[("token", &token)]).is(303);
    }
    let first = session(&jar);
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", "loom_wrong")]).is(401);
    assert!(is_signed_in(&home, &door.url, &first), "a sign-in that failed ends nothing");
    jar.post(&format!("{}/sign-in/token", door.url), &[("token", &token)]).is(303);
    assert!(!is_signed_in(&home, &door.url, &first));
    assert!(is_signed_in(&home, &door.url, &session(&jar)));
    assert!(is_signed_in(&home, &door.url, &session(&other)));
    assert_eq!(home.audited("auth.sign_out").len(), 1);
}

#[test]
fn who_gets_an_account_at_an_environments_issuer_has_no_role_at_first() {
    let published = Published::start();
    let (home, door) = published.home();
    home.configure("[http]\ndefault_role = 'admin'\n");
    let came =
        |roles: &str| door.get("/api/status", &published.draft("ec", "ES256").claim("roles", roles).sign()).status;
    assert_eq!((came(""), came("viewer")), (403, 200));
}

#[test]
fn a_new_agent_asks_at_once_whether_who_is_behind_a_token_still_comes_in() {
    let published = Published::start();
    let home = Home::new();
    let settings = |people: &str| {
        let url = published.stub.url();
        let issuer = format!("issuer = '{url}'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'");
        home.configure(&format!("[[http.issuer]]\n{issuer}\nallow = {{ people = ['{people}'] }}\n"));
    };
    settings("7f3a");
    let door = home.serve(&[]);
    let admin = published.draft("ec", "ES256").claim("roles", "admin").sign();
    let asked = json!({ "name": "ci", "scopes": ["read"] });
    let token = door.post("/api/enterprise/tokens", &admin, &asked).ok(201)["token"].as_str().unwrap().to_owned();
    let presenting = || run(home.command(env!("CARGO_BIN_EXE_loom")).arg("status").env("LOOM_TOKEN", &token), b"");
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok").ok();
    presenting().ok();
    home.loom(&["agent", "stop"]).ok();
    settings("somebody");
    presenting().fails(1).says("not known");
}

#[test]
fn who_only_looks_is_told_nothing_of_the_files_of_the_user() {
    let home = Home::new();
    home.configure("[http]\nlisten = '192.0.2.1:1'\n");
    let reader = home.issue("reader", &["--scopes", "read"]);
    let told = |token: Option<&str>| {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        command.args(["status", "--json"]).envs(token.map(|token| ("LOOM_TOKEN", token)));
        let status: Value = serde_json::from_str(&run(&mut command, b"").out).unwrap();
        status.to_string().contains("http-not-open")
    };
    assert!(told(None));
    assert!(!told(Some(&reader)));
}

#[test]
fn at_a_tokens_door_people_see_and_end_their_own_machines_only() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    let opener = home.issue("opener", &["--scopes", "*"]);
    let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("LOOM_TOKEN", &opener);
    let url = run(&mut serve, b"").ok().out.trim().to_owned();
    // Not before: an agent with a door in its settings opens that one.
    let issuer = provider.issuer();
    home.configure(&format!(
        "[[http.issuer]]\nissuer = '{issuer}'\nclient_id = 'loom-web'\naudience = 'urn:loom:test'\n"
    ));
    let (vera, victor) = (Jar::new(&home), Jar::new(&home));
    sign_in(&vera, &url, &provider, "viewer-vera");
    sign_in(&victor, &url, &provider, "viewer-victor");
    let machine = approve(&vera, &home, &url, &[]);
    let own = vera.get(&format!("{url}/")).is(200);
    let form = own.body.split_once("action=\"/devices/").expect("a form that revokes").1;
    let place = format!("{url}/devices/{}", form.split('"').next().unwrap());
    approve(&victor, &home, &url, &[]);
    let other = victor.get(&format!("{url}/")).is(200);
    assert_eq!(other.body.matches("action=\"/devices/").count(), 1, "{}", other.body);
    victor.post(&place, &[("key", &other.field("key"))]).is(404);
    assert_eq!(status(&home, &format!("{url}/api/status"), &machine), 200);
    // Nor does one who tries codes keep the others from theirs.
    for _ in 0..25 {
        victor.get(&format!("{url}/device?user_code=AAAA-AAAA"));
    }
    approve(&vera, &home, &url, &[]);
    vera.post(&place, &[("key", &own.field("key"))]).is(303);
    assert_eq!(status(&home, &format!("{url}/api/status"), &machine), 401);
}
