//! A server that answers as Loki's dashboard was seen to: tokens with scopes, and what it says when one is missing.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::{Value, json};

use super::{Stub, http};

/// The token that may do everything, there from the start.
pub const ADMIN: &str = "loki_admin_0123456789abcdefghijklmnopqrstuvwxyzAB";

pub struct Dashboard {
    stub: Stub,
    tokens: Arc<Mutex<Tokens>>,
}

#[derive(Default)]
pub struct Tokens {
    /// What is known of each, with its `token`.
    pub all: Vec<Value>,
    /// What new tokens are really given, whatever was asked for.
    pub gives: Option<Vec<&'static str>>,
    /// Nothing is ever revoked.
    pub keeps: bool,
}

impl Dashboard {
    pub fn start() -> Dashboard {
        let tokens = Arc::new(Mutex::new(Tokens::default()));
        tokens.lock().unwrap().add(ADMIN, "admin", &json!(["*"]), &Value::Null);
        let known = tokens.clone();
        let stub = Stub::start(move |_, request, stream| {
            let answer = known.lock().unwrap().answer(request);
            let _ = stream.write_all(answer.as_bytes());
        });
        Dashboard { stub, tokens }
    }

    pub fn url(&self) -> &str {
        self.stub.url()
    }

    pub fn tokens(&self) -> MutexGuard<'_, Tokens> {
        self.tokens.lock().unwrap()
    }

    pub fn requests(&self) -> usize {
        self.stub.requests()
    }

    /// All requests so far, each a head with its body.
    pub fn seen(&self) -> Vec<String> {
        self.stub.seen()
    }

    /// A further token with these scopes.
    pub fn token(&self, name: &str, scopes: &[&str]) -> String {
        let token = format!("loki_{name}_0123456789abcdefghijklmnopqrstuvwxyz");
        self.tokens().add(&token, name, &json!(scopes), &Value::Null);
        token
    }
}

impl Tokens {
    fn add(&mut self, token: &str, name: &str, scopes: &Value, expires: &Value) -> Value {
        let id = format!("{:012x}", self.all.len() + 0xabc);
        self.all.push(json!({
            "id": id, "name": name, "scopes": scopes, "created_at": "2026-01-01T00:00:00.000000+00:00",
            "expires_at": expires, "last_used": null, "revoked": false, "token": token,
        }));
        self.all.last().cloned().unwrap_or_default()
    }

    fn answer(&mut self, request: &str) -> String {
        let (head, body) = request.split_once("\r\n\r\n").unwrap_or((request, ""));
        let mut words = head.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let Some(presented) = head.lines().find_map(|line| line.strip_prefix("authorization: ")) else {
            return refused("401 Unauthorized", "Authentication required");
        };
        let Some(presented) = presented.strip_prefix("Bearer ") else {
            return refused("401 Unauthorized", "Authentication required");
        };
        let active = |token: &&Value| token["token"] == presented && token["revoked"] == false;
        let Some(token) = self.all.iter().find(active) else {
            return refused("401 Unauthorized", "Invalid, expired, or revoked token");
        };
        let has = |scope: &str| {
            let includes: &[&str] = match scope {
                "read" => &["*", "control", "write", "read"],
                "write" => &["*", "control", "write"],
                "control" => &["*", "control"],
                "audit" => &["*", "audit"],
                _ => &["*"],
            };
            token["scopes"].as_array().unwrap().iter().any(|own| includes.contains(&own.as_str().unwrap()))
        };
        let needed = match (method, path) {
            ("GET", "/api/status" | "/api/tasks" | "/api/logs" | "/api/v2/api-keys") => "read",
            ("POST", "/api/tasks" | "/api/control/start" | "/api/control/stop" | "/api/projects") => "control",
            // As another version of it may have them.
            ("POST", "/api/tasks/create") => "write",
            ("GET", "/odd") => "control",
            ("GET", "/api/audit" | "/api/enterprise/audit" | "/api/v2/audit" | "/api/compliance") => "audit",
            ("POST", "/api/v2/api-keys") => "admin",
            _ if path.starts_with("/api/enterprise/tokens") => "admin",
            _ => return said("404 Not Found", &json!({"error": "Not Found", "path": path})),
        };
        if !has(needed) {
            return refused("403 Forbidden", &format!("Insufficient permissions. Required scope: {needed}"));
        }
        let by = token["name"].clone();
        match (method, path) {
            ("GET", "/api/enterprise/tokens") => {
                let revoked = query.contains("include_revoked=true");
                let shown = self.all.iter().filter(|token| revoked || token["revoked"] == false);
                said("200 OK", &shown.map(without_token).collect())
            }
            ("POST", "/api/enterprise/tokens") => self.create(&serde_json::from_str(body).unwrap_or_default()),
            ("DELETE", _) => self.revoke(path.rsplit('/').next().unwrap_or_default()),
            ("POST", "/api/tasks") if !is_task(body) => said(
                "422 Unprocessable Entity",
                &json!({"detail": [{"loc": ["body", "project_id"], "msg": "Field required"}]}),
            ),
            ("POST", _) => {
                said("200 OK", &json!({"by": by, "got": serde_json::from_str::<Value>(body).unwrap_or_default()}))
            }
            _ => said("200 OK", &json!({"by": by, "query": query})),
        }
    }

