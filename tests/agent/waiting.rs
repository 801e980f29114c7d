//! What hangs elsewhere: a lock that somebody holds, a file that never ends. Nobody waits without end or word.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::injection::{slow_disk, tracer};
use crate::support::{Home, Output, Rotating, Running, SOON, run, wait_until};

/// Longer than what has a deadline of five seconds takes, on a busy machine; far shorter than for ever.
const BOUNDED: Duration = Duration::from_secs(20);

/// Takes a lock as another program would, by its name below the home.
fn hold(home: &Home, name: &str) -> File {
    let path = home.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.read(true).write(true).create(true).truncate(false).open(path).unwrap();
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    file
}

/// How long this takes.
fn timed<R>(what: impl FnOnce() -> R) -> (R, Duration) {
    let begun = Instant::now();
    let done = what();
    (done, begun.elapsed())
}

#[test]
fn who_reads_waits_for_no_lock_and_who_writes_is_told_who_holds_it() {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw-of-a").ok();
    home.loom(&["agent", "restart"]).ok();
    let lock = hold(&home, "state/loom/store.lock");
    let (said, took) = timed(|| {
        // The agent is new: all of these read the file, and the approval has nothing to write.
        assert!(home.get("https", "a.example").ok().out.contains("password=pw-of-a\n"));
        home.store("https", "a.example", "u", "pw-of-a").ok();
        home.loom(&["doctor"]).ok();
        home.loom(&["status"]).ok().out
    });
    assert!(said.contains("https://a.example"), "{said} {took:?}");
    assert!(took < BOUNDED, "{said} {took:?}");
    let (said, took) = timed(|| home.store("https", "b.example", "u", "pw-of-b").fails(1));
    assert!(took < BOUNDED, "{took:?}");
    said.says("store.lock is locked by process").says(&format!("process {}", std::process::id()));
    let (_, took) = timed(|| home.loom(&["agent", "stop"]).ok());
    assert!(took < BOUNDED, "{took:?}");
    drop(lock);
    home.store("https", "b.example", "u", "pw-of-b").ok();
    assert!(home.get("https", "b.example").ok().out.contains("password=pw-of-b\n"));
}

/// The longest that somebody else waits for a word of the agent while this goes on, asking again and again.
fn longest_wait(home: &Home, meanwhile: impl FnOnce() + Send) -> Duration {
    std::thread::scope(|scope| {
        let busy = scope.spawn(meanwhile);
        let mut longest = Duration::ZERO;
        while !busy.is_finished() {
            let (_, took) = timed(|| ask(home, "{\"v\":1,\"verb\":\"hello\"}\n"));
            longest = longest.max(took);
            std::thread::sleep(Duration::from_millis(5));
        }
        longest
    })
}

/// One line to the socket, one line back.
fn ask(home: &Home, line: &str) -> String {
    let mut stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(line.as_bytes()).unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    reply
}

/// Asks the agent to end by a signal; how long it took.
fn terminate(agent: &mut Running) -> Duration {
    let begun = Instant::now();
    kill_process(Pid::from_child(&agent.0), Signal::TERM).unwrap();
    // A thread that the tracer still holds in a call keeps the process from vanishing, not from having ended.
    let state = format!("/proc/{}/status", agent.0.id());
    let is_zombie = || std::fs::read_to_string(&state).is_ok_and(|text| text.contains("State:\tZ"));
    wait_until("the agent is gone", || agent.0.try_wait().unwrap().is_some() || is_zombie());
    begun.elapsed()
}

/// A token that counts its uses.
fn counted_token(home: &Home) -> String {
    let options = ["token", "generate", "counted", "--scopes", "read", "--max-uses", "50", "--json"];
    let reply: serde_json::Value = serde_json::from_str(&home.loom(&options).ok().out).unwrap();
    reply["token"].as_str().unwrap().to_owned()
}

fn presenting(home: &Home, token: &str, arguments: &[&str]) -> Output {
    run(home.command(env!("CARGO_BIN_EXE_loom")).args(arguments).env("LOOM_TOKEN", token), b"")
}

#[test]
fn a_use_that_is_counted_on_a_slow_disk_keeps_nobody_else_waiting() {
    let Some(_) = tracer() else { return };
    let home = Home::new();
    let agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw-of-a").ok();
    let token = counted_token(&home);
    let _slow = slow_disk(&home, &agent, Duration::from_secs(3));
    let (longest, took) = timed(|| longest_wait(&home, || drop(presenting(&home, &token, &["status"]).ok())));
    assert!(took >= Duration::from_secs(3), "the disk was not slow: {took:?}");
    assert!(longest < Duration::from_secs(2), "{longest:?}");
}

