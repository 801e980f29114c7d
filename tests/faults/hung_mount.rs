//! Settings and store on a mount that hangs: a file system that another program provides, and that program is stopped.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Home, Running, find_program, wait_until};

/// The home's directories of settings and state through a mount of their own.
struct Mount {
    home: Home,
    daemon: Running,
    at: std::path::PathBuf,
}

impl Mount {
    fn new() -> Option<Mount> {
        let (bindfs, _) = (find_program("bindfs")?, find_program("fusermount3")?);
        let mut home = Home::new();
        let (below, at) = (home.path().join("below"), home.path().join("mounted"));
        for dir in [&below, &at] {
            std::fs::create_dir(dir).unwrap();
            std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
        }
        let mut command = Command::new(bindfs);
        command.arg("-f").arg(&below).arg(&at).stdout(Stdio::null()).stderr(Stdio::null());
        let daemon = Running(command.spawn().unwrap());
        let mounts = || std::fs::read_to_string("/proc/self/mounts").unwrap();
        wait_until("it is mounted", || mounts().contains(&format!(" {} fuse", at.display())));
        for (name, dir) in [("LOOM_CONFIG_DIR", "config"), ("LOOM_STATE_DIR", "state")] {
            home.set(name, at.join(dir));
        }
        Some(Mount { home, daemon, at })
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.daemon.0), signal).unwrap();
    }

    /// Until all of it has stopped, it may take up a question: who asked that could not even be killed.
    fn hang(&self) {
        self.signal(Signal::STOP);
        let tasks = format!("/proc/{}/task", self.daemon.0.id());
        wait_until("it hangs", || {
            let mut states = std::fs::read_dir(&tasks)
                .unwrap()
                .flatten()
                .map(|task| std::fs::read_to_string(task.path().join("status")).unwrap_or_default());
            states.all(|status| status.contains("State:\tT"))
        });
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        self.signal(Signal::CONT);
        let _ = Command::new("fusermount3").args(["-u", "-z"]).arg(&self.at).status();
    }
}

#[test]
fn a_mount_that_hangs_is_said_in_time_and_used_once_it_answers() {
    let Some(mount) = Mount::new() else { return };
    let home = &mount.home;
    let mut agent = home.agent(&[]);
    home.store("https", "git.example", "u", "pw").ok();
    mount.hang();
    std::thread::scope(|scope| {
        let asked: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let begun = Instant::now();
                    (home.get("https", "git.example"), begun.elapsed())
                })
            })
            .collect();
        for one in asked {
            let (said, took) = one.join().unwrap();
            said.fails(1).says("disk").says("hint: ");
            assert!(took < Duration::from_secs(10), "it took {took:?}");
        }
    });
    mount.signal(Signal::CONT);
    assert!(home.get("https", "git.example").ok().out.contains("password=pw\n"));
    mount.hang();
    kill_process(Pid::from_child(&agent.0), Signal::TERM).unwrap();
    wait_until("it is going", || !home.socket().exists());
    // What the kernel has begun to ask that program for, it waits for, whoever wants to end.
    wait_until("the agent ends", || {
        let ended = agent.0.try_wait().unwrap().is_some();
        ended
            || kernel_waits(&agent) && {
                mount.signal(Signal::CONT);
                false
            }
    });
}

#[test]
fn gits_helper_ends_in_time_where_its_directory_or_the_sockets_hangs() {
    let Some(mount) = Mount::new() else { return };
    let (work, run) = (mount.at.join("tree"), mount.at.join("run"));
    for dir in [&work, &run] {
        std::fs::create_dir(dir).unwrap();
        std::fs::set_permissions(dir, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
    let home = Home::new();
    let _agent = home.agent(&[]);
    home.store("https", "git.example", "u", "pw").ok();
    let (of_git, of_loom) = (env!("CARGO_BIN_EXE_git-credential-loom"), env!("CARGO_BIN_EXE_loom"));
    let helper = |program: &str, edit: &dyn Fn(&mut Command)| {
        let mut command = home.command(program);
        let words = if program == of_loom { &["credential-helper", "get"][..] } else { &["get"] };
        edit(command.args(words).env("LOOM_AUTOSTART", "0").stdin(Stdio::piped()).stdout(Stdio::null()));
        Running(command.spawn().unwrap())
    };
    // They have begun, and git has not yet said what it wants.
    let works_there = |command: &mut Command| {
        _ = command.current_dir(&work).env("PWD", work.join("x/..")).env("GIT_DIR", "../tree/.git");
    };
    let mut helpers = [
        helper(of_git, &works_there),
        helper(of_loom, &works_there),
        helper(of_git, &|command| _ = command.env("XDG_RUNTIME_DIR", &run)),
    ];
    let (begun, pids) = (Instant::now(), helpers.each_ref().map(|helper| helper.0.id()));
    let reads = |pid: &u32| std::fs::read_to_string(format!("/proc/{pid}/syscall")).unwrap_or_default();
    wait_until("they read", || pids.iter().all(|pid| reads(pid).starts_with("7 ") || reads(pid).starts_with("271 ")));
    mount.hang();
    for helper in &mut helpers {
        helper.0.stdin.take().unwrap().write_all(b"protocol=https\nhost=git.example\n\n").unwrap();
    }
    wait_until("they end", || helpers.iter_mut().all(|helper| helper.0.try_wait().unwrap().is_some()));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

/// Whether nothing is left of a process but what waits in the kernel.
fn kernel_waits(agent: &Running) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/status", agent.0.id())).unwrap_or_default();
    status.lines().any(|line| line.starts_with("State:") && (line.contains('D') || line.contains('Z')))
}
