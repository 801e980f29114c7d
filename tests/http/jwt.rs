//! Access tokens of an issuer at the HTTP door: whose count, for what, and how often the issuer is asked.

use std::io::Write;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::hmac;
use serde_json::{Value, json};

use crate::support::{Door, Draft, Home, Issuer, Stub, bearer, http, run};

pub const CLIENT: &str = "loom-client";
pub const AUDIENCE: &str = "https://loom.example";

/// A provider that publishes some of an issuer's keys.
pub struct Published {
    pub stub: Stub,
    issuer: Arc<Issuer>,
    /// Which keys it shows, and under which names.
    pub keys: Arc<Mutex<Vec<(&'static str, &'static str)>>>,
}

impl Published {
    pub fn start() -> Published {
        let issuer = Arc::new(Issuer::new());
        let keys = Arc::new(Mutex::new(["ec", "p384", "ed"].map(|key| (key, key)).to_vec()));
        let (own, shown) = (issuer.clone(), keys.clone());
        let stub = Stub::start(move |_, request, stream| {
            let host = request.to_ascii_lowercase();
            let host = host.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().trim().to_owned();
            let at = format!("http://{host}");
            let named = |(key, name): &(&'static str, &'static str)| {
                let mut jwk = own.jwk(key);
                jwk["kid"] = json!(name);
                jwk
            };
            let body = match request.split(' ').nth(1) {
                Some("/.well-known/openid-configuration") => json!({
                    "issuer": at, "jwks_uri": format!("{at}/keys"), "token_endpoint": format!("{at}/token"),
                    "authorization_endpoint": format!("{at}/authorize"),
                }),
                Some("/keys") => json!({ "keys": shown.lock().unwrap().iter().map(named).collect::<Vec<_>>() }),
                _ => json!({}),
            };
            let answer = http("200 OK", "content-type: application/json\r\n", &body.to_string());
            let _ = stream.write_all(answer.as_bytes());
        });
        Published { stub, issuer, keys }
    }

    /// A good access token of its.
    pub fn draft(&self, kid: &'static str, alg: &str) -> Draft<'_> {
        self.issuer.draft(kid, alg).claim("iss", self.stub.url()).claim("aud", AUDIENCE)
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.stub.seen().iter().filter(|request| request.starts_with("GET /keys ")).count()
    }

    /// A home whose door takes its tokens, because whoever opened it said so in the environment.
    pub fn home(&self) -> (Home, Door) {
        let mut home = Home::new();
        home.set("LOOM_OIDC_CLIENT_ID", CLIENT);
        home.set("LOOM_OIDC_AUDIENCE", AUDIENCE);
        // The agent runs already and knows nothing of it.
        home.loom(&["status"]);
        home.set("LOOM_OIDC_ISSUER", self.stub.url());
        let door = home.serve(&[]);
        (home, door)
    }
}

/// Which scopes a token turns out to have.
fn scopes(door: &Door, token: &str) -> Vec<&'static str> {
    let allowed = |method: &str, path: &str| {
        let bearer = format!("Authorization: Bearer {token}");
        let answer = door.ask(method, path, &[&bearer], "");
        assert!(matches!(answer.status, 200 | 403 | 409), "{path}: {}{}", answer.head, answer.text());
        answer.status != 403
    };
    let asked = [
        ("read", "GET", "/api/accounts"),
        ("write", "POST", "/api/call/http%3A%2F%2F127.0.0.1%3A1/x"),
        ("control", "POST", "/api/control/start"),
        ("audit", "GET", "/api/audit?limit=0"),
        ("*", "GET", "/api/enterprise/tokens"),
    ];
    asked.into_iter().filter(|(_, method, path)| allowed(method, path)).map(|(scope, ..)| scope).collect()
}

