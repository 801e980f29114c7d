//! Bodies of calls over the HTTP door: streamed both ways, however large, and ended when nobody wants them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::time::Duration;

use crate::support::{Answer, Door, Home, SOON, bearer, pattern, peak};

const MIB: usize = 1024 * 1024;

/// Larger than all buffers on the way together.
const LARGE: usize = 12 * MIB;

/// A home that is logged in there, its door, and a token for calls.
fn home(server: &str) -> (Home, Door, String) {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server], "tok_streaming_0123").ok();
    let ci = home.issue("ci", &["--scopes", "write"]);
    let door = home.serve(&[]);
    (home, door, ci)
}

/// A server that hands each connection to `answer` once the head has been read.
fn raw(answer: impl Fn(&str, BufReader<TcpStream>) + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = std::sync::Arc::new(answer);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = answer.clone();
            std::thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                let mut head = String::new();
                while stream.read_line(&mut head).is_ok_and(|count| count > 0) && !head.ends_with("\r\n\r\n") {}
                answer(&head, stream);
            });
        }
    });
    url
}

/// The head of a call.
fn head(door: &Door, server: &str, method: &str, path: &str, token: &str, lines: &str) -> String {
    let server = server.replace(':', "%3A").replace('/', "%2F");
    let bearer = bearer(token);
    format!(
        "{method} /api/call/{server}{path} HTTP/1.1\r\nHost: {}\r\n{bearer}\r\nConnection: close\r\n{lines}\r\n",
        door.authority()
    )
}

#[test]
fn a_large_body_goes_through_both_ways_and_the_agent_holds_little_of_it() {
    let url = raw(|head, mut stream| {
        let length: usize =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap().parse().unwrap();
        let mut body = vec![0; length];
        stream.read_exact(&mut body).unwrap();
        let stream = stream.get_mut();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).unwrap();
    });
    let (home, door, ci) = home(&url);
    let whole = pattern(LARGE);
    let before = peak(&home);
    let mut stream = door.connect();
    let mut uploading = stream.try_clone().unwrap();
    let head = head(&door, &url, "PUT", "/up", &ci, &format!("Content-Length: {LARGE}\r\n"));
    let sent = whole.clone();
    let writer = std::thread::spawn(move || {
        uploading.write_all(head.as_bytes()).unwrap();
        // Not all at once.
        for piece in sent.chunks(MIB / 3) {
            uploading.write_all(piece).unwrap();
        }
    });
    let answer = Answer::read(&mut BufReader::new(&mut stream)).unwrap();
    writer.join().unwrap();
    assert_eq!(answer.status, 200, "{}", answer.head);
    assert!(answer.body == whole, "{} bytes came back, and not those that were sent", answer.body.len());
    let grown = peak(&home) - before;
    crate::support::say(format_args!("agent's peak memory grew by {} KiB for 2 bodies of 12 MiB", grown / 1024));
    assert!(grown < 8 * MIB, "the agent's memory grew by {grown} bytes");
}

#[test]
fn what_the_server_says_piece_by_piece_arrives_piece_by_piece() {
    let (go_on, wait) = channel();
    let wait = std::sync::Mutex::new(wait);
    let url = raw(move |_, mut stream| {
        let stream = stream.get_mut();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n");
        for number in 0..3 {
            let _ = stream.write_all(format!("data: {number}\n").as_bytes());
            let _ = wait.lock().unwrap().recv_timeout(SOON);
        }
    });
    let (_home, door, ci) = home(&url);
    let mut stream = door.connect();
    stream.write_all(head(&door, &url, "GET", "/events", &ci, "").as_bytes()).unwrap();
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    for number in 0..3 {
        while !line.contains(&format!("data: {number}\n")) {
            assert!(stream.read_line(&mut line).unwrap() > 0, "{line}");
        }
        go_on.send(()).unwrap();
    }
    stream.read_to_string(&mut line).unwrap();
    assert!(line.ends_with("0\r\n\r\n"), "it ends whole: {line}");
}

