use std::time::Duration;

use super::calls::processes;

/// How long ago the machine was switched on, the time in which it slept included.
pub fn since_start() -> Duration {
    Duration::from_millis(processes::since_start())
}
