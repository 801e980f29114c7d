use std::ffi::OsString;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::time::{Duration, SystemTime};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::time::{Instant, Sleep, sleep};

pub(super) use changes::Changes;

/// How often the names are looked at where nothing tells of a change: another machine may have made it.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Whoever removes a directory is left to finish: what was made in it meanwhile would be in their way.
const SETTLED_AFTER: Duration = Duration::from_millis(300);

/// Tells when the names of a socket and its lock may have changed. An idle agent is woken up once a minute.
pub(super) struct Watch {
    changes: Option<Changes>,
    look: Pin<Box<Sleep>>,
    /// Sent by an agent that finds the lock held and nobody listening.
    nudge: Signal,
}

impl Watch {
    pub(super) fn over(socket: &Path, lock: Option<&Path>) -> io::Result<Watch> {
        let names = [Some(socket), lock].into_iter().flatten().filter_map(Path::file_name);
        let names: Vec<OsString> = names.map(OsString::from).collect();
        // Without it there is the look once a minute.
        let changes = socket.parent().and_then(|dir| Changes::of(dir, names).ok());
        Ok(Watch { changes, look: Box::pin(sleep(until_next_look())), nudge: signal(SignalKind::hangup())? })
    }

    /// Returns when it is time to look. Dropped before, it can be gone on with.
    pub(super) async fn stirred(&mut self) {
        loop {
            let changed = async {
                match &self.changes {
                    Some(changes) => changes.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = changed => self.look.as_mut().reset(Instant::now() + SETTLED_AFTER),
                _ = self.nudge.recv() => return,
                () = &mut self.look => {
                    self.look.as_mut().reset(Instant::now() + until_next_look());
                    return;
                }
            }
        }
    }
}

/// All doors look at the same moment, so that they are one wake-up.
fn until_next_look() -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let every = LOOK_EVERY.as_millis() as u64;
    Duration::from_millis(every - now.as_millis() as u64 % every)
}

#[cfg(target_os = "linux")]
mod changes {
    use std::ffi::OsString;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// What happens to some names in a directory.
    pub(in crate::listen) struct Changes {
        events: AsyncFd<OwnedFd>,
        names: Vec<OsString>,
    }

    impl Changes {
        pub(in crate::listen) fn of(dir: &Path, names: Vec<OsString>) -> io::Result<Changes> {
            Changes::with(dir, names, WatchFlags::empty())
        }

        /// The same of files that people write as well.
        pub(in crate::listen) fn of_written(dir: &Path, names: Vec<OsString>) -> io::Result<Changes> {
            Changes::with(dir, names, WatchFlags::CLOSE_WRITE)
        }

        fn with(dir: &Path, names: Vec<OsString>, more: WatchFlags) -> io::Result<Changes> {
            let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let gone = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
            let dir_gone = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            inotify::add_watch(&events, dir, gone | dir_gone | more)?;
            // An `OwnedFd` is the same descriptor for as long as it lives, which is all that the newer, unsafe name asks for.
            #[allow(deprecated)]
            let events = AsyncFd::with_interest(events, Interest::READABLE)?;
            Ok(Changes { events, names })
        }

        /// Returns when one of the names, or the directory, has gone or was replaced.
        pub(in crate::listen) async fn next(&self) {
            loop {
                let Ok(mut ready) = self.events.readable().await else { return std::future::pending().await };
                if self.drain() {
                    return;
                }
                ready.clear_ready();
            }
        }

        /// Reads what happened; whether it concerns us.
        fn drain(&self) -> bool {
            let mut buffer = [MaybeUninit::uninit(); 4096];
            let mut reader = Reader::new(&self.events, &mut buffer);
            let mut ours = false;
            while let Ok(event) = reader.next() {
                let named = event.file_name().map(|name| name.to_bytes());
                ours |= named.is_none_or(|name| self.names.iter().any(|own| own.as_encoded_bytes() == name))
                    && !event.events().contains(ReadFlags::IGNORED);
            }
            ours
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod changes {
    use std::ffi::OsString;
    use std::io;
    use std::path::Path;

    /// Nothing tells of changes here.
    pub(in crate::listen) struct Changes;

    impl Changes {
        pub(in crate::listen) fn of(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::listen) fn of_written(_: &Path, _: Vec<OsString>) -> io::Result<Changes> {
            Err(io::ErrorKind::Unsupported.into())
        }

        pub(in crate::listen) async fn next(&self) {
            std::future::pending().await
        }
    }
}
