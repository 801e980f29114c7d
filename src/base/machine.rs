use serde::{Deserialize, Serialize};

/// Where a process id means something: a machine since it was started, and the PID namespace of a container on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    pub host: String,
    boot: String,
    namespace: String,
}

impl Machine {
    /// The one that this process runs on.
    pub fn here() -> Machine {
        let namespace = std::fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        Machine {
            host: host(),
            boot: line_of("/proc/sys/kernel/random/boot_id"),
            namespace: namespace.to_string_lossy().into_owned(),
        }
    }

    /// A short name that tells machines apart which share a directory; the same again after they were started anew.
    pub fn short_name() -> String {
        // FNV-1a: the same in every version of loom, and nobody gains by two that are alike.
        let text = format!("{}\n{}", host(), line_of("/etc/machine-id"));
        let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        format!("{hash:08x}")
    }
}

fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn line_of(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim_end().to_owned()
}
