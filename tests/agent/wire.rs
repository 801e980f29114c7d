//! The protocol as recorded: `tests/messages/v1` holds one file per verb. What stands there must be understood for as
//! long as version 1 is spoken, so a failing comparison means that older programs would be left behind.

use std::path::PathBuf;

use loom_credentials::base::{
    Credential, Expiry, Grants, Kind, Locale, Origin, Route, Scopes, Secret, ServerUrl, StoredIn, Surroundings,
    TokenSource, Tool,
};
use loom_credentials::wire::*;

fn warning() -> Warning {
    Warning { id: "tls-cert-expired".into(), text: "a sentence".into() }
}

fn golden(name: &str, lines: &[&[u8]]) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/messages/v1/{name}.json"));
    let printed: String = lines.iter().map(|line| std::str::from_utf8(line).unwrap()).collect();
    if std::env::var_os("LOOM_UPDATE_FRAMES").is_some() {
        std::fs::write(&path, &printed).unwrap();
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(recorded, printed, "{name}: LOOM_UPDATE_FRAMES=1 records anew, if older programs still understand it");
}

/// Checks that a question and its answer print as recorded, and that both are read back as they were.
fn exchange<V: Verb>(question: V, answer: V::Reply) {
    let asked = print_request(&question, Locale::En, None);
    let answered = print_reply(&Ok(answer), Locale::En);
    golden(V::NAME, &[&asked, &answered]);
    let request = Request::parse(&asked).unwrap();
    assert_eq!(request.verb(), V::NAME);
    let again = print_request(&request.params::<V>().unwrap(), Locale::En, None);
    assert_eq!(*again, *asked);
    let Ok(Reply::Ok(reply)) = Reply::<V::Reply>::parse(&answered) else { panic!("{} is not read back", V::NAME) };
    assert_eq!(*print_reply(&Ok(reply), Locale::En), *answered);
}

fn server() -> ServerUrl {
    ServerUrl::parse("https://git.example:8443/base").unwrap()
}

fn secret(text: &str) -> Secret {
    Secret::new(text.to_owned())
}

fn wanted() -> GitCredential {
    GitCredential {
        protocol: "https".into(),
        host: "git.example:8443".into(),
        path: Some("base/app.git".into()),
        username: Some("alice".into()),
        ..GitCredential::default()
    }
}

fn agent(http: Option<&str>) -> AgentStatus {
    let (version, http) = ("0.1.0".into(), http.map(str::to_owned));
    AgentStatus { running: true, pid: 7, version, locked: false, memory_locked: true, http }
}

fn person() -> Person {
    let issuer = Some("https://login.example/".to_owned());
    Person { name: "alice".into(), subject: Some("00u1".into()), issuer }
}

#[test]
fn the_surroundings_of_whoever_asks_are_as_recorded() {
    let route = Route {
        https_proxy: Some(secret("http://user:pass@proxy.example:3128")),
        http_proxy: Some(secret("http://proxy.example:3128")),
        all_proxy: Some(secret("socks5h://proxy.example:1080")),
        no_proxy: Some("localhost,.example".into()),
        ssl_cert_file: Some("/etc/ssl/corp.pem".into()),
        ssl_cert_dir: Some("/etc/ssl/corp".into()),
    };
    let bus = Some("unix:path=/run/user/1000/bus".into());
    let whole = Surroundings { bus, home: Some("0123456789abcdef".into()), route };
    let frames = [&whole, &Surroundings::default()]
        .map(|env| print_request_from(Some(env), &Hello::default(), Locale::En, None));
    golden("request-env", &[&frames[0], &frames[1]]);
    let request = Request::parse(&frames[0]).unwrap();
    let again = print_request_from(request.env.as_ref(), &Hello::default(), Locale::En, None);
    assert_eq!(*again, *frames[0]);
    assert!(!format!("{:?}", request.env).contains("pass@"));
    assert!(Request::parse(b"{\"v\":1,\"verb\":\"hello\",\"env\":{\"later\":1}}").unwrap().env.is_some());
}

