//! Agents that end, hang or are another's while somebody asks: nobody is left without an answer, or a word.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::authorization_server::{authorization_server, refusal};
use crate::support::{Home, SOON, every, run, say, wait_until};

fn kill(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

/// The process of the agent, if there is one.
fn runs(home: &Home) -> Option<i32> {
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["agent", "status", "--json"]).out).ok()?;
    status["pid"].as_i64().map(|pid| pid as i32)
}

/// Asks from several threads while something is done to the agent. Every answer has to be right; how many there were.
fn under_load(home: &Home, ask: impl Fn(usize) + Sync, meanwhile: impl FnOnce(&[AtomicUsize])) -> usize {
    let (over, asked) = (AtomicBool::new(false), AtomicUsize::new(0));
    let answered: [AtomicUsize; 8] = Default::default();
    std::thread::scope(|scope| {
        for answered in &answered {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    ask(asked.fetch_add(1, Ordering::Relaxed));
                    answered.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let done = catch_unwind(AssertUnwindSafe(|| meanwhile(&answered)));
        over.store(true, Ordering::Relaxed);
        done.unwrap();
    });
    home.loom(&["agent", "status"]).ok();
    asked.into_inner()
}

#[test]
fn an_agent_that_is_killed_under_load_leaves_nobody_without_an_answer() {
    let home = Home::new();
    home.store("https", "a.example", "u", "hunter2").ok();
    let kills = 80 / every(10);
    let get = |_| assert!(home.get("https", "a.example").ok().out.contains("hunter2"));
    let asked = under_load(&home, get, |answered| {
        for _ in 0..kills {
            // Nobody is to meet two deaths: whoever asked during the last one has been answered.
            let counts = || answered.iter().map(|answered| answered.load(Ordering::Relaxed));
            let enough: Vec<usize> = counts().map(|count| count + 2).collect();
            wait_until("all were answered", || counts().zip(&enough).all(|(count, enough)| count >= *enough));
            let pid = runs(&home).expect("the agent runs");
            kill(pid, Signal::KILL);
            wait_until("the next one runs", || runs(&home).is_some_and(|next| next != pid));
        }
    });
    say(format_args!("killed under load: {kills} times, {asked} helpers, all answered"));
}

#[test]
fn a_restart_under_load_loses_no_question_and_no_approval() {
    let home = Home::new();
    home.store("https", "a.example", "u", "hunter2").ok();
    let ask = |number: usize| match number % 4 {
        0 => drop(home.store("https", &format!("w{number}.example"), "u", "pw").ok()),
        _ => assert!(home.get("https", "a.example").ok().out.contains("hunter2")),
    };
    let restarts = 40 / every(10);
    let asked = under_load(&home, ask, |_| (0..restarts).for_each(|_| drop(home.loom(&["agent", "restart"]).ok())));
    say(format_args!("restarted under load: {restarts} times, {asked} helpers, all answered"));
    for number in (0..asked).step_by(4) {
        assert!(home.get("https", &format!("w{number}.example")).ok().out.contains("pw"), "{number} was lost");
    }
}

#[test]
fn who_connected_before_the_end_is_answered_though_they_ask_after_it() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    let mut early: Vec<UnixStream> = (0..50).map(|_| UnixStream::connect(home.socket()).unwrap()).collect();
    // Those in the queue are behind it, and the order to end is read before any of them.
    kill(agent.0.id() as i32, Signal::TERM);
    for stream in &mut early {
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(b"{\"v\":1,\"verb\":\"hello\"}\n").unwrap();
    }
    for stream in early {
        let mut reply = String::new();
        BufReader::new(stream).read_line(&mut reply).unwrap();
        assert!(reply.contains("\"ok\""), "{reply:?}");
    }
    assert!(agent.0.wait().unwrap().success());
}

#[test]
fn a_stopped_agent_is_said_within_seconds() {
    let home = Home::new();
    let agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw").ok();
    kill(agent.0.id() as i32, Signal::STOP);
    for arguments in [&["status"][..], &["token", "--server", "https://a.example"], &["agent", "status"]] {
        let begun = Instant::now();
        home.loom(arguments).fails(1).says("the agent does not answer").says("hint: end it");
        assert!(begun.elapsed() > Duration::from_secs(4));
        assert!(begun.elapsed() < Duration::from_secs(9));
    }
    let begun = Instant::now();
    home.get("https", "a.example").fails(1).says("does not answer");
    assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
    kill(agent.0.id() as i32, Signal::CONT);
    assert!(home.get("https", "a.example").ok().out.contains("pw"));
}

#[test]
fn an_answer_that_takes_long_is_waited_for_while_the_agent_answers_others() {
    let home = Home::new();
    let server = UnixListener::bind(prepared(&home)).unwrap();
    let answer = |stream: UnixStream, wait: Duration| {
        let mut line = String::new();
        BufReader::new(&stream).read_line(&mut line).unwrap();
        std::thread::sleep(wait);
        let reply = if line.contains("hello") {
            HELLO
        } else {
            "{\"v\":1,\"error\":{\"code\":\"not_found\",\"message\":\"nothing\"}}\n"
        };
        (&stream).write_all(reply.as_bytes()).unwrap();
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let slow = server.accept().unwrap().0;
            let late = scope.spawn(|| answer(slow, Duration::from_secs(6)));
            // Whoever waits asks in between whether anybody is there.
            answer(server.accept().unwrap().0, Duration::ZERO);
            late.join().unwrap();
        });
        assert_eq!(home.get("https", "a.example").ok().out, "");
    });
}

