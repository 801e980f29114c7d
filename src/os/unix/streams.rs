use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

/// Reads what standard input has next; 0 at its end. An error of the kind [`io::ErrorKind::TimedOut`] if nothing comes
/// in time, and [`io::ErrorKind::Interrupted`] where it is to be tried again. Only for who reads by this alone.
pub fn read_input(bytes: &mut [u8], within: Duration) -> io::Result<usize> {
    let input = rustix::stdio::stdin();
    let mut fds = [PollFd::new(&input, PollFlags::IN)];
    let timeout = Timespec { tv_sec: within.as_secs() as i64, tv_nsec: within.subsec_nanos().into() };
    if poll(&mut fds, Some(&timeout))? == 0 {
        return Err(io::ErrorKind::TimedOut.into());
    }
    // Not through std's buffer: what waits there, poll does not see.
    Ok(rustix::io::read(input, bytes)?)
}

/// Standard input as a file of its own, which it may be: then it has a length, and can be read again.
pub fn input_file() -> io::Result<File> {
    Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?))
}

/// Lets go of standard output and standard error: whoever reads them finds their end.
pub fn let_go_of_output() -> io::Result<()> {
    let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
    rustix::stdio::dup2_stdout(&null)?;
    rustix::stdio::dup2_stderr(&null)?;
    Ok(())
}