#[test]
fn the_role_that_the_claims_give_decides_and_who_has_none_stays_outside() {
    let published = Published::start();
    let (home, door) = published.home();
    let token = |roles: Value| published.draft("ec", "ES256").claim("roles", roles).sign();
    assert_eq!(scopes(&door, &token(json!(["viewer"]))), ["read"]);
    assert_eq!(scopes(&door, &token(json!(["auditor"]))), ["read", "audit"]);
    assert_eq!(scopes(&door, &token(json!(["operator"]))), ["read", "write", "control"]);
    assert_eq!(scopes(&door, &token(json!(["viewer", "admin"]))), ["read", "write", "control", "audit", "*"]);
    let noted = home.audited("auth.fail").len();
    for stranger in [published.draft("ec", "ES256").without("roles").sign(), token(json!("root"))] {
        let refused = door.get("/api/status", &stranger).fails(403);
        assert!(refused.detail().contains("ask the owner of this agent"), "{}", refused.text());
    }
    assert_eq!(home.audited("auth.fail").len(), noted + 1, "once for each who is known and has no role");
    for (kid, alg) in [("p384", "ES384"), ("ed", "EdDSA")] {
        door.get("/api/accounts", &published.draft(kid, alg).sign()).ok(200);
    }
    assert_eq!(published.asked(), 1, "what is known is not asked for again");
    let info = door.ask("GET", "/api/auth/info", &[], "").ok(200);
    assert_eq!((&info["oidc_enabled"], &info["oidc_client_id"]), (&json!(true), &json!(CLIENT)));
    assert_eq!(
        (&info["oidc_issuer"], &info["issuers"][0]["issuer"]),
        (&json!(published.stub.url()), &info["oidc_issuer"])
    );
    let admin = token(json!("admin"));
    let named = published.draft("ec", "ES256").claim("preferred_username", "alice\n{}").claim("roles", "admin").sign();
    door.post("/api/enterprise/tokens", &named, &json!({"name": "ci", "role": "viewer"})).ok(201);
    let refused = door.post("/api/token", &admin, &json!({"server": "https://a.example"})).fails(403);
    assert!(refused.detail().contains("--reveal"), "an administrator is handed no secrets: {}", refused.text());
    let by = home.audited("token.generate").pop().unwrap()["actor"].clone();
    assert!(by["person"].as_str().unwrap().starts_with("alice"), "{by}");
    assert!(by["subject"] == "7f3a", "{by}");
    assert_eq!(by["issuer"], published.stub.url(), "as its metadata say it");
    assert!(!by["person"].as_str().unwrap().contains('\n'), "{by}");
    assert!(by["address"] == "127.0.0.1", "{by}");
}

#[test]
fn an_issuer_of_the_environment_counts_as_long_as_its_door() {
    let (published, other) = (Published::start(), Published::start());
    let (home, door) = published.home();
    let token = published.draft("ec", "ES256").sign();
    door.get("/api/accounts", &token).ok(200);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let busy = std::net::TcpListener::bind(&taken).unwrap();
    let serve = |issuer: &str, listen: &str| {
        let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
        run(serve.args(["serve", "--listen", listen]).env("LOOM_OIDC_ISSUER", issuer), b"")
    };
    serve(other.stub.url(), &taken).fails(1);
    drop(busy);
    door.get("/api/accounts", &token).ok(200);
    door.get("/api/accounts", &other.draft("ec", "ES256").sign()).fails(401);
    let door = Door { url: serve(other.stub.url(), &taken).ok().out.trim().to_owned() };
    door.get("/api/accounts", &token).fails(401);
    door.get("/api/accounts", &other.draft("ec", "ES256").sign()).ok(200);
    home.loom(&["serve", "--stop"]).ok();
    let door = Door { url: serve("", &taken).ok().out.trim().to_owned() };
    door.get("/api/accounts", &other.draft("ec", "ES256").sign()).fails(401);
}

#[test]
fn an_issuer_of_the_settings_counts_by_its_own_rules() {
    let published = Published::start();
    let home = Home::new();
    let config = |more: &str| {
        let url = published.stub.url();
        home.configure(&format!(
            "[[http.issuer]]\nissuer = '{url}'\nclient_id = '{CLIENT}'\naudience = ['{AUDIENCE}']\n{more}"
        ));
    };
    config("[http.issuer.roles]\nclaim = 'teams'\nmapping = { ops = 'operator' }\n");
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    let door = home.serve(&[]);
    let token =
        |teams: &str, roles: &str| published.draft("ec", "ES256").claim("teams", teams).claim("roles", roles).sign();
    door.get("/api/status", &token("x", "admin")).fails(403);
    config("[http.issuer.roles]\nclaim = 'teams'\nmapping = { ops = 'admin' }\n");
    home.loom(&["agent", "restart"]).ok();
    let door = home.serve(&[]);
    let refused = door.post("/api/token", &token("ops", ""), &json!({"server": "https://a.example"})).fails(403);
    assert!(refused.detail().contains("--reveal"), "{}", refused.text());
    config("reveal = true\n[http.issuer.roles]\nclaim = 'teams'\nmapping = { ops = 'admin' }\n");
    home.loom(&["agent", "restart"]).ok();
    let door = home.serve(&[]);
    let told = door.post("/api/token", &token("ops", ""), &json!({"server": "https://a.example"})).ok(200);
    assert_eq!(told["token"], "tok_of_a");
    door.post("/api/token", &token("x", ""), &json!({"server": "https://a.example"})).fails(403);
}