const HELLO: &str = "{\"v\":1,\"ok\":{\"running\":true,\"pid\":1,\"version\":\"0.1.0\",\"locked\":false}}\n";

/// Where a test can listen in the agent's place.
fn prepared(home: &Home) -> std::path::PathBuf {
    std::fs::DirBuilder::new().mode(0o700).create(home.socket().parent().unwrap()).unwrap();
    home.socket()
}

#[test]
fn an_answer_of_another_version_is_refused() {
    let home = Home::new();
    let server = UnixListener::bind(prepared(&home)).unwrap();
    let replies = [
        "{\"v\":2,\"ok\":{\"proof\":{\"password\":{\"username\":\"u\",\"password\":\"hunter2\"}}}}\n",
        "{\"v\":2,\"ok\":7}\n",
        "{\"v\":7,\"error\":{\"code\":\"not_found\",\"message\":\"nothing\"}}\n",
    ];
    for reply in replies {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let stream = server.accept().unwrap().0;
                BufReader::new(&stream).read_line(&mut String::new()).unwrap();
                (&stream).write_all(reply.as_bytes()).unwrap();
            });
            home.get("https", "a.example")
                .fails(1)
                .without("hunter2")
                .says("of the protocol")
                .says("loom agent restart");
        });
    }
}

#[test]
fn a_question_that_changes_nothing_is_asked_once_more_and_another_is_not() {
    let home = Home::new();
    let server = UnixListener::bind(prepared(&home)).unwrap();
    let lines = |count: usize| {
        let take = |_| {
            let stream = server.accept().unwrap().0;
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            line
        };
        (0..count).map(take).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let heard = scope.spawn(|| lines(2));
        home.get("https", "a.example").fails(1).says("went away");
        let heard = heard.join().unwrap();
        assert!(heard[0].contains("\"get\""), "{heard:?}");
        assert!(heard[0] == heard[1], "{heard:?}");
        let heard = scope.spawn(|| lines(1));
        home.store("https", "a.example", "u", "pw").fails(1).says("went away");
        assert!(heard.join().unwrap()[0].contains("\"store\""));
        let heard = scope.spawn(|| lines(1));
        home.loom(&["agent", "status"]);
        assert!(heard.join().unwrap()[0].contains("\"hello\""), "the approval was not sent twice");
    });
}

#[test]
fn of_a_herd_one_starts_the_agent_and_all_are_answered() {
    let home = Home::new();
    home.store("https", "a.example", "u", "hunter2").ok();
    home.loom(&["agent", "stop"]).ok();
    let herd = 100;
    std::thread::scope(|scope| {
        for _ in 0..herd {
            scope.spawn(|| {
                let mut command = home.command(env!("CARGO_BIN_EXE_git-credential-loom"));
                let said = run(command.arg("get"), b"protocol=https\nhost=a.example\n\n").ok();
                assert!(said.out.contains("hunter2"));
            });
        }
    });
}

#[test]
fn an_idle_agent_counts_from_the_last_request() {
    let home = Home::new();
    let mut agent = home.agent(&["--idle-exit", "4s"]);
    let until = Instant::now() + Duration::from_secs(8);
    while Instant::now() < until {
        home.loom(&["agent", "status"]).ok();
        std::thread::sleep(Duration::from_millis(200));
        assert!(agent.0.try_wait().unwrap().is_none(), "it ended though somebody asked");
    }
    assert!(agent.0.wait().unwrap().success());
}

#[test]
fn stop_ends_the_agent_of_these_directories_and_no_other() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    let mut stop = home.command(env!("CARGO_BIN_EXE_loom"));
    stop.args(["agent", "stop"]).env("LOOM_STATE_DIR", home.path().join("elsewhere"));
    run(&mut stop, b"");
    assert!(agent.0.try_wait().unwrap().is_none(), "it was somebody else's");
    home.store("https", "git.example", "u", "pw").ok();
    assert!(home.get("https", "git.example").ok().out.contains("password=pw\n"));
}

#[test]
fn a_process_with_all_its_requests_under_way_hears_hello_and_the_rest() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    let server = authorization_server(|path, _| (path == "/token").then(|| refusal("authorization_pending")));
    let ask = |question: &str| {
        let mut stream = UnixStream::connect(home.socket()).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        stream.write_all(question.as_bytes()).unwrap();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        (reader, line)
    };
    let login = format!(
        "{{\"v\":1,\"verb\":\"login\",\"params\":{{\"server\":\"{}\",\"client_id\":\"c\",\"flow\":\"device\"}}}}\n",
        server.url()
    );
    // Each waits for a person, as long as its connection.
    let waiting: Vec<_> = (0..64).map(|_| ask(&login)).collect();
    assert!(waiting.iter().all(|(_, line)| line.contains("CODE-1")), "{:?}", waiting.last().map(|one| &one.1));
    let (_, line) = ask("{\"v\":1,\"verb\":\"hello\",\"params\":{}}\n");
    assert!(line.contains("\"ok\""), "{line}");
    // What lasts makes room for what does not, and has a bound of its own.
    let (_, line) = ask("{\"v\":1,\"verb\":\"status\",\"params\":{}}\n");
    assert!(line.contains("\"accounts\""), "{line}");
}
