//! Large bodies, and what the agent holds of them.

use super::Home;

/// Not the same anywhere, so that a piece that is lost or stands elsewhere is found out.
pub fn pattern(length: usize) -> Vec<u8> {
    let mut state = 1_u32;
    let next = |_| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    (0..length).map(next).collect()
}

/// The most memory that the agent ever had, in bytes.
pub fn peak(home: &Home) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", home.agent_pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}
