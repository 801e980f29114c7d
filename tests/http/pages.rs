//! The pages in a real browser: signing in, approving a machine, revoking, in three languages, by keyboard, in the
//! dark.

use serde_json::{Value, json};

use crate::support::{Dialogue, Home, Jar, Provider, certificates, find_program};

#[test]
fn a_person_approves_a_machine_sees_what_it_does_and_takes_it_back() {
    let mut home = Home::new();
    let Some(provider) = Provider::start(&mut home) else { return };
    if find_program("chromium").is_none() {
        return;
    }
    home.set("LOOM_OIDC_ISSUER", provider.issuer());
    home.set("LOOM_OIDC_CLIENT_ID", "loom-web");
    for (server, account) in
        [("https://git.example", "me"), ("https://api.example", "ci"), ("https://loki.example:57374", "ops")]
    {
        home.loom_in(&["login", "--with-token", "--server", server, "--account", account], "tok_hidden").ok();
    }
    home.loom(&["token", "generate", "nightly-build", "--scopes", "read", "--for", "https://git.example", "--reveal"])
        .ok();
    home.loom(&["token", "generate", "ci", "--role", "operator", "--expires", "30"]).ok();
    home.loom(&["token", "--server", "https://api.example"]).ok();
    let url = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let machine = Home::new();
    let mut login = Dialogue::start(&machine, &["--server", &url, "--flow", "device"]);
    let (_, code) = (login.shown(), login.shown());
    let shots = home.path().join("shots");
    std::fs::create_dir(&shots).unwrap();
    let shots = std::env::var_os("LOOM_SCREENSHOTS").map_or(shots, Into::into);
    let seen = provider.at_pages(&[&url, &code, "admin-ada"], &shots);
    login.end().ok();

    assert_eq!(seen["complaints"], json!([]), "the browser finds nothing wrong");
    assert_eq!(seen["firstPlace"], format!("{url}/sign-in"));
    assert_eq!(seen["afterSignIn"], format!("{url}/device?user_code={code}"), "it comes back to where it wanted to go");
    let cookie = &seen["cookie"];
    assert!(cookie["httpOnly"] == true, "{cookie}");
    assert!(cookie["sameSite"] == "Strict", "{cookie}");
    assert!(cookie["session"] == true, "{cookie}");
    for (name, words) in [
        ("sign-in", ["Sign in", "Iniciar sesión", "تسجيل الدخول"]),
        ("device", [&*code, &*code, &*code]),
        ("home", ["nightly-build", "nightly-build", "nightly-build"]),
    ] {
        for ((tag, dir), word) in [("en", "ltr"), ("es", "ltr"), ("ar", "rtl")].iter().zip(words) {
            let page = &seen[format!("{name}-{tag}")];
            assert!(page["text"].as_str().unwrap().contains(word), "{name} {tag}: {page}");
            assert_eq!(page["beyond"], json!([]), "{name} {tag}");
            assert_eq!((page["lang"].as_str(), page["dir"].as_str()), (Some(*tag), Some(*dir)));
            assert_eq!((&page["overflows"], &page["left"]), (&json!(false), &json!(*dir == "ltr")), "{name} {tag}");
        }
    }
    let asked = seen["device-en"]["text"].as_str().unwrap();
    assert!(asked.contains("loom/"), "who asks, and from where: {asked}");
    assert!(asked.contains("127.0.0.1"), "who asks, and from where: {asked}");
    let granted = seen["approved"].as_str().unwrap();
    assert!(granted.contains("read, audit"), "{granted}");
    assert!(granted.contains("https://api.example"), "{granted}");
    assert!(seen["live"].as_str().unwrap().contains("device.token"), "{}", seen["live"]);
    let page = seen["home-en"]["text"].as_str().unwrap();
    for shown in ["admin-ada", "https://git.example", "https://loki.example:57374", "token.get", &code] {
        assert!(page.contains(shown), "{shown}: {page}");
    }
    assert!(!page.contains("tok_hidden"), "no secret on a page: {page}");
    assert!(!page.contains("loom_"), "no secret on a page: {page}");
    assert!(seen["dark"] != seen["light"], "{} {}", seen["dark"], seen["light"]);
    assert!(seen["overflowsNarrow"] == false, "{} {}", seen["dark"], seen["light"]);
    let tokens = seen["revoked"].as_str().unwrap();
    assert!(!tokens.contains(&code), "{tokens}");
    assert!(tokens.contains("nightly-build"), "{tokens}");
    assert_eq!(machine.loom(&["api", "--server", &url, "/api/status"]).code, 4, "its token is worth nothing now");
    assert!(seen["signedOutAt"].as_str().unwrap().starts_with(provider.issuer()), "{}", seen["signedOutAt"]);
    assert_eq!(seen["lastPlace"], format!("{url}/sign-in"));
    if std::env::var_os("LOOM_UPDATE_SCREENSHOT").is_some() {
        std::fs::copy(shots.join("page.png"), concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/page.png")).unwrap();
    }
}

/// The door of this home, and a browser that signed in with a token of these rights.
fn signed_in<'a>(home: &'a Home, rights: &[&str]) -> (String, Jar<'a>) {
    let url = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let made = home.loom(&[&["token", "generate", "me", "--json"], rights].concat()).ok();
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let jar = Jar::new(home);
    jar.post(&format!("{url}/sign-in/token"), &[("token", made["token"].as_str().unwrap())]).is(303);
    (url, jar)
}

