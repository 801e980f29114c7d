//! A credential for a path stays below it, however a server reads paths; and who sees a path sees no account beside it.

use std::io::Write;

use crate::support::{Door, Home, Output, Stub, http, loom_server, run};

/// What lies below a path for those who take it as it is written, and elsewhere for some server.
const WAYS_OUT: &[&str] = &[
    "..%2fmallory",
    "..%2Fmallory",
    "%2e%2e%2fmallory",
    ".%2e%2Fmallory",
    "%2e./mallory",
    "..;/mallory",
    "..;v=1/mallory",
    "..%3b/mallory",
    "..%5cmallory",
    "..%255cmallory",
    "x%5c..%5c..%5cmallory",
    "%252e%252e/mallory",
    "%25252e%25252e%25252fmallory",
    "/mallory",
    "%2fmallory/x",
    "x//mallory",
    "..%00/mallory",
    "%00",
    ".%09./mallory",
    ".%0a./mallory",
    ".%0d%0a.%2fmallory",
    "..%20/mallory",
    "..+/mallory",
    ".../mallory",
    "..%23/mallory",
    "..%3f/mallory",
    "%ef%bc%8e%ef%bc%8e/mallory",
    "..%ef%bc%8fmallory",
    "%e2%80%a4%e2%80%a4%e2%88%95mallory",
    "%c0%ae%c0%ae/mallory",
    "..%c0%afmallory",
    "%u002e%u002e%u2215mallory",
    ".%e2%80%8b./mallory",
];

/// What lies there for everybody.
const INSIDE: &[&str] = &[
    "",
    "x",
    "a%20b/",
    "v1.0...v1.1",
    ".git/config",
    "group%2Fproject/-/raw",
    "a;v=1/b",
    "caf%C3%A9",
    "x?to=..%2f..%2f",
];

fn encoded(server: &str) -> String {
    server.replace(':', "%3A").replace('/', "%2F")
}

#[test]
fn a_call_leaves_the_path_of_its_credential_for_no_server() {
    let server = Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "served").as_bytes())));
    let home = Home::new();
    let org = format!("{}/org", server.url());
    home.loom_in(&["login", "--with-token", "--server", &org], "tok_of_org_0123").ok();
    let (door, ci) = (home.serve(&[]), home.issue("ci", &["--scopes", "*"]));
    let (of_server, of_origin) = (encoded(&org), encoded(server.url()));
    for out in WAYS_OUT {
        for done in [
            home.loom(&["api", "--server", &org, &format!("/{out}")]),
            home.loom(&["api", &format!("{org}/{out}")]),
            home.loom(&["api", "--server", server.url(), &format!("/org/{out}")]),
        ] {
            assert_ne!(done.code, 0, "{out}: {done:?}");
            assert!(!done.out.contains("served"), "{out}: {done:?}");
        }
        for path in [format!("{of_server}/{out}"), format!("{of_origin}/org/{out}")] {
            let answer = door.get(&format!("/api/call/{path}"), &ci);
            assert!(matches!(answer.status, 400..=409), "{out}: {answer:?}");
        }
    }
    for inside in ["-evil/x", "%2Fx", ";v=1/x", "/../org/x", "s", "./x"] {
        assert!(home.loom(&["api", &format!("{org}{inside}")]).code != 0, "{inside}");
    }
    assert_eq!(server.requests(), 0, "nothing was sent");
    let noted = home.audited("api.request");
    let refused = |call: &&serde_json::Value| call["path"] == "/..%2fmallory" && call["outcome"] == "bad_request";
    assert!(noted.iter().any(|call| refused(&call)), "who tried is noted with the path: {noted:?}");
    for inside in INSIDE {
        assert_eq!(home.loom(&["api", "--server", &org, &format!("/{inside}")]).ok().out, "served");
        assert_eq!(door.get(&format!("/api/call/{of_origin}/org/{inside}"), &ci).status, 200, "{inside}");
        let line = format!("GET /org/{inside} HTTP/1.1\r\n");
        assert!(
            server.seen().iter().rev().take(2).all(|request| request.starts_with(&line)),
            "as it was written: {line}"
        );
    }
}

#[test]
fn a_hosts_login_is_called_with_encoded_slashes_never_with_a_way_up() {
    let server = Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "served").as_bytes())));
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server.url()], "tok_of_host_0123").ok();
    for path in ["/api/v4/projects/group%2Fproject", "//x", "/a//b", "/a%2F%2Fb", "/wiki/What%3F"] {
        assert_eq!(home.loom(&["api", path]).ok().out, "served", "{path}");
    }
    let sent = server.requests();
    for path in ["/a/..%2fb", "/a/%252e%252e/b", "/a/..;/b", "/..%5cb"] {
        home.loom(&["api", path]).fails(1).says("not a path");
    }
    assert_eq!(server.requests(), sent, "nothing was sent");
}