#[test]
fn a_slow_upload_is_handed_on_as_it_comes_and_half_of_one_is_no_whole_one() {
    let (told, heard) = channel();
    let told = std::sync::Mutex::new(told);
    let url = raw(move |_, mut stream| {
        let mut body = String::new();
        while stream.read_line(&mut body).is_ok_and(|count| count > 0) {
            if body.ends_with("half of it\r\n") {
                let _ = told.lock().unwrap().send("begun");
            }
        }
        let _ = told.lock().unwrap().send(if body.ends_with("0\r\n\r\n") { "ended" } else { "broken off" });
    });
    let (home, door, ci) = home(&url);
    let mut stream = door.connect();
    stream.write_all(head(&door, &url, "PUT", "/x", &ci, "Transfer-Encoding: chunked\r\n").as_bytes()).unwrap();
    stream.write_all(b"c\r\nhalf of it\r\n\r\n").unwrap();
    assert_eq!(heard.recv_timeout(SOON), Ok("begun"));
    drop(stream);
    assert_eq!(heard.recv_timeout(SOON), Ok("broken off"));
    let outcomes: Vec<_> = home.audited("api.request").iter().map(|call| call["outcome"].clone()).collect();
    assert_eq!(outcomes, ["cancelled"]);
}

#[test]
fn a_client_that_goes_away_ends_its_call() {
    let (told, heard) = channel();
    let told = std::sync::Mutex::new(told);
    let url = raw(move |head, mut stream| {
        if !head.contains("/silent") {
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\nbegun\n");
        }
        let _ = told.lock().unwrap().send("asked");
        // Returns when the other side closes.
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = told.lock().unwrap().send("closed");
    });
    let (home, door, ci) = home(&url);
    for path in ["/silent", "/streaming"] {
        let mut stream = door.connect();
        stream.write_all(head(&door, &url, "GET", path, &ci, "").as_bytes()).unwrap();
        assert_eq!(heard.recv_timeout(SOON), Ok("asked"), "{path}");
        drop(stream);
        assert_eq!(heard.recv_timeout(SOON), Ok("closed"), "{path}");
    }
    crate::support::wait_until("both are noted", || {
        let calls = home.audited("api.request");
        calls.len() == 2 && calls.iter().all(|call| call["outcome"] == "cancelled")
    });
}

#[test]
fn an_answer_that_is_cut_short_does_not_look_whole() {
    let url = raw(|_, mut stream| {
        let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf of it");
    });
    let (_home, door, ci) = home(&url);
    let said = door.say_all(head(&door, &url, "GET", "/x", &ci, ""));
    assert!(said.contains("half of"), "{said}");
    assert!(!said.ends_with("0\r\n\r\n"), "{said}");
}

#[test]
fn what_nobody_reads_is_not_read_and_too_many_calls_wait() {
    let (told, heard) = channel();
    let told = std::sync::Mutex::new(told);
    let url = raw(move |_, mut stream| {
        let stream = stream.get_mut();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let block = vec![b'x'; 64 * 1024];
        let mut count = 0;
        stream.set_write_timeout(Some(Duration::from_secs(1))).unwrap();
        while count < 64 * MIB && stream.write_all(&block).is_ok() {
            count += block.len();
        }
        let _ = told.lock().unwrap().send(count);
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let (_home, door, ci) = home(&url);
    let whole = head(&door, &url, "GET", "/endless", &ci, "");
    let mut unread: Vec<BufReader<TcpStream>> = Vec::new();
    let refused = loop {
        let mut stream = BufReader::new(door.connect());
        stream.get_mut().write_all(whole.as_bytes()).unwrap();
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        if !status.contains(" 200 ") {
            break status;
        }
        unread.push(stream);
        assert!(unread.len() <= 200, "there is no limit");
    };
    assert!(refused.contains(" 429 "), "{refused}");
    for _ in 0..unread.len() {
        let count = heard.recv_timeout(SOON).unwrap();
        assert!(count < 64 * MIB, "it is read though nobody takes it");
    }
    // What is no call has its answer meanwhile.
    door.get("/api/accounts", &ci).ok(200);
    drop(unread);
    crate::support::wait_until("there is room again", || {
        let mut stream = BufReader::new(door.connect());
        stream.get_mut().write_all(whole.as_bytes()).unwrap();
        let mut status = String::new();
        stream.read_line(&mut status).unwrap();
        status.contains(" 200 ")
    });
}
