//! What the log says of requests whose client goes, or that nobody understood.

use std::io::{Read, Write};

use crate::support::{Home, Relay, Stub, http, wait_until};

fn stub(answers: bool) -> Stub {
    Stub::start(move |_, _, stream| {
        if answers {
            let _ = stream.write_all(http("200 OK", "Content-Type: text/plain\r\n", "{}").as_bytes());
        } else {
            let _ = stream.read(&mut [0]);
        }
    })
}

fn relay(home: &Home, stub: &Stub, grants: &[String]) -> Relay {
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    home.relay(&grants.iter().map(String::as_str).collect::<Vec<_>>())
}

fn head(relay: &Relay, stub: &Stub, method: &str, path: &str, more: &str) -> String {
    let server = stub.url().trim_start_matches("http://");
    let shown = format!("Host: localhost\r\nAuthorization: Bearer {}\r\n", relay.token);
    format!("{method} /{server}{path} HTTP/1.1\r\n{shown}{more}\r\n")
}

#[test]
fn a_call_whose_client_goes_before_the_answer_is_noted() {
    let home = Home::new();
    let stub = stub(false);
    let relay = relay(&home, &stub, &[format!("ANY {}/**", stub.url())]);
    let mut client = relay.connect();
    client.write_all(head(&relay, &stub, "DELETE", "/v1/x", "").as_bytes()).unwrap();
    wait_until("the server has it", || stub.seen().iter().any(|seen| seen.starts_with("DELETE /v1/x")));
    drop(client);
    wait_until("it is noted", || {
        let noted = home.audited("api.request");
        noted.iter().any(|entry| entry["method"] == "DELETE" && entry["outcome"] == "cancelled")
    });
}

#[test]
fn a_fetch_without_its_first_question_is_noted() {
    let home = Home::new();
    let stub = stub(true);
    let relay = relay(&home, &stub, &[format!("fetch {}/org/app", stub.url())]);
    let kind = "Content-Type: application/x-git-upload-pack-request\r\nContent-Length: 4\r\n";
    let _ = relay.say(head(&relay, &stub, "POST", "/org/app/git-upload-pack", kind) + "0000");
    assert!(stub.seen().iter().any(|seen| seen.starts_with("POST /org/app/git-upload-pack")));
    let noted = home.audited("git.fetch");
    assert!(noted.iter().any(|entry| entry["repository"] == "/org/app"), "{noted:?}");
}

#[test]
fn what_nobody_understood_or_proved_is_noted_too() {
    let home = Home::new();
    let stub = stub(true);
    let relay = relay(&home, &stub, &[format!("ANY {}/**", stub.url())]);
    let odd = head(&relay, &stub, "GET", "/org/app.git/objects/info/packs", "Connection: close\r\n");
    let answer = relay.say(odd);
    assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    let noted = home.audited("proxy.refused");
    assert!(noted.iter().any(|entry| entry["method"] == "GET"), "{noted:?}");
    let wrong = head(&relay, &stub, "GET", "/v1/x", "Connection: close\r\n").replace(&relay.token, "loom_guess");
    let _ = relay.say(wrong);
    let noted = home.audited("auth.fail");
    assert!(!noted.is_empty(), "{noted:?}");
    assert_eq!(stub.requests(), 0, "nothing was sent");
}