#[test]
fn what_is_no_access_token_for_this_agent_is_refused() {
    type Variant = (&'static str, fn(Draft<'_>) -> String);
    let variants: &[Variant] = &[
        ("alg none", |it| it.header("alg", "none").sign_oddly(|_| vec![])),
        ("alg none with a signature", |it| it.header("alg", "none").sign()),
        ("the public key as a secret", |it| {
            let x = URL_SAFE_NO_PAD.decode(it.jwk("ec")["x"].as_str().unwrap()).unwrap();
            let key = hmac::Key::new(hmac::HMAC_SHA256, &x);
            it.header("alg", "HS256").sign_oddly(|message| hmac::sign(&key, message).as_ref().to_vec())
        }),
        ("the public key as JSON as a secret", |it| {
            let key = hmac::Key::new(hmac::HMAC_SHA256, it.jwk("ec").to_string().as_bytes());
            it.header("alg", "HS256").sign_oddly(|message| hmac::sign(&key, message).as_ref().to_vec())
        }),
        ("RS256 with a key of a curve", |it| it.header("alg", "RS256").sign()),
        ("jku", |it| it.header("jku", "https://evil.example/keys").sign()),
        ("its own key", |it| {
            let own = it.jwk("stranger");
            it.header("jwk", own).signed_by("stranger").sign()
        }),
        ("x5u", |it| it.header("x5u", "https://evil.example/cert.pem").sign()),
        ("kid is a path", |it| it.header("kid", "../../../dev/null").sign()),
        ("kid is a URL", |it| it.header("kid", "https://evil.example/k").sign()),
        ("kid is a number", |it| it.header("kid", 1).sign()),
        ("signed by somebody else", |it| it.signed_by("stranger").sign()),
        ("of another issuer", |it| it.claim("iss", "https://evil.example").sign()),
        ("of an issuer whose name begins so", |it| it.claim("iss", "http://127.0.0.1:1.evil.example").sign()),
        ("of no issuer", |it| it.without("iss").sign()),
        ("for somebody else", |it| it.claim("aud", "https://other.example").sign()),
        ("for nobody", |it| it.without("aud").sign()),
        ("without an end", |it| it.without("exp").sign()),
        ("at its end", |it| it.time("exp", -120).sign()),
        ("not yet", |it| it.time("nbf", 600).sign()),
        ("an ID token", |it| it.header("typ", "JWT").claim("aud", CLIENT).claim("nonce", "n").sign()),
        ("an ID token for the API", |it| it.header("typ", "JWT").claim("nonce", "n").sign()),
        ("a logout token", |it| it.header("typ", "logout+jwt").sign()),
        ("without a subject", |it| it.without("sub").sign()),
        ("two parts", |it| it.sign().rsplit_once('.').unwrap().0.to_owned()),
        ("with a part more", |it| it.sign() + ".AAAA"),
        ("longer than a token may be", |it| it.claim("a", "x".repeat(13 * 1024)).sign()),
    ];
    let published = Published::start();
    let (home, door) = published.home();
    door.get("/api/accounts", &published.draft("ec", "ES256").sign()).ok(200);
    for (number, (name, variant)) in variants.iter().enumerate() {
        let token = variant(published.draft("ec", "ES256"));
        let answer = door.get("/api/accounts", &token);
        // Whoever is wrong often is told to wait; what counts is that nobody gets in.
        let expected: &[u16] = if number < 19 { &[401] } else { &[401, 429] };
        assert!(expected.contains(&answer.status), "{name}: {} {}", answer.status, answer.text());
        assert!(!answer.text().contains(&token[..20]), "{name}");
    }
    door.get("/api/accounts", &published.draft("ec", "ES256").sign()).ok(200);
    let log = std::fs::read_to_string(home.path().join("state/loom/agent.log")).unwrap_or_default();
    assert!(!log.contains("eyJ"), "a token is in the log: {log}");
    assert!(published.stub.seen().iter().all(|request| !request.contains("eyJ")), "a token was sent to the issuer");
}

