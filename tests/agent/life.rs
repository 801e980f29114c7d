use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::support::{Home, Running, SOON, as_root, find_program, wait_until};

/// Asserts that others are still answered, and not only once the agent has hung up on those who say nothing.
#[track_caller]
fn alive(home: &Home) {
    let begun = Instant::now();
    assert!(ask(home, "{\"v\":1,\"verb\":\"hello\"}\n").contains("\"running\":true"));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

/// One line to the socket, one line back.
fn ask(home: &Home, line: &str) -> String {
    let mut stream = connect(home);
    stream.write_all(line.as_bytes()).unwrap();
    let mut reply = String::new();
    BufReader::new(stream).read_line(&mut reply).unwrap();
    reply
}

fn connect(home: &Home) -> UnixStream {
    let stream = UnixStream::connect(home.socket()).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream
}

/// What the kernel says of the agent in a file below /proc/PID; some of it to root only.
fn kernel_says(agent: &Running, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{}/{file}", agent.0.id())).unwrap()
}

fn resident_kib(agent: &Running) -> u64 {
    let status = kernel_says(agent, "status");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Hundredths of a second on a processor: utime and stime of proc_pid_stat(5).
fn processor_ticks(agent: &Running) -> u64 {
    let stat = kernel_says(agent, "stat");
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap().split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

/// Returns once the agent has closed this connection.
fn closed(mut stream: UnixStream) -> bool {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).is_ok()
}

#[test]
fn after_a_stop_everything_is_still_there_and_the_socket_is_gone() {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw").ok();
    home.loom(&["agent", "status"]).ok();
    home.loom(&["agent", "stop"]).ok();
    assert!(!home.socket().exists());
    assert_eq!(home.loom(&["agent", "status"]).code, 1);
    assert!(!home.socket().exists(), "looking does not start it");
    home.loom(&["agent", "stop"]).ok();
    assert!(home.get("https", "a.example").ok().out.contains("pw"));
    let first = home.agent_pid();
    home.loom(&["agent", "restart"]).ok();
    assert_ne!(home.agent_pid(), first);
}

#[test]
fn anyone_can_ask_with_socat() {
    let Some(socat) = find_program("socat") else { return };
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    let mut command = home.command(socat);
    command.args(["-", &format!("UNIX-CONNECT:{}", home.socket().display())]);
    let said = crate::support::run(&mut command, b"{\"v\":1,\"verb\":\"hello\"}\n").ok().out;
    assert!(said.contains("\"version\":"), "{said}");
}

#[test]
fn what_is_no_request_gets_a_typed_error() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    for (line, code) in [
        ("garbage\n", "bad_request"),
        ("{\"v\":2,\"verb\":\"hello\"}\n", "bad_request"),
        ("{\"v\":1,\"verb\":\"fly\"}\n", "bad_request"),
        ("{\"v\":1,\"verb\":\"get\"}\n", "bad_request"),
        ("{\"v\":1,\"verb\":\"hello\",\"token\":\"loom_nobody_knows\"}\n", "denied"),
    ] {
        assert!(ask(&home, line).contains(&format!("\"code\":\"{code}\"")), "{line}");
    }
    assert!(
        ask(&home, "{\"v\":1,\"verb\":\"hello\",\"new\":{\"in\":2}}\n").contains("\"ok\""),
        "unknown fields are ignored"
    );
    alive(&home);
}

#[test]
fn garbage_half_frames_and_deaf_readers_hurt_nobody_else() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    let mut long = connect(&home);
    let chunk = vec![b'x'; 64 * 1024];
    while long.write_all(&chunk).is_ok() {}
    drop(long);
    let mut half = connect(&home);
    half.write_all(b"{\"v\":1,").unwrap();
    let mut deaf = connect(&home);
    deaf.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    while deaf.write_all(b"{\"v\":1,\"verb\":\"status\"}\n").is_ok() {}
    alive(&home);
    assert!(closed(half), "half a frame ends with its deadline");
}

#[test]
fn a_thousand_idle_connections_keep_nobody_out() {
    let home = Home::new();
    let _agent = home.agent(&[]);
    let idle: Vec<UnixStream> = (0..1000).map_while(|_| UnixStream::connect(home.socket()).ok()).collect();
    assert!(idle.len() > 500, "{}", idle.len());
    for _ in 0..10 {
        alive(&home);
    }
    drop(idle);
    alive(&home);
}

