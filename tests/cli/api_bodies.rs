//! Bodies of `loom api`: streamed in both directions, however large, and ended when nobody wants them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::mpsc::{Receiver, channel};

use crate::support::{Home, Running, Stub, http, pattern, peak, run};

const MIB: usize = 1024 * 1024;

/// Larger than all buffers on the way together.
const LARGE: usize = 20 * MIB;

fn logged_in(server: &str) -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", server], "tok_streaming_0123").ok();
    home
}

/// A server for one connection after the other, which it hands to `answer` once the head has been read.
fn raw(answer: impl Fn(&str, BufReader<std::net::TcpStream>) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = BufReader::new(stream);
            let mut head = String::new();
            while stream.read_line(&mut head).is_ok_and(|count| count > 0) && !head.ends_with("\r\n\r\n") {}
            answer(&head, stream);
        }
    });
    url
}

/// Reads a body that came in chunks.
fn chunked(stream: &mut impl BufRead) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let mut size = String::new();
        stream.read_line(&mut size).unwrap();
        let size = usize::from_str_radix(size.trim(), 16).unwrap();
        let mut chunk = vec![0; size + 2];
        stream.read_exact(&mut chunk).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&chunk[..size]);
    }
}

#[test]
fn a_large_body_goes_through_both_ways_and_the_agent_holds_little_of_it() {
    let whole = pattern(LARGE);
    let expected = whole.clone();
    let url = raw(move |head, mut stream| {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let body = match length {
            Some(length) => {
                let mut body = vec![0; length.parse().unwrap()];
                stream.read_exact(&mut body).unwrap();
                body
            }
            None if head.contains("transfer-encoding: chunked") => chunked(&mut stream),
            None => expected.clone(),
        };
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
        let stream = stream.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&body)).unwrap();
    });
    let home = logged_in(&url);
    let before = peak(&home);
    let (file, answer) = (home.path().join("body"), home.path().join("answer"));
    std::fs::write(&file, &whole).unwrap();
    let shell = |script: &str, length: usize| {
        let done = run(home.command("sh").arg("-c").arg(script), b"");
        assert_eq!(done.code, 0, "{script}: {done:?}");
        assert!(std::fs::read(&answer).unwrap() == whole[..length], "{script}: it is not what was sent");
    };
    shell("loom api /down > answer", LARGE);
    shell("loom api -X PUT /up --input body > answer", LARGE);
    std::fs::write(&file, &whole[..MIB]).unwrap();
    shell("loom api -X PUT /up --input - < body > answer", MIB);
    shell("cat body | loom api -X PUT /up --input - > answer", MIB);
    let grown = peak(&home) - before;
    crate::support::say(format_args!("agent's peak memory grew by {} KiB for 3 bodies of 20 MiB", grown / 1024));
    assert!(grown < 8 * MIB, "the agent's memory grew by {grown} bytes");
}

#[test]
fn what_is_read_slowly_is_sent_slowly_and_ends_with_its_reader() {
    let (sent, seen) = channel();
    let url = raw(move |_, mut stream| {
        let stream = stream.get_mut();
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n");
        let block = vec![b'x'; 64 * 1024];
        let mut count = 0;
        while stream.write_all(&block).is_ok() {
            count += block.len();
            let _ = sent.send(count);
        }
        let _ = sent.send(0);
    });
    let home = logged_in(&url);
    let done = run(home.command("sh").args(["-c", "loom api /endless | head -c 10"]), b"");
    assert_eq!((done.out.as_str(), done.err.as_str()), ("xxxxxxxxxx", ""));
    // Nobody reads, so after a while the server cannot write either, and it hears when the reader goes.
    wait_for(&seen, |count| count == 0);
    let mut reader = Running(
        home.command(env!("CARGO_BIN_EXE_loom")).args(["api", "/endless"]).stdout(Stdio::piped()).spawn().unwrap(),
    );
    wait_for(&seen, |count| count > 0);
    let mut last = 0;
    while let Ok(count) = seen.recv_timeout(std::time::Duration::from_millis(500)) {
        last = count;
        assert!(last < 64 * MIB, "it is read though nobody takes it");
    }
    assert!(last > 0);
    reader.0.kill().unwrap();
    wait_for(&seen, |count| count == 0);
}

fn wait_for(seen: &Receiver<usize>, is_it: impl Fn(usize) -> bool) {
    let until = std::time::Instant::now() + crate::support::SOON;
    while !is_it(seen.recv_timeout(until.saturating_duration_since(std::time::Instant::now())).expect("a sign in time"))
    {
    }
}

