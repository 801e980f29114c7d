//! The life of a token: renewed before it ends, once however many ask, and lost only when its server says so.

use std::time::Instant;

use serde_json::Value;

use crate::support::{Dialogue, Home, Provider, wait_until};

/// A home with a login of alice. Tokens live for so many seconds.
fn logged_in(home: &mut Home, settings: &[(&str, &str)]) -> Option<Provider> {
    let quick = [("DC_INTERVAL", "1")];
    let provider = Provider::start_with(home, &[&quick, settings].concat())?;
    let mut login =
        Dialogue::start(home, &["--server", provider.issuer(), "--flow", "device", "--client-id", "loom-cli"]);
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
    Some(provider)
}

fn token(home: &Home) -> String {
    home.loom(&["token"]).ok().out.trim().to_owned()
}

fn status(home: &Home) -> Value {
    serde_json::from_str(&home.loom(&["status", "--json"]).out).unwrap()
}

/// Another than this one, once it is there.
fn other_token(home: &Home, old: &str) -> String {
    let mut new = String::new();
    wait_until("there is another token", || {
        new = token(home);
        new != old
    });
    new
}

fn host(provider: &Provider) -> &str {
    provider.issuer().strip_prefix("https://").unwrap()
}

#[test]
fn a_token_that_ends_is_renewed_and_rotation_goes_on_and_on() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    let mut current = token(&home);
    for _ in 0..3 {
        current = other_token(&home, &current);
    }
    assert!(provider.count("POST /token") >= 3);
    home.loom(&["agent", "restart"]).ok();
    other_token(&home, &current);
    assert_eq!(status(&home)["accounts"][0]["state"], "valid");
}

#[test]
fn a_hundred_askers_of_a_token_that_ended_make_one_renewal() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "1")]) else { return };
    let old = token(&home);
    wait_until("the token has ended", || status(&home)["accounts"][0]["expires_at"].as_str() < Some(&now()[..]));
    provider.delay("/token", 300);
    let before = provider.count("POST /token");
    let tokens: Vec<String> = std::thread::scope(|scope| {
        let askers: Vec<_> = (0..100).map(|_| scope.spawn(|| ask_for_token(&home))).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    });
    assert_eq!(provider.count("POST /token"), before + 1);
    assert!(tokens.iter().all(|token| *token == tokens[0] && *token != old), "{tokens:?}");
}

/// Asks on the socket itself: a hundred processes would be a test of the machine.
fn ask_for_token(home: &Home) -> String {
    use std::io::{BufRead, BufReader, Write};
    let mut agent = std::os::unix::net::UnixStream::connect(home.socket()).unwrap();
    agent.write_all(b"{\"v\":1,\"verb\":\"token\",\"params\":{}}\n").unwrap();
    let mut line = String::new();
    BufReader::new(agent).read_line(&mut line).unwrap();
    let reply: Value = serde_json::from_str(&line).unwrap();
    reply["ok"]["token"].as_str().unwrap_or(&line).to_owned()
}

fn now() -> String {
    jiff::Timestamp::now().to_string()
}

#[test]
fn min_validity_renews_what_would_end_too_early() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "60")]) else { return };
    let first = token(&home);
    assert_eq!(home.loom(&["token", "--min-validity", "10s"]).ok().out.trim(), first);
    let second = home.loom(&["token", "--min-validity", "2m"]).ok().out;
    assert_ne!(second.trim(), first, "it is as fresh as it gets");
    let (before, of) = (provider.count("POST /token"), host(&provider));
    assert!(home.get("https", of).ok().out.contains(second.trim()), "git gets the fresh one");
    assert_eq!(provider.count("POST /token"), before);
}

#[test]
fn a_short_outage_logs_nobody_out() {
    let mut home = Home::new();
    let Some(mut provider) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    let old = token(&home);
    provider.stop();
    wait_until("the token has ended", || home.loom(&["token"]).code != 0);
    home.loom(&["token"]).fails(1).says("cannot be reached");
    let done = home.get("https", host(&provider));
    assert_eq!((done.code, done.out.as_str()), (1, ""), "{done:?}");
    assert_eq!(status(&home)["accounts"][0]["state"], "valid");
    provider.restart();
    other_token(&home, &old);
    provider.fail("/token", 503, 1);
    wait_until("an answer of a server in trouble", || home.loom(&["token"]).err.contains("trouble"));
    token(&home);
}

