use serde::{Deserialize, Serialize};

use crate::os::machine;

/// Where a process id means something: one start of a machine, and the PID namespace of a container on it. The host's
/// name is for people and may change while an agent runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    /// The host's name when this was written, for people to read.
    pub host: String,
    boot: String,
    namespace: String,
    /// The namespace of the host's name, which stays while the name changes.
    #[serde(default)]
    names: String,
}

impl Machine {
    /// The machine and PID namespace of this process.
    pub fn here() -> Machine {
        let (host, boot) = (machine::name(), machine::start());
        Machine { host, boot, namespace: machine::process_space(), names: machine::name_space() }
    }

    /// Whether `other` is the same machine, and the host's name means the same there: it is its present or a former
    /// name of it.
    pub fn is_known_as(&self, other: &Machine) -> bool {
        self == other && self.names == other.names
    }

    /// Eight hexadecimal digits that tell apart machines and containers that share a directory, also those that are
    /// copies with one machine id. They change with each start of the machine.
    pub fn short_name() -> String {
        let boot = machine::start();
        let start = if boot.is_empty() { machine::id() } else { boot };
        // FNV-1a: the same in every version of loom, and nobody gains by two that are alike.
        let text = format!("{}\n{start}\n{}", machine::name(), machine::container());
        let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{hash:08x}")
    }
}

impl PartialEq for Machine {
    fn eq(&self, other: &Machine) -> bool {
        let is_known = !self.boot.is_empty();
        self.boot == other.boot && self.namespace == other.namespace && (is_known || self.host == other.host)
    }
}

impl Eq for Machine {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_the_same_under_another_name_not_after_another_start() {
        let machine = |host: &str, boot: &str, namespace: &str| {
            let [host, boot, namespace] = [host, boot, namespace].map(str::to_owned);
            Machine { host, boot, namespace, names: String::new() }
        };
        let here = machine("box", "b1", "pid:[1]");
        assert_eq!(here, machine("renamed", "b1", "pid:[1]"));
        assert_ne!(here, machine("box", "b2", "pid:[1]"));
        assert_ne!(here, machine("box", "b1", "pid:[2]"));
        assert_ne!(machine("box", "", ""), machine("other", "", ""), "where the kernel says nothing else");
    }
}
