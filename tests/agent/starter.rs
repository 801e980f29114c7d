//! What the agent keeps of whoever started it: nothing.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{Home, Running, run, wait_until};

/// Starts an agent by this command line as a script would that holds a lock, a pipe and a directory, under limits of
/// its own.
fn started_by(home: &Home, start: &str) -> String {
    let script = format!(
        "mkdir -p work && cd work && mkfifo pipe && exec 7<>pipe 8>lock 9>>/dev/null 130</etc/passwd && flock 8
         ulimit -S -f 1000; ulimit -S -t 600; {start}; status=$?; rm pipe; exit $status"
    );
    run(home.command("/bin/bash").args(["-c", &script]), b"").ok().out
}

fn says(pid: i32, file: &str) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/{file}")).unwrap()
}

/// Where the descriptors above standard error lead to in the file system.
fn files_of(pid: i32) -> Vec<PathBuf> {
    let all = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().flatten();
    let own = all.filter(|entry| entry.file_name().to_str().is_some_and(|name| name.len() > 1 || name > "2"));
    own.filter_map(|entry| std::fs::read_link(entry.path()).ok()).filter(|to| to.is_absolute()).collect()
}

#[track_caller]
fn keeps_nothing(home: &Home, pid: i32) {
    let of_work = |path: &PathBuf| path.starts_with(home.path().join("work")) || path == Path::new("/etc/passwd");
    assert_eq!(files_of(pid).into_iter().filter(of_work).collect::<Vec<_>>(), Vec::<PathBuf>::new());
    assert_eq!(std::fs::read_link(format!("/proc/{pid}/cwd")).unwrap(), Path::new("/"));
    // Whoever waits for the lock that the script held gets it.
    let lock = std::fs::File::open(home.path().join("work/lock")).unwrap();
    assert!(lock.try_lock().is_ok(), "the lock is held on");
}

#[test]
fn an_agent_keeps_neither_descriptors_nor_directory_of_its_starter() {
    for start in [
        format!("{} agent start", env!("CARGO_BIN_EXE_loom")),
        env!("CARGO_BIN_EXE_loom-agent").to_owned(),
        format!("printf 'protocol=https\\nhost=a.example\\n\\n' | {} get", env!("CARGO_BIN_EXE_git-credential-loom")),
    ] {
        let home = Home::new();
        // Its output is a pipe, which is waited for to its end.
        started_by(&home, &start);
        let pid = home.agent_pid();
        keeps_nothing(&home, pid);
        let stat = says(pid, "stat");
        let session = stat.rsplit(") ").next().unwrap().split(' ').nth(3).unwrap();
        assert_eq!(session, pid.to_string(), "{start}");
        let limits = says(pid, "limits");
        for name in ["Max file size", "Max cpu time"] {
            let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
            let values: Vec<&str> = line[name.len()..].split_whitespace().collect();
            assert_eq!(values[0], values[1], "{start}: {line}");
        }
        let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
        assert!(core.split_whitespace().any(|word| word == "0"), "{core}");
    }
}

#[test]
fn nor_does_one_in_the_foreground_but_for_its_terminal() {
    let home = Home::new();
    let agent = env!("CARGO_BIN_EXE_loom-agent");
    let script = format!(
        "mkdir work && cd work && exec 7<>/dev/null 8>lock 9</etc/passwd && flock 8 && exec {agent} --foreground"
    );
    let mut command = home.command("/bin/bash");
    let agent = Running(command.args(["-c", &script]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    wait_until("it listens", || home.is_listening());
    keeps_nothing(&home, agent.0.id() as i32);
}
