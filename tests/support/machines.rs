use std::path::Path;
use std::process::Command;

use super::{Home, as_root, find_program, unique};

/// Two machines that reach one another and nobody else, as two network namespaces. They go when this is dropped.
pub struct Machines {
    names: [String; 2],
}

/// Where the machines are.
pub const FIRST: &str = "10.77.0.1";
pub const SECOND: &str = "10.77.0.2";

impl Machines {
    /// `None` where this user may not make any.
    pub fn start() -> Option<Machines> {
        find_program("ip")?;
        as_root("only root makes network namespaces")?;
        let own = format!("{}x{}", std::process::id(), unique());
        let machines = Machines { names: ["a", "b"].map(|end| format!("loom{own}{end}")) };
        let [first, second] = &machines.names;
        // Of interfaces the kernel takes names of fifteen letters.
        let (one, other) = (format!("l{own}a"), format!("l{own}b"));
        run(&format!("netns add {first}"));
        run(&format!("netns add {second}"));
        run(&format!("link add {one} netns {first} type veth peer name {other} netns {second}"));
        for (name, link, address) in [(first, &one, FIRST), (second, &other, SECOND)] {
            run(&format!("-n {name} address add {address}/24 dev {link}"));
            run(&format!("-n {name} link set {link} up"));
            run(&format!("-n {name} link set lo up"));
        }
        Some(machines)
    }

    /// A command of this home on the first machine.
    pub fn on_first(&self, home: &Home, program: impl AsRef<Path>) -> Command {
        self.on(0, home, program.as_ref())
    }

    pub fn on_second(&self, home: &Home, program: impl AsRef<Path>) -> Command {
        self.on(1, home, program.as_ref())
    }

    fn on(&self, machine: usize, home: &Home, program: &Path) -> Command {
        let mut command = home.command("ip");
        command.args(["netns", "exec", &self.names[machine]]).arg(program);
        command
    }
}

impl Drop for Machines {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("ip").args(["netns", "delete", name]).status();
        }
    }
}

fn run(arguments: &str) {
    let done = Command::new("ip").args(arguments.split(' ')).output().unwrap();
    assert!(done.status.success(), "ip {arguments}: {}", String::from_utf8_lossy(&done.stderr));
}
