use super::calls::registry::machine_text;

/// The name it has at the moment.
pub fn name() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// What tells this machine from others in the long run, copies of its disk excepted.
pub fn id() -> String {
    machine_text("SOFTWARE\\Microsoft\\Cryptography", "MachineGuid").unwrap_or_default()
}

/// The system draws nothing anew when it starts.
pub fn start() -> String {
    String::new()
}

/// The numbers of processes mean the same everywhere on the machine.
pub fn process_space() -> String {
    String::new()
}

/// Containers have machines of their own here.
pub fn container() -> String {
    String::new()
}

/// The machine has one name everywhere.
pub fn name_space() -> String {
    String::new()
}

/// It is Windows itself.
pub fn is_in_windows() -> bool {
    false
}