#[test]
fn git_gets_nothing_for_a_path_that_some_server_reads_as_another() {
    let home = Home::new();
    let ask = |operation: &str, path: &str, more: &str| {
        home.helper(operation, format!("protocol=https\nhost=h.example\npath={path}\n{more}\n"))
    };
    ask("store", "org", "username=u\npassword=of-org\n").ok();
    for path in [
        "org/../mallory",
        "org/%2e%2e/other",
        "org/..%2fmallory",
        "org/%252e%252e/mallory",
        "org/..;/mallory",
        "org/..\\mallory",
        "org/..%5cmallory",
        "org//mallory",
        "/org//mallory",
        "org/.\t./mallory",
        "org/.%09./mallory",
        "org/.../mallory",
        "org/.. /mallory",
        "org/\u{ff0e}\u{ff0e}/mallory",
        "org/.\u{200b}./mallory",
        "org/..\u{2215}mallory",
        "org/%u002e%u002e/mallory",
        "org/%c0%ae%c0%ae/mallory",
    ] {
        for operation in ["get", "erase", "store"] {
            let done = ask(operation, path, "username=u\npassword=of-org\n");
            assert_eq!(done.code, 1, "{path}: {done:?}");
            assert!(done.out.is_empty(), "{path}: {done:?}");
            assert!(!done.err.is_empty(), "{path}: {done:?}");
        }
    }
    for path in ["%2e%2e%2fmallory", "%252e%252e/mallory", "..%3b/mallory", "x%2f..%2f..%2fmallory"] {
        home.helper("get", format!("url=https://h.example/org/{path}\n\n")).fails(1).without("of-org");
    }
    for other in ["org-evil/x", "orgs", "ORG/x", "org;v=1/x", "org%2fx", "org%00x", "", "org./x"] {
        let done = ask("get", other, "");
        assert!(done.out.is_empty() || other.is_empty(), "{other}: {done:?}");
    }
    for inside in ["org", "org/", "org/app.git", "org/My Project/_git/x", "org/a+b", "org/100%", "org/v1...v2"] {
        assert!(ask("get", inside, "").ok().out.contains("password=of-org"), "{inside}");
    }
}

#[test]
fn what_a_server_is_called_has_nothing_after_it() {
    let server = Stub::start(|_, _, stream| drop(stream.write_all(http("200 OK", "", "served").as_bytes())));
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server.url()], "tok_0123456789").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_0123456789").ok();
    let (door, ci) = (home.serve(&[]), home.issue("ci", &["--scopes", "read"]));
    for after in [
        "&x",
        "&",
        "&s=b.example",
        "%26x",
        "=x",
        "%3Dx",
        ";x",
        "%3Bx",
        ",x",
        "%3Fx",
        "%23x",
        "%20",
        "+x",
        "%2B",
        "@x",
        "%00",
        "%0A",
        "!",
        "%25",
        "%2F..%2Fx",
        "%2F%2Fx",
    ] {
        for name in [encoded(server.url()), "a.example".to_owned(), "https%3A%2F%2Fa.example".to_owned()] {
            let answer = door.get(&format!("/api/call/{name}{after}/x"), &ci);
            assert_eq!(answer.status, 400, "{name}{after}: {answer:?}");
        }
    }
    assert_eq!(server.requests(), 0, "nothing was sent");
    assert_eq!(door.get(&format!("/api/call/{}/x&y=z;a", encoded(server.url())), &ci).status, 200);
}

/// All that somebody with this token hears who asks for all sorts of things about a path of the host.
fn hears(home: &Home, door: &Door, token: &str, origin: &str, secret: &str) -> Vec<Output> {
    let org = format!("{origin}/org");
    let (protocol, host) = origin.split_once("://").unwrap();
    let with = |arguments: &[&str]| {
        run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
    };
    let git = |operation: &str, more: &str| {
        let mut helper = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        let input = format!(
            "protocol={protocol}\nhost={host}\npath=org/x\ncapability[]=authtype\ncapability[]=state\n{more}\n"
        );
        run(helper.arg(operation).env("LOOM_TOKEN", token).env("GIT_TERMINAL_PROMPT", "0"), input.as_bytes())
    };
    let mut heard = Vec::new();
    for user in ["", "username=alice\n", "username=nobody\n", "username=oauth2\n"] {
        heard.push(git("get", user));
        heard.push(git("erase", &format!("{user}password={secret}\n")));
        heard.push(git("erase", &format!("{user}password=guess\n")));
        heard.push(git("erase", user));
        heard.push(git("get", &format!("{user}state[]=loom:0123456789abcdef\n")));
    }
    for arguments in [
        &["status", "--json"][..],
        &["status"],
        &["status", "--server", origin],
        &["status", "--server", &org, "--check"],
        &["why", &org],
        &["why", &org, "--path", "x"],
        &["why", origin, "--path", "org/x"],
        &["why", &format!("{}alice@{host}/org/x", protocol.to_owned() + "://")],
        &["why", origin],
        &["token"],
        &["token", "--server", &org],
        &["token", "--server", &org, "--account", "alice"],
        &["token", "--server", &org, "--min-validity", "99999"],
        &["token", "--server", origin],
        &["logout"],
        &["logout", "--server", &org],
        &["logout", "--server", &org, "--account", "alice"],
        &["logout", "--server", origin],
        &["logout", "--all"],
        &["api", "/x"],
        &["api", "/x", "--server", &org],
        &["api", "/x", "--server", &org, "--account", "alice"],
        &["api", "/org/x", "--server", origin],
        &["api", &format!("{org}/x")],
        &["exec", "--server", &org, "--env", "T", "--", "env"],
        &["doctor"],
    ] {
        heard.push(with(arguments));
    }
    let mut status = door.get("/api/status", token).json();
    status["agent"] = serde_json::Value::Null;
    for said in [
        status.to_string(),
        door.get("/api/accounts", token).text(),
        door.get(&format!("/api/call/{}/x", encoded(&org)), token).text(),
        door.get(&format!("/api/call/{}/org/x", encoded(origin)), token).text(),
        door.post("/api/token", token, &serde_json::json!({})).text(),
        door.post("/api/token", token, &serde_json::json!({"server": org})).text(),
    ] {
        heard.push(Output { code: 0, out: said, err: String::new() });
    }
    heard
}