#[test]
fn the_frames_of_git_are_as_recorded() {
    let get = Get {
        wanted: wanted(),
        authtype: true,
        state: true,
        schemes: vec!["bearer".into()],
        refused: Some("0123456789abcdef".into()),
        refresh: true,
        directory: Some("/home/alice/app".into()),
        named_directory: None,
        changes: false,
        tool: None,
    };
    let reply = |proof| GetReply {
        proof,
        password_expiry_utc: Some(4_102_444_800),
        oauth_refresh_token: Some(secret("rt")),
        state: Some("0123456789abcdef".into()),
        kind: None,
        may_change: None,
    };
    exchange(get.clone(), reply(Proof::Password { username: "alice".into(), password: secret("pw") }));
    let proof = Proof::Header { authtype: "Bearer".into(), credential: secret("tok"), ephemeral: true };
    golden("get-header", &[&print_reply(&Ok(reply(proof)), Locale::En)]);
    let of_a_url = GitCredential { exact: true, escaped: true, ..wanted() };
    let exact = Get { wanted: of_a_url, changes: true, ..get };
    let password = Proof::Password { username: "alice".into(), password: secret("pw") };
    let answer = GetReply { kind: Some(Kind::Basic), may_change: Some(true), ..reply(password) };
    let asked = print_request(&exact, Locale::En, None);
    golden("get-exact", &[&asked, &print_reply(&Ok(answer), Locale::En)]);
    let ended = Proof::Refresh { username: "alice".into() };
    golden("get-refresh", &[&print_reply(&Ok(reply(ended)), Locale::En)]);
    let store = |authtype| Store {
        which: wanted(),
        authtype,
        secret: secret("pw"),
        password_expiry_utc: Some(1),
        oauth_refresh_token: None,
        tool: Some(Tool::Docker),
    };
    golden("store-header", &[&print_request(&store(Some("Bearer".into())), Locale::En, None)]);
    exchange(store(None), Empty {});
    exchange(Erase { which: wanted(), secret: Some(secret("old")), tool: Some(Tool::Docker) }, Empty {});
}

#[test]
fn the_frames_of_logins_are_as_recorded() {
    let reply = || LoginReply {
        server: server(),
        account: "oauth2".into(),
        stored_in: StoredIn::Keyring,
        expires_at: Expiry::from_unix(4_102_444_800),
        note: Some("a note".into()),
        became_default: true,
        user: Some("alice".into()),
        checked: Some(Checked::Accepted),
    };
    let login = Login {
        server: Some(server()),
        account: Some("ci".into()),
        flow: Flow::ClientCredentials,
        issuer: Some("https://login.example".into()),
        client_id: Some("loom-ci".into()),
        client_secret: Some(secret("client secret")),
        scopes: vec!["read".into()],
        resource: Some("https://api.example".into()),
        browser: true,
        paste: true,
        token: true,
        for_git: true,
    };
    exchange(login, reply());
    let credential = Credential::token(secret("tok"), TokenSource::Given);
    let repository = Some("https://git.example/team/app.git".parse().unwrap());
    let save = Save { server: Some(server()), account: Some("ci".into()), credential, check: true, repository };
    exchange(save, reply());
    let done = LoggedOut { server: server(), account: "ci".into(), revocation: Revocation::Revoked };
    exchange(Logout { server: None, account: None, all: true, local: false }, LogoutReply { accounts: vec![done] });
    let event = LoginEvent::Approve {
        verification_url: "https://git.example/device".into(),
        verification_url_complete: Some("https://git.example/device?user_code=ABCD-1234".into()),
        user_code: "ABCD-1234".into(),
        expires_in: 300,
        same_origin: true,
    };
    let printed = print_event(&event);
    let url = || "https://login.example/authorize?client_id=loom-ci".to_owned();
    let others = [
        LoginEvent::Browse { authorization_url: url(), same_origin: false },
        LoginEvent::Paste { authorization_url: url(), again: true },
        LoginEvent::Retrying,
        LoginEvent::Waiting,
        LoginEvent::Beyond { scopes: vec!["admin".into(), "repo".into()] },
    ];
    let others: Vec<_> = others.iter().map(print_event).collect();
    let pasted = print_more(&Pasted { redirect: secret("http://127.0.0.1/callback?code=c&state=s") });
    let frames: Vec<&[u8]> =
        [&printed].into_iter().chain(&others).chain([&pasted]).map(|frame| frame.as_slice()).collect();
    golden("login-event", &frames);
    assert!(matches!(Reply::<LoginReply, LoginEvent>::parse(&printed), Ok(Reply::Event(read)) if read == event));
}

