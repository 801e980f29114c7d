//! What an agent has in memory while nobody asks it anything.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use crate::support::{Home, wait_until};

const CROWD: usize = 200;

/// What the process has in memory, in KiB.
fn resident(pid: i32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap()
}

fn ask_all(home: &Home, line: &str) {
    let mut crowd: Vec<_> = (0..CROWD).map(|_| UnixStream::connect(home.socket()).unwrap()).collect();
    for stream in &mut crowd {
        writeln!(stream, "{line}").unwrap();
    }
    for stream in crowd {
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.contains("hunter2"), "{answer}");
    }
}

#[test]
fn an_agent_that_nobody_asks_gives_back_what_it_needed() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    home.store("https", "git.example", "u", "hunter2").ok();
    let asked = || home.get("https", "git.example").ok().says("").out.contains("hunter2");
    assert!(asked());
    let (pid, first) = (home.agent_pid(), resident(home.agent_pid()));
    wait_until("most of what a start takes is given back", || resident(pid) < first / 2);
    // What came back is what was there.
    assert!(asked());
    ask_all(&home, r#"{"v":1,"verb":"get","params":{"wanted":{"protocol":"https","host":"git.example"}}}"#);
    wait_until("a crowd leaves nothing behind", || resident(pid) < first / 2);
    assert!(asked());
    assert_eq!(home.agent_pid(), pid, "it is the same agent");
}
