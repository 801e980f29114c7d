use std::path::PathBuf;

use super::Version;
use super::watch::Watch;
use crate::base::{Paths, Stamp};

/// Looks at the stores from outside, without waiting for whoever works on them.
#[derive(Clone, Default)]
pub struct Lookout {
    file: Option<[PathBuf; 2]>,
    keyring: Option<Watch>,
}

impl Lookout {
    pub(super) fn new(file: Option<&Paths>, keyring: Option<Watch>) -> Lookout {
        Lookout { file: file.map(|paths| [paths.credentials_file(), paths.key_file()]), keyring }
    }

    /// Whether others may change what is there, and read it.
    pub fn is_shared(&self) -> bool {
        self.file.is_some() || self.keyring.is_some()
    }

    /// What is there now. Opens nothing.
    pub fn look(&self) -> Version {
        Version {
            // The key too: one that was replaced opens nothing that was read before.
            file: self.file.as_ref().map(|paths| [Stamp::of(&paths[0]), Stamp::of(&paths[1])]),
            keyring: self.keyring.as_ref().map(Watch::changes),
        }
    }
}