#[test]
fn ctrl_c_ends_a_call_and_closes_the_connection_to_the_server() {
    let (told, heard) = channel();
    let url = raw(move |head, mut stream| {
        let is_stuck = head.contains("/silent");
        if !is_stuck {
            let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n\r\nbegun\n");
        }
        let _ = told.send("asked");
        // Returns when the other side closes.
        let _ = stream.read_to_end(&mut Vec::new());
        let _ = told.send("closed");
    });
    let home = logged_in(&url);
    for path in ["/silent", "/streaming"] {
        let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
        let child = command.args(["api", path]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        assert_eq!(heard.recv_timeout(crate::support::SOON), Ok("asked"));
        let process = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
        assert_eq!(child.wait_with_output().unwrap().status.code(), Some(130), "{path}");
        assert_eq!(heard.recv_timeout(crate::support::SOON), Ok("closed"), "{path}");
    }
    let entries = home.loom(&["audit", "tail", "--event", "api.request"]).ok().out;
    assert_eq!(entries.matches(" cancelled ").count(), 2, "{entries}");
}

#[test]
fn half_a_body_is_never_taken_for_a_whole_one() {
    let (told, heard) = channel();
    let url = raw(move |_, mut stream| {
        let mut body = String::new();
        while stream.read_line(&mut body).is_ok_and(|count| count > 0) {
            if body.ends_with("half of it\n") {
                let _ = told.send("begun");
            }
        }
        let _ = told.send(if body.ends_with("0\r\n\r\n") { "ended" } else { "broken off" });
    });
    let home = logged_in(&url);
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    command.args(["api", "-X", "PUT", "/x", "--input", "-"]).stdin(Stdio::piped());
    let mut child = Running(command.spawn().unwrap());
    child.0.stdin.as_mut().unwrap().write_all(b"half of it\n").unwrap();
    assert_eq!(heard.recv_timeout(crate::support::SOON), Ok("begun"));
    child.0.kill().unwrap();
    assert_eq!(heard.recv_timeout(crate::support::SOON), Ok("broken off"));
}

#[test]
fn a_body_is_sent_again_only_if_it_can_be_read_again() {
    let server = Stub::start(|number, request, stream| {
        let answer = match number {
            0 | 1 => http("429 Too Many Requests", "retry-after: 1\r\n", "busy"),
            _ => http("200 OK", "", request.split("\r\n\r\n").nth(1).unwrap_or_default()),
        };
        let _ = stream.write_all(answer.as_bytes());
    });
    let home = logged_in(server.url());
    let done = run(home.command("sh").args(["-c", "echo once | loom api /x --input -"]), b"");
    assert_eq!((done.code, done.out.as_str(), server.requests()), (1, "busy", 1), "{done:?}");
    let done = run(home.command("sh").args(["-c", "echo again > file; loom api /x --input - < file"]), b"").ok();
    assert_eq!((done.out.as_str(), server.requests()), ("again\n", 3), "{done:?}");
}

#[test]
fn another_account_gets_the_body_whole_or_not_at_all() {
    let whole = pattern(2 * MIB);
    let expected = whole.clone();
    let (told, heard) = channel();
    let url = raw(move |head, mut stream| {
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let answer = if head.contains("Bearer tok_weak") {
            // It says no when it has seen some of it.
            stream.read_exact(&mut vec![0; MIB]).unwrap();
            let challenge = "www-authenticate: Bearer error=\"insufficient_scope\", scope=\"control\"\r\n";
            let _ = told.send("weak");
            http("403 Forbidden", challenge, "no")
        } else {
            let mut body = vec![0; length.unwrap().parse().unwrap()];
            stream.read_exact(&mut body).unwrap();
            let _ = told.send(if body == expected { "strong, whole" } else { "strong, something else" });
            http("200 OK", "", "yes")
        };
        let _ = stream.get_mut().write_all(answer.as_bytes());
        // To close with something unread is to reset, which may take the answer along.
        let _ = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let home = Home::new();
    for account in ["weak", "strong"] {
        let arguments = ["login", "--with-token", "--server", &url, "--account", account];
        home.loom_in(&arguments, &format!("tok_{account}_0123456789")).ok();
    }
    std::fs::write(home.path().join("body"), &whole).unwrap();
    let shell = |script: &str| run(home.command("sh").arg("-c").arg(script), b"");
    let piped = shell("cat body | loom api /x --input -");
    assert_eq!((piped.code, piped.out.as_str()), (1, "no"), "{piped:?}");
    let read = shell("loom api /x --input body");
    assert_eq!((read.code, read.out.as_str()), (0, "yes"), "{read:?}");
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["weak", "weak", "strong, whole"]);
}
