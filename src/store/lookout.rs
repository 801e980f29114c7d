use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::watch::Watch;
use super::{Version, buses};
use crate::base::{Message, Paths, Stamp};

/// Tells whether the stores changed, without waiting for whoever works on them.
#[derive(Clone, Default)]
pub struct Lookout {
    file: Option<[PathBuf; 2]>,
    keyring: Option<Watch>,
    /// Whether a keyring is waited for: then only the sign that there may be one counts, and no change.
    waits: Arc<AtomicBool>,
    news: Arc<Mutex<Option<Message>>>,
}

impl Lookout {
    pub(super) fn new(file: Option<&Paths>, keyring: Option<Watch>) -> Lookout {
        let file = file.map(|paths| [paths.credentials_file(), paths.key_file()]);
        Lookout { file, keyring, ..Lookout::default() }
    }

    /// Whether others can read and change what the stores hold.
    pub fn is_shared(&self) -> bool {
        self.file.is_some() || self.keyring.is_some()
    }

    /// The present state of the stores. Nothing is opened for this.
    pub fn look(&self) -> Version {
        let count = |watch: &Watch| {
            if self.waits.load(Ordering::Acquire) {
                watch.signs().wrapping_add(buses::known())
            } else {
                watch.changes()
            }
        };
        Version {
            // The key too: one that was replaced opens nothing that was read before.
            file: self.file.as_ref().map(|paths| [Stamp::of(&paths[0]), Stamp::of(&paths[1])]),
            keyring: self.keyring.as_ref().map(count),
        }
    }

    /// A sentence that a person should see about where credentials are kept from now on. It is returned once.
    pub fn news(&self) -> Option<Message> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Notes whether a keyring is waited for, and the sentence that a person should see about it.
    pub(super) fn note(&self, waits: bool, news: Message) {
        self.waits.store(waits, Ordering::Release);
        *self.news.lock().unwrap_or_else(PoisonError::into_inner) = Some(news);
    }
}
