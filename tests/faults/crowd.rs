//! Many at once, and strangers.

use std::os::unix::fs::{PermissionsExt, chown};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use crate::support::{Home, Running, as_root, every, find_program, injection, run, say, wait_until};

const WRITERS: usize = 400;
const RACES: usize = 200;

/// The user of the agent, and another one. Neither is anybody on a usual system.
const OWNER: u32 = 61_001;
const STRANGER: u32 = 61_002;

#[test]
fn of_four_hundred_parallel_writers_none_is_lost() {
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let mut agent = home.agent(&[]);
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= WRITERS {
                        return;
                    }
                    home.store("https", &format!("w{number}.example"), "u", &format!("pw{number}")).ok();
                }
            });
        }
    });
    // Nothing is left to an orderly end.
    agent.0.kill().unwrap();
    agent.0.wait().unwrap();
    let _agent = home.agent(&[]);
    let status: Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    let kept = status["accounts"].as_array().unwrap().len();
    say(format_args!("parallel writers: {WRITERS}, kept {kept}"));
    assert_eq!(kept, WRITERS);
    for number in (0..WRITERS).step_by(every(20)) {
        let said = home.get("https", &format!("w{number}.example")).ok().out;
        assert!(said.contains(&format!("password=pw{number}\n")), "{number}: {said}");
    }
}

#[test]
fn what_waits_for_a_slow_disk_at_once_is_written_at_once() {
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let Some(_) = injection::tracer() else { return };
    let agent = home.agent(&[]);
    home.store("https", "first.example", "u", "pw").ok();
    let (slow, log) = injection::slow_disk_seen(&home, &agent, Duration::from_millis(300));
    std::thread::scope(|scope| {
        for number in 0..20 {
            let home = &home;
            scope.spawn(move || home.store("https", &format!("w{number}.example"), "u", "pw").ok());
        }
    });
    drop(slow);
    let syncs = std::fs::read_to_string(log).unwrap().matches("fdatasync(").count();
    assert!((1..=10).contains(&syncs), "{syncs} for twenty passwords");
    for number in 0..20 {
        assert!(home.get("https", &format!("w{number}.example")).ok().out.contains("password=pw\n"));
    }
}

#[test]
fn of_two_agents_that_start_at_once_one_stays() {
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let races = RACES / every(4);
    for race in 0..races {
        let start = || {
            let mut command = home.command(env!("CARGO_BIN_EXE_loom-agent"));
            Running(command.arg("--foreground").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap())
        };
        let mut agents = [start(), start()];
        wait_until("one of two agents leaves", || agents.iter_mut().any(|agent| agent.0.try_wait().unwrap().is_some()));
        let ended = usize::from(agents[1].0.try_wait().unwrap().is_some());
        assert_eq!(agents[ended].0.wait().unwrap().code(), Some(1));
        let mut said = String::new();
        std::io::Read::read_to_string(agents[ended].0.stderr.as_mut().unwrap(), &mut said).unwrap();
        assert!(said.contains("running already"), "race {race}: {said}");
        home.store("https", "a.example", "u", &format!("pw{race}")).ok();
        assert_eq!(home.agent_pid(), agents[1 - ended].0.id() as i32, "race {race}");
        // It dies where it stands: the next two find its socket.
        agents[1 - ended].0.kill().unwrap();
        agents[1 - ended].0.wait().unwrap();
    }
    say(format_args!("two agents racing to start: {races} times, one stayed each time"));
}

/// The agent belongs to one user, who asks is another, and neither is root.
#[test]
fn another_user_gets_nothing_of_an_agent_and_its_owner_everything() {
    let Some(()) = as_root("only root tries other users") else { return };
    let (Some(setpriv), Some(socat)) = (find_program("setpriv"), find_program("socat")) else { return };
    let home = Home::new();
    // Where the tests are built, other users may not be able to go.
    for program in [env!("CARGO_BIN_EXE_loom-agent"), env!("CARGO_BIN_EXE_git-credential-loom")] {
        let copy = home.path().join(program.rsplit('/').next().unwrap());
        std::fs::copy(program, &copy).unwrap();
        std::fs::set_permissions(copy, PermissionsExt::from_mode(0o755)).unwrap();
    }
    for name in ["", "home", "run", "config", "state"] {
        chown(home.path().join(name), Some(OWNER), Some(OWNER)).unwrap();
    }
    let as_user = |user: u32| -> Command {
        let mut command = home.command(&setpriv);
        command.args([&format!("--reuid={user}"), &format!("--regid={user}"), "--clear-groups", "--inh-caps=-all"]);
        command.current_dir("/");
        command
    };
    let helper = home.path().join("git-credential-loom");
    let mut agent = as_user(OWNER);
    agent.arg(home.path().join("loom-agent")).arg("--foreground").stderr(Stdio::null());
    let _agent = Running(agent.spawn().unwrap());
    wait_until("the agent listens", || home.is_listening());
    let asked = b"protocol=https\nhost=a.example\nusername=u\npassword=hunter2-secret\n\n";
    run(as_user(OWNER).arg(&helper).arg("store"), asked).ok();
    let wanted = b"protocol=https\nhost=a.example\n\n";
    assert!(run(as_user(OWNER).arg(&helper).arg("get"), wanted).ok().out.contains("hunter2-secret"));

    run(as_user(STRANGER).arg(&helper).arg("get"), wanted).without("hunter2-secret");
    // Even if its owner opened every door.
    let mut path = home.socket();
    while path.starts_with(home.path()) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        path.pop();
    }
    let socket = format!("UNIX-CONNECT:{}", home.socket().display());
    for line in ["{\"v\":1,\"verb\":\"hello\"}\n", "{\"v\":1,\"verb\":\"status\"}\n", "{\"v\":1,\"verb\":\"stop\"}\n"] {
        let said = run(as_user(STRANGER).arg(&socat).args(["-", &socket]), line.as_bytes());
        assert_eq!(said.out, "", "{said:?}");
    }
    run(as_user(STRANGER).arg(&helper).arg("get"), wanted).fails(1).without("hunter2-secret");
    // Root is another user too.
    let said = run(home.command(&socat).args(["-", &socket]), b"{\"v\":1,\"verb\":\"status\"}\n");
    assert_eq!(said.out, "", "{said:?}");
    assert!(home.is_listening(), "no stranger ended it");
    let mut path = home.socket();
    while path.starts_with(home.path()) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        path.pop();
    }
    assert!(run(as_user(OWNER).arg(&helper).arg("get"), wanted).ok().out.contains("hunter2-secret"));
}
