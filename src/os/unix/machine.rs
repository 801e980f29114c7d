/// The PID namespace of a machine itself, on every Linux.
const NO_CONTAINER: &str = "pid:[4026531836]";

/// The name it has at the moment.
pub fn name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// What tells this machine from others in the long run, copies of its disk excepted.
pub fn id() -> String {
    line_of("/etc/machine-id")
}

/// Drawn anew by the system whenever it starts.
pub fn start() -> String {
    line_of("/proc/sys/kernel/random/boot_id")
}

/// Within what the numbers of processes mean something.
pub fn process_space() -> String {
    namespace("pid")
}

/// The name of the PID namespace, if it is that of a container; empty on the machine itself.
pub fn container() -> String {
    let space = process_space();
    if space == NO_CONTAINER { String::new() } else { space }
}

/// Within what the machine has its name: this stays while the name changes.
pub fn name_space() -> String {
    namespace("uts")
}

/// Whether this is a Linux in Windows, whose programs it runs: WSL, by the name of its kernel.
pub fn is_in_windows() -> bool {
    cfg!(target_os = "linux") && line_of("/proc/sys/kernel/osrelease").to_ascii_lowercase().contains("microsoft")
}

fn namespace(of: &str) -> String {
    std::fs::read_link(format!("/proc/self/ns/{of}")).unwrap_or_default().to_string_lossy().into_owned()
}

fn line_of(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default().trim_end().to_owned()
}
