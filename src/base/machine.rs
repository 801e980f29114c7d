use serde::{Deserialize, Serialize};

/// Where a process id means something: a machine since it was started, and the PID namespace of a container on it. The
/// host's name is for people: it may change under a running agent.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Machine {
    pub host: String,
    boot: String,
    namespace: String,
    /// The namespace of the host's name, which stays while the name changes.
    #[serde(default)]
    names: String,
}

/// The PID namespace of a machine itself, on every Linux.
const NO_CONTAINER: &str = "pid:[4026531836]";

impl Machine {
    /// The one that this process runs on.
    pub fn here() -> Machine {
        Machine { host: host(), boot: boot(), namespace: namespace("pid"), names: namespace("uts") }
    }

    /// Whether it is the same, and has the same name or had it before.
    pub fn is_known_as(&self, other: &Machine) -> bool {
        self == other && self.names == other.names
    }

    /// A short name that tells machines apart which share a directory, containers too, and copies with one machine id.
    pub fn short_name() -> String {
        let (boot, namespace) = (boot(), namespace("pid"));
        let start = if boot.is_empty() { line_of("/etc/machine-id") } else { boot };
        let container = if namespace == NO_CONTAINER { "" } else { &namespace };
        // FNV-1a: the same in every version of loom, and nobody gains by two that are alike.
        let text = format!("{}\n{start}\n{container}", host());
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

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Drawn anew by the kernel whenever it starts.
fn boot() -> String {
    line_of("/proc/sys/kernel/random/boot_id")
}

fn namespace(of: &str) -> String {
    std::fs::read_link(format!("/proc/self/ns/{of}")).unwrap_or_default().to_string_lossy().into_owned()
}

fn line_of(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_the_same_under_another_name_but_not_after_another_start_or_in_another_container() {
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