#[test]
fn a_form_of_another_page_another_session_or_no_page_does_nothing() {
    let home = Home::new();
    let (url, jar) = signed_in(&home, &["--role", "admin"]);
    let list = || home.loom(&["token", "list", "--json"]).ok().out;
    let before: Value = serde_json::from_str(&list()).unwrap();
    let me = before[0]["id"].as_str().unwrap();
    let place = format!("{url}/tokens/{me}/revoke");
    let page = jar.get(&format!("{url}/")).is(200);
    let key = page.field("key");
    let form = |headers: &[&str], body: &str| {
        let mut arguments = vec!["-d", body];
        headers.iter().for_each(|header| arguments.extend(["-H", header]));
        jar.send(&[&arguments[..], &[&place]].concat()).status
    };
    let (good, own) = (format!("key={key}"), format!("Origin: {url}"));
    // Of another site, of another port of this host, of nowhere, with no origin at all.
    for origin in ["Origin: https://evil.example", "Origin: http://127.0.0.1:1", "Origin: null", "Origin:"] {
        assert_eq!(form(&[origin], &good), 403, "{origin}");
    }
    assert_eq!(form(&[&own, "Sec-Fetch-Site: cross-site"], &good), 403);
    assert_eq!(form(&[&own, "Sec-Fetch-Site: same-site"], &good), 403);
    // Without the key of this session, and with that of another.
    let (_, other) = (0, Jar::new(&home));
    let made = home.loom(&["token", "generate", "other", "--role", "admin", "--json"]).ok();
    let made: Value = serde_json::from_str(&made.out).unwrap();
    other.post(&format!("{url}/sign-in/token"), &[("token", made["token"].as_str().unwrap())]).is(303);
    let foreign = other.get(&format!("{url}/device")).is(200);
    assert!(!foreign.body.contains(&key));
    for body in ["", "key=", "key=x", &format!("key={key}x")] {
        assert_eq!(form(&[&own], body), 403, "{body}");
    }
    assert_eq!(other.post(&place, &[("key", &key)]).status, 403, "the key of somebody else's session");
    assert!(list().contains(me), "nothing was revoked");
    assert_eq!(form(&[&own], &good), 404, "a token does not see the one that it is");
}

#[test]
fn an_unknown_address_is_answered_in_the_persons_language() {
    let home = Home::new();
    let (url, jar) = signed_in(&home, &["--role", "admin"]);
    for place in [
        "/device?user_code=a&user_code=b",
        "/auth/oidc/login?next=a&next=b",
        "/audit/live?since=1&since=2",
        "/language/%ff",
    ] {
        let shown = jar.get(&format!("{url}{place}")).is(400);
        assert!(shown.body.contains("<html lang=\"en\""), "{place}: {}", shown.body);
        assert!(shown.body.contains("this is not a request"), "{place}: {}", shown.body);
    }
    jar.get(&format!("{url}/language/es")).is(303);
    assert!(jar.get(&format!("{url}/device?user_code=a&user_code=b")).is(400).body.contains("esto no es una petición"));
}

#[test]
fn a_token_with_a_number_of_uses_begins_no_session_that_has_more() {
    let home = Home::new();
    let url = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let made = home.loom(&["token", "generate", "once", "--role", "admin", "--max-uses", "2", "--json"]).ok();
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let jar = Jar::new(&home);
    let refused = jar.post(&format!("{url}/sign-in/token"), &[("token", made["token"].as_str().unwrap())]).is(403);
    assert!(refused.body.contains("--max-uses"), "{refused:?}");
    assert!(refused.header("set-cookie").is_none(), "{refused:?}");
    assert_eq!(jar.get(&format!("{url}/")).is(303).location(), "/sign-in");
}

