//! A tool's file of settings: read whole, replaced whole, through the links that lead to it, with the mode it had. Who
//! changes it at the same time is found out before it is replaced.

use std::path::{Path, PathBuf};

use loom_credentials::base::plain_file::{self, MAX_TEXT, PlainFileError};
use loom_credentials::base::{Stamp, private_file};
use loom_credentials::os::file::FileFacts;
use loom_credentials::os::private;
use loom_credentials::wire::{Fault, reason};
use zeroize::Zeroizing;

/// A file as it was when it was read.
pub struct TextFile {
    /// Where it is, links followed.
    path: PathBuf,
    stamp: Stamp,
    text: Option<Zeroizing<String>>,
}

impl TextFile {
    /// Reads the file; one that is not there has no text.
    pub fn read(named: &Path) -> Result<TextFile, Fault> {
        let path = behind_links(named).map_err(|error| unwritten(named, &error))?;
        let stamp = Stamp::of(&path);
        let text = match plain_file::read_text(&path, MAX_TEXT) {
            Ok(text) => Some(text),
            Err(error) if error.is_not_found() => None,
            Err(PlainFileError::Io { path, error }) => return Err(unwritten(&path, &error)),
            Err(error) => return Err(reason::Below::Place(error.message()).into()),
        };
        Ok(TextFile { path, stamp, text })
    }

    /// Its text, nothing where there is no file.
    pub fn text(&self) -> &str {
        self.text.as_ref().map_or("", |text| text)
    }

    pub fn is_there(&self) -> bool {
        self.text.is_some()
    }

    /// Gives the file this text. Returns the directories that had to be made, the outermost first.
    pub fn write(self, text: &str) -> Result<Vec<PathBuf>, Fault> {
        let path = self.path.clone();
        let failed = |error: std::io::Error| unwritten(&path, &error);
        let dir = path.parent().unwrap_or(Path::new("."));
        let mut made: Vec<PathBuf> =
            dir.ancestors().take_while(|dir| !private_file::is_there(dir)).map(Path::to_owned).collect();
        made.reverse();
        private::create_dirs(dir).map_err(failed)?;
        if Stamp::of(&path) != self.stamp {
            return Err(reason::Setup::ChangedMeanwhile { path }.into());
        }
        let place = if self.is_there() { private_file::replace_foreign } else { private_file::create };
        place(&path, text.as_bytes())?;
        Ok(made)
    }

    /// Removes the file.
    pub fn delete(self) -> Result<(), Fault> {
        if Stamp::of(&self.path) != self.stamp {
            return Err(reason::Setup::ChangedMeanwhile { path: self.path }.into());
        }
        private_file::remove(&self.path)?;
        Ok(())
    }

    /// A file with another name too would be two files afterwards, and one of another user would change hands.
    pub fn refuse_what_is_not_ours(&self) -> Result<(), Fault> {
        let Ok(found) = FileFacts::of_name(&self.path) else { return Ok(()) };
        if !found.is_ours() {
            return Err(reason::Setup::FileOfAnother { path: self.path.clone() }.into());
        }
        if found.has_more_names() {
            return Err(reason::Setup::FileWithMoreNames { path: self.path.clone() }.into());
        }
        Ok(())
    }
}

/// Where the name leads to; a link may lead to what is not there yet.
fn behind_links(named: &Path) -> std::io::Result<PathBuf> {
    /// As many as systems follow themselves.
    const LINKS: usize = 40;
    let mut path = named.to_owned();
    for _ in 0..LINKS {
        match path.read_link() {
            Ok(to) => path = path.parent().unwrap_or(Path::new("/")).join(to),
            Err(_) => return Ok(path),
        }
    }
    Err(std::io::ErrorKind::InvalidInput.into())
}

fn unwritten(path: &Path, error: &std::io::Error) -> Fault {
    reason::Command::FileTrouble { path: path.to_owned(), error: error.to_string() }.into()
}