#[test]
fn the_frames_of_api_calls_are_as_recorded() {
    let question = Api {
        server: Some(server()),
        account: Some("ci".into()),
        method: "POST".into(),
        path: "/api/tasks?limit=5".into(),
        headers: vec![("content-type".into(), "application/json".into())],
        scopes: Some(Scopes::from_names(["write"]).unwrap()),
        body: Some(ApiBody { length: Some(2), repeatable: true }),
    };
    exchange(question, ApiReply { server: server(), account: "ci".into() });
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    let events = [
        ApiEvent::Body { again: false },
        ApiEvent::Waiting { seconds: 7 },
        ApiEvent::Head { version: "HTTP/1.1".into(), status: 200, headers },
        ApiEvent::Data { data: b"hello".to_vec() },
    ];
    let printed: Vec<_> = events.iter().map(print_event).collect();
    let piece = print_more(&ApiPiece { data: b"{}".to_vec() });
    let frames: Vec<&[u8]> = printed.iter().chain([&piece]).map(|frame| frame.as_slice()).collect();
    golden("api-event", &frames);
    for (event, frame) in events.iter().zip(&printed) {
        assert!(matches!(Reply::<ApiReply, ApiEvent>::parse(frame), Ok(Reply::Event(read)) if read == *event));
    }
    // The longest piece fits a frame.
    assert!(print_event(&ApiEvent::Data { data: vec![0; PIECE] }).len() < MAX_FRAME);
}

#[test]
fn the_frames_of_the_stores_are_as_recorded() {
    let kept = vec![Kept { stored_in: StoredIn::File, count: 2 }];
    let reply = StoresReply { first: StoredIn::Keyring, kept, passphrase: true, fallback: Some("a sentence".into()) };
    exchange(Stores {}, reply);
    exchange(Migrate { to: StoredIn::Keyring }, MigrateReply { count: 2 });
    exchange(Rekey { passphrase: Some(secret("correct horse")), no_passphrase: false }, Empty {});
    exchange(Lock {}, LockReply { passphrase: true, everywhere: true });
    exchange(Unlock { passphrase: Some(secret("correct horse")) }, Empty {});
}

