//! What `loom setup` wrote into which file, so that it can be taken out again: in loom's state directory, for its owner
//! alone. What stood around it is not in there, nor any secret that a file had.

use std::path::{Path, PathBuf};

use loom_credentials::base::{Paths, ServerUrl, private_file};
use loom_credentials::wire::{Fault, reason};
use serde::{Deserialize, Serialize};

use super::hunks::{Hunk, Kept};

/// All files that were changed, locked until this is dropped.
pub struct Records {
    path: PathBuf,
    all: Vec<Record>,
    _lock: std::fs::File,
}

/// One tool's file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub tool: String,
    /// As the tool names it; it may be a link.
    pub file: PathBuf,
    /// Whether the tool asks loom about every server.
    pub everywhere: bool,
    /// The servers that it asks loom about besides.
    pub servers: Vec<ServerUrl>,
    /// What stood where loom's words are, by the tool's names.
    pub kept: Kept,
    /// Whether there was a file before.
    pub was_there: bool,
    /// The directories that were made for it.
    pub made: Vec<PathBuf>,
    /// What takes the text back, byte for byte; nothing where a secret would stand in it.
    pub hunks: Option<Vec<Hunk>>,
    /// The text that was written.
    pub mark: Mark,
    /// The names that the helper was given for it.
    pub links: Vec<PathBuf>,
}

/// Tells a text from others that nobody made to look like it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    length: usize,
    hash: u64,
}

impl Mark {
    /// FNV-1a.
    pub fn of(text: &str) -> Mark {
        let step = |hash: u64, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3);
        Mark { length: text.len(), hash: text.bytes().fold(0xcbf2_9ce4_8422_2325, step) }
    }
}

impl Records {
    /// Reads them to change them: nobody else can until this is dropped.
    pub fn locked(paths: &Paths) -> Result<Records, Fault> {
        private_file::private_dir(paths.state_dir())?;
        let lock = private_file::lock(&paths.setup_lock())?;
        let path = paths.setup_file();
        let bytes = private_file::read(&path)?;
        // A file that nobody can read may still be mended; written anew, what it could bring back would be lost.
        let broken = |error: serde_json::Error| reason::Setup::Broken { path: path.clone(), error: error.to_string() };
        let all = bytes.map(|bytes| serde_json::from_slice(&bytes)).transpose().map_err(broken)?.unwrap_or_default();
        Ok(Records { path, all, _lock: lock })
    }

    pub fn of(&self, tool: &str, file: &Path) -> Option<&Record> {
        self.all.iter().find(|record| record.is_of(tool, file))
    }

    /// The files of a tool that were changed.
    pub fn files_of(&self, tool: &str) -> Vec<PathBuf> {
        self.all.iter().filter(|record| record.tool == tool).map(|record| record.file.clone()).collect()
    }

    /// Keeps this record instead of an older one of the same file.
    pub fn put(&mut self, record: Record) -> Result<(), Fault> {
        self.all.retain(|other| !other.is_of(&record.tool, &record.file));
        self.all.push(record);
        self.save()
    }

    pub fn remove(&mut self, tool: &str, file: &Path) -> Result<(), Fault> {
        self.all.retain(|other| !other.is_of(tool, file));
        self.save()
    }

    /// Whether loom made this link, for whichever tool.
    pub fn has_link(&self, link: &Path) -> bool {
        self.all.iter().flat_map(|record| &record.links).any(|made| made == link)
    }

    /// Whether a link that belongs to this record belongs to another one, too.
    pub fn is_shared(&self, link: &Path, record: &Record) -> bool {
        let others = self.all.iter().filter(|other| !other.is_of(&record.tool, &record.file));
        others.flat_map(|other| &other.links).any(|other| other == link)
    }

    fn save(&self) -> Result<(), Fault> {
        let bytes = serde_json::to_vec_pretty(&self.all).unwrap_or_default();
        Ok(private_file::replace(&self.path, &bytes)?)
    }
}

impl Record {
    fn is_of(&self, tool: &str, file: &Path) -> bool {
        self.tool == tool && self.file == file
    }
}