#[test]
fn ten_thousand_clients_that_vanish_in_mid_reply_leave_nothing() {
    let home = Home::new();
    let agent = home.agent(&[]);
    let vanish = || {
        for _ in 0..10_000 {
            connect(&home).write_all(b"{\"v\":1,\"verb\":\"status\"}\n").unwrap();
        }
        // This process waits behind those of its own that went; another is answered at once.
        let begun = Instant::now();
        home.loom(&["agent", "status"]).ok();
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        ask(&home, "{\"v\":1,\"verb\":\"hello\"}\n");
        alive(&home);
        resident_kib(&agent)
    };
    let (before, after) = (vanish(), vanish());
    // What 10,000 would leave, each a single task, is twice as much.
    assert!(after < before + 8192, "{before} KiB before, {after} KiB after");
}

#[test]
fn an_agent_without_descriptors_neither_spins_nor_stays_deaf() {
    let Some(prlimit) = find_program("prlimit") else { return };
    let home = Home::new();
    let agent = home.agent_through(&prlimit, &["--nofile=40:40"]);
    let mut idle: Vec<UnixStream> = (0..200).map_while(|_| UnixStream::connect(home.socket()).ok()).collect();
    let worked = processor_ticks(&agent);
    let begun = Instant::now();
    // Whoever asks gets an answer: one that says nothing makes room.
    for _ in 0..10 {
        alive(&home);
    }
    let worked = processor_ticks(&agent) - worked;
    assert!(worked < 50, "it spins: {worked} ticks in {:?}", begun.elapsed());
    idle.clear();
    alive(&home);
}

#[test]
fn two_agents_at_once_are_one_agent() {
    let home = Home::new();
    let _first = home.agent(&[]);
    let mut second = home.command(env!("CARGO_BIN_EXE_loom-agent"));
    let done = second.arg("--foreground").output().unwrap();
    assert_eq!(done.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&done.stderr).contains("running already"));
    alive(&home);
}

#[test]
fn a_stale_socket_is_replaced_and_another_file_in_its_place_is_not() {
    let home = Home::new();
    let dir = home.socket().parent().unwrap().to_owned();
    std::fs::create_dir(&dir).unwrap();
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
    drop(UnixListener::bind(home.socket()).unwrap());
    home.loom(&["agent", "start"]).ok();
    home.loom(&["agent", "stop"]).ok();
    std::fs::write(home.socket(), "not a socket").unwrap();
    home.loom(&["agent", "start"]).fails(1);
    assert_eq!(std::fs::read_to_string(home.socket()).unwrap(), "not a socket");
    std::fs::remove_file(home.socket()).unwrap();
}

#[test]
fn a_socket_directory_that_is_not_ours_alone_is_refused_by_both_sides() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    home.store("https", "a.example", "u", "pw").ok();
    let dir = home.socket().parent().unwrap().to_owned();
    for mode in [0o755, 0o770, 0o701] {
        std::fs::set_permissions(&dir, PermissionsExt::from_mode(mode)).unwrap();
        home.get("https", "a.example").fails(1).says("not safe to use");
        let agent = home.command(env!("CARGO_BIN_EXE_loom-agent")).arg("--foreground").output().unwrap();
        assert_eq!(agent.status.code(), Some(1));
    }
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
    home.loom(&["agent", "stop"]).ok();
    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(&dir, &elsewhere).unwrap();
    symlink(&elsewhere, &dir).unwrap();
    home.loom(&["agent", "start"]).fails(1);
}

#[test]
fn another_user_gets_nothing_even_from_an_open_socket() {
    let Some(setpriv) = find_program("setpriv") else { return };
    let Some(()) = as_root("only root tries other users") else { return };
    let home = Home::new();
    let _agent = home.agent(&[]);
    home.store("https", "a.example", "u", "pw").ok();
    let mut path = home.socket();
    while path.starts_with(home.path()) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o777)).unwrap();
        path.pop();
    }
    let Some(socat) = find_program("socat") else { return };
    let mut other = home.command(setpriv);
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(socat).arg("-");
    other.arg(format!("UNIX-CONNECT:{}", home.socket().display())).current_dir("/");
    let said = crate::support::run(&mut other, b"{\"v\":1,\"verb\":\"status\"}\n");
    assert_eq!(said.out, "", "{said:?}");
    // And the other way round: a server of another user is told nothing.
    let mut path = home.socket();
    while path.starts_with(home.path()) {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o700)).unwrap();
        path.pop();
    }
    alive(&home);
}

