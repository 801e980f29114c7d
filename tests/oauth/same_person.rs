//! Whose login it is, at a server that says so: one of another person stands beside it, one of the same person takes
//! its place.

use std::sync::{Arc, Mutex};

use crate::support::authorization_server::{METADATA, TOKENS, authorization_server_that_reads, json, refusal};
use crate::support::{Home, Output, Stub, http, wait_until};

/// A server that says who logs in.
struct Server {
    stub: Stub,
    said: Arc<Mutex<Said>>,
}

#[derive(Default)]
struct Said {
    /// Who logs in next.
    person: &'static str,
    logins: usize,
    revoked: Vec<String>,
    /// All tokens of one person are of one consent: when one is revoked, all are.
    is_one_consent: bool,
    ended_below: usize,
    /// So many revocations get no answer.
    deaf: usize,
    /// Which clients asked for themselves.
    machines: usize,
}

impl Server {
    fn start() -> Server {
        let said = Arc::new(Mutex::new(Said::default()));
        let known = said.clone();
        let stub = authorization_server_that_reads(move |path, _, request| {
            let mut said = known.lock().unwrap();
            match path {
                "/.well-known/openid-configuration" => {
                    Some(json(&METADATA.replace("{\"issuer\"", "{\"userinfo_endpoint\":\"URL/me\",\"issuer\"")))
                }
                "/me" => Some(json(&format!(r#"{{"preferred_username":"{}"}}"#, said.person))),
                "/revoke" if said.deaf > 0 => {
                    said.deaf -= 1;
                    Some(http("503 Service Unavailable", "", ""))
                }
                "/revoke" => {
                    let token = request.split("token=").nth(1).unwrap_or_default();
                    let token = token.split(['&', ' ']).next().unwrap_or_default().to_owned();
                    said.revoked.push(token);
                    if said.is_one_consent {
                        said.ended_below = said.logins + 1;
                    }
                    Some(http("200 OK", "", ""))
                }
                "/token" if request.contains("grant_type=refresh_token") => {
                    let number = request.split("refresh_token=rt_").nth(1)?;
                    let number: usize = number.split(['&', '_', ' ']).next()?.parse().ok()?;
                    Some(if number < said.ended_below { refusal("invalid_grant") } else { tokens(number, "renewed_") })
                }
                "/token" if request.contains("grant_type=client_credentials") => {
                    said.machines += 1;
                    let token = format!("at_machine_{}", said.machines);
                    Some(json(&format!(r#"{{"access_token":"{token}","token_type":"bearer","expires_in":3600}}"#)))
                }
                "/token" => {
                    said.logins += 1;
                    Some(tokens(said.logins, ""))
                }
                _ => None,
            }
        });
        Server { stub, said }
    }

    fn log_in(&self, home: &Home, person: &'static str, more: &[&str]) -> Output {
        self.said.lock().unwrap().person = person;
        let login = ["login", "--server", self.stub.url(), "--client-id", "c", "--flow", "device"];
        home.loom(&[&login, more].concat()).ok()
    }

    fn token(&self, home: &Home, more: &[&str]) -> String {
        home.loom(&[&["token", "--server", self.stub.url()], more].concat()).ok().out
    }
}

fn tokens(number: usize, kind: &str) -> String {
    json(&TOKENS.replace("at_first", &format!("at_{kind}{number}")).replace("rt_first", &format!("rt_{number}_{kind}")))
}

fn names(home: &Home) -> Vec<String> {
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    status["accounts"].as_array().unwrap().iter().map(|a| a["account"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn another_persons_login_stands_beside_the_first_under_its_own_name() {
    let (home, server) = (Home::new(), Server::start());
    server.log_in(&home, "ana", &[]);
    server.log_in(&home, "bob", &[]);
    assert_eq!(names(&home), ["ana", "bob"]);
    assert_eq!(server.token(&home, &[]), "at_1\n", "the first one is the default");
    assert_eq!(server.token(&home, &["--account", "bob"]), "at_2\n");
    assert!(server.said.lock().unwrap().revoked.is_empty());
    // The name that somebody wants goes before the one that the server says.
    server.log_in(&home, "ana", &["--account", "work"]);
    assert_eq!(names(&home), ["ana", "bob", "work"]);
}

#[test]
fn the_same_person_again_replaces_the_old_login_which_is_revoked() {
    let (home, server) = (Home::new(), Server::start());
    server.log_in(&home, "ana", &[]);
    server.log_in(&home, "ana", &[]);
    assert_eq!(names(&home), ["ana"]);
    let revoked = server.said.lock().unwrap().revoked.clone();
    assert!(revoked.iter().any(|token| token.starts_with("rt_1")), "{revoked:?}");
    assert!(!revoked.iter().any(|token| token.contains('2')), "{revoked:?}");
    assert_eq!(server.token(&home, &[]), "at_renewed_2\n", "it was seen to live");
}

#[test]
fn where_a_server_ends_both_logins_the_person_logs_in_once_more() {
    let (home, server) = (Home::new(), Server::start());
    server.said.lock().unwrap().is_one_consent = true;
    server.log_in(&home, "ana", &[]);
    server.log_in(&home, "ana", &[]).says("Once more");
    assert_eq!(names(&home), ["ana"]);
    assert_eq!(server.said.lock().unwrap().logins, 3);
    assert_eq!(server.token(&home, &["--min-validity", "2h"]), "at_renewed_3\n");
}

#[test]
fn a_login_that_names_nobody_is_replaced_by_the_same_person_only() {
    let (home, server) = (Home::new(), Server::start());
    // As they were named then.
    server.log_in(&home, "ana", &["--account", "oauth2"]);
    assert_eq!(server.token(&home, &["--account", "ana"]), "at_1\n");
    server.log_in(&home, "bob", &[]);
    assert_eq!(names(&home), ["bob", "oauth2"]);
    assert_eq!(server.token(&home, &[]), "at_1\n");
    server.log_in(&home, "ana", &[]);
    assert_eq!(names(&home), ["ana", "bob"]);
    assert_eq!(server.token(&home, &[]), "at_renewed_3\n", "it is still the oldest, and so the default");
}

#[test]
fn a_token_that_a_person_gave_under_that_name_stays_where_it_is() {
    let (home, server) = (Home::new(), Server::start());
    home.loom_in(&["login", "--with-token", "--server", server.stub.url(), "--account", "ana"], "tok_given\n").ok();
    server.log_in(&home, "ana", &[]);
    assert_eq!(server.token(&home, &["--account", "ana"]), "tok_given\n");
    assert_eq!(names(&home), ["ana", "oauth2"]);
    server.log_in(&home, "ana", &[]);
    assert_eq!(names(&home), ["ana", "oauth2"], "their next login takes the place of theirs");
}

#[test]
fn a_replaced_login_whose_server_gave_no_answer_is_ended_there_later() {
    let (home, server) = (Home::new(), Server::start());
    server.log_in(&home, "ana", &[]);
    server.said.lock().unwrap().deaf = 1;
    server.log_in(&home, "ana", &[]);
    wait_until("it is asked once more", || !server.said.lock().unwrap().revoked.is_empty());
    let revoked = server.said.lock().unwrap().revoked.clone();
    assert!(revoked.iter().all(|token| token.contains('1')), "{revoked:?}");
    assert_eq!(server.token(&home, &[]), "at_2\n");
}

#[test]
fn a_second_machine_at_a_server_does_not_take_the_place_of_the_first() {
    let (home, server) = (Home::new(), Server::start());
    let log_in = |client: &str| {
        let login = ["login", "--server", server.stub.url(), "--flow", "client-credentials", "--client-id", client];
        home.loom_in(&[&login[..], &["--client-secret-file", "-"]].concat(), "secret\n").ok();
    };
    for client in ["build", "deploy", "deploy", "build"] {
        log_in(client);
    }
    assert_eq!(names(&home), ["deploy", "oauth2"]);
    assert_eq!(server.token(&home, &["--account", "deploy"]), "at_machine_3\n");
    assert_eq!(server.token(&home, &[]), "at_machine_4\n");
}
