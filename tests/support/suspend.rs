use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use super::{Home, Running, as_root, find_program, run, wait_until};

/// Has an agent's machine sleep, as far as the agent can see: the clock that counts sleep is so far ahead, and the one
/// that stands still meanwhile, by which timers run, is not. The agent goes into a time namespace with such an offset,
/// which the kernel lets a process of one thread do; a debugger has it do so, which takes root.
pub struct Suspend {
    debugger: PathBuf,
}

impl Suspend {
    /// `None` where no machine can be put to sleep.
    pub fn find() -> Option<Suspend> {
        as_root("only root puts agents to sleep")?;
        find_program("unshare")?;
        Some(Suspend { debugger: find_program("gdb")? })
    }

    /// The agent's machine has slept so long since it was started.
    pub fn sleep(&self, home: &Home, agent: &Running, time: Duration) {
        let pid = agent.0.id();
        let mut command = home.command("unshare");
        command.args(["--time", "--boottime", &time.as_secs().to_string(), "sleep", "infinity"]);
        let there = Running(command.stdout(Stdio::null()).spawn().unwrap());
        let namespace = |pid: u32| std::fs::read_link(format!("/proc/{pid}/ns/time")).ok();
        let (before, own) = (namespace(pid), namespace(std::process::id()));
        wait_until("there is a time namespace", || namespace(there.0.id()).is_some_and(|seen| Some(seen) != own));
        // Threads that did something go when they have nothing to do for some seconds.
        let threads = || std::fs::read_dir(format!("/proc/{pid}/task")).unwrap().count();
        wait_until("the agent has nothing to do", || threads() == 1);
        // With debug information the debugger knows a Rust program's language and functions, some of which are called
        // as C's are.
        let (open, setns) = ("(int(*)(const char*,int))__open64", "(int(*)(int,int))setns");
        let enter = format!("print (({setns}))((({open}))(\"/proc/{}/ns/time\", 0), 0x80)", there.0.id());
        let mut debugger = home.command(&self.debugger);
        debugger.args([
            "-nx",
            "-batch",
            "-iex",
            "set debuginfod enabled off",
            "-p",
            &pid.to_string(),
            "-ex",
            "set language c",
            "-ex",
            &enter,
        ]);
        let said = run(&mut debugger, b"");
        assert_eq!(namespace(pid), namespace(there.0.id()), "it stays in {before:?}: {said:?}");
    }
}
