#![allow(unsafe_code, reason = "what a signal's handler may do are C's calls, and only those")]

use std::sync::atomic::{AtomicPtr, Ordering};

use nix::libc;
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction};

/// What is said where the process ends, and its exit code.
struct LastWords {
    text: Vec<u8>,
    code: u8,
}

/// Nobody frees what stands here but who took it away.
static LAST_WORDS: AtomicPtr<LastWords> = AtomicPtr::new(std::ptr::null_mut());

/// Has the system end this process after so many seconds: it can do so whatever the process waits for, and it costs
/// less than a thread that looks at the clock.
pub fn end_after(seconds: u32) {
    nix::unistd::alarm::set(seconds);
}

/// Takes it back.
pub fn cancel() {
    nix::unistd::alarm::cancel();
}

/// From now on the process ends with this text on standard output and this exit code, if it has to end before it said
/// anything. Once only: from [`take_last_words`] on it speaks for itself.
pub fn keep_last_words(text: &[u8], code: u8) {
    let words = Box::into_raw(Box::new(LastWords { text: text.to_vec(), code }));
    forget(LAST_WORDS.swap(words, Ordering::AcqRel));
    let handler = SigAction::new(SigHandler::Handler(at_the_end), SaFlags::empty(), SigSet::empty());
    // SAFETY: the handler makes calls only that may be made in one (signal-safety(7)). Without it the process ends all
    // the same, and says nothing.
    let _ = unsafe { sigaction(Signal::SIGALRM, &handler) };
}

/// Whether nobody has said the last words: from now on nobody does.
pub fn take_last_words() -> bool {
    let words = LAST_WORDS.swap(std::ptr::null_mut(), Ordering::AcqRel);
    let were_there = !words.is_null();
    forget(words);
    were_there
}

/// Ends the process with its last words, if it still has some, else with this exit code.
pub fn end_now(code: u8) -> ! {
    say_and_end(code)
}

extern "C" fn at_the_end(_signal: libc::c_int) {
    // As a shell says it of a process that the signal ended.
    say_and_end(128 + 14)
}

/// Makes no call that a signal's handler may not make: no lock, no memory is taken or given back.
fn say_and_end(mut code: u8) -> ! {
    let words = LAST_WORDS.swap(std::ptr::null_mut(), Ordering::AcqRel);
    // SAFETY: what stood there is a box that nobody has freed, and nobody else can take it any more.
    if let Some(words) = unsafe { words.as_ref() } {
        code = words.code;
        let mut left = words.text.as_slice();
        while !left.is_empty() {
            // SAFETY: so many bytes are there to be read.
            let written = unsafe { libc::write(libc::STDOUT_FILENO, left.as_ptr().cast(), left.len()) };
            match usize::try_from(written) {
                Ok(written) if written > 0 => left = left.get(written..).unwrap_or_default(),
                _ => break,
            }
        }
    }
    // SAFETY: it takes a number, and does not come back.
    unsafe { libc::_exit(code.into()) }
}

fn forget(words: *mut LastWords) {
    if !words.is_null() {
        // SAFETY: it was made of a box, and taken away from where others find it.
        drop(unsafe { Box::from_raw(words) });
    }
}