#[test]
fn the_frames_of_issued_tokens_and_sockets_are_as_recorded() {
    let scopes = Scopes::from_names(["read", "write"]).unwrap();
    let servers = vec!["https://git.example".parse().unwrap(), "https://*.example".parse().unwrap()];
    let about = || IssuedInfo {
        name: "ci".into(),
        id: "0123456789ab".into(),
        scopes: scopes.clone(),
        role: None,
        expires_at: Expiry::from_unix(1_900_000_000),
        created_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        last_used: None,
        revoked: false,
        active: true,
        servers: servers.clone(),
        reveal: true,
        status_only: false,
        grants: None,
        uses: 0,
        max_uses: Some(3),
        max_age_days: None,
        ends_at: None,
        approved_by: None,
    };
    let question = Generate {
        name: "ci".into(),
        scopes: Some(scopes.clone()),
        grants: None,
        role: None,
        expires_days: Some(30),
        servers: servers.clone(),
        max_uses: Some(3),
        reveal: true,
        max_age_days: None,
    };
    exchange(question, GenerateReply { token: secret("loom_shown_once"), about: about(), tokens_gone: None });
    let aged = || IssuedInfo { max_age_days: Some(30), ends_at: Expiry::from_unix(1_910_000_000), ..about() };
    let rotated = RotateReply { token: secret("loom_shown_once"), about: aged(), old: about() };
    exchange(Rotate { name: "ci".into(), overlap_seconds: 3600 }, rotated);
    exchange(Tokens { all: true }, TokensReply { tokens: vec![about()] });
    exchange(EndToken { token: secret("loom_tok") }, Empty {});
    exchange(RevokeToken { name: "ci".into(), forget: false }, RevokeTokenReply { revoked: vec![about()] });
    let lease = Lease {
        name: "exec make".into(),
        scopes: scopes.clone(),
        grants: None,
        servers: servers.clone(),
        reveal: false,
    };
    exchange(lease, Empty {});
    let sentences = || vec!["push https://git.example/org/app agent/*".to_owned(), "GET https://api.example/**".into()];
    let granted = Generate { name: "ci".into(), grants: Some(sentences()), ..Generate::default() };
    let lease = Lease { name: "exec make".into(), grants: Some(sentences()), ..Lease::default() };
    let grants = Grants::new(sentences().iter().map(|text| text.parse().unwrap())).unwrap();
    let about = IssuedInfo { scopes: Scopes::default(), grants: Some(grants), ..about() };
    let reply = GenerateReply { token: secret("loom_shown_once"), about, tokens_gone: None };
    let frames = [print_request(&granted, Locale::En, None), print_reply(&Ok(reply), Locale::En)];
    golden("token_generate-grants", &[&frames[0], &frames[1], &print_request(&lease, Locale::En, None)]);
    assert!(Request::parse(&frames[0]).unwrap().params::<Generate>().unwrap().grants.is_some());
    let (path, token) = ("/home/u/sock/agent.sock".to_owned(), "0123456789ab".to_owned());
    exchange(Proxy { guarded: true }, Empty {});
    exchange(SocketAdd { path: path.clone(), token: "ci".into() }, Empty {});
    exchange(SocketRemove { path: path.clone() }, Empty {});
    let socket = RestrictedSocket { path, token, name: Some("ci".into()), active: true };
    exchange(Sockets {}, SocketsReply { sockets: vec![socket] });
}

