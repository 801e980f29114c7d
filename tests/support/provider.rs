use std::ffi::OsString;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::home::run;
use super::nginx::certificates;
use super::{Home, Output, Running, find_program, unique};

/// A real OpenID provider over TLS, the person who signs in there, and a look inside. Everybody may sign in with any
/// password. Its clients are `loom-cli` (public) and `machine` (secret `machine-secret`); others may register.
pub struct Provider {
    running: Option<Running>,
    dir: PathBuf,
    ca: PathBuf,
    env: Vec<(OsString, OsString)>,
    issuer: String,
    control: u16,
}

impl Provider {
    /// `None` where it is not installed. `home` trusts its CA from then on.
    pub fn start(home: &mut Home) -> Option<Provider> {
        Provider::start_with(home, &[])
    }

    /// The same with settings of `oidc/provider.mjs`: `AT_TTL`, `OPAQUE`, `DC_INTERVAL`, …
    pub fn start_with(home: &mut Home, settings: &[(&str, &str)]) -> Option<Provider> {
        installed(&node())?;
        find_program("openssl")?;
        let dir = home.path().join(format!("provider-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        certificates(home, &dir);
        let files = [("TLS_CERT", "cert.pem"), ("TLS_KEY", "cert.key"), ("STATE", "state.json")];
        let mut env: Vec<_> =
            settings.iter().map(|(name, value)| (OsString::from(name), OsString::from(value))).collect();
        env.extend(files.map(|(name, file)| (name.into(), dir.join(file).into())));
        let ca = dir.join("ca.pem");
        let mut provider = Provider { running: None, dir, ca, env, issuer: String::new(), control: 0 };
        provider.restart();
        let port = provider.issuer.rsplit(':').next().unwrap();
        provider
            .env
            .extend([("PORT".into(), port.into()), ("CONTROL_PORT".into(), provider.control.to_string().into())]);
        Some(provider)
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    pub fn ca(&self) -> &Path {
        &self.ca
    }

    /// The person opens the address, types the code, signs in and agrees.
    pub fn approve_device(&self, url: &str, code: &str, user: &str) {
        self.person("approve.mjs", &["device", url, code, user]).ok();
    }

    pub fn deny_device(&self, url: &str, code: &str, user: &str) {
        self.person("approve.mjs", &["device", url, code, user, "deny"]).ok();
    }

    /// The person signs in and agrees in a browser, which then shows this page of the waiting program.
    pub fn approve_browser(&self, authorization_url: &str, user: &str) -> String {
        self.person("approve.mjs", &["browser", authorization_url, user]).ok().out
    }

    pub fn deny_browser(&self, authorization_url: &str, user: &str) -> String {
        self.person("approve.mjs", &["browser", authorization_url, user, "deny"]).ok().out
    }

    /// Where the provider sends the browser at the end; nobody goes there.
    pub fn redirect_for(&self, authorization_url: &str, user: &str) -> String {
        let done = self.person("approve.mjs", &["browser", authorization_url, user, "--print-redirect"]).ok();
        done.out.trim().to_owned()
    }

    /// The last page as Chromium shows it: `text`, `title`, `lang`, `dir` and `url`. With `SCREENSHOT` set in the
    /// tests' own environment the page is painted there. `None` where Chromium is not installed.
    pub fn in_chromium(&self, authorization_url: &str, user: &str) -> Option<Value> {
        find_program("chromium")?;
        let done = self.person("browser.mjs", &[authorization_url, user]).ok();
        Some(serde_json::from_str(&done.out).unwrap())
    }

    /// A person at the pages of an agent's door, in Chromium: what `oidc/pages.mjs` saw, with pictures in this
    /// directory.
    pub fn at_pages(&self, arguments: &[&str], shots: &Path) -> Value {
        let mut command = self.node("pages.mjs");
        command.env("NODE_EXTRA_CA_CERTS", &self.ca).env("TLS_CERT", self.dir.join("cert.pem")).env("SHOTS", shots);
        let done = run(command.args(arguments), b"").ok();
        serde_json::from_str(&done.out).unwrap()
    }

    /// How many requests of this kind came so far, such as `POST /token`.
    pub fn count(&self, request: &str) -> u64 {
        let counts: Value = serde_json::from_str(&self.control("count", &[])).unwrap();
        counts[request].as_u64().unwrap_or(0)
    }

    /// Answers the next requests of this path with nothing but this status.
    pub fn fail(&self, path: &str, status: u16, times: u32) {
        self.control("fail", &[("path", path), ("status", &status.to_string()), ("times", &times.to_string())]);
    }

    /// Answers the next requests of this path with this OAuth error, such as `slow_down`.
    pub fn refuse(&self, path: &str, error: &str, times: u32) {
        let body = format!("{{\"error\":\"{error}\"}}");
        self.control("fail", &[("path", path), ("status", "400"), ("body", &body), ("times", &times.to_string())]);
    }

    /// Carries out the next requests of this path, and hangs up instead of answering.
    pub fn drop_answers(&self, path: &str, times: u32) {
        self.control("drop", &[("path", path), ("times", &times.to_string())]);
    }

    /// Carries out every request of this path at once and answers this much later; 0 ends it.
    pub fn delay(&self, path: &str, milliseconds: u64) {
        self.control("delay", &[("path", path), ("ms", &milliseconds.to_string())]);
    }

    /// Ends an opaque access token (`OPAQUE=1`) before its time.
    pub fn revoke_access(&self, token: &str) {
        self.control("revoke-access", &[("token", token)]);
    }

    /// A setting of `oidc/provider.mjs`, from the next start on.
    pub fn set(&mut self, name: &str, value: &str) {
        self.env.retain(|(known, _)| known != name);
        self.env.push((name.into(), value.into()));
    }

    /// Nobody listens any more. Tokens, grants, keys and counts wait for `restart`.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        self.resume();
        if let Some(mut running) = self.running.take() {
            running.0.wait().unwrap();
        }
    }

    /// Starts again on the same ports, knowing everything it knew.
    pub fn restart(&mut self) {
        if self.running.is_some() {
            self.stop();
        }
        let log = std::fs::File::create(self.dir.join("provider.log")).unwrap();
        let mut command = self.node("provider.mjs");
        let child = command.envs(self.env.iter().cloned()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut running = Running(child.unwrap());
        let mut line = String::new();
        BufReader::new(running.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let said = std::fs::read_to_string(self.dir.join("provider.log")).unwrap_or_default();
        let ready = line.trim().strip_prefix("ready ").and_then(|line| line.rsplit_once(' '));
        let (issuer, control) = ready.unwrap_or_else(|| panic!("the provider did not start: {line} {said}"));
        (self.issuer, self.control) = (issuer.to_owned(), control.parse().unwrap());
        self.running = Some(running);
    }

    /// Listens on, and answers nothing until `resume`.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let running = self.running.as_ref().expect("the provider runs");
        kill_process(Pid::from_child(&running.0), signal).unwrap();
    }

    fn person(&self, script: &str, arguments: &[&str]) -> Output {
        let mut command = self.node(script);
        command.env("NODE_EXTRA_CA_CERTS", &self.ca).env("TLS_CERT", self.dir.join("cert.pem"));
        run(command.args(arguments), b"")
    }

    fn node(&self, script: &str) -> Command {
        let mut command = Command::new(node());
        command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/oidc").join(script));
        command.env_remove("NODE_OPTIONS").env("HOME", &self.dir).current_dir(&self.dir).stdin(Stdio::null());
        command
    }

    fn control(&self, what: &str, query: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let (status, body) = plain_http(self.control, &format!("POST /{what}?{query}"), "", "");
        assert_eq!(status, 200, "{what} {query}");
        body
    }
}

/// A plain HTTP request to this machine: the status and the body of the answer.
pub(super) fn plain_http(port: u16, request: &str, headers: &str, body: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.set_read_timeout(Some(super::SOON)).unwrap();
    // HTTP/1.0: the answer comes in one piece and ends with the connection.
    let length = body.len();
    write!(stream, "{request} HTTP/1.0\r\nhost: 127.0.0.1:{port}\r\n{headers}content-length: {length}\r\n\r\n{body}")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer:?}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.unwrap_or_else(|| panic!("{request}: {head}")), body.to_owned())
}

/// Something that `tests/run` puts into `target`; `None`, said by `skip`, if it is not there.
pub fn installed(path: &Path) -> Option<()> {
    if !path.exists() {
        super::skip(&format!("{} does not exist; tests/run installs it", path.display()));
        return None;
    }
    Some(())
}

/// The one that package.json names: the distribution's may be too old for the provider.
fn node() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target/oidc/node_modules/.bin/node")
}
