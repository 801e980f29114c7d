//! A Loom server as the demo has it, which remembers what it was asked and can be told to say something else.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use super::server::{Answer, Loom, Serving, content, header, with_header};

/// A running server. It ends when this is dropped.
pub struct LoomServer {
    serving: Serving,
    loom: Arc<Loom>,
    script: Arc<Mutex<Script>>,
}

/// What a test may look at, and change.
#[derive(Default)]
pub struct Script {
    /// Every request: method, path, and what it was authorised with.
    pub seen: Vec<(String, String, Option<String>)>,
    /// What is offered with a 401 in place of Basic.
    pub challenge: Option<&'static str>,
    /// Answers that a path gives instead of its own: status, content type, body.
    pub overrides: BTreeMap<String, (u16, &'static str, String)>,
}

impl LoomServer {
    /// The bare repositories below this directory are at `/git/`.
    pub fn start(repositories: PathBuf) -> LoomServer {
        let (loom, script) = (Arc::new(Loom::new(repositories)), Arc::new(Mutex::new(Script::default())));
        let (answering, scripted) = (loom.clone(), script.clone());
        let serving = Serving::start(move |request, url| {
            let scripted = scripted.lock().unwrap().answer(request);
            scripted.unwrap_or_else(|challenge| challenged(answering.answer(request, url), challenge))
        });
        LoomServer { serving: serving.unwrap(), loom, script }
    }

    pub fn url(&self) -> &str {
        self.serving.url()
    }

    /// Tokens that are valid now.
    pub fn tokens(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.loom.tokens()
    }

    pub fn script(&self) -> MutexGuard<'_, Script> {
        self.script.lock().unwrap()
    }
}

impl Script {
    /// Notes the request. The answer, or the challenge with which a Loom server's own is to be changed.
    fn answer(&mut self, request: &tiny_http::Request) -> Result<Answer, Option<&'static str>> {
        let path = request.url().split('?').next().unwrap_or_default().to_owned();
        let scripted = self.overrides.get(&path).cloned();
        self.seen.push((request.method().to_string(), path, header(request, "Authorization")));
        let (status, kind, body) = scripted.ok_or(self.challenge)?;
        Ok(content(status, kind, body.into_bytes()))
    }
}

fn challenged(answer: Answer, challenge: Option<&str>) -> Answer {
    match challenge.filter(|_| answer.status_code() == 401) {
        Some(challenge) => with_header(content(401, "application/json", b"{}".to_vec()), "WWW-Authenticate", challenge),
        None => answer,
    }
}
