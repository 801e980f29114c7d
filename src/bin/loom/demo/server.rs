//! A small Loom server on loopback: device login, logout, and git behind the token. Blocking, a few threads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Value, json};
use tiny_http::{Header, Request, Response, Server};

use super::git_backend;

/// The code a person would type; this server approves it by itself.
const USER_CODE: &str = "ABCD-1234";

/// How often it answers "pending" before it approves.
const PENDING_POLLS: u32 = 1;

/// Requests that are answered at the same time; git keeps one open while it sends another.
const THREADS: usize = 4;

/// Answers on a free port of 127.0.0.1 until it is dropped.
pub struct Serving {
    listening: Arc<Server>,
    threads: Vec<JoinHandle<()>>,
    url: String,
}

/// What a Loom server remembers, and says.
pub struct Loom {
    repositories: PathBuf,
    /// Tokens that are valid now.
    tokens: Mutex<BTreeSet<String>>,
    /// Waiting logins: how often each was asked for.
    waiting: Mutex<BTreeMap<String, u32>>,
}

pub type Answer = Response<io::Cursor<Vec<u8>>>;

impl Serving {
    /// `answer` is given each request, and the URL at which it came.
    pub fn start(answer: impl Fn(&mut Request, &str) -> Answer + Send + Sync + 'static) -> io::Result<Serving> {
        let listening = Arc::new(Server::http("127.0.0.1:0").map_err(io::Error::other)?);
        let url = format!("http://{}", listening.server_addr());
        let answer = Arc::new(answer);
        let serve = |_| {
            let (listening, answer, url) = (listening.clone(), answer.clone(), url.clone());
            std::thread::spawn(move || {
                while let Ok(mut request) = listening.recv() {
                    let answer = answer(&mut request, &url);
                    // A client that went away misses its answer; nobody else does.
                    let _ = request.respond(answer);
                }
            })
        };
        let threads = (0..THREADS).map(serve).collect();
        Ok(Serving { listening, threads, url })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.threads.iter().for_each(|_| self.listening.unblock());
        self.threads.drain(..).for_each(|thread| drop(thread.join()));
    }
}

impl Loom {
    /// The bare repositories below this directory are at `/git/`.
    pub fn new(repositories: PathBuf) -> Loom {
        Loom { repositories, tokens: Mutex::default(), waiting: Mutex::default() }
    }

    pub fn tokens(&self) -> MutexGuard<'_, BTreeSet<String>> {
        lock(&self.tokens)
    }

    pub fn answer(&self, request: &mut Request, url: &str) -> Answer {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let token = header(request, "Authorization").as_deref().and_then(token);
        let known = token.as_ref().is_some_and(|token| self.tokens().contains(token));
        match (request.method().as_str(), path.as_str()) {
            ("POST", "/auth/device/start") => {
                let code = random();
                lock(&self.waiting).insert(code.clone(), 0);
                let page = format!("{url}/device");
                json(
                    200,
                    &json!({"device_code": code, "user_code": USER_CODE, "verification_url": page, "expires_in": 300}),
                )
            }
            ("POST", "/auth/device/poll") => self.poll(request),
            ("POST", "/auth/logout") => {
                token.map(|token| self.tokens().remove(&token));
                json(if known { 200 } else { 401 }, &json!({}))
            }
            (_, path) if path.starts_with("/git/") && known => {
                git_backend::answer(request, &self.repositories).unwrap_or_else(|_| json(500, &json!({"error": "git"})))
            }
            (_, path) if path.starts_with("/git/") => {
                with_header(json(401, &json!({})), "WWW-Authenticate", "Basic realm=\"loom\"")
            }
            _ => json(404, &json!({"error": "not_found"})),
        }
    }

    fn poll(&self, request: &mut Request) -> Answer {
        let mut body = String::new();
        // An unreadable body holds no code that is known.
        let _ = request.as_reader().take(64 * 1024).read_to_string(&mut body);
        let code =
            serde_json::from_str::<Value>(&body).ok().and_then(|body| Some(body["device_code"].as_str()?.to_owned()));
        let mut waiting = lock(&self.waiting);
        match code.as_ref().and_then(|code| waiting.get_mut(code)) {
            Some(polls) if *polls < PENDING_POLLS => {
                *polls += 1;
                json(200, &json!({"status": "pending"}))
            }
            Some(_) => {
                code.map(|code| waiting.remove(&code));
                let token = format!("lt_{}", random());
                self.tokens().insert(token.clone());
                json(200, &json!({"status": "completed", "access_token": token}))
            }
            None => json(400, &json!({"error": "unknown device code"})),
        }
    }
}

/// The token in `Bearer TOKEN`, or the password in `Basic`, where git puts it.
fn token(authorization: &str) -> Option<String> {
    match authorization.split_once(' ')? {
        ("Bearer", token) => Some(token.to_owned()),
        ("Basic", pair) => Some(String::from_utf8(BASE64.decode(pair).ok()?).ok()?.split_once(':')?.1.to_owned()),
        _ => None,
    }
}

pub fn header(request: &Request, name: &'static str) -> Option<String> {
    request.headers().iter().find(|header| header.field.equiv(name)).map(|header| header.value.to_string())
}

pub fn content(status: u16, kind: &str, body: Vec<u8>) -> Answer {
    with_header(Response::from_data(body).with_status_code(status), "Content-Type", kind)
}

/// Adds a header; one that cannot be said is left out.
pub fn with_header(answer: Answer, name: &str, value: &str) -> Answer {
    match Header::from_bytes(name, value) {
        Ok(header) => answer.with_header(header),
        Err(()) => answer,
    }
}

fn json(status: u16, body: &Value) -> Answer {
    content(status, "application/json", body.to_string().into_bytes())
}

fn random() -> String {
    let mut bytes = [0; 24];
    // Without random numbers nothing else of loom works either.
    let _ = getrandom::fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