/// Asserts that a token for a path hears the same whether there is an account of the whole host or not.
fn assert_hidden(home: &Home, origin: &str, secret: &str) {
    let empty = Home::new();
    let said = [home, &empty].map(|home| {
        let token = home.issue("ci", &["--scopes", "*", "--reveal", "--for", &format!("{origin}/org")]);
        let plain = |text: String| {
            let pid = format!("\"pid\":{}", home.agent_pid());
            text.replace(&home.path().display().to_string(), "HOME").replace(&pid, "")
        };
        let door = home.serve(&[]);
        let heard = hears(home, &door, &token, origin, secret);
        heard
            .into_iter()
            .map(|done| (done.code, plain(done.out.replace(&door.url, "DOOR")), plain(done.err)))
            .collect::<Vec<_>>()
    });
    for (number, (with, without)) in said[0].iter().zip(&said[1]).enumerate() {
        assert_eq!(with, without, "question {number}");
        assert!(!with.1.contains(secret), "question {number}: {with:?}");
        // What the asker typed is said back.
        assert!(!with.2.replace("--account alice", "").contains("alice"), "question {number}: {with:?}");
    }
}

#[test]
fn a_token_for_a_path_sees_and_changes_nothing_of_the_hosts_account() {
    let home = Home::new();
    home.store("https", "h.example", "alice", "of-alice-0123").ok();
    home.loom(&["config", "set", "default_server", "https://h.example"]).ok();
    home.configure(
        &(std::fs::read_to_string(home.path().join("config/loom/config.toml")).unwrap()
            + "\n[[account]]\nmatch = \"https://h.example\"\nuser = \"alice\"\n"),
    );
    assert_hidden(&home, "https://h.example", "of-alice-0123");
    assert!(home.get("https", "h.example").ok().out.contains("of-alice-0123"), "it is as it was");
    let status = home.loom(&["status"]).ok().out;
    assert!(status.contains("alice"), "{status}");
    assert!(!status.contains("refused"), "{status}");
}

#[test]
fn a_token_for_a_path_does_not_hear_of_a_login_of_the_host_that_ended() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let secret = server.tokens().first().cloned().unwrap();
    let (protocol, host) = server.url().split_once("://").unwrap();
    home.helper("erase", format!("protocol={protocol}\nhost={host}\npassword={secret}\n\n")).ok();
    let asked = home.helper("get", format!("protocol={protocol}\nhost={host}\n\n"));
    assert!(asked.err.contains("log in") || asked.err.contains("login"), "its owner is told: {asked:?}");
    assert_hidden(&home, server.url(), &secret);
}

#[test]
fn what_a_token_for_a_path_stores_is_its_own_and_confirms_no_guess() {
    let home = Home::new();
    home.store("https", "h.example", "alice", "of-alice").ok();
    let token = home.issue("ci", &["--scopes", "*", "--reveal", "--for", "https://h.example/org"]);
    let ask = |operation: &str, path: &str, more: &str| {
        let mut helper = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
        let input = format!("protocol=https\nhost=h.example\npath=org/{path}\nusername=alice\n{more}\n");
        run(helper.arg(operation).env("LOOM_TOKEN", &token), input.as_bytes())
    };
    for (path, guess) in [("right", "of-alice"), ("wrong", "guess")] {
        ask("store", path, &format!("password={guess}\n")).ok();
        assert!(ask("get", path, "").ok().out.contains(guess), "both are kept as what they are");
        ask("erase", path, "").ok();
        assert_eq!(ask("get", path, "").ok().out, "");
    }
    assert!(home.get("https", "h.example").ok().out.contains("of-alice"));
}
