use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Home, Output, SOON, run};

/// A port of the loopback from which bytes are pumped to the agent, as `loom exec --allow` does. It ends with the test.
pub struct Relay {
    port: u16,
    pub token: String,
    streams: Arc<Mutex<Vec<UnixStream>>>,
}

impl Home {
    /// A token with these grants.
    pub fn granted(&self, name: &str, grants: &[&str]) -> String {
        self.loom(&["status"]).ok();
        let reply = ask(&self.socket(), "token_generate", &json!({ "name": name, "grants": grants }), None);
        reply["ok"]["token"].as_str().unwrap_or_else(|| panic!("{reply}")).to_owned()
    }

    /// A port behind which requests are judged by these grants.
    pub fn relay(&self, grants: &[&str]) -> Relay {
        Relay::start(&self.socket(), self.granted(&format!("relay {}", super::unique()), grants))
    }
}

/// The first answer to a frame.
pub fn ask(socket: &Path, verb: &str, params: &Value, token: Option<&str>) -> Value {
    let (reply, _) = converse(socket, verb, params, token);
    reply
}

fn converse(socket: &Path, verb: &str, params: &Value, token: Option<&str>) -> (Value, UnixStream) {
    let mut stream = UnixStream::connect(socket).unwrap();
    let mut frame = json!({ "v": 1, "verb": verb, "params": params });
    token.inspect(|token| frame["token"] = (*token).into());
    writeln!(stream, "{frame}").unwrap();
    let mut reply = String::new();
    BufReader::with_capacity(1, &stream).read_line(&mut reply).unwrap();
    (serde_json::from_str(&reply).unwrap_or_else(|_| panic!("{verb}: {reply:?}")), stream)
}

impl Relay {
    pub fn start(socket: &Path, token: String) -> Relay {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let streams = Arc::<Mutex<Vec<UnixStream>>>::default();
        let (socket, shown, kept) = (socket.to_owned(), token.clone(), streams.clone());
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let (socket, token, kept) = (socket.clone(), shown.clone(), kept.clone());
                std::thread::spawn(move || pump(&client, &socket, &token, &kept));
            }
        });
        Relay { port, token, streams }
    }

    /// The URL that stands for this server.
    pub fn base(&self, server: &str) -> String {
        format!("http://127.0.0.1:{}/{}", self.port, server.split_once("://").unwrap().1)
    }

    /// Git, led here for this server, with no other way to it.
    pub fn git(&self, home: &Home, server: &str, arguments: &[&str]) -> Output {
        run(&mut self.git_command(home, server, arguments), b"")
    }

    pub fn git_command(&self, home: &Home, server: &str, arguments: &[&str]) -> Command {
        let base = format!("{}/", self.base(server));
        let settings = [
            (format!("url.{base}.insteadOf"), format!("{server}/")),
            (
                format!("http.http://127.0.0.1:{}/.extraHeader", self.port),
                format!("Authorization: Bearer {}", self.token),
            ),
            (format!("http.http://127.0.0.1:{}/.proxy", self.port), String::new()),
            ("credential.helper".into(), String::new()),
            ("protocol.file.allow".into(), "always".into()),
        ];
        let mut command = home.command("git");
        command.args(arguments).env("GIT_CONFIG_COUNT", settings.len().to_string());
        for (at, (key, value)) in settings.into_iter().enumerate() {
            command.env(format!("GIT_CONFIG_KEY_{at}"), key).env(format!("GIT_CONFIG_VALUE_{at}"), value);
        }
        command
    }

    /// What comes back for these bytes, until the connection is closed.
    pub fn say(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes.as_ref());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The same, where nothing more comes after these bytes.
    pub fn say_and_end(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes.as_ref());
        let _ = stream.shutdown(Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// The answer to one request at this host and path, with the token shown and these further headers.
    pub fn ask(&self, method: &str, path: &str, headers: &str, body: &[u8]) -> String {
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\nConnection: close\r\n\
             {headers}{length}\r\n",
            self.port, self.token
        );
        self.say([head.as_bytes(), body].concat())
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream
    }

    /// How many connections to the agent there were.
    pub fn connections(&self) -> usize {
        self.streams.lock().unwrap().len()
    }
}

fn pump(client: &TcpStream, socket: &Path, token: &str, kept: &Mutex<Vec<UnixStream>>) {
    let (reply, agent) = converse(socket, "proxy", &json!({}), Some(token));
    if reply.get("ok").is_none() {
        let _ = (&*client).write_all(format!("refused: {reply}").as_bytes());
        return;
    }
    kept.lock().unwrap().push(agent.try_clone().unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let _ = std::io::copy(&mut &*client, &mut &agent);
            let _ = agent.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut &agent, &mut &*client);
        let _ = client.shutdown(Shutdown::Both);
        let _ = agent.shutdown(Shutdown::Both);
    });
}
