//! Many at once at the HTTP door, and some that mean no good: everybody else is answered.

use std::io::{BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::support::{Answer, Door, Home, SOON, bearer, say, wait_until};

const MIB: usize = 1024 * 1024;

const WRONG: usize = 10_000;
const SLOW: usize = 1_000;

/// As many connections as may wait, leave, and be on their way out.
const MOST_OPEN: usize = 512 + 128 + 64;

/// So many connections of a crowd at the door are one that is there.
const CROWD: usize = 256;

/// When the door hangs up on a crowd by itself: who is answered sooner was not kept out by it.
const BOUND: Duration = Duration::from_secs(10);

fn home() -> (Home, Door, String) {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    let ci = home.issue("ci", &["--scopes", "read"]);
    let door = home.serve(&[]);
    door.get("/api/accounts", &ci).ok(200);
    (home, door, ci)
}

/// What the agent has of memory now, in bytes.
fn memory(home: &Home) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", home.agent_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// How many descriptors the agent has open.
fn descriptors(home: &Home) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", home.agent_pid())).unwrap().count()
}

/// Tells the valid client to stop, also if the test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Asks with a valid token until it is told to stop: how long each answer took.
fn valid_client(door: &Door, token: &str, stop: &AtomicBool) -> Vec<Duration> {
    let mut took = Vec::new();
    while !stop.load(Ordering::Relaxed) || took.len() < 5 {
        let began = Instant::now();
        door.get("/api/accounts", token).ok(200);
        took.push(began.elapsed());
        std::thread::sleep(Duration::from_millis(5));
    }
    took
}

/// The same beside a crowd: how long each answer took, and how many came from first to last while the crowd was there.
fn beside_crowd(home: &Home, door: &Door, token: &str, stop: &AtomicBool) -> (Vec<Duration>, usize) {
    let is_there = || descriptors(home) >= CROWD;
    let (mut took, mut beside) = (Vec::new(), 0);
    while !stop.load(Ordering::Relaxed) || took.len() < 5 {
        let (began, before) = (Instant::now(), is_there());
        door.get("/api/accounts", token).ok(200);
        took.push(began.elapsed());
        beside += usize::from(before && is_there());
        std::thread::sleep(Duration::from_millis(5));
    }
    (took, beside)
}

/// Says the median and the worst, which depend on the machine, and asserts that nobody waited for the crowd to go.
fn judge(what: &str, mut took: Vec<Duration>) {
    took.sort();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    say(format_args!("{what}: {} valid requests, median {median:.1?}, worst {worst:.1?}", took.len()));
    assert!(worst < BOUND, "{what}: a valid client waited for {worst:?}");
}