#[test]
fn a_session_ends_with_its_token_with_a_lock_and_with_the_agent() {
    let home = Home::new();
    let (url, jar) = signed_in(&home, &["--scopes", "read"]);
    jar.get(&format!("{url}/")).is(200);
    home.loom(&["token", "revoke", "me"]).ok();
    assert_eq!(jar.get(&format!("{url}/")).is(303).location(), "/sign-in");
    home.loom(&["serve", "--stop"]).ok();
    let (url, jar) = signed_in(&home, &["--scopes", "read"]);
    jar.get(&format!("{url}/")).is(200);
    home.loom(&["lock"]).ok();
    jar.get(&format!("{url}/")).is(303);
    home.loom(&["unlock"]).ok();
    jar.get(&format!("{url}/")).is(303);
}

#[test]
fn over_tls_a_session_is_a_cookie_that_no_other_host_can_set() {
    let mut home = Home::new();
    let dir = home.path().join("tls");
    std::fs::create_dir(&dir).unwrap();
    certificates(&mut home, &dir);
    let pem = |name: &str| dir.join(name).display().to_string();
    let tls = ["--tls-cert", &pem("cert.pem"), "--tls-key", &pem("cert.key")];
    let url = home.loom(&[&["serve", "--listen", "127.0.0.1:0"], &tls[..]].concat()).ok().out.trim().to_owned();
    let made = home.loom(&["token", "generate", "me", "--role", "viewer", "--json"]).ok();
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let jar = Jar::new(&home);
    jar.post(&format!("{url}/sign-in/token"), &[("token", made["token"].as_str().unwrap())]).is(303);
    jar.get(&format!("{url}/")).is(200);
    let cookies = jar.cookies();
    let cookie = cookies.lines().find(|line| line.contains("\t__Host-loom\t")).unwrap_or_else(|| panic!("{cookies}"));
    let parts: Vec<&str> = cookie.split('\t').collect();
    assert_eq!((parts[0], parts[3]), ("#HttpOnly_127.0.0.1", "TRUE"), "for this host, over TLS: {cookie}");
    // The same secret under the name that anybody of the domain could set.
    let other = Jar::new(&home);
    let planted = format!("cookie: loom={}", parts[6]);
    assert_eq!(other.send(&["-H", &planted, &format!("{url}/")]).is(303).location(), "/sign-in");
}

#[test]
fn what_a_machine_calls_itself_is_text_and_goes_nowhere() {
    let home = Home::new();
    let (url, jar) = signed_in(&home, &["--role", "admin"]);
    let name = "<script>alert(1)</script>\u{202e}\u{1b}[31m\"><img src=x>";
    let body = json!({ "name": name }).to_string();
    let anybody = Jar::new(&home);
    let started =
        anybody.send(&["-H", "content-type: application/json", "-d", &body, &format!("{url}/auth/device/start")]);
    let started: Value = serde_json::from_str(&started.is(200).body).unwrap();
    let code = started["user_code"].as_str().unwrap();
    let page = jar.get(&format!("{url}/device?user_code={code}")).is(200);
    assert!(page.body.contains("&lt;script&gt;"), "{}", page.body);
    assert!(!page.body.contains("<script>alert"), "{}", page.body);
    assert!(!page.body.contains('\u{202e}'));
    assert!(!page.body.contains('\u{1b}'));
    assert!(!page.body.contains("<img src=x"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    for (name, value) in
        [("x-frame-options", "DENY"), ("x-content-type-options", "nosniff"), ("cache-control", "no-store")]
    {
        assert_eq!(page.header(name), Some(value));
    }
    let nowhere = jar
        .send(&["-H", "accept: text/html,*/*;q=0.8", "-H", "accept-language: es", &format!("{url}/no/such/page")])
        .is(404);
    assert!(nowhere.body.contains("No existe esa página"), "{nowhere:?}");
    assert!(nowhere.body.starts_with("<!DOCTYPE html>"), "{nowhere:?}");
    // A place to go on to is one of ours.
    for place in ["//evil.example", "https://evil.example/", "/\\evil.example"] {
        let place: String = url::form_urlencoded::byte_serialize(place.as_bytes()).collect();
        assert_eq!(jar.get(&format!("{url}/language/es?back={place}")).is(303).location(), "/");
    }
    jar.post(&format!("{url}/device"), &[("key", &page.field("key")), ("user_code", code), ("decision", "deny")])
        .is(200);
    let body = json!({ "device_code": started["device_code"] }).to_string();
    let polled =
        anybody.send(&["-H", "content-type: application/json", "-d", &body, &format!("{url}/auth/device/poll")]);
    assert_eq!(polled.status, 403, "{polled:?}");
}
