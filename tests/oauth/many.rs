//! Many logins that end in the same moment: what is asked of their server at once, and of another one beside it.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::authorization_server::{authorization_server_that_reads, json as answer};
use crate::support::{Home, SOON, Stub, wait_until};

/// More than are renewed at once at one server.
const LOGINS: usize = 40;

const FEW: usize = 8;

/// So many requests for tokens a server gets at once.
const AT_ONCE: usize = 4;

/// How long a server keeps its first answers back to see whether one more comes than may.
const KEPT_BACK: Duration = Duration::from_secs(1);

#[derive(Default)]
struct Counter {
    now: Mutex<Now>,
    changed: Condvar,
}

#[derive(Default)]
struct Now {
    under_way: usize,
    most: usize,
    renewed: usize,
    /// Nothing is answered.
    hangs: bool,
}

/// A server whose first tokens live so many seconds, and those that it renews for an hour. So many renewals are to come
/// at once.
fn server(logins: usize, lives: u32, at_once: usize) -> (Stub, Arc<Counter>) {
    let counter = Arc::<Counter>::default();
    let counts = counter.clone();
    let stub = authorization_server_that_reads(move |path, count, _| {
        let tokens = |name: &str, lives: u32| {
            answer(&format!(r#"{{"access_token":"{name}_{count}","token_type":"bearer","expires_in":{lives}}}"#))
        };
        if path != "/token" {
            return None;
        }
        let mut now = counts.now.lock().unwrap();
        if count < logins {
            return Some(tokens("first", lives));
        }
        now.under_way += 1;
        now.most = now.most.max(now.under_way);
        counts.changed.notify_all();
        if now.hangs {
            now = counts.changed.wait_while(now, |now| now.hangs).unwrap();
        } else {
            now = counts.changed.wait_timeout_while(now, SOON, |now| now.most < at_once).unwrap().0;
            let keeps_back = |now: &mut Now| now.renewed == 0 && now.most == at_once;
            now = counts.changed.wait_timeout_while(now, KEPT_BACK, keeps_back).unwrap().0;
        }
        now.under_way -= 1;
        now.renewed += 1;
        counts.changed.notify_all();
        Some(tokens("second", 3600))
    });
    (stub, counter)
}

/// Asks on the socket itself: so many processes would be a test of the machine.
fn ask(home: &Home, verb: &str, params: &Value) -> Value {
    let mut agent = UnixStream::connect(home.socket()).unwrap();
    writeln!(agent, "{}", json!({"v": 1, "verb": verb, "params": params})).unwrap();
    let mut lines = BufReader::new(agent).lines();
    let reply = lines.find_map(|line| Some(serde_json::from_str::<Value>(&line.unwrap()).unwrap()).filter(is_reply));
    reply.unwrap()
}

fn is_reply(line: &Value) -> bool {
    line.get("ok").is_some() || line.get("error").is_some()
}

fn log_in(home: &Home, server: &Stub, logins: usize) {
    for number in 0..logins {
        let client = json!({"server": server.url(), "account": format!("m{number}"), "flow": "client-credentials",
            "client_id": format!("m{number}"), "client_secret": "secret"});
        let reply = ask(home, "login", &client);
        assert!(reply.get("ok").is_some(), "{reply}");
    }
}

/// A token that lasts so many seconds.
fn token(home: &Home, server: &Stub, number: usize, lasts: u32) -> Value {
    let params = json!({"server": server.url(), "account": format!("m{number}"), "min_validity": lasts});
    ask(home, "token", &params)
}

#[test]
fn many_that_ended_in_one_moment_are_renewed_a_few_at_a_time() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    let (server, counter) = server(LOGINS, 600, AT_ONCE);
    log_in(&home, &server, LOGINS);
    std::thread::scope(|scope| {
        let (home, server) = (&home, &server);
        let askers: Vec<_> =
            (0..LOGINS).map(|number| scope.spawn(move || token(home, server, number, 1_800))).collect();
        for asker in askers {
            let reply = asker.join().unwrap();
            assert!(reply["ok"]["token"].as_str().is_some_and(|token| token.starts_with("second_")), "{reply}");
        }
    });
    let now = counter.now.lock().unwrap();
    assert_eq!((now.most, now.renewed), (AT_ONCE, LOGINS), "so many at once, and each once");
}

#[test]
fn a_server_that_hangs_keeps_no_other_from_being_renewed_ahead_of_time() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    // They live long enough to be in use before they are renewed.
    let mut servers = [server(FEW, 12, 1), server(FEW, 12, 1)];
    servers.sort_by_key(|(stub, _)| stub.url().to_owned());
    let [(slow, hanging), (quick, counter)] = servers;
    hanging.now.lock().unwrap().hangs = true;
    for server in [&slow, &quick] {
        log_in(&home, server, FEW);
        (0..FEW).for_each(|number| drop(token(&home, server, number, 0)));
    }
    wait_until("all of the other server are renewed", || counter.now.lock().unwrap().renewed == FEW);
    assert_eq!(counter.now.lock().unwrap().most, 1, "nobody waits for them: one after the other");
    assert_eq!(hanging.now.lock().unwrap().renewed, 0);
    hanging.now.lock().unwrap().hangs = false;
    hanging.changed.notify_all();
}