#[test]
fn an_answer_lost_after_rotation_is_asked_for_once_more() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    token(&home);
    let before = provider.count("POST /token");
    provider.drop_answers("/token", 1);
    wait_until("the login has ended", || home.loom(&["token"]).code == 4);
    assert_eq!(provider.count("POST /token"), before + 2, "once, and once more");
    home.loom(&["token"]).fails(4).says("log").says("hint: loom login --server");
    assert_eq!(provider.count("POST /token"), before + 2, "nobody goes on asking");
    let account = status(&home)["accounts"][0].clone();
    assert_eq!(
        (account["state"].as_str(), account["renewable"].as_bool()),
        (Some("refused"), Some(false)),
        "{account}"
    );
    home.loom(&["agent", "restart"]).ok();
    home.loom(&["token"]).fails(4);
}

#[test]
fn an_answer_too_late_for_the_agent_that_asked_is_kept_all_the_same() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    let old = token(&home);
    provider.delay("/token", 1500);
    wait_until("the token has ended", || {
        std::thread::scope(|scope| {
            let asked = scope.spawn(|| home.loom(&["token"]).out.trim().to_owned());
            asked.join().unwrap() != old
        })
    });
    // The next renewal is under way when the agent is told to stop: it finishes first.
    let before = provider.count("POST /token");
    let mut asker = home.command(env!("CARGO_BIN_EXE_loom")).args(["token", "--min-validity", "1h"]).spawn().unwrap();
    wait_until("a renewal is under way", || provider.count("POST /token") > before);
    home.loom(&["agent", "restart"]).ok();
    asker.wait().unwrap();
    provider.delay("/token", 0);
    home.loom(&["token", "--min-validity", "1h"]).ok();
}

#[test]
fn what_is_in_use_is_renewed_ahead_of_time_and_what_is_not_is_left_alone() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("AT_TTL", "4")]) else { return };
    let before = provider.count("POST /token");
    std::thread::sleep(std::time::Duration::from_secs(5));
    assert_eq!(provider.count("POST /token"), before, "nobody asked for it since the login");
    let current = token(&home);
    let renewed = provider.count("POST /token");
    wait_until("it is renewed although nobody asks", || provider.count("POST /token") > renewed);
    assert_ne!(token(&home), current);
}

#[test]
fn a_narrower_scope_and_another_resource_are_tokens_of_their_own() {
    let mut home = Home::new();
    let quick = [("DC_INTERVAL", "1")];
    let Some(provider) = Provider::start_with(&mut home, &quick) else { return };
    let own = ["--server", provider.issuer(), "--flow", "device", "--client-id", "loom-cli"];
    let scopes = ["openid", "offline_access", "read", "write"].map(|scope| ["--scope", scope]).concat();
    let mut login = Dialogue::start(&home, &[&own[..], &scopes].concat());
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
    let whole = token(&home);
    let narrow: Value = serde_json::from_str(&home.loom(&["token", "--scope", "read", "--json"]).ok().out).unwrap();
    assert_eq!(narrow["scopes"], serde_json::json!(["read"]), "{narrow}");
    assert_ne!(narrow["token"].as_str(), Some(&whole[..]));
    assert_eq!(token(&home), whole, "the login's own token stays");
    home.loom(&["token", "--scope", "everything"]).fails(1).says("invalid_scope");
    let exchanged: Value =
        serde_json::from_str(&home.loom(&["token", "--audience", "urn:billing", "--json"]).ok().out).unwrap();
    assert!(claims(exchanged["token"].as_str().unwrap())["aud"] == "urn:billing", "{exchanged}");
    home.loom(&["token", "--audience", "urn:loom:refused"]).fails(1).says("invalid_target");
    home.loom(&["token", "--min-validity", "1h"]).ok();
}

/// What a JWT says.
fn claims(token: &str) -> Value {
    use base64::Engine;
    let payload = token.split('.').nth(1).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[test]
fn logging_out_revokes_at_the_server_or_says_that_it_is_pending() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("OPAQUE", "1")]) else { return };
    home.loom(&["logout"]).ok().says("revoked at the server");
    assert_eq!(provider.count("POST /token/revocation"), 2, "access and refresh token");
    home.loom(&["token"]).fails(4);
    let mut home = Home::new();
    let Some(mut provider) = logged_in(&mut home, &[]) else { return };
    let token = token(&home);
    provider.stop();
    home.loom(&["logout"]).ok().says("pending").without(&token);
    home.loom(&["token"]).fails(4);
    home.assert_nowhere_in_clear(&token);
}

