//! Standard input and output of the helpers: whoever started one is never waited for without end, nor read
//! without bound.

use std::io::{ErrorKind, Write};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use crate::base::Message;
use crate::msg;
use crate::os::streams;
use crate::wire::{Fault, reason};

/// How long a program may take to say what it wants.
const WITHIN: Duration = Duration::from_secs(10);

/// What has no deadline of its own ends with the process after so many seconds, once it is known what is wanted: a look
/// at the directory that a program works in can wait for its disk for ever.
pub(super) const ALL_WITHIN: u32 = 9;

/// Most of what is said is shorter than this, in bytes; and what has room to spare takes long to zero.
const USUAL: usize = 1024;

/// Reads standard input to its end, but not for ever and not without bound: what comes beyond `bound` bytes is left.
/// `is_whole` says of what came so far that nothing more will be waited for.
pub(super) fn read(bound: usize, is_whole: impl Fn(&[u8]) -> bool) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let mut input = Zeroizing::new(Vec::new());
    let until = Instant::now() + WITHIN;
    while input.len() <= bound {
        match more(&mut input, until.saturating_duration_since(Instant::now()))? {
            More::End => break,
            More::Came if is_whole(&input) => break,
            More::Came => {}
        }
    }
    Ok(input)
}

/// Lines of standard input, one by one, for as long as the other end takes.
#[derive(Default)]
pub(super) struct Lines(Zeroizing<Vec<u8>>);

impl Lines {
    /// The next line of at most `bound` bytes, without its end; `None` where there is none any more.
    pub(super) fn next(&mut self, bound: usize) -> Result<Option<Zeroizing<Vec<u8>>>, Fault> {
        loop {
            if let Some(end) = self.0.iter().position(|&byte| byte == b'\n') {
                let rest = Zeroizing::new(self.0[end + 1..].to_vec());
                let mut line = std::mem::replace(&mut self.0, rest);
                line.truncate(end);
                return Ok(Some(line));
            }
            if self.0.len() > bound {
                return Err(refused(msg!("git-too-long")));
            }
            // As long as a program lives it may have another request.
            if let More::End = more(&mut self.0, Duration::from_secs(24 * 60 * 60))? {
                let line = std::mem::take(&mut self.0);
                return Ok((!line.is_empty()).then_some(line));
            }
        }
    }
}

/// Writes to standard output, at once.
pub(super) fn write(bytes: &[u8]) -> Result<(), Fault> {
    let mut stdout = std::io::stdout().lock();
    let written = stdout.write_all(bytes).and_then(|()| stdout.flush());
    written.map_err(|error| reason::Git::StdoutFailed { error: error.to_string() }.into())
}

pub(super) fn refused(reason: Message) -> Fault {
    reason::Git::InputRefused { reason: Some(reason) }.into()
}

enum More {
    Came,
    End,
}

fn more(input: &mut Zeroizing<Vec<u8>>, within: Duration) -> Result<More, Fault> {
    let mut chunk = Zeroizing::new([0; USUAL]);
    match streams::read_input(&mut *chunk, within) {
        Ok(0) => Ok(More::End),
        Ok(count) => {
            if input.len() + count > input.capacity() {
                // By copying to a new place and zeroing the old one, which `Vec` alone would not do.
                let mut larger = Zeroizing::new(Vec::with_capacity((input.capacity() * 2).max(USUAL)));
                larger.extend_from_slice(input);
                *input = larger;
            }
            input.extend_from_slice(&chunk[..count]);
            Ok(More::Came)
        }
        Err(error) if error.kind() == ErrorKind::Interrupted => Ok(More::Came),
        Err(error) if error.kind() == ErrorKind::TimedOut => Err(reason::Git::InputTimeout.into()),
        Err(error) => Err(refused(msg!("stdin-unreadable", error = error))),
    }
}
