use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long ago the machine was switched on, the time in which it slept included.
pub fn since_start() -> Duration {
    let now = clock_gettime(CLOCK);
    Duration::new(now.tv_sec.unsigned_abs(), now.tv_nsec.unsigned_abs() as u32)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
const CLOCK: ClockId = ClockId::Boottime;

/// On macOS this one counts sleep.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const CLOCK: ClockId = ClockId::Monotonic;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_clock_is_the_one_of_the_machine_since_it_was_switched_on() {
        let uptime = std::fs::read_to_string("/proc/uptime").unwrap();
        let uptime: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
        let now = since_start().as_secs_f64();
        assert!((now - uptime).abs() < 5.0, "{now} {uptime}");
    }
}
