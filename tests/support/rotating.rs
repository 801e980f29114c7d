use std::sync::{Arc, Mutex};

use super::Stub;
use super::authorization_server::{authorization_server_that_reads, json, refusal};
use super::http;

/// An authorization server whose refresh tokens are good for one use: a second use of the same one looks like theft,
/// and the login is over.
pub struct Rotating {
    stub: Stub,
    renewals: Arc<Mutex<Option<usize>>>,
}

impl Rotating {
    pub fn start() -> Rotating {
        let renewals = Arc::new(Mutex::new(Some(0)));
        let known = renewals.clone();
        let stub = authorization_server_that_reads(move |path, _, request| match path {
            "/token" => Some(answer(&mut known.lock().unwrap(), request)),
            "/reg" => Some(json(r#"{"client_id":"c"}"#).replace("200 OK", "201 Created")),
            "/revoke" => Some(http("200 OK", "", "")),
            _ => None,
        });
        Rotating { stub, renewals }
    }

    pub fn url(&self) -> &str {
        self.stub.url()
    }

    /// How often it has given new tokens for a login; nothing once it has ended the login.
    pub fn renewals(&self) -> Option<usize> {
        *self.renewals.lock().unwrap()
    }

    /// Goes back to the moment right after the login.
    pub fn reset(&self) {
        *self.renewals.lock().unwrap() = Some(0);
    }
}

fn answer(renewals: &mut Option<usize>, request: &str) -> String {
    if !request.contains("grant_type=refresh_token") {
        *renewals = Some(0);
        return tokens(0);
    }
    match *renewals {
        Some(count) if request.contains(&format!("refresh_token=rt_{count}_")) => {
            *renewals = Some(count + 1);
            tokens(count + 1)
        }
        _ => {
            *renewals = None;
            refusal("invalid_grant")
        }
    }
}

fn tokens(count: usize) -> String {
    let refresh = format!(r#""refresh_token":"rt_{count}_","expires_in":3600"#);
    json(&format!(r#"{{"access_token":"at_{count}","token_type":"bearer",{refresh}}}"#))
}
