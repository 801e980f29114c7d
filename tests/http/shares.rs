//! What there is only so much of at the HTTP door: whoever takes all they can get keeps nobody else out.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddrV4, TcpStream};

use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
use serde_json::json;

use crate::support::{Answer, Door, Home, Stub, bearer, http, wait_until};

/// So many answers may be streamed at once.
const STREAMS: usize = 64;

/// A home with an account at a server whose path `/slow` never ends.
fn home() -> (Home, Door, Stub) {
    let server = Stub::start(|_, request, stream| {
        if request.contains("/slow") {
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\nbegun");
            let _ = stream.read_to_end(&mut Vec::new());
        } else {
            let _ = stream.write_all(http("200 OK", "content-type: application/json\r\n", "{}").as_bytes());
        }
    });
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server.url(), "--account", "ci"], "tok_0123456789").ok();
    let door = home.serve(&[]);
    (home, door, server)
}

fn place(server: &Stub, path: &str) -> String {
    format!("/api/call/{}{path}", server.url().replace(':', "%3A").replace('/', "%2F"))
}

/// A call that has begun to be answered, or the status of why not.
fn slow(door: &Door, server: &Stub, token: &str) -> Result<BufReader<TcpStream>, u16> {
    let mut stream = BufReader::new(door.connect());
    let (path, host, token) = (place(server, "/slow"), door.authority(), bearer(token));
    write!(stream.get_mut(), "GET {path} HTTP/1.1\r\nHost: {host}\r\n{token}\r\n\r\n").unwrap();
    let mut status = String::new();
    stream.read_line(&mut status).unwrap();
    match status.split(' ').nth(1).and_then(|status| status.parse().ok()) {
        Some(200) => Ok(stream),
        other => Err(other.unwrap_or_default()),
    }
}

/// A connection from this address of the machine.
fn from(door: &Door, address: [u8; 4]) -> TcpStream {
    let stream = socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
    bind(&stream, &SocketAddrV4::new(address.into(), 0)).unwrap();
    connect(&stream, &door.authority().parse::<SocketAddrV4>().unwrap()).unwrap();
    TcpStream::from(stream)
}

#[test]
fn slow_calls_of_a_token_and_its_children_keep_nobody_else_out() {
    let (home, door, server) = home();
    let (greedy, other) = (home.issue("greedy", &["--scopes", "*"]), home.issue("other", &["--scopes", "read"]));
    let child = door.post("/api/enterprise/tokens", &greedy, &json!({"name": "child", "scopes": ["read"]})).ok(201);
    let child = child["token"].as_str().unwrap();
    let mut held: Vec<_> = (0..STREAMS).map(|_| slow(&door, &server, &greedy).unwrap()).collect();
    assert_eq!(slow(&door, &server, &greedy).err(), Some(429));
    assert_eq!(slow(&door, &server, child).err(), Some(429), "a child has no share of its own");
    door.get(&place(&server, "/quick"), &other).ok(200);
    let others: Vec<_> = (0..STREAMS / 4).map(|_| slow(&door, &server, &other).unwrap()).collect();
    // One that had to make room was cut short, and the server was told.
    let mut rest = Vec::new();
    assert!(held[0].read_to_end(&mut rest).is_err() || !String::from_utf8_lossy(&rest).ends_with("\r\n0\r\n\r\n"));
    drop((held, others));
    wait_until("there is room again", || slow(&door, &server, &greedy).is_ok());
}

#[test]
fn as_many_sign_ins_as_one_token_likes_sign_nobody_else_out() {
    let (home, door, _server) = home();
    let (admin, reader) = (home.issue("admin", &["--scopes", "*"]), home.issue("reader", &["--scopes", "read"]));
    let mut stream = BufReader::new(door.connect());
    let mut sign_in = |token: &str| {
        let (host, body) = (door.authority(), format!("token={token}"));
        let head = format!("POST /sign-in/token HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\n");
        let kind = "Content-Type: application/x-www-form-urlencoded";
        write!(stream.get_mut(), "{head}{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let answer = Answer::read(&mut stream).unwrap();
        // Who signs in all the time has to wait.
        assert!(matches!(answer.status, 303 | 429), "{answer:?}");
        let mut cookies = answer.head.lines().filter_map(|line| line.strip_prefix("set-cookie: "));
        let session = cookies.find(|cookie| cookie.starts_with("loom="))?;
        session.split(';').next().map(str::to_owned)
    };
    let session = sign_in(&admin).unwrap();
    let signed_in = (0..1001).filter(|_| sign_in(&reader).is_some()).count();
    assert!(signed_in > 10, "{signed_in}");
    let page = |session: &str| door.ask("GET", "/", &[&format!("Cookie: {session}")], "").status;
    assert_eq!(page(&session), 200);
}

#[test]
fn ten_addresses_take_no_others_place_to_wait_for_an_approval() {
    let (_home, door, _server) = home();
    let start = |address: [u8; 4]| {
        let mut stream = from(&door, address);
        let (host, body) = (door.authority(), "client_id=loom");
        let head = format!("POST /oauth/device HTTP/1.1\r\nHost: {host}\r\nContent-Length: {}\r\n", body.len());
        let kind = "Content-Type: application/x-www-form-urlencoded";
        write!(stream, "{head}{kind}\r\nConnection: close\r\n\r\n{body}").unwrap();
        Answer::read(&mut BufReader::new(stream)).unwrap().status
    };
    for host in 10..20 {
        assert!((0..25).all(|_| start([127, 0, 0, host]) == 200), "of one address the oldest gives way");
    }
    assert_eq!((start([127, 0, 0, 30]), start([127, 0, 0, 1])), (200, 200));
}

#[test]
fn a_token_that_ended_is_told_so_however_much_its_neighbours_guess() {
    let (home, door, _server) = home();
    let parent = home.issue("parent", &["--scopes", "*"]);
    let child = door.post("/api/enterprise/tokens", &parent, &json!({"name": "child", "scopes": ["read"]})).ok(201);
    let child = child["token"].as_str().unwrap().to_owned();
    let (revoked, used) =
        (home.issue("revoked", &["--scopes", "read"]), home.issue("used", &["--scopes", "read", "--max-uses", "1"]));
    let valid = home.issue("valid", &["--scopes", "read"]);
    door.get("/api/accounts", &used).ok(200);
    home.loom(&["token", "revoke", "revoked"]).ok();
    home.loom(&["token", "revoke", "parent"]).ok();
    let guess = |number: usize| door.get("/api/accounts", &format!("loom_{number:07}{:036}", 0));
    assert!((0..60).any(|number| guess(number).status == 429));
    for token in [&revoked, &used, &child, &parent] {
        for _ in 0..30 {
            let answer = door.get("/api/accounts", token).fails(401);
            assert_eq!(answer.header("www-authenticate"), Some(r#"Bearer error="invalid_token""#));
        }
    }
    door.get("/api/accounts", &valid).ok(200);
    let almost = format!("{}x", &revoked[..revoked.len() - 1]);
    door.get("/api/accounts", &almost).fails(429);
    let nothing = door.ask("GET", "/api/accounts", &[], "").fails(401);
    assert_eq!(nothing.header("www-authenticate"), Some("Bearer"));
    // What they did is noted, and not each time.
    let noted = home.audited("auth.fail").len();
    assert!((20..=200).contains(&noted), "{noted}");
}