#[test]
fn ten_thousand_wrong_tokens_leave_valid_clients_alone_and_the_log_short() {
    let (home, door, ci) = home();
    let before = memory(&home);
    let (stop, began) = (AtomicBool::new(false), Instant::now());
    let wrong = |from: usize, count: usize| {
        let mut stream = BufReader::new(door.connect());
        let mut statuses = [0; 2];
        for number in from..from + count {
            let token = bearer(&format!("loom_{number:043}"));
            let host = door.authority();
            write!(stream.get_mut(), "GET /api/accounts HTTP/1.1\r\nHost: {host}\r\n{token}\r\n\r\n").unwrap();
            let answer = Answer::read(&mut stream).expect("an answer");
            match answer.status {
                401 => statuses[0] += 1,
                429 => {
                    assert!(answer.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
                    statuses[1] += 1;
                }
                other => panic!("{other}: {}", answer.text()),
            }
        }
        statuses
    };
    let took = std::thread::scope(|scope| {
        let valid = scope.spawn(|| valid_client(&door, &ci, &stop));
        let stopped = Stop(&stop);
        let wrong: Vec<_> = (0..4).map(|part| scope.spawn(move || wrong(part * WRONG / 4, WRONG / 4))).collect();
        let counts: Vec<[usize; 2]> = wrong.into_iter().map(|thread| thread.join().unwrap()).collect();
        drop(stopped);
        let sum = |at: usize| counts.iter().map(|count| count[at]).sum::<usize>();
        assert!(sum(1) > WRONG - 100, "{counts:?}");
        assert!(sum(0) >= 20, "{counts:?}");
        valid.join().unwrap()
    });
    say(format_args!("{WRONG} wrong tokens in {:.1?}", began.elapsed()));
    judge("wrong tokens", took);
    let noted = home.audited("auth.fail");
    assert!((20..=60).contains(&noted.len()), "{}", noted.len());
    assert!(noted.iter().all(|entry| entry["actor"]["address"] == "127.0.0.1"), "{noted:?}");
    assert!(home.loom(&["audit", "tail", "--event", "auth.fail"]).ok().out.contains("127.0.0.1"));
    let grown = memory(&home).saturating_sub(before);
    say(format_args!("agent's memory grew by {} KiB", grown / 1024));
    assert!(grown < 16 * MIB, "the agent's memory grew by {grown} bytes");
}

/// Makes many connections at the door, has each do something odd, and sees that others are answered meanwhile.
fn beside_many(what: &str, odd: impl Fn(&Door, &mut TcpStream) + Sync) {
    let (home, door, ci) = home();
    let (before, open_before) = (memory(&home), descriptors(&home));
    let stop = AtomicBool::new(false);
    let count = SLOW;
    let ((mut took, beside), grown) = std::thread::scope(|scope| {
        let valid = scope.spawn(|| beside_crowd(&home, &door, &ci, &stop));
        let stopped = Stop(&stop);
        let mut slow: Vec<TcpStream> = Vec::new();
        for _ in 0..count {
            let mut stream = door.connect();
            odd(&door, &mut stream);
            slow.push(stream);
        }
        // A little more of each, as long as it is there.
        for stream in &mut slow {
            let _ = stream.write_all(b"x");
        }
        // Git has the socket to itself, however full the door is.
        let began = Instant::now();
        assert!(home.get("https", "a.example").ok().out.contains("password=pw"));
        say(format_args!("{what}: git's helper took {:.1?}", began.elapsed()));
        let (grown, open) = (memory(&home).saturating_sub(before), descriptors(&home));
        say(format_args!("{what}: {open} descriptors are open"));
        assert!(open <= open_before + MOST_OPEN + 16, "{what}: {open} descriptors are open");
        drop(stopped);
        (valid.join().unwrap(), grown)
    });
    took.sort();
    let worst = took[took.len() - 1];
    say(format_args!("{what}: {} valid requests, {beside} beside the crowd, worst {worst:.1?}", took.len()));
    assert!(beside > 0, "{what}: a valid client waited for the crowd to go");
    say(format_args!("{what}: agent's memory grew by {} KiB", grown / 1024));
    assert!(grown < 64 * MIB, "the agent's memory grew by {grown} bytes");
    wait_until("all connections are gone", || descriptors(&home) <= open_before + 2);
    door.get("/api/accounts", &ci).ok(200);
    home.loom(&["doctor"]).ok();
}

#[test]
fn a_thousand_silent_connections_keep_nobody_out() {
    beside_many("silent connections", |_, _| {});
}

#[test]
fn a_thousand_heads_that_trickle_keep_nobody_out() {
    beside_many("heads that trickle", |door, stream| {
        let _ = write!(stream, "GET /api/accounts HTTP/1.1\r\nHost: {}\r\nX: ", door.authority());
    });
}

#[test]
fn a_thousand_bodies_that_never_end_keep_nobody_out() {
    beside_many("bodies that never end", |door, stream| {
        let kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 1000";
        let _ = write!(stream, "POST /oauth/token HTTP/1.1\r\nHost: {}\r\n{kind}\r\n\r\na=", door.authority());
    });
}

#[test]
fn a_thousand_who_read_no_answer_keep_nobody_out() {
    beside_many("answers that nobody reads", |door, stream| {
        let one = format!("GET /api/openapi.json HTTP/1.1\r\nHost: {}\r\n\r\n", door.authority());
        let _ = stream.write_all(one.repeat(20).as_bytes());
    });
}

#[test]
fn a_connection_that_is_used_is_not_hung_up_on_between_requests() {
    let (_home, door, ci) = home();
    let mut stream = BufReader::new(door.connect());
    for _ in 0..100 {
        let (host, token) = (door.authority(), bearer(&ci));
        write!(stream.get_mut(), "GET /api/accounts HTTP/1.1\r\nHost: {host}\r\n{token}\r\n\r\n").unwrap();
        assert_eq!(Answer::read(&mut stream).expect("an answer").status, 200);
    }
    // Once nothing more comes, it is.
    let began = Instant::now();
    assert_eq!(stream.get_mut().read(&mut [0; 16]).unwrap(), 0);
    assert!(began.elapsed() < SOON);
}