#[test]
fn the_lock_of_the_tokens_keeps_only_those_waiting_who_change_the_list() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw-of-a").ok();
    let token = counted_token(&home);
    let _lock = hold(&home, "state/loom/tokens.lock");
    let longest = longest_wait(&home, || {
        let (said, took) = timed(|| presenting(&home, &token, &["status"]).fails(1));
        assert!(took < BOUNDED, "{took:?}");
        said.says("tokens.lock is locked by process");
    });
    assert!(longest < Duration::from_secs(2), "{longest:?}");
    let (said, took) = timed(|| {
        home.loom(&["exec", "--scopes", "read", "--", "true"]).ok();
        home.loom(&["token", "list"]).ok().out
    });
    assert!(said.contains("counted"), "{said} {took:?}");
    assert!(took < BOUNDED, "{said} {took:?}");
}

#[test]
fn an_agent_ends_in_time_whatever_locks_others_hold() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw-of-a").ok();
    let names = ["store.lock", "tokens.lock", "audit.lock", "clients.lock"];
    let _locks = names.map(|name| hold(&home, &format!("state/loom/{name}")));
    std::thread::scope(|scope| {
        // Something to note, and somebody who waits for a lock.
        scope.spawn(|| home.store("https", "b.example", "u", "pw-of-b"));
        assert!(home.get("https", "a.example").ok().out.contains("pw-of-a"));
        let took = terminate(&mut agent);
        assert!(took < BOUNDED, "{took:?}");
    });
}

#[test]
fn an_agent_whose_disk_hangs_ends_in_time() {
    let Some(_) = tracer() else { return };
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let mut agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw-of-a").ok();
    let size = || home.credentials().metadata().unwrap().len();
    let before = size();
    let slow = slow_disk(&home, &agent, Duration::from_secs(600));
    std::thread::scope(|scope| {
        scope.spawn(|| home.store("https", "b.example", "u", "pw-of-b"));
        // What is added is there before it is synced.
        wait_until("the write hangs", || size() > before);
        assert!(home.get("https", "a.example").ok().out.contains("pw-of-a"), "who reads goes on");
        let took = terminate(&mut agent);
        assert!(took < BOUNDED, "{took:?}");
    });
    drop(slow);
    let _agent = home.agent(&[]);
    assert!(home.get("https", "a.example").ok().out.contains("pw-of-a"));
}

#[test]
fn settings_that_are_a_pipe_or_never_end_are_refused_at_once() {
    let home = Home::new();
    home.configure("");
    let agent = home.agent(&[]);
    let path = home.path().join("config/loom/config.toml");
    let refused = |what: &str| {
        let (said, took) = timed(|| home.loom(&["status"]).fails(1));
        assert!(took < BOUNDED, "{took:?}");
        said.says(what);
        home.loom(&["config", "list"]).fails(1).says(what);
        assert!(ask(&home, "{\"v\":1,\"verb\":\"hello\"}\n").contains("\"running\":true"));
    };
    std::fs::remove_file(&path).unwrap();
    let fifo = rustix::fs::FileType::Fifo;
    rustix::fs::mknodat(rustix::fs::CWD, &path, fifo, rustix::fs::Mode::RWXU, 0).unwrap();
    refused("is not a plain file");
    std::fs::remove_file(&path).unwrap();
    symlink("/dev/zero", &path).unwrap();
    refused("is not a plain file");
    std::fs::remove_file(&path).unwrap();
    File::create(&path).and_then(|file| file.set_len(1 << 30)).unwrap();
    refused("would have more than 1 MiB");
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.0.id())).unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 * 1024, "{peak} KiB");
    std::fs::remove_file(&path).unwrap();
    home.loom(&["config", "list"]).ok();
}

#[test]
fn gits_helper_ends_in_time_and_a_command_says_what_it_waits_for() {
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let dir = home.socket().parent().unwrap().to_owned();
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    // An agent that says that it is there and answers nothing else.
    let socket = std::os::unix::net::UnixListener::bind(home.socket()).unwrap();
    std::thread::spawn(move || {
        for stream in socket.incoming().map_while(Result::ok) {
            std::thread::spawn(move || {
                let (mut line, mut reader) = (String::new(), BufReader::new(stream));
                while reader.read_line(&mut line).is_ok_and(|count| count > 0) {
                    if line.contains("\"hello\"") {
                        let agent = r#"{"running":true,"pid":1,"version":"0.1.0","locked":false,"memory_locked":true}"#;
                        let reply = format!("{{\"v\":1,\"ok\":{{\"agent\":{agent}}}}}\n");
                        let _ = reader.get_mut().write_all(reply.as_bytes());
                    }
                    line.clear();
                }
            });
        }
    });
    let mut waits = home.command(env!("CARGO_BIN_EXE_loom"));
    let waits = waits.args(["token", "--server", "https://a.example"]).stderr(std::process::Stdio::piped()).spawn();
    let mut waits = Running(waits.unwrap());
    let (said, took) = timed(|| home.get("https", "a.example").fails(1));
    assert!(took < BOUNDED, "{took:?}");
    said.says("did not answer within 8 seconds");
    let mut word = String::new();
    BufReader::new(waits.0.stderr.take().unwrap()).read_line(&mut word).unwrap();
    assert_eq!(word, "Waiting for the agent…\n");
}