#[test]
fn the_frames_of_the_audit_log_are_as_recorded() {
    exchange(Audit { event: Some("token".into()), last: 10, follow: true }, Empty {});
    let chain = AuditChain {
        file: "audit.log".into(),
        entries: 7,
        head: "00ff".into(),
        since: Some("2026-11-20T00:00:00Z".into()),
        dropped_files: 2,
        dropped_entries: 60_000,
        beginning_missing: true,
        cut: 1,
        broken: Some("audit.log:3".into()),
    };
    let trouble = AuditTrouble {
        since: "2026-11-20T00:00:00Z".into(),
        reason: "the audit log cannot be written: no space left".into(),
        waiting: 3,
        lost: 1,
    };
    let whole = AuditVerifyReply {
        entries: 7,
        head: "00ff".into(),
        cut: 1,
        broken: Some("audit.log:3".into()),
        chains: vec![chain],
        trouble: Some(trouble),
    };
    exchange(AuditVerify {}, whole);
    let whole = || AuditVerifyReply { entries: 7, head: "00ff".into(), ..AuditVerifyReply::default() };
    let accounts = vec![FileAccount { server: server(), account: "ci".into() }];
    let file = FileReport { path: "/home/alice/x".into(), state: FileCondition::Damaged, accounts };
    let agent = agent(None);
    let problem = Some("a sentence".into());
    let put_aside = Some("/home/alice/x.damaged".into());
    exchange(
        Doctor { restore: true },
        DoctorReply {
            agent,
            file,
            audit: whole(),
            keyring: None,
            door: None,
            damaged: Vec::new(),
            warnings: vec![warning()],
            tokens_gone: None,
            problem,
            put_aside,
        },
    );
    let entry = |actor| AuditEntry {
        time: "2026-01-01T00:00:00Z".into(),
        event: "token.get".into(),
        actor,
        door: None,
        server: Some(server()),
        account: Some("ci".into()),
        sent_to: Some(ServerUrl::parse("https://registry.example").unwrap()),
        method: None,
        path: None,
        repository: None,
        reference: None,
        old: None,
        new: None,
        grant: None,
        outcome: "ok".into(),
        more: None,
        about: None,
        since: None,
    };
    let program =
        entry(Actor::Process { uid: Uid::Number(1000), pid: 7, exe: Some("/usr/bin/loom".into()), token_id: None });
    let (token_id, address) = ("0123456789ab".to_owned(), "192.0.2.7".to_owned());
    let token = entry(Actor::Token { token_id: token_id.clone(), address: None });
    let afar = entry(Actor::Token { token_id, address: Some(address.clone()) });
    let Person { name: person, subject, issuer } = person();
    let person = entry(Actor::Person { person, subject, issuer, token_id: None, address: address.clone() });
    let stranger = entry(Actor::Stranger { address });
    let more = AuditEntry { more: Some(96_000), since: Some("2025-12-31T23:59:59Z".into()), ..stranger.clone() };
    let called = AuditEntry {
        event: "api.request".into(),
        method: Some("GET".into()),
        path: Some("/api/tasks".into()),
        ..program.clone()
    };
    let issued = AuditEntry {
        event: "token.generate".into(),
        server: None,
        account: None,
        about: Some("ba9876543210".into()),
        ..program.clone()
    };
    let at_door = AuditEntry { door: Some("0f1e2d3c4b5a".into()), ..person.clone() };
    let pushed = AuditEntry {
        event: "git.push".into(),
        repository: Some("/org/app".into()),
        reference: Some("refs/heads/agent/x".into()),
        old: Some("0".repeat(40)),
        new: Some("1".repeat(40)),
        grant: Some("push https://git.example/org/app agent/*".into()),
        ..token.clone()
    };
    let entries = [program, token, afar, person, stranger, more, called, issued, at_door, pushed];
    let printed: Vec<_> = entries.iter().map(print_event).collect();
    golden("audit-event", &printed.iter().map(|frame| frame.as_slice()).collect::<Vec<_>>());
    for (entry, frame) in entries.iter().zip(&printed) {
        assert!(matches!(Reply::<Empty, AuditEntry>::parse(frame), Ok(Reply::Event(read)) if read == *entry));
    }
}

#[test]
fn the_frames_of_the_http_door_and_of_sign_ins_are_as_recorded() {
    let issuer = serde_json::from_value(serde_json::json!({
        "issuer": "https://login.example", "client_id": "loom", "audience": "api", "scopes": ["openid"],
        "roles": { "claim": "groups", "mapping": { "ops": "operator" } },
    }));
    let serve = Serve {
        listen: Some("0.0.0.0:57374".into()),
        tls_cert: Some("/home/alice/cert.pem".into()),
        tls_key: Some("/home/alice/key.pem".into()),
        issuer: issuer.unwrap(),
    };
    exchange(serve, ServeReply { url: "https://box.example:57374".into(), warnings: vec![warning()] });
    exchange(ServeEnd {}, Empty {});
    let about = IssuerInfo { issuer: "https://login.example/".into(), name: "Corp".into(), client_id: "loom".into() };
    exchange(Issuers {}, IssuersReply { issuers: vec![about] });
    let redirect_uri = "https://box.example:57374/auth/oidc/callback".to_owned();
    let question = SignIn { issuer: Some("https://login.example/".into()), redirect_uri: redirect_uri.clone() };
    exchange(question, SignInReply { url: "https://login.example/auth?state=s".into(), browser: secret("b") });
    let session = || SessionReply { session: secret("s"), person: "alice".into() };
    exchange(SignInFinish { url: redirect_uri + "?code=c&state=s", browser: secret("b") }, session());
    exchange(SignInToken { token: secret("loom_tok") }, session());
    let back_to = Some("https://box.example:57374/sign-in".to_owned());
    exchange(SignOut { back_to }, SignOutReply { url: Some("https://login.example/logout".into()) });
    let scopes = Scopes::from_names(["read", "audit"]).unwrap();
    let whole = WhoAmIReply {
        person: Some(person()),
        token_id: None,
        scopes: scopes.clone(),
        reveal: false,
        form_key: Some(secret("k")),
    };
    exchange(WhoAmI {}, whole);
    let info = SessionInfo {
        id: "0123456789ab".into(),
        person: person(),
        address: "192.0.2.7".into(),
        scopes,
        expires_in: 900,
    };
    exchange(Sessions {}, SessionsReply { sessions: vec![info] });
    exchange(SessionEnd { id: "0123456789ab".into() }, Empty {});
}