    /// Scopes that are left out are all scopes, and a role is ignored, as seen.
    fn create(&mut self, wanted: &Value) -> String {
        let Some(name) = wanted["name"].as_str() else {
            return said(
                "422 Unprocessable Entity",
                &json!({"detail": [{"loc": ["body", "name"], "msg": "Field required"}]}),
            );
        };
        if self.all.iter().any(|token| token["name"] == name && token["revoked"] == false) {
            return refused("400 Bad Request", &format!("Token with name '{name}' already exists"));
        }
        let asked = wanted.get("scopes").cloned().unwrap_or(json!(["*"]));
        let scopes = self.gives.as_ref().map_or(asked, |gives| json!(gives));
        let expires = wanted.get("expires_days").map_or(Value::Null, |_| json!("2099-01-01T00:00:00.000000+00:00"));
        let token = format!("loki_{name}_new_0123456789abcdefghijklmnopqrstuvwxyz");
        said("201 Created", &self.add(&token, name, &scopes, &expires))
    }

    fn revoke(&mut self, which: &str) -> String {
        let is_it = |token: &&mut Value| token["id"] == which || token["name"] == which;
        match self.all.iter_mut().find(is_it) {
            Some(_) if self.keeps => refused("500 Internal Server Error", "try later"),
            Some(token) => {
                token["revoked"] = true.into();
                said("200 OK", &json!({"status": "ok", "action": "revoke", "identifier": which}))
            }
            None => refused("404 Not Found", &format!("Token not found: {which}")),
        }
    }
}

/// What the dashboard takes for a task.
fn is_task(body: &str) -> bool {
    let task: Value = serde_json::from_str(body).unwrap_or_default();
    let priority = task
        .get("priority")
        .is_none_or(|priority| ["low", "medium", "high", "critical"].iter().any(|known| priority == known));
    task["project_id"].is_i64() && task["title"].is_string() && priority
}

fn without_token(token: &Value) -> Value {
    let known: BTreeMap<String, Value> = serde_json::from_value(token.clone()).unwrap();
    known.into_iter().filter(|(key, _)| key != "token").collect::<serde_json::Map<_, _>>().into()
}

fn refused(status: &str, detail: &str) -> String {
    said(status, &json!({ "detail": detail }))
}

fn said(status: &str, body: &Value) -> String {
    let challenge = if status.starts_with("401") { "www-authenticate: Bearer\r\n" } else { "" };
    http(status, &format!("content-type: application/json\r\n{challenge}"), &body.to_string())
}
