use std::sync::Mutex;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

use super::calls::processes;

/// Whoever waits to end the process; when this end goes, nobody does.
static ALARM: Mutex<Option<Sender<()>>> = Mutex::new(None);

/// What the process ends with, as a shell says it of an alarm of Unix.
const CODE: u32 = 142;

/// Ends this process after so many seconds, whatever it waits for: a thread that looks at the clock.
pub fn end_after(seconds: u32) {
    let (cancel, cancelled) = channel();
    *ALARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(cancel);
    std::thread::spawn(move || {
        if cancelled.recv_timeout(Duration::from_secs(seconds.into())) == Err(RecvTimeoutError::Timeout) {
            processes::end_this(CODE);
        }
    });
}

/// Takes it back.
pub fn cancel() {
    *ALARM.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = None;
}