#[test]
fn the_frames_of_devices_are_as_recorded() {
    let scopes = || Scopes::from_names(["read"]).unwrap();
    let (user_code, expires_in) = ("BCDF-GHJK".to_owned(), 600);
    let started = DeviceStartReply { device_code: secret("d"), user_code: user_code.clone(), expires_in, interval: 5 };
    exchange(DeviceStart { name: Some("box".into()), scopes: Some(scopes()) }, started);
    let expires_at = Expiry::from_unix(1_900_000_000);
    let completed = DevicePollReply::Completed { access_token: secret("loom_tok"), scopes: scopes(), expires_at };
    exchange(DevicePoll { device_code: secret("d") }, completed);
    let seen = DeviceLookReply {
        user_code: user_code.clone(),
        name: Some("box".into()),
        address: "192.0.2.7".into(),
        asked_at: "2026-01-01T00:00:00Z".parse().unwrap(),
        scopes: Some(scopes()),
        expires_in,
        most_days: Some(90),
    };
    exchange(DeviceLook { user_code: user_code.clone() }, seen);
    let servers = vec!["https://git.example".parse().unwrap()];
    let approval = DeviceApproval { scopes: scopes(), servers, expires_days: Some(30), reveal: true };
    exchange(DeviceDecide { user_code, approval: Some(approval) }, DeviceDecideReply { granted: None });
    exchange(Devices {}, TokensReply { tokens: Vec::new() });
    exchange(DeviceEnd { id: "0123456789ab".into() }, Empty {});
}

