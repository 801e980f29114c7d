//! An authorization server that does what no real one does: a stub of the endpoints that a login meets.

use std::io::Write;
use std::sync::Mutex;

use super::{Stub, http};

pub const METADATA: &str = r#"{"issuer":"URL","token_endpoint":"URL/token","authorization_endpoint":"URL/auth",
    "device_authorization_endpoint":"URL/device","revocation_endpoint":"URL/revoke","registration_endpoint":"URL/reg"}"#;
pub const DEVICE: &str =
    r#"{"device_code":"dc","user_code":"CODE-1","verification_uri":"URL/page","expires_in":60,"interval":1}"#;
pub const TOKENS: &str =
    r#"{"access_token":"at_first","token_type":"bearer","refresh_token":"rt_first","expires_in":3600}"#;

pub fn json(body: &str) -> String {
    http("200 OK", "content-type: application/json\r\n", body)
}

pub fn refusal(error: &str) -> String {
    http("400 Bad Request", "content-type: application/json\r\n", &format!(r#"{{"error":"{error}"}}"#))
}

/// An authorization server that answers as told. `answer` gets the path and how often it was asked for (from 0); where
/// it says nothing the server works.
pub fn authorization_server(answer: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static) -> Stub {
    authorization_server_that_reads(move |path, count, _| answer(path, count))
}

/// The same; `answer` gets the whole request as well.
pub fn authorization_server_that_reads(
    answer: impl Fn(&str, usize, &str) -> Option<String> + Send + Sync + 'static,
) -> Stub {
    let asked: Mutex<Vec<String>> = Mutex::default();
    Stub::start(move |_, request, stream| {
        let path = request.split(' ').nth(1).unwrap_or_default().split('?').next().unwrap_or_default().to_owned();
        let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
        let count = {
            let mut asked = asked.lock().unwrap();
            asked.push(path.clone());
            asked.iter().filter(|other| **other == path).count() - 1
        };
        let working = || match &*path {
            "/.well-known/openid-configuration" => json(METADATA),
            "/device" => json(DEVICE),
            "/token" => json(TOKENS),
            _ => http("404 Not Found", "", ""),
        };
        let answer = answer(&path, count, request).unwrap_or_else(working);
        let named = answer.replace("URL", &format!("http://{host}"));
        // Its length has changed with the name.
        let (head, body) = named.split_once("\r\n\r\n").unwrap();
        let head: Vec<&str> = head.split("\r\n").filter(|line| !line.starts_with("content-length:")).collect();
        let whole = format!("{}\r\ncontent-length: {}\r\n\r\n{body}", head.join("\r\n"), body.len());
        let _ = stream.write_all(whole.as_bytes());
    })
}
