#[cfg(not(target_os = "linux"))]
pub use super::super::untold::Changes;
#[cfg(target_os = "linux")]
pub use told::Changes;

#[cfg(target_os = "linux")]
mod told {
    use std::ffi::OsString;
    use std::io;
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{self, CreateFlags, ReadFlags, Reader, WatchFlags};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// What happens to some names in a directory.
    pub struct Changes {
        events: AsyncFd<OwnedFd>,
        names: Vec<OsString>,
    }

    impl Changes {
        /// Watches the files with these names in the directory: that one disappears, or that another takes its name.
        pub fn of(dir: &Path, names: Vec<OsString>) -> io::Result<Changes> {
            Changes::with(dir, names, WatchFlags::empty())
        }

        /// Watches the files with these names as [`Changes::of`] does, and also that one was written to.
        pub fn of_written(dir: &Path, names: Vec<OsString>) -> io::Result<Changes> {
            Changes::with(dir, names, WatchFlags::CLOSE_WRITE)
        }

        fn with(dir: &Path, names: Vec<OsString>, more: WatchFlags) -> io::Result<Changes> {
            let events = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
            let gone = WatchFlags::DELETE | WatchFlags::MOVED_FROM | WatchFlags::MOVED_TO;
            let dir_gone = WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF | WatchFlags::ONLYDIR;
            inotify::add_watch(&events, dir, gone | dir_gone | more)?;
            // An `OwnedFd` is the same descriptor for as long as it lives, which is all that the newer, unsafe name
            // asks for.
            #[allow(deprecated)]
            let events = AsyncFd::with_interest(events, Interest::READABLE)?;
            Ok(Changes { events, names })
        }

        /// Returns when one of the names, or the directory, has gone or was replaced.
        pub async fn next(&self) {
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
