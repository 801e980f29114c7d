//! The name of the agent's socket: whose it is, and what happens when it goes or becomes another's.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, Running, find_program, wait_until};

fn send(pid: i32, signal: Signal) {
    kill_process(Pid::from_raw(pid).unwrap(), signal).unwrap();
}

fn lock_of(home: &Home) -> PathBuf {
    home.socket().with_file_name("agent.sock.lock")
}

/// A home whose agent knows something that it would not know again.
fn with_memory() -> (Home, Running) {
    let home = Home::with(&[("LOOM_STORE", "memory")]);
    let agent = home.agent(&[]);
    home.store("https", "a.example", "u", "hunter2-secret").ok();
    (home, agent)
}

#[track_caller]
fn is_the_same_agent(home: &Home, agent: &Running) {
    wait_until("the socket is there again", || home.is_listening());
    assert!(home.get("https", "a.example").ok().out.contains("hunter2-secret"), "it is another agent");
    assert_eq!(home.agent_pid(), agent.0.id() as i32);
}

#[test]
fn a_socket_that_a_cleaner_removed_is_there_again_with_the_same_agent() {
    let (home, agent) = with_memory();
    for _ in 0..3 {
        std::fs::remove_file(home.socket()).unwrap();
        is_the_same_agent(&home, &agent);
    }
    // Whoever asks at once is not told of it either.
    std::fs::remove_file(home.socket()).unwrap();
    assert!(home.get("https", "a.example").ok().out.contains("hunter2-secret"));
    assert_eq!(home.agent_pid(), agent.0.id() as i32);
}

#[test]
fn a_directory_that_was_removed_with_lock_and_socket_leaves_no_orphan() {
    let (home, agent) = with_memory();
    std::fs::remove_dir_all(home.socket().parent().unwrap()).unwrap();
    is_the_same_agent(&home, &agent);
    std::fs::remove_file(lock_of(&home)).unwrap();
    wait_until("the lock is there again", || lock_of(&home).exists());
    let mut second = home.command(env!("CARGO_BIN_EXE_loom-agent"));
    assert_eq!(second.arg("--foreground").output().unwrap().status.code(), Some(1), "two agents");
    is_the_same_agent(&home, &agent);
    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(home.socket().parent().unwrap(), &elsewhere).unwrap();
    is_the_same_agent(&home, &agent);
}

#[test]
fn an_agent_that_nobody_can_reach_any_more_ends() {
    let (home, mut agent) = with_memory();
    std::fs::remove_dir_all(home.path().join("run")).unwrap();
    wait_until("it has ended", || agent.0.try_wait().unwrap().is_some());
    assert!(agent.0.wait().unwrap().success());
    assert!(!home.path().join("run").exists(), "what somebody else made and removed is not made again");
}

#[test]
fn an_old_agent_ends_and_leaves_the_new_ones_socket_alone() {
    let (home, mut old) = with_memory();
    send(old.0.id() as i32, Signal::STOP);
    std::fs::remove_dir_all(home.socket().parent().unwrap()).unwrap();
    let new = home.agent(&[]);
    let inode = home.socket().symlink_metadata().unwrap().ino();
    send(old.0.id() as i32, Signal::CONT);
    wait_until("the old one has ended", || old.0.try_wait().unwrap().is_some());
    assert_eq!(home.socket().symlink_metadata().unwrap().ino(), inode);
    assert_eq!(home.agent_pid(), new.0.id() as i32);
}

#[test]
fn an_agent_that_stops_removes_only_its_own_socket() {
    let (home, mut old) = with_memory();
    let pid = old.0.id() as i32;
    send(pid, Signal::STOP);
    std::fs::remove_dir_all(home.socket().parent().unwrap()).unwrap();
    let new = home.agent(&[]);
    send(pid, Signal::TERM);
    send(pid, Signal::CONT);
    wait_until("the old one has ended", || old.0.try_wait().unwrap().is_some());
    assert_eq!(home.agent_pid(), new.0.id() as i32);
}

#[test]
fn a_restricted_socket_that_was_removed_is_there_again() {
    let home = Home::new();
    home.loom(&["token", "generate", "build", "--scopes", "read"]).ok();
    let socket = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &socket.to_string_lossy(), "--token", "build"]).ok();
    std::fs::remove_file(&socket).unwrap();
    wait_until("it is there again", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    std::fs::remove_dir_all(socket.parent().unwrap()).unwrap();
    wait_until("it is there again", || std::os::unix::net::UnixStream::connect(&socket).is_ok());
    home.loom(&["agent", "stop"]).ok();
    assert!(!socket.exists());
}

