//! Rights by a detour: what a token sets up has at most the token's rights, is counted as its use, and ends with it.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::support::{Door, Home, Jar, Output, SOON, Stub, http, run, wait_until};

const SECRETS: [(&str, &str); 2] = [("https://a.example", "tok_of_a"), ("https://b.example", "tok_of_b")];

/// A home with two logins.
fn home() -> Home {
    let home = Home::new();
    for (server, secret) in SECRETS {
        home.loom_in(&["login", "--with-token", "--server", server], secret).ok();
    }
    home
}

/// `loom` with this token.
fn presenting(home: &Home, token: &str, arguments: &[&str]) -> Output {
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
}

/// `loom` at another socket.
fn through(home: &Home, socket: &Path, arguments: &[&str]) -> Output {
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    run(command.args(arguments).env("LOOM_AGENT_SOCK", socket).env("LOOM_AUTOSTART", "0"), b"")
}

/// The first answer to this frame at a socket. The connection lasts as long as it is held.
fn ask(socket: &Path, verb: &str, params: &Value, token: Option<&str>) -> (Value, UnixStream) {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    let mut frame = json!({ "v": 1, "verb": verb, "params": params });
    token.inspect(|token| frame["token"] = (*token).into());
    writeln!(stream, "{frame}").unwrap();
    let mut reply = String::new();
    BufReader::new(stream.try_clone().unwrap()).read_line(&mut reply).unwrap();
    (serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{verb}: {reply:?}")), stream)
}

fn listed(home: &Home, name: &str) -> Value {
    let all: Value = serde_json::from_str(&home.loom(&["token", "list", "--all", "--json"]).ok().out).unwrap();
    all.as_array().unwrap().iter().rev().find(|token| token["name"] == name).cloned().unwrap_or_default()
}

#[test]
fn a_tokens_socket_reveals_no_more_than_the_token_and_goes_with_it() {
    let home = home();
    home.issue("wide", &["--scopes", "read", "--reveal"]);
    let plain = home.issue("plain", &["--scopes", "*"]);
    presenting(&home, &plain, &["token", "generate", "own", "--scopes", "read"]).ok();
    let socket = home.path().join("sock/agent.sock");
    let path = socket.to_string_lossy().into_owned();
    // It oversees the other one, and may end it, but does not act as it: its uses and places are another's.
    presenting(&home, &plain, &["agent", "socket", "add", &path, "--token", "wide"]).fails(1).says("no token wide");
    let wide = listed(&home, "wide")["id"].as_str().unwrap().to_owned();
    presenting(&home, &plain, &["agent", "socket", "add", &path, "--token", &wide]).fails(1).says("no token");
    presenting(&home, &plain, &["agent", "socket", "add", &path, "--token", "own"]).ok();
    let asked = ["token", "--server", "https://a.example"];
    through(&home, &socket, &asked).fails(1).says("--reveal").without("tok_of_a");
    through(&home, &socket, &["status"]).ok();
    home.loom(&["agent", "restart"]).ok();
    wait_until("the socket is back", || through(&home, &socket, &["status"]).code == 0);
    through(&home, &socket, &asked).fails(1).says("--reveal").without("tok_of_a");
    for name in ["plain", "own"] {
        assert!(listed(&home, name)["last_used"].is_string(), "{name}");
    }
    assert!(listed(&home, "wide")["last_used"].is_null(), "no use of another's");
    home.loom(&["token", "revoke", "plain"]).ok();
    wait_until("the socket is closed", || !socket.exists());
    assert!(!home.loom(&["agent", "socket", "list"]).ok().out.contains(&path));
    // What the user opened for a token stays theirs to close.
    home.loom(&["agent", "socket", "add", &path, "--token", "wide"]).ok();
    assert_eq!(through(&home, &socket, &asked).ok().out.trim(), "tok_of_a");
}

#[test]
fn a_tokens_door_reveals_no_more_than_the_token_and_goes_with_it() {
    let home = home();
    let wide = home.issue("wide", &["--scopes", "*", "--reveal"]);
    let plain = home.issue("plain", &["--scopes", "*"]);
    let url = presenting(&home, &plain, &["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let door = Door { url: url.clone() };
    door.get("/api/accounts", &wide).ok(200);
    let asked = json!({ "server": "https://a.example" });
    let told = door.post("/api/token", &wide, &asked).fails(403);
    assert!(!told.text().contains("tok_of_a"), "{}", told.text());
    let child = door.post("/api/enterprise/tokens", &wide, &json!({ "name": "child", "scopes": ["read"] })).ok(201);
    let child = child["token"].as_str().unwrap().to_owned();
    let jar = Jar::new(&home);
    jar.post(&format!("{url}/sign-in/token"), &[("token", &wide)]).is(303);
    jar.get(&format!("{url}/")).is(200);
    home.loom(&["token", "revoke", "plain"]).ok();
    wait_until("the door is closed", || !door.is_open());
    presenting(&home, &child, &["status"]).fails(1).says("not known");
    // At a door of the user's the same token has its own rights again, and the session is none.
    let door = home.serve(&["--listen", door.authority()]);
    door.post("/api/token", &wide, &asked).ok(200);
    jar.get(&format!("{url}/")).is(303);
    // And a token does not move it away.
    let other = home.issue("other", &["--scopes", "*"]);
    presenting(&home, &other, &["serve", "--listen", "127.0.0.1:0"]).fails(1).says("the HTTP door is open at");
    door.get("/api/accounts", &wide).ok(200);
}

#[test]
fn a_token_closes_what_came_of_it_and_nothing_else() {
    let home = home();
    let (all, other) = (home.issue("all", &["--scopes", "*"]), home.issue("other", &["--scopes", "*"]));
    let child: Value = serde_json::from_str(
        &presenting(&home, &all, &["token", "generate", "child", "--scopes", "*", "--json"]).ok().out,
    )
    .unwrap();
    let child = child["token"].as_str().unwrap();
    let path = home.path().join("sock/agent.sock").to_string_lossy().into_owned();
    let add = ["agent", "socket", "add", &path, "--token", "other"];
    let (remove, stop) = (["agent", "socket", "remove", &path], ["serve", "--stop"]);
    let serve = |token: &str| presenting(&home, token, &["serve", "--listen", "127.0.0.1:0"]).ok();
    home.loom(&add).ok();
    home.serve(&[]);
    presenting(&home, &all, &remove).fails(1).says("was not added with this token");
    presenting(&home, &all, &stop).fails(1).says("was not opened with this token");
    home.loom(&remove).ok();
    home.loom(&stop).ok();
    presenting(&home, child, &["agent", "socket", "add", &path, "--token", "child"]).fails(1);
    let own: Value = serde_json::from_str(
        &presenting(&home, child, &["token", "generate", "own", "--scopes", "read", "--json"]).ok().out,
    )
    .unwrap();
    presenting(&home, child, &["agent", "socket", "add", &path, "--token", own["id"].as_str().unwrap()]).ok();
    serve(child);
    presenting(&home, &other, &remove).fails(1).says("was not added with this token");
    presenting(&home, &other, &stop).fails(1).says("was not opened with this token");
    presenting(&home, &all, &remove).ok();
    presenting(&home, &all, &stop).ok();
    // Its own it may close; the user does with all of them as they like.
    serve(child);
    presenting(&home, child, &stop).ok();
    serve(child);
    home.loom(&stop).ok();
}

#[test]
fn the_door_of_the_settings_opens_when_a_tokens_closes() {
    let home = home();
    let all = home.issue("all", &["--scopes", "*"]);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let serve = || presenting(&home, &all, &["serve", "--listen", "127.0.0.1:0"]).ok();
    serve();
    home.configure(&format!("[http]\nlisten = '{free}'\n"));
    presenting(&home, &all, &["serve", "--stop"]).ok();
    let door = Door { url: format!("http://{free}") };
    assert!(door.is_open());
    home.loom(&["serve", "--stop"]).ok();
    assert!(!door.is_open());
    serve();
    home.loom(&["token", "revoke", "all"]).ok();
    wait_until("the token's is closed", || !home.audited("agent.serve_end").is_empty() && !door.is_open());
}

#[test]
fn a_door_that_cannot_be_judged_costs_nothing_and_is_closed_once() {
    let home = home();
    let all = home.issue("all", &["--scopes", "*"]);
    let socket = home.path().join("sock/agent.sock");
    let path = socket.to_string_lossy().into_owned();
    let child = presenting(&home, &all, &["token", "generate", "child", "--scopes", "read", "--json"]).ok().out;
    let child: Value = serde_json::from_str(&child).unwrap();
    presenting(&home, &all, &["agent", "socket", "add", &path, "--token", child["id"].as_str().unwrap()]).ok();
    let list = home.path().join("state/loom/tokens.json");
    let right = std::fs::read(&list).unwrap();
    let replace = |text: &[u8]| {
        let new = list.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::set_permissions(&new, PermissionsExt::from_mode(0o600)).unwrap();
        std::fs::rename(&new, &list).unwrap();
    };
    let agent = home.agent_pid();
    // Hundredths of a second on a processor.
    let spent = || {
        let stat = std::fs::read_to_string(format!("/proc/{agent}/stat")).unwrap();
        let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    };
    replace(b"{");
    through(&home, &socket, &["status"]).fails(1);
    let before = spent();
    std::thread::sleep(std::time::Duration::from_millis(800));
    assert!(spent() - before <= 8, "{} hundredths", spent() - before);
    assert!(socket.exists(), "what cannot be judged has not ended");
    replace(&right);
    through(&home, &socket, &["status"]).ok();
    let doors = home.path().join("state/loom/sockets.json");
    std::fs::remove_file(&doors).unwrap();
    std::fs::create_dir(&doors).unwrap();
    home.loom(&["token", "revoke", "all"]).ok();
    wait_until("the socket is closed", || !socket.exists());
    wait_until("that is noted", || !home.audited("socket.remove").is_empty());
    home.loom(&["status"]).ok();
    let noted = home.audited("socket.remove");
    assert_eq!(noted.len(), 1, "{noted:?}");
    assert_eq!(noted[0]["outcome"], "ok", "it is closed, whatever becomes of the list");
}

#[test]
fn which_issuers_files_and_passphrases_count_no_token_says() {
    let home = home();
    let issuer = Stub::start(|_, _, stream| {
        let _ = stream.write_all(http("404 Not Found", "", "").as_bytes());
    });
    let all = home.issue("all", &["--scopes", "*", "--reveal"]);
    let key = home.key().to_string_lossy().into_owned();
    let said = |fault: Output| fault.fails(1).says("that is for the user and their settings").says("unset LOOM_TOKEN");
    said(presenting(&home, &all, &["serve", "--listen", "127.0.0.1:0", "--tls-cert", &key, "--tls-key", &key]));
    let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("LOOM_TOKEN", &all).env("LOOM_OIDC_ISSUER", issuer.url());
    said(run(serve.env("LOOM_OIDC_CLIENT_ID", "c").env("LOOM_OIDC_CLIENT_SECRET_FILE", &key), b""));
    let at = ["login", "--server", "https://a.example", "--issuer", issuer.url(), "--client-id", "c"];
    said(presenting(&home, &all, &at));
    for params in [json!({ "passphrase": "mine" }), json!({ "no_passphrase": true })] {
        let (reply, _) = ask(&home.socket(), "rekey", &params, Some(&all));
        assert_eq!(reply["error"]["code"], "denied", "{reply}");
    }
    assert_eq!(issuer.requests(), 0, "{:?}", issuer.seen());
    assert!(!home.loom(&["agent", "status"]).ok().err.contains("http://"), "no door was opened");
    // The user says all of it.
    home.loom(&["store", "rekey"]).ok();
    let mut serve = home.command(env!("CARGO_BIN_EXE_loom"));
    serve.args(["serve", "--listen", "127.0.0.1:0"]).env("LOOM_OIDC_ISSUER", issuer.url());
    run(serve.env("LOOM_OIDC_CLIENT_ID", "c"), b"").ok();
}

#[test]
fn a_token_for_one_server_does_not_say_which_is_the_users_default() {
    let home = Home::new();
    let login = ["login", "--with-token", "--server", "https://a.example"];
    let saving = |name: &str, options: &[&str]| {
        let token = home.issue(name, options);
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        run(command.args(login).env("LOOM_TOKEN", token), b"tok").ok()
    };
    let default = || home.loom(&["config", "get", "default_server"]).out;
    for (name, options) in [
        ("one", &["--scopes", "write", "--for", "https://a.example"][..]),
        ("write", &["--scopes", "write"]),
        ("control", &["--scopes", "control"]),
        ("all-of-one", &["--scopes", "*", "--for", "https://a.example"]),
    ] {
        saving(name, options);
        assert!(!default().contains("a.example"), "{name}");
    }
    saving("all", &["--scopes", "*"]);
    assert!(default().contains("a.example"));
}

/// The verbs that set something up which lasts, or could have more rights than whoever asks.
const SETTING_UP: [&str; 14] = [
    "Rotate",
    "Generate",
    "Lease",
    "Proxy",
    "SocketAdd",
    "Serve",
    "Login",
    "Save",
    "Store",
    "Migrate",
    "Rekey",
    "SignInToken",
    "DeviceDecide",
    "Unlock",
];

/// The others: they look, use, or take away.
const OTHERS: [&str; 34] = [
    "Get",
    "Erase",
    "Token",
    "Status",
    "Why",
    "WhyGranted",
    "Logout",
    "Stores",
    "Doctor",
    "Audit",
    "AuditVerify",
    "Tokens",
    "RevokeToken",
    "EndToken",
    "Api",
    "SocketRemove",
    "Sockets",
    "Lock",
    "Hello",
    "Start",
    "Stop",
    "ServeEnd",
    "Issuers",
    "SignIn",
    "SignInFinish",
    "SignOut",
    "WhoAmI",
    "Sessions",
    "SessionEnd",
    "DeviceStart",
    "DevicePoll",
    "DeviceLook",
    "Devices",
    "DeviceEnd",
];

#[test]
fn it_is_known_of_every_verb_whether_it_sets_something_up() {
    let table =
        std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("src/agent/call/dispatch.rs")).unwrap();
    let rows = table.split("row::<wire::").skip(1).filter_map(|rest| rest.split_once('>'));
    let there: BTreeSet<&str> = rows.map(|(name, _)| name).collect();
    let known: BTreeSet<&str> = SETTING_UP.into_iter().chain(OTHERS).collect();
    assert_eq!(there, known, "a new verb: what it sets up belongs into the test below");
}

/// What somebody got hold of: a token, or a socket.
enum Got {
    Token(String),
    Socket(PathBuf),
}

#[test]
fn nothing_that_a_token_sets_up_is_wider_than_it_or_outlives_it() {
    let home = home();
    let narrower: [(&str, &[&str]); 6] = [
        ("no-reveal", &["--scopes", "*"]),
        ("one-server", &["--scopes", "*", "--for", "https://a.example", "--reveal"]),
        ("control", &["--scopes", "control", "--reveal"]),
        ("write", &["--scopes", "write"]),
        ("read", &["--scopes", "read", "--reveal", "--for", "https://b.example"]),
        ("short", &["--scopes", "*", "--expires", "1"]),
    ];
    let wide = home.issue("wide", &["--scopes", "*", "--reveal"]);
    let wide_id = listed(&home, "wide")["id"].as_str().unwrap().to_owned();
    let revealed = |got: &Got| {
        let told = |(server, secret): &(&str, &str)| {
            let params = json!({ "server": server });
            let (reply, _) = match got {
                Got::Token(token) => ask(&home.socket(), "token", &params, Some(token)),
                Got::Socket(socket) => ask(socket, "token", &params, None),
            };
            reply.to_string().contains(secret)
        };
        SECRETS.iter().map(told).collect::<Vec<bool>>()
    };
    for (name, options) in narrower {
        let token = home.issue(name, options);
        let own = revealed(&Got::Token(token.clone()));
        let ends = listed(&home, name)["expires_at"].as_str().unwrap().to_owned();
        let (mut got, mut held) = (Vec::new(), Vec::new());
        let mut number = 0;
        for scopes in [json!(["*"]), json!(["control"]), json!(["write"]), json!(["read"])] {
            for servers in [json!([]), json!(["https://a.example"]), json!(["https://b.example"])] {
                for reveal in [true, false] {
                    number += 1;
                    let named = format!("{name} {number}");
                    let rights = json!({ "name": named, "scopes": scopes, "servers": servers, "reveal": reveal });
                    for verb in ["token_generate", "lease"] {
                        let (reply, stream) = ask(&home.socket(), verb, &rights, Some(&token));
                        let made = if verb == "lease" { &reply["event"] } else { &reply["ok"] };
                        if let Some(made_token) = made["token"].as_str() {
                            assert!(
                                made["expires_at"].as_str().is_some_and(|at| *at <= *ends),
                                "{verb} {rights}: {made}"
                            );
                            got.push((verb, Got::Token(made_token.to_owned())));
                            held.push(stream);
                        }
                    }
                    let (begun, _) = ask(&home.socket(), "device_start", &json!({ "name": named }), None);
                    let (begun, grant) = (
                        &begun["ok"],
                        json!({ "scopes": scopes, "servers": servers, "reveal": reveal, "expires_days": 80 }),
                    );
                    let decided = json!({ "user_code": begun["user_code"], "grant": grant });
                    ask(&home.socket(), "device_decide", &decided, Some(&token));
                    let (polled, _) =
                        ask(&home.socket(), "device_poll", &json!({ "device_code": begun["device_code"] }), None);
                    if let Some(granted) = polled["ok"]["access_token"].as_str() {
                        assert!(polled["ok"]["expires_at"].as_str().is_some_and(|at| *at <= *ends), "{polled}");
                        got.push(("device_decide", Got::Token(granted.to_owned())));
                    }
                }
            }
        }
        for meant in [name, "wide", &wide_id] {
            let params = json!({ "name": meant, "overlap_seconds": 3600 });
            let (reply, _) = ask(&home.socket(), "token_rotate", &params, Some(&token));
            assert!(reply.get("ok").is_none(), "{name} rotated {meant}: {reply}");
            number += 1;
            let path = home.path().join(format!("sock/{name}-{number}.sock"));
            let params = json!({ "path": path, "token": meant });
            let (reply, _) = ask(&home.socket(), "socket_add", &params, Some(&token));
            if reply.get("ok").is_some() {
                got.push(("socket_add", Got::Socket(path)));
            }
        }
        let (served, _) = ask(&home.socket(), "serve", &json!({ "listen": "127.0.0.1:0" }), Some(&token));
        if let Some(url) = served["ok"]["url"].as_str() {
            let door = Door { url: url.to_owned() };
            let through: Vec<bool> = SECRETS
                .iter()
                .map(|(server, secret)| {
                    door.post("/api/token", &wide, &json!({ "server": server })).text().contains(secret)
                })
                .collect();
            assert!(through.iter().zip(&own).all(|(got, own)| *own || !got), "{name}: serve");
        }
        for (verb, got) in &got {
            assert!(revealed(got).iter().zip(&own).all(|(got, own)| *own || !got), "{name}: {verb}");
        }
        // The settings are as before, and so is what opens the store.
        assert!(!home.loom(&["config", "get", "default_server"]).out.contains("b.example"));
        home.loom(&["token", "revoke", name]).ok();
        wait_until("its sockets and its door are gone", || {
            let sockets = got.iter().all(|(_, got)| !matches!(got, Got::Socket(path) if path.exists()));
            sockets && !home.loom(&["agent", "status", "--json"]).ok().out.contains("http://127")
        });
        for (verb, got) in &got {
            if let Got::Token(token) = got {
                let (reply, _) = ask(&home.socket(), "hello", &json!({}), Some(token));
                assert_eq!(reply["error"]["code"], "denied", "{name}: {verb}: {reply}");
            }
        }
        let left = home.loom(&["token", "list", "--json"]).ok().out;
        let left: Value = serde_json::from_str(&left).unwrap();
        assert_eq!(left.as_array().unwrap().len(), 1, "{name}: {left}");
    }
}

#[test]
fn one_counter_counts_wherever_a_token_acts() {
    let home = home();
    let parent = home.issue("parent", &["--scopes", "*", "--max-uses", "7"]);
    let made = presenting(&home, &parent, &["token", "generate", "child", "--scopes", "read", "--json"]).ok().out;
    let child = serde_json::from_str::<Value>(&made).unwrap()["token"].as_str().unwrap().to_owned();
    presenting(&home, &child, &["status"]).ok();
    presenting(&home, &parent, &["exec", "--scopes", "read", "--", "loom", "status"]).ok();
    assert_eq!(listed(&home, "parent")["uses"], 4, "the lease, and what was asked with it");
    let socket = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &socket.to_string_lossy(), "--token", "child"]).ok();
    through(&home, &socket, &["status"]).ok();
    let url = home.serve(&[]).url;
    let jar = Jar::new(&home);
    jar.post(&format!("{url}/sign-in/token"), &[("token", &child)]).is(403);
    let door = Door { url };
    door.get("/api/accounts", &child).ok(200);
    // A question whether anybody is there is none.
    assert!(ask(&socket, "hello", &json!({}), None).0.get("ok").is_some());
    for name in ["parent", "child"] {
        assert!(listed(&home, name)["last_used"].is_string());
    }
    assert_eq!((&listed(&home, "parent")["uses"], &listed(&home, "child")["uses"]), (&json!(6), &json!(3)));
    let agent = rustix::process::Pid::from_raw(home.agent_pid()).unwrap();
    rustix::process::kill_process(agent, rustix::process::Signal::KILL).unwrap();
    wait_until("it is dead", || !home.is_listening());
    presenting(&home, &child, &["status"]).ok();
    presenting(&home, &child, &["status"]).fails(1).says("not known");
    wait_until("the socket is back", || socket.exists());
    through(&home, &socket, &["status"]).fails(1);
    assert_eq!(listed(&home, "child")["active"], false);
}

