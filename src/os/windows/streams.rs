use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::windows::io::AsHandle;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::calls::console;

/// What standard input had, read by a thread: nothing here waits for a pipe for so long only.
struct Input {
    parts: Receiver<io::Result<Vec<u8>>>,
    /// What was read and not yet given.
    rest: Vec<u8>,
}

static INPUT: Mutex<Option<Input>> = Mutex::new(None);

/// Reads what standard input has next; 0 at its end. An error of the kind [`io::ErrorKind::TimedOut`] if nothing comes
/// in time, and [`io::ErrorKind::Interrupted`] where it is to be tried again. Only for who reads by this alone.
pub fn read_input(bytes: &mut [u8], within: Duration) -> io::Result<usize> {
    let mut input = INPUT.lock().unwrap_or_else(PoisonError::into_inner);
    let input = input.get_or_insert_with(Input::begin);
    if input.rest.is_empty() {
        input.rest = match input.parts.recv_timeout(within) {
            Ok(part) => part?,
            Err(RecvTimeoutError::Timeout) => return Err(io::ErrorKind::TimedOut.into()),
            Err(RecvTimeoutError::Disconnected) => return Ok(0),
        };
    }
    let count = input.rest.len().min(bytes.len());
    bytes[..count].copy_from_slice(&input.rest[..count]);
    input.rest.drain(..count).for_each(drop);
    Ok(count)
}

/// Standard input as a file of its own, which it may be: then it has a length, and can be read again.
pub fn input_file() -> io::Result<File> {
    Ok(File::from(io::stdin().as_handle().try_clone_to_owned()?))
}

/// Lets go of standard output and standard error: whoever reads them finds their end.
pub fn let_go_of_output() -> io::Result<()> {
    console::replace_output(&OpenOptions::new().read(true).write(true).open("NUL")?)
}

impl Input {
    fn begin() -> Input {
        let (give, parts) = sync_channel(1);
        std::thread::spawn(move || {
            let mut input = io::stdin().lock();
            loop {
                let mut part = vec![0; 4096];
                let read = input.read(&mut part).map(|count| {
                    part.truncate(count);
                    part
                });
                // At the end nobody gives any more.
                let is_last = !matches!(&read, Ok(part) if !part.is_empty());
                if (is_last && read.is_ok()) || give.send(read).is_err() || is_last {
                    return;
                }
            }
        });
        Input { parts, rest: Vec::new() }
    }
}