#[test]
fn status_asks_the_server_when_told_to() {
    let mut home = Home::new();
    let Some(mut provider) = logged_in(&mut home, &[("OPAQUE", "1")]) else { return };
    let checked = |home: &Home| -> Value {
        serde_json::from_str::<Value>(&home.loom(&["status", "--check", "--json"]).out).unwrap()["accounts"][0]["checked"].clone()
    };
    assert_eq!(checked(&home), "accepted");
    home.loom(&["status", "--check"]).ok();
    provider.stop();
    assert_eq!(checked(&home), "unknown");
    provider.restart();
    provider.refuse("/me", "invalid_token", 9);
    provider.refuse("/token", "invalid_grant", 9);
    provider.fail("/me", 401, 9);
    assert_eq!(checked(&home), "refused");
}

#[test]
fn a_slow_renewal_does_not_undo_a_newer_login() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[]) else { return };
    provider.delay("/token", 1500);
    let before = provider.count("POST /token");
    let mut slow = home.command(env!("CARGO_BIN_EXE_loom")).args(["token", "--min-validity", "1h"]).spawn().unwrap();
    wait_until("the renewal is under way", || provider.count("POST /token") > before);
    let newer = ["login", "--with-token", "--server", provider.issuer(), "--account", "alice"];
    home.loom_in(&newer, "tok_newer").ok();
    slow.wait().unwrap();
    assert_eq!(token(&home), "tok_newer");
}

#[test]
fn a_token_that_ended_costs_one_round_trip_for_all_who_ask() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[]) else { return };
    provider.delay("/token", 400);
    let began = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| home.loom(&["token", "--min-validity", "1h"]).ok());
        }
    });
    // A bound against queueing, not a measurement: one after the other would take eight seconds.
    assert!(began.elapsed().as_secs() < 6, "{:?}", began.elapsed());
}

#[test]
fn two_agents_with_one_store_renew_once() {
    let mut home = Home::new();
    let Some(_provider) = logged_in(&mut home, &[("AT_TTL", "2")]) else { return };
    let old = token(&home);
    let second = home.path().join("run/second");
    std::fs::create_dir(&second).unwrap();
    std::fs::set_permissions(&second, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let socket = second.join("agent.sock");
    let ask = |first: bool| {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        if !first {
            command.env("LOOM_AGENT_SOCK", &socket);
        }
        crate::support::run(command.arg("token"), b"").ok().out.trim().to_owned()
    };
    assert_eq!(ask(false), old, "the second agent has read what the first one keeps");
    // Both have the same refresh token in memory now. Used twice, it would end the login.
    for _ in 0..3 {
        std::thread::sleep(std::time::Duration::from_millis(2100));
        let askers: Vec<bool> = (0..10).map(|n| n % 2 == 0).collect();
        std::thread::scope(|scope| {
            let asked: Vec<_> = askers.iter().map(|first| scope.spawn(|| ask(*first))).collect();
            asked.into_iter().for_each(|asker| drop(asker.join().unwrap()));
        });
    }
    assert_eq!(status(&home)["accounts"][0]["state"], "valid");
    let _ = crate::support::run(
        home.command(env!("CARGO_BIN_EXE_loom")).env("LOOM_AGENT_SOCK", &socket).args(["agent", "stop"]),
        b"",
    );
}

#[test]
fn a_check_notices_a_token_that_the_server_revoked_and_renews_it() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[("OPAQUE", "1")]) else { return };
    let old = token(&home);
    provider.revoke_access(&old);
    home.loom(&["status", "--check"]).ok();
    assert_ne!(token(&home), old);
}

#[test]
fn a_server_that_hangs_keeps_nobody_else_waiting() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[]) else { return };
    provider.pause();
    let mut asker = home.command(env!("CARGO_BIN_EXE_loom"));
    let mut asker = asker.args(["token", "--min-validity", "1h"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    for _ in 0..5 {
        home.loom(&["token"]).ok();
        home.loom(&["status"]).ok();
    }
    assert!(asker.try_wait().unwrap().is_none(), "it waits for the server");
    provider.resume();
    assert!(asker.wait().unwrap().success());
}

#[test]
fn a_logout_while_a_renewal_is_under_way_leaves_nothing_behind() {
    let mut home = Home::new();
    let Some(provider) = logged_in(&mut home, &[]) else { return };
    provider.delay("/token", 1000);
    let before = provider.count("POST /token");
    let mut asker = home.command(env!("CARGO_BIN_EXE_loom"));
    let mut asker = asker.args(["token", "--min-validity", "1h"]).stdout(std::process::Stdio::null()).spawn().unwrap();
    wait_until("the renewal is under way", || provider.count("POST /token") > before);
    home.loom(&["logout"]).ok().says("revoked");
    asker.wait().unwrap();
    home.loom(&["token"]).fails(4);
    home.loom(&["agent", "restart"]).ok();
    home.loom(&["token"]).fails(4);
}