#[test]
fn the_frames_of_tokens_and_status_are_as_recorded() {
    let token = |username: Option<&str>, authtype: Option<&str>| TokenReply {
        server: server(),
        account: "ci".into(),
        token: secret("tok"),
        expires_at: None,
        scopes: vec![],
        username: username.map(str::to_owned),
        authtype: authtype.map(str::to_owned),
    };
    golden("token-header", &[&print_reply(&Ok(token(None, Some("Digest"))), Locale::En)]);
    golden("token-id", &[&print_request(&Token { id_token: true, ..Token::default() }, Locale::En, None)]);
    exchange(
        Token {
            min_validity: 60,
            scopes: vec!["read".into()],
            resource: Some("https://api.example".into()),
            audience: Some("billing".into()),
            ..Token::default()
        },
        token(Some("oauth2"), None),
    );
    let account = AccountStatus {
        server: server(),
        account: Some("ci".into()),
        kind: Kind::OAuth,
        stored_in: StoredIn::File,
        expires_at: None,
        scopes: vec!["read".into()],
        user: Some("alice".into()),
        renewable: true,
        default: true,
        origin: Some(Origin::Tool(Tool::Docker)),
        used_at: vec![ServerUrl::parse("https://registry.example").unwrap()],
        state: Condition::Valid,
        checked: Some(Checked::Accepted),
        proven: true,
    };
    let reply = StatusReply {
        agent: agent(None),
        default_server: Some(server()),
        accounts: vec![account],
        damaged: Vec::new(),
        warnings: vec![warning()],
        unclaimed: vec![],
        audit: None,
        tokens_gone: None,
        note: None,
    };
    exchange(Status { server: None, check: true }, reply);
    let chosen = Chosen {
        server: server(),
        account: "ci".into(),
        username: "oauth2".into(),
        kind: Kind::Token,
        stored_in: StoredIn::File,
    };
    let other = PassedOver { server: server(), account: "alice".into(), because: "a sentence".into() };
    let why = WhyReply { chosen: Some(chosen), because: "a sentence".into(), passed_over: vec![other] };
    exchange(
        Why { server: server(), user: None, directory: Some("/home/alice/app".into()), named_directory: None },
        why,
    );
    let asked = WhyGranted {
        url: "https://git.example/org/app".into(),
        name: Some("agent/x".into()),
        method: None,
        token: Some("ci".into()),
    };
    let granted = WhyGrantedReply {
        granted: true,
        grant: Some("push https://git.example/org/app agent/*".into()),
        missing: None,
        because: "a sentence".into(),
        changes: vec!["create".into(), "grow".into(), "rewrite".into()],
    };
    exchange(asked, granted);
    exchange(Hello {}, HelloReply { agent: agent(None), waits: Vec::new() });
    exchange(Start {}, HelloReply { agent: agent(Some("https://box.example:57374")), waits: Vec::new() });
    exchange(Stop {}, Empty {});
}

#[test]
fn a_fault_carries_a_code_for_programs_and_sentences_for_people() {
    let fault = reason::Login::NotLoggedIn { server: server(), account: None }.into();
    let printed = print_reply::<Empty>(&Err(fault), Locale::Es);
    golden("fault", &[&printed]);
    let Ok(Reply::Error(read)) = Reply::<Empty>::parse(&printed) else { panic!("no fault") };
    assert_eq!(read.about(), Some(reason::Login::NotLoggedIn { server: server(), account: None }));
    let newer = br#"{"v":1,"error":{"code":"of_the_future","message":"m","more":1}}"#;
    let Ok(Reply::Error(read)) = Reply::<Empty>::parse(newer) else { panic!("no fault") };
    assert_eq!((read.code(), read.message(Locale::En).as_str()), (Code::Internal, "m"));
}

proptest::proptest! {
    #[test]
    fn printing_and_parsing_a_server_is_the_identity(
        scheme in "(https?|ssh|smtp)", host in "[a-z0-9]{1,8}(\\.[a-z]{2,6}){0,2}", port in proptest::option::of(1u16..), path in "(/[a-zA-Z0-9._~-]{1,8}){0,3}"
    ) {
        let text = format!("{scheme}://{host}{}{path}", port.map(|port| format!(":{port}")).unwrap_or_default());
        if let Ok(server) = ServerUrl::parse(&text) {
            proptest::prop_assert_eq!(ServerUrl::parse(&server.to_string()).unwrap(), server);
        }
    }

    #[test]
    fn no_text_makes_the_parsers_panic(text in "\\PC{0,60}", bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200)) {
        let _ = ServerUrl::parse(&text);
        let _ = ServerUrl::from_user(&text);
        let _ = ServerUrl::from_parts("https", &text, Some(&text));
        let _ = loom_credentials::git::Request::parse(&bytes);
        let _ = Request::parse(&bytes);
        let _ = Reply::<GetReply>::parse(&bytes);
    }

    #[test]
    fn a_server_is_reached_only_by_its_own_spelling(a in "[a-z]{1,4}\\.example(:[0-9]{2,5})?", b in "[a-z]{1,4}\\.example(:[0-9]{2,5})?") {
        if let (Ok(a), Ok(b)) = (ServerUrl::from_user(&a), ServerUrl::from_user(&b)) {
            proptest::prop_assert_eq!(a.same_origin(&b), a.to_string() == b.to_string());
        }
    }
}
