use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use super::calls::processes;

/// Whoever waits to end the process; when this end goes, nobody does.
static ALARM: Mutex<Option<Sender<()>>> = Mutex::new(None);

/// What is said where the process ends, and its exit code.
static LAST_WORDS: Mutex<Option<(Vec<u8>, u8)>> = Mutex::new(None);

/// What the process ends with, as a shell says it of an alarm of Unix.
const CODE: u8 = 142;

/// Ends this process after so many seconds, whatever it waits for: a thread that looks at the clock.
pub fn end_after(seconds: u32) {
    let (cancel, cancelled) = channel();
    *held(&ALARM) = Some(cancel);
    std::thread::spawn(move || {
        if cancelled.recv_timeout(Duration::from_secs(seconds.into())) == Err(RecvTimeoutError::Timeout) {
            end_now(CODE);
        }
    });
}

/// Takes it back.
pub fn cancel() {
    *held(&ALARM) = None;
}

/// From now on the process ends with this text on standard output and this exit code, if it has to end before it said
/// anything. Once only: from [`take_last_words`] on it speaks for itself.
pub fn keep_last_words(text: &[u8], code: u8) {
    *held(&LAST_WORDS) = Some((text.to_vec(), code));
}

/// Whether nobody has said the last words: from now on nobody does.
pub fn take_last_words() -> bool {
    held(&LAST_WORDS).take().is_some()
}

/// Ends the process with its last words, if it still has some, else with this exit code.
pub fn end_now(code: u8) -> ! {
    let words = held(&LAST_WORDS).take();
    let code = words.map_or(code, |(text, code)| {
        let mut stdout = std::io::stdout().lock();
        let _ = stdout.write_all(&text).and_then(|()| stdout.flush());
        code
    });
    processes::end_this(code.into());
    std::process::exit(code.into())
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