/// The first line that a command says.
fn first_word(home: &Home, arguments: &[&str], stdin: &str) -> String {
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let piped = std::process::Stdio::piped;
    let mut waits = Running(command.args(arguments).stdin(piped()).stderr(piped()).spawn().unwrap());
    waits.0.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let mut word = String::new();
    BufReader::new(waits.0.stderr.take().unwrap()).read_line(&mut word).unwrap();
    word
}

#[test]
fn a_command_says_what_it_waits_for_which_lock_and_whose_or_which_server() {
    let (home, other) = (Home::new(), Home::new());
    // It takes connections, and that is all.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let server = format!("http://{}", silent.local_addr().unwrap());
    home.loom_in(&["login", "--with-token", "--server", &server], "tok").ok();
    let _lock = hold(&other, "state/loom/store.lock");
    std::thread::scope(|scope| {
        let given = ["login", "--with-token", "--server", "https://a.example"];
        let locked = scope.spawn(move || first_word(&other, &given, "tok"));
        let called = scope.spawn(|| first_word(&home, &["api", "--server", &server, "/x"], ""));
        let asked = scope.spawn(|| first_word(&home, &["login", "--flow", "device", "--server", &server], ""));
        let locked = locked.join().unwrap();
        let by = format!("store.lock is locked by process {} (", std::process::id());
        assert!(locked.starts_with("Waiting: "), "{locked}");
        assert!(locked.contains(&by), "{locked}");
        let silent = format!("Waiting: {server} has not answered yet\n");
        assert_eq!((called.join().unwrap(), asked.join().unwrap()), (silent.clone(), silent));
    });
}

#[test]
fn a_turn_that_another_agent_does_not_give_back_is_said() {
    let home = Home::new();
    let server = Rotating::start();
    home.loom(&["login", "--server", server.url(), "--client-id", "c", "--flow", "device"]).ok();
    let token = ["token", "--server", server.url(), "--min-validity", "10h"];
    home.loom(&token).ok();
    let dir = home.path().join("state/loom/renewals");
    let name = std::fs::read_dir(dir).unwrap().flatten().next().unwrap().file_name();
    let turn = hold(&home, &format!("state/loom/renewals/{}", name.display()));
    let word = first_word(&home, &token, "");
    assert!(word.starts_with("Waiting: "), "{word}");
    assert!(word.contains(".lock is locked by process "), "{word}");
    // Longer than a renewal may take it is in nobody's way: who asks is told, and what is valid is given at once.
    let by = format!(".lock is locked by process {}", std::process::id());
    let wished = ["token", "--server", server.url(), "--scope", "a"];
    for asking in [&token[..], &wished] {
        let (said, took) = timed(|| home.loom(asking).fails(1));
        assert!(took < BOUNDED, "{took:?}");
        said.says(&by);
    }
    let git = |home: &Home| {
        let host = server.url().trim_start_matches("http://");
        home.get("http", host).ok().out
    };
    let (given, took) = timed(|| home.loom(&token[..3]).ok().out + &git(&home));
    assert!(took < BOUNDED, "{took:?}");
    assert!(given.starts_with("at_1\n"), "{given}");
    assert!(given.contains("password=at_1\n"), "{given}");
    // The renewal that was begun goes on when it can, once for all who asked.
    drop(turn);
    wait_until("what it brought is given", || home.loom(&token[..3]).ok().out == "at_2\n");
    assert_eq!(server.renewals(), Some(2));
}

#[test]
fn what_lasts_is_not_in_the_way_of_the_same_programs_questions() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    let lasting = [
        r#"{"v":1,"verb":"audit","params":{"last":1,"follow":true}}"#,
        r#"{"v":1,"verb":"lease","params":{"name":"a lease","scopes":["read"],"servers":[]}}"#,
    ];
    // More than may be under way at once.
    let held: Vec<UnixStream> = (0..100)
        .map(|nth| {
            let mut stream = UnixStream::connect(home.socket()).unwrap();
            stream.set_read_timeout(Some(SOON)).unwrap();
            stream.write_all(format!("{}\n", lasting[nth % 2]).as_bytes()).unwrap();
            let mut line = String::new();
            BufReader::new(&stream).read_line(&mut line).unwrap();
            assert!(line.contains("\"event\""), "{line}");
            stream
        })
        .collect();
    assert!(ask(&home, "{\"v\":1,\"verb\":\"status\",\"params\":{}}\n").contains("\"accounts\""));
    drop(held);
}
