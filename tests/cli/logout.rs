use crate::support::{Home, Stub, http, loom_server, run};
use std::io::Write;

#[test]
fn a_logout_revokes_at_the_server_and_forgets_and_leaves_the_others() {
    let home = Home::new();
    let (one, two) = (loom_server(&home), loom_server(&home));
    for server in [&one, &two] {
        home.loom(&["login", "--server", server.url()]).ok();
    }
    home.loom(&["logout", "--server", one.url()]).ok().says("revoked at the server");
    assert!(one.tokens().is_empty());
    home.loom(&["token", "--server", one.url()]).fails(4).says("not logged in");
    home.loom(&["token", "--server", two.url()]).ok();
    home.loom(&["logout", "--server", one.url()]).fails(4);
    home.loom(&["logout", "--all"]).ok();
    assert!(two.tokens().is_empty());
    home.loom(&["status"]).fails(4);
}

#[test]
fn a_logout_says_truthfully_what_the_server_did() {
    let home = Home::new();
    for (answer, said) in [
        (http("401 Unauthorized", "", "{}"), "no longer knew"),
        (http("404 Not Found", "", "{}"), "not supported"),
        (http("200 OK", "content-type: text/html\r\n", "<html>front page</html>"), "not supported"),
        (http("307 Temporary Redirect", "location: http://127.0.0.1:9/\r\n", ""), "not supported"),
        (http("500 Oops", "", "{}"), "unreachable"),
        (String::new(), "unreachable"),
    ] {
        let server = Stub::start(move |_, _, stream| drop(stream.write_all(answer.as_bytes())));
        home.loom_in(&["login", "--with-token", "--server", server.url()], "tok_logout").ok();
        home.loom(&["logout", "--server", server.url()]).ok().says(said).without("tok_logout");
        assert!(
            server.seen()[0].contains("Bearer tok_logout") || server.seen()[0].contains("bearer"),
            "{:?}",
            server.seen()
        );
        home.loom(&["token", "--server", server.url()]).fails(4);
    }
}

#[test]
fn what_is_to_be_revoked_yet_is_said_and_how_it_ended_is_noted() {
    let home = Home::new();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    drop(silent);
    home.loom_in(&["login", "--with-token", "--server", &server], "tok_logout").ok();
    home.loom(&["logout", "--server", &server]).ok().says("revocation is pending");
    home.loom(&["status"]).fails(4).says("not yet at the server").says(&server).without("tok_logout");
    assert!(home.loom(&["doctor"]).ok().out.contains(&server));
    let token = home.issue("ci", &["--scopes", "read"]);
    let limited = run(home.command(env!("CARGO_BIN_EXE_loom")).arg("status").env("LOOM_TOKEN", &token), b"");
    limited.fails(4).without("not yet at the server");
    home.loom(&["agent", "stop"]).ok();
    let noted = home.loom(&["audit", "tail", "--event", "revocation", "--json"]).ok().out;
    assert!(noted.contains(&format!("\"server\":\"{server}\"")), "{noted}");
    assert!(noted.contains("\"outcome\":\"unavailable\""), "{noted}");
}

#[test]
fn one_account_is_logged_out_and_the_other_stays() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["login", "--server", server.url(), "--account", "work"]).ok();
    home.loom(&["logout", "--server", server.url(), "--account", "work"]).ok();
    assert_eq!(server.tokens().len(), 1);
    home.loom(&["token", "--server", server.url()]).ok();
    home.loom(&["token", "--server", server.url(), "--account", "work"]).fails(4);
}

#[test]
fn a_local_logout_tells_the_server_nothing() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    home.loom(&["logout", "--local"]).ok().says("was not told");
    assert_eq!(server.tokens().len(), 1);
    home.loom(&["token"]).fails(4);
}
