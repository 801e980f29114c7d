//! What a program in the background does not keep of whoever happened to start it: a cron job's lock, a script's pipe,
//! the job server of make, a directory on a disk that is to be unmounted, a limit that was meant for a build.
//!
//! The first thing it does is to close every descriptor above standard error but systemd's sockets, and to go to `/`.
//! Then it has a session, the usual priority and the system's own limits besides.

use std::os::fd::RawFd;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::unistd::close;
use rustix::process::{Resource, Rlimit, chdir, getrlimit, setpriority_process, setrlimit, setsid};

/// The first descriptor that systemd passes on; sd_listen_fds(3).
const FIRST: RawFd = 3;

/// Where the system lists them.
const LIST: &str = "/dev/fd";

/// Prepares a program that goes on when this one is gone: it holds no directory, and nothing of standard input.
pub fn prepare(command: &mut Command) -> &mut Command {
    command.current_dir("/").stdin(Stdio::null())
}

/// Closes every descriptor but the standard streams and the sockets of systemd, and leaves the directory. To be called
/// before anything is opened.
pub fn close_inherited() {
    let first = FIRST + passed_on();
    for descriptor in open_descriptors().into_iter().filter(|descriptor| *descriptor >= first) {
        // Nothing has been opened in this process yet, so nothing in it owns the descriptor.
        let _ = close(descriptor);
    }
    // Held, a directory keeps its disk from being unmounted.
    let _ = chdir("/");
}

/// For a process that goes on when the one who started it is gone: a session of its own, so that Ctrl+C and a closed
/// terminal are for them; the usual priority; and as much of everything as the system grants it.
pub fn leave_session() {
    let _ = setsid();
    // Going back from a lower one takes a right that not everybody has.
    let _ = setpriority_process(None, 0);
    for resource in [Resource::As, Resource::Cpu, Resource::Data, Resource::Fsize, Resource::Stack] {
        let limit = getrlimit(resource);
        if limit.current != limit.maximum {
            let _ = setrlimit(resource, Rlimit { current: limit.maximum, maximum: limit.maximum });
        }
    }
}

/// How many sockets systemd has for this process, and not for one that started it.
fn passed_on() -> RawFd {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u32>().ok());
    let ours = number("LISTEN_PID") == Some(std::process::id());
    number("LISTEN_FDS").filter(|_| ours).and_then(|count| RawFd::try_from(count).ok()).unwrap_or_default()
}

/// The one that reads the list is not among them any more when it is through.
fn open_descriptors() -> Vec<RawFd> {
    let listed = std::fs::read_dir(LIST).into_iter().flatten().flatten();
    let listed: Vec<RawFd> = listed.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
    let is_open = |descriptor: &RawFd| Path::new(LIST).join(descriptor.to_string()).symlink_metadata().is_ok();
    listed.into_iter().filter(is_open).collect()
}