#[test]
fn stop_and_restart_end_an_agent_that_does_not_answer_and_say_so() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    let pid = agent.0.id() as i32;
    home.store("https", "a.example", "u", "pw").ok();
    send(pid, Signal::STOP);
    home.loom(&["agent", "restart"]).ok().says(&format!("did not answer and was ended: process {pid}"));
    wait_until("it has ended", || agent.0.try_wait().unwrap().is_some());
    assert!(home.get("https", "a.example").ok().out.contains("pw"));
    let second = home.agent_pid();
    send(second, Signal::STOP);
    home.loom(&["agent", "stop"]).ok().says(&format!("process {second}"));
    assert!(!home.is_listening());
    home.loom(&["agent", "stop"]).ok().says("not running");
}

#[test]
fn an_orphan_without_a_socket_is_seen_by_status_and_ended_by_stop() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    send(agent.0.id() as i32, Signal::STOP);
    std::fs::remove_file(home.socket()).unwrap();
    let said = home.loom(&["agent", "status"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains(&format!("process {}", agent.0.id())), "{said:?}");
    home.loom(&["agent", "stop"]).ok().says("was ended");
    wait_until("it has ended", || agent.0.try_wait().unwrap().is_some());
    home.loom(&["agent", "start"]).ok();
}

#[test]
fn an_orphan_whose_lock_says_nothing_is_found_by_the_system() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    send(agent.0.id() as i32, Signal::STOP);
    std::fs::remove_file(home.socket()).unwrap();
    std::fs::File::options().write(true).open(lock_of(&home)).and_then(|lock| lock.set_len(0)).unwrap();
    let said = home.loom(&["agent", "status"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains(&format!("process {}", agent.0.id())), "{said:?}");
    home.loom(&["agent", "stop"]).ok().says("was ended");
    wait_until("it has ended", || agent.0.try_wait().unwrap().is_some());
}

#[test]
fn a_lock_of_another_machine_is_named_and_nobody_is_killed_for_it() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    home.loom(&["agent", "stop"]).ok();
    let mut lock = std::fs::File::options().read(true).write(true).open(lock_of(&home)).unwrap();
    lock.lock().unwrap();
    let victim = Running(home.command("/bin/sleep").arg("60").stdout(Stdio::null()).spawn().unwrap());
    let owner = format!(
        "{{\"pid\":{},\"started\":1,\"host\":\"other-box\",\"boot\":\"b\",\"namespace\":\"pid:[1]\"}}\n",
        victim.0.id()
    );
    lock.set_len(0).unwrap();
    lock.write_all(owner.as_bytes()).unwrap();
    let begun = Instant::now();
    let said = home.loom(&["agent", "start"]).fails(1).says("other-box").says("XDG_RUNTIME_DIR");
    assert!(!said.err.contains("exit 0"), "{said:?}");
    assert!(begun.elapsed() < Duration::from_secs(30), "{said:?}");
    home.loom(&["agent", "stop"]).fails(1).says("other-box");
    let mut victim = victim;
    assert!(victim.0.try_wait().unwrap().is_none());
}

#[test]
fn an_agent_whose_socket_was_systemds_ends_with_it() {
    let Some(activate) = find_program("systemd-socket-activate") else { return };
    let home = Home::new();
    std::fs::DirBuilder::new().mode(0o700).create(home.socket().parent().unwrap()).unwrap();
    let mut command = home.command(activate);
    command.arg("-l").arg(home.socket());
    for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOOM_STORE"] {
        command.arg("-E").arg(name);
    }
    command.arg(env!("CARGO_BIN_EXE_loom-agent")).arg("--foreground");
    let mut systemd = Running(command.stderr(Stdio::null()).spawn().unwrap());
    wait_until("systemd listens", || home.socket().exists());
    home.store("https", "a.example", "u", "pw").ok();
    let doctor: serde_json::Value = serde_json::from_str(&home.loom(&["doctor", "--json"]).ok().out).unwrap();
    assert_eq!(doctor["door"]["kept_by"], "systemd");
    assert_eq!(doctor["door"]["path"], home.socket().to_str().unwrap());
    std::fs::remove_file(home.socket()).unwrap();
    wait_until("it has ended", || systemd.0.try_wait().unwrap().is_some());
    assert!(home.get("https", "a.example").ok().out.contains("pw"));
}