#[test]
fn a_socket_that_another_user_serves_is_sent_nothing() {
    let Some(()) = as_root("only root tries other users") else { return };
    let (Some(setpriv), Some(socat)) = (find_program("setpriv"), find_program("socat")) else { return };
    let home = Home::new();
    let dir = home.socket().parent().unwrap().to_owned();
    std::fs::create_dir(&dir).unwrap();
    for path in [home.path(), &home.path().join("run"), &dir] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(0o777)).unwrap();
    }
    let heard = home.path().join("heard");
    let mut squatter = home.command(setpriv);
    squatter.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(socat).current_dir("/");
    squatter.args([
        "-u",
        &format!("UNIX-LISTEN:{},fork", home.socket().display()),
        &format!("OPEN:{},creat,append", heard.display()),
    ]);
    let _squatter = crate::support::Running(squatter.spawn().unwrap());
    wait_until("the squatter listens", || home.socket().exists());
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
    home.store("https", "a.example", "u", "hunter2-secret").fails(1).says("belongs to another user");
    assert_eq!(std::fs::read_to_string(&heard).unwrap_or_default(), "");
    std::fs::remove_file(home.socket()).unwrap();
}

#[test]
fn no_debugger_and_no_core_file_sees_the_memory() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", home.agent_pid())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    // A process that is not dumpable belongs to root in /proc, whoever runs it.
    let (Some(setpriv), Some(())) = (find_program("setpriv"), as_root("only root takes rights away")) else { return };
    let mut reader = home.command(setpriv);
    reader.args(["--bounding-set=-all", "--inh-caps=-all", "cat", &format!("/proc/{}/environ", home.agent_pid())]);
    let read = crate::support::run(&mut reader, b"");
    assert_ne!(read.code, 0, "{read:?}");
}

#[test]
fn sigterm_ends_it_gracefully_and_a_lost_terminal_does_not() {
    let home = Home::new();
    let mut agent = home.agent(&[]);
    let pid = rustix::process::Pid::from_raw(agent.0.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::HUP).unwrap();
    alive(&home);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert!(agent.0.wait().unwrap().success());
    assert!(!home.socket().exists());
}

#[test]
fn an_idle_agent_ends_when_it_was_told_to() {
    let home = Home::new();
    let mut agent = home.agent(&["--idle-exit", "1s"]);
    alive(&home);
    assert!(agent.0.wait().unwrap().success());
    home.loom(&["agent", "start"]).ok();
}

#[test]
fn systemd_is_told_when_it_listens_and_can_hand_over_the_socket() {
    let home = Home::new();
    let told = home.path().join("notify.sock");
    let notify = UnixDatagram::bind(&told).unwrap();
    notify.set_read_timeout(Some(SOON)).unwrap();
    let mut command = home.command(env!("CARGO_BIN_EXE_loom-agent"));
    command.arg("--foreground").env("NOTIFY_SOCKET", &told).stderr(Stdio::null());
    let agent = crate::support::Running(command.spawn().unwrap());
    let mut message = [0; 256];
    let length = notify.recv(&mut message).unwrap();
    assert!(String::from_utf8_lossy(&message[..length]).contains("READY=1"));
    assert!(home.is_listening());
    drop(agent);

    let Some(activate) = find_program("systemd-socket-activate") else { return };
    let _ = std::fs::remove_file(home.socket());
    let mut command = home.command(activate);
    command.arg("-l").arg(home.socket());
    for name in ["HOME", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "LOOM_STORE"] {
        command.arg("-E").arg(name);
    }
    command.arg(env!("CARGO_BIN_EXE_loom-agent")).arg("--foreground");
    let _systemd = crate::support::Running(command.stderr(Stdio::null()).spawn().unwrap());
    wait_until("systemd listens", || home.socket().exists());
    home.loom(&["agent", "status"]).ok();
    alive(&home);
}