#[test]
fn of_a_hundred_who_use_a_token_with_ten_uses_at_once_ten_do() {
    let home = home();
    let token = home.issue("ten", &["--scopes", "*", "--max-uses", "11"]);
    let made = presenting(&home, &token, &["token", "generate", "child", "--scopes", "read", "--json"]).ok().out;
    let child = serde_json::from_str::<Value>(&made).unwrap()["token"].as_str().unwrap().to_owned();
    let socket = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &socket.to_string_lossy(), "--token", "ten"]).ok();
    let asks: Vec<bool> = std::thread::scope(|scope| {
        let ask = |number: usize| {
            let (reply, _) = match number % 3 {
                0 => ask(&home.socket(), "status", &json!({}), Some(&token)),
                1 => ask(&home.socket(), "status", &json!({}), Some(&child)),
                _ => ask(&socket, "status", &json!({}), None),
            };
            reply.get("ok").is_some()
        };
        let all: Vec<_> = (0..100).map(|number| scope.spawn(move || ask(number))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    assert_eq!(asks.iter().filter(|granted| **granted).count(), 10);
}

#[test]
fn what_a_revoked_token_led_to_is_not_active_and_its_name_is_free() {
    let home = home();
    home.configure("[tokens]\nmax_active = 2\n");
    let parent = home.issue("parent", &["--scopes", "*"]);
    let made = presenting(&home, &parent, &["token", "generate", "child", "--scopes", "*", "--json"]).ok().out;
    let child = serde_json::from_str::<Value>(&made).unwrap()["token"].as_str().unwrap().to_owned();
    let generate = |token: &str, name: &str| presenting(&home, token, &["token", "generate", name, "--scopes", "read"]);
    generate(&child, "grandchild").ok();
    generate(&parent, "more").fails(1).says("2 tokens are active");
    home.loom(&["token", "revoke", "child"]).ok();
    let active: Value = serde_json::from_str(&home.loom(&["token", "list", "--json"]).ok().out).unwrap();
    assert_eq!((active.as_array().unwrap().len(), &active[0]["name"]), (1, &json!("parent")));
    let dead = listed(&home, "grandchild");
    assert_eq!((&dead["active"], &dead["revoked"]), (&json!(false), &json!(false)));
    for name in ["grandchild", "child"] {
        generate(&parent, name).ok();
    }
    generate(&parent, "more").fails(1).says("2 tokens are active");
}

#[test]
fn a_name_that_cannot_be_seen_is_no_name() {
    let home = home();
    for name in [" ", "\u{200b}", "c\u{200b}i", "\u{3164}", "\u{2800}", "ci ", "\u{202e}ic", "\u{a0}"] {
        home.loom(&["token", "generate", name, "--scopes", "read"]).fails(1).says("all of which can be seen");
    }
    home.issue("émile 部署", &["--scopes", "read"]);
}
