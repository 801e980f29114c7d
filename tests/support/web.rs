use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use serde_json::Value;

use super::{Home, SOON};

/// The agent's HTTP door in clear, as a client sees it that says exactly what a test wants.
#[derive(Clone)]
pub struct Door {
    pub url: String,
}

/// A whole answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Home {
    /// Opens the door, at a port that nobody else has unless the arguments name one.
    pub fn serve(&self, arguments: &[&str]) -> Door {
        let free = ["--listen", "127.0.0.1:0"];
        let listen: &[&str] = if arguments.contains(&"--listen") { &[] } else { &free };
        let url = self.loom(&[&["serve"], listen, arguments].concat()).ok().out.trim().to_owned();
        Door { url }
    }

    /// Issues a token with these options.
    pub fn issue(&self, name: &str, options: &[&str]) -> String {
        let said = self.loom(&[&["token", "generate", name, "--json"], options].concat()).ok().out;
        let reply: Value = serde_json::from_str(&said).unwrap();
        reply["token"].as_str().unwrap().to_owned()
    }

    /// The entries of this event in the audit log.
    pub fn audited(&self, event: &str) -> Vec<Value> {
        let said = self.loom(&["audit", "tail", "--event", event, "-n", "20000", "--json"]).ok().out;
        said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Door {
    /// Host and port.
    pub fn authority(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub fn get(&self, path: &str, token: &str) -> Answer {
        self.ask("GET", path, &[&bearer(token)], "")
    }

    pub fn post(&self, path: &str, token: &str, body: &Value) -> Answer {
        self.ask("POST", path, &[&bearer(token), "Content-Type: application/json"], &body.to_string())
    }

    pub fn delete(&self, path: &str, token: &str) -> Answer {
        self.ask("DELETE", path, &[&bearer(token)], "")
    }

    /// A request with these lines as headers, beside those without which it would be none.
    pub fn ask(&self, method: &str, path: &str, headers: &[&str], body: &str) -> Answer {
        let has_host = headers.iter().any(|line| line.to_ascii_lowercase().starts_with("host:"));
        let host = if has_host { String::new() } else { format!("Host: {}\r\n", self.authority()) };
        let lines: String = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}\r\n", body.len()) };
        self.say(format!("{method} {path} HTTP/1.1\r\n{host}{lines}{length}Connection: close\r\n\r\n{body}"))
    }

    /// These bytes on a connection of their own, and the answer.
    pub fn say(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut stream = self.connect();
        // It may refuse before it has read everything.
        let _ = stream.write_all(bytes.as_ref());
        Answer::read(&mut BufReader::new(stream)).expect("an answer")
    }

    /// Everything that comes back for these bytes, until the door closes the connection.
    pub fn say_all(&self, bytes: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        let _ = stream.write_all(bytes.as_ref());
        let mut answer = Vec::new();
        // What was not read before the connection was closed resets it, which is an end as well.
        if let Err(error) = stream.read_to_end(&mut answer) {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "the connection stays open");
        }
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.authority()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.set_write_timeout(Some(SOON)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    pub fn is_open(&self) -> bool {
        TcpStream::connect(self.authority()).is_ok()
    }
}

impl Answer {
    /// The next answer on a connection; nothing if it was closed before a whole head.
    pub fn read(stream: &mut impl BufRead) -> Option<Answer> {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if !stream.read_line(&mut head).is_ok_and(|count| count > 0) {
                return None;
            }
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        let mut answer = Answer { status, head, body: Vec::new() };
        if answer.header("transfer-encoding") == Some("chunked") {
            answer.body = chunks(stream)?;
        } else if let Some(length) = answer.header("content-length").and_then(|length| length.parse().ok()) {
            answer.body = vec![0; length];
            stream.read_exact(&mut answer.body).ok()?;
        }
        Some(answer)
    }

    /// The header's only value.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut found = self.head.lines().skip(1).filter_map(|line| {
            let (own, value) = line.split_once(':')?;
            own.eq_ignore_ascii_case(name).then(|| value.trim())
        });
        let value = found.next();
        assert!(found.next().is_none(), "{name} stands there twice: {}", self.head);
        value
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"), "{self:?}");
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("{}{}", self.head, self.text()))
    }

    /// Asserts this status, and that the body says why in the shape of the API.
    #[track_caller]
    pub fn fails(self, status: u16) -> Answer {
        assert_eq!(self.status, status, "{}{}", self.head, self.text());
        assert!(self.json().get("detail").is_some(), "{}", self.text());
        self
    }

    /// Asserts this status, and gives the body.
    #[track_caller]
    pub fn ok(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}{}", self.head, self.text());
        self.json()
    }

    /// The sentence that says why.
    #[track_caller]
    pub fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_else(|| panic!("{}", self.text())).to_owned()
    }
}

/// The header that shows a token.
pub fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A body that came in chunks, once it is whole.
fn chunks(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size).ok()?;
        let size = usize::from_str_radix(size.trim(), 16).ok()?;
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).ok()?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(&chunk[..size]);
    }
}