#[test]
fn a_token_that_expired_is_told_so_however_much_its_neighbours_guess() {
    let published = Published::start();
    let (_home, door) = published.home();
    let old = published.draft("ec", "ES256").claim("exp", 1_000_000_000).sign();
    let guess = |number: usize| door.get("/api/accounts", &format!("guess{number:07}{:030}", 0));
    assert!((0..60).any(|number| guess(number).status == 429));
    for _ in 0..5 {
        let answer = door.get("/api/accounts", &old);
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, Some(r#"Bearer error="invalid_token""#)));
    }
}

#[test]
fn all_who_wait_for_a_failing_issuer_hear_of_it_at_once() {
    let issuer = Issuer::new();
    let stub = Stub::start(|_, _, stream| {
        // It takes its time to say nothing.
        std::thread::sleep(std::time::Duration::from_secs(1));
        let _ = stream.write_all(http("500 Internal Server Error", "", "").as_bytes());
    });
    let mut home = Home::new();
    home.set("LOOM_OIDC_ISSUER", stub.url());
    home.set("LOOM_OIDC_CLIENT_ID", CLIENT);
    home.set("LOOM_OIDC_AUDIENCE", AUDIENCE);
    let door = home.serve(&[]);
    let token = issuer.draft("ec", "ES256").claim("iss", stub.url()).claim("aud", AUDIENCE).sign();
    let began = std::time::Instant::now();
    std::thread::scope(|scope| {
        let ask = || assert_eq!(door.get("/api/accounts", &token).status, 503);
        // Who goes before there is an answer takes it away from nobody.
        write!(
            door.connect(),
            "GET /api/accounts HTTP/1.1\r\nHost: {}\r\n{}\r\n\r\n",
            door.authority(),
            bearer(&token)
        )
        .unwrap();
        (0..20).for_each(|_| drop(scope.spawn(ask)));
    });
    let (took, asked) = (began.elapsed(), stub.requests());
    assert!(took < std::time::Duration::from_secs(6), "they waited one after the other: {took:?}");
    for _ in 0..5 {
        assert_eq!(door.get("/api/accounts", &token).status, 503);
    }
    assert_eq!(stub.requests(), asked, "it is asked again at once");
}

#[test]
fn keys_that_nobody_has_are_asked_for_a_few_times_only() {
    let published = Published::start();
    let (_home, door) = published.home();
    door.get("/api/accounts", &published.draft("ec", "ES256").sign()).ok(200);
    for number in 0..40 {
        let token = published.draft("ec", "ES256").header("kid", format!("unknown-{number}")).sign();
        let status = door.get("/api/accounts", &token).status;
        assert!(matches!(status, 401 | 429), "{status}");
    }
    let asked = published.asked();
    assert!((2..=5).contains(&asked), "asked {asked} times");
    door.get("/api/accounts", &published.draft("ec", "ES256").sign()).ok(200);
}

#[test]
fn new_keys_of_the_issuer_are_followed_and_old_ones_count_no_more() {
    let published = Published::start();
    let (_home, door) = published.home();
    let (old, new) = (published.draft("ec", "ES256").sign(), published.draft("ec-2", "ES256").sign());
    door.get("/api/accounts", &old).ok(200);
    door.get("/api/accounts", &new).fails(401);
    *published.keys.lock().unwrap() = vec![("ec-2", "ec-2")];
    door.get("/api/accounts", &new).ok(200);
    door.get("/api/accounts", &old).fails(401);
}

#[test]
fn an_issuer_that_is_down_keeps_only_its_own_people_out() {
    let up = Published::start();
    let issuer = Issuer::new();
    let mut home = Home::new();
    let settings = format!(
        "[[http.issuer]]\nissuer = 'http://127.0.0.1:1'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'\n\
         [[http.issuer]]\nissuer = '{}'\nclient_id = '{CLIENT}'\naudience = '{AUDIENCE}'\n",
        up.stub.url()
    );
    home.configure(&settings);
    let admin = home.issue("admin", &["--scopes", "*"]);
    home.set("LOOM_OIDC_ISSUER", "");
    let door = home.serve(&[]);
    let token = issuer.draft("ec", "ES256").claim("iss", "http://127.0.0.1:1").claim("aud", AUDIENCE).sign();
    for _ in 0..10 {
        // That it cannot be told is not the same as that it is wrong.
        door.get("/api/accounts", &token).fails(503);
    }
    door.get("/api/accounts", &up.draft("ec", "ES256").sign()).ok(200);
    door.get("/api/accounts", &admin).ok(200);
    door.get("/api/accounts", "loom_wrong").fails(401);
    assert_eq!(home.audited("auth.fail").len(), 1);
}

#[test]
fn an_issuer_that_is_named_wrongly_opens_no_door() {
    let home = Home::new();
    for (issuer, client) in [("http://id.example", CLIENT), ("nonsense", CLIENT), ("https://id.example", "")] {
        let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
        serve
            .args(["serve", "--listen", "127.0.0.1:0"])
            .env("LOOM_OIDC_ISSUER", issuer)
            .env("LOOM_OIDC_CLIENT_ID", client);
        let done = run(&mut serve, b"").fails(2);
        assert!(done.err.contains("hint:"), "{done:?}");
    }
    assert!(!home.loom(&["agent", "status"]).out.contains("http://"));
}
