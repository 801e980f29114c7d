//! The files of one chain of the audit log: appending, and beginning the next file. Whoever writes looks first where
//! the chain ends on the disk, so that several agents can share it and a missing end is noticed.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::audit_chain::{Beginning, Head, Link};
use crate::base::{clock, private_file};
use crate::os::file::FileFacts;
use crate::os::naming;
use crate::wire::AuditEntry;

/// The size in bytes at which a file is closed and another begun.
const MAX_SIZE: u64 = if cfg!(test) { 64 * 1024 } else { 4 * 1024 * 1024 };

/// How many closed files are kept: `audit.log.1` is the youngest.
pub(super) const KEPT: u32 = 4;

/// The longest line in bytes.
pub(super) const MAX_LINE: u64 = 64 * 1024;

/// One chain of audit entries: a file that is appended to, and the closed files before it. Several agents can share
/// them; each write first looks where the chain ends.
pub struct AuditFiles {
    path: PathBuf,
    lock: PathBuf,
    written: Mutex<Written>,
}

/// What this process wrote last. It is remembered, so that nobody can take away the end of the log unnoticed.
#[derive(Default)]
struct Written {
    head: Head,
    /// The number of the file, and by what it is known that nobody else wrote.
    file: u64,
    inode: u64,
    size: u64,
}

/// Where the chain in the files ends.
struct End {
    head: Head,
    file: u64,
    size: u64,
    /// The hash at the end of the file before, if the last line is the first one of its file.
    goes_on_from: Option<String>,
    /// Whether nothing more can be appended to this file.
    is_closed: bool,
    /// What follows the last whole line, with the line break that it gets.
    between: Vec<u8>,
    lacks_break: bool,
}

impl AuditFiles {
    /// The chain at `path`, whose writers hold the lock `lock`. Nothing is opened or created yet.
    pub fn new(path: PathBuf, lock: PathBuf) -> Self {
        AuditFiles { path, lock, written: Mutex::default() }
    }

    /// Writes the entries, all or none as far as the disk allows. With `synced` they are on the disk when this returns.
    pub fn append(&self, entries: &[AuditEntry], synced: bool) -> io::Result<()> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let _lock = private_file::lock(&self.lock).map_err(io::Error::other)?;
        let mut end = self.end(&written)?;
        let is_begun = end.is_closed || end.size >= MAX_SIZE;
        if is_begun {
            end = self.begin(end)?;
        }
        let mut file = private_file::append(&self.path).map_err(io::Error::other)?;
        if is_begun {
            // Whatever becomes of the entries: what comes next follows the first line.
            written.went_on(&end, &file)?;
        }
        let mut text = if end.lacks_break { "\n".to_owned() } else { String::new() };
        for entry in entries {
            end.head.add(entry, &std::mem::take(&mut end.between), &mut text);
        }
        if !entries.is_empty() {
            let put = file.write_all(text.as_bytes()).and_then(|()| if synced { file.sync_data() } else { Ok(()) });
            put.inspect_err(|_| {
                // Half of them would only be in the way.
                let _ = file.set_len(end.size);
            })?;
            written.went_on(&end, &file)?;
        }
        Ok(())
    }

    /// The files that exist, oldest first: each with its number, which counts younger ones, and its size in bytes.
    pub(super) fn open(&self) -> io::Result<Vec<(u32, File, u64)>> {
        // Where nothing can be written, what is there can be read all the same.
        let _lock = private_file::lock(&self.lock).ok();
        let mut files = Vec::new();
        for number in (0..=KEPT).rev() {
            if let Some(file) = private_file::open_to_read(&self.at(number)).map_err(io::Error::other)? {
                let size = file.metadata()?.len();
                files.push((number, file, size));
            }
        }
        Ok(files)
    }

    pub(super) fn name(&self, number: u32) -> String {
        self.at(number).file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    pub(super) fn at(&self, number: u32) -> PathBuf {
        match number {
            0 => self.path.clone(),
            number => self.path.with_extension(format!("log.{number}")),
        }
    }

    fn end(&self, written: &Written) -> io::Result<End> {
        let current = private_file::open_to_read(&self.path).map_err(io::Error::other)?;
        let mut end = match current {
            Some(mut file) if file.metadata()?.len() > 0 => {
                let found = FileFacts::of(&file)?;
                if written.size > 0 && (found.id().number(), found.size()) == (written.inode, written.size) {
                    let (head, between) = (written.head.clone(), Vec::new());
                    let (file, size) = (written.file, written.size);
                    let goes_on_from = None;
                    return Ok(End { head, file, size, goes_on_from, is_closed: false, between, lacks_break: false });
                }
                End::of(&mut file, found.size())?
            }
            // A crash came between closing one and beginning the next.
            Some(_) | None => match private_file::open_to_read(&self.at(1)).map_err(io::Error::other)? {
                Some(mut file) => {
                    let size = file.metadata()?.len();
                    End { is_closed: true, ..End::of(&mut file, size)? }
                }
                None => End::nowhere(),
            },
        };
        // There was more: what is missing shows in the chain, which goes on from what was written. Another agent that
        // began a file took nothing away.
        let was_begun = end.goes_on_from.as_ref() == Some(&written.head.hash);
        if written.head.entries > 0 && written.head.entries >= end.head.entries && !was_begun {
            end.head = written.head.clone();
        }
        end.file = end.file.max(written.file);
        Ok(end)
    }

    /// Closes the file, if there is one, and begins the next. The first line of that vouches for all before it, which
    /// is on the disk therefore before it is: else a power cut would look as if somebody had taken away the end of the
    /// closed one.
    fn begin(&self, mut end: End) -> io::Result<End> {
        let is_there = private_file::is_there(&self.path);
        if let Some(last) = private_file::open_to_read(&self.at(u32::from(!is_there))).map_err(io::Error::other)? {
            last.sync_data()?;
        }
        if is_there {
            for number in (0..KEPT).rev() {
                match naming::rename(&self.at(number), &self.at(number + 1)) {
                    Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                    _ => {}
                }
            }
        }
        let line = end.head.begin(end.file + 1, clock::now().to_string(), &end.between);
        private_file::create(&self.path, line.as_bytes()).map_err(io::Error::other)?;
        let (file, size) = (end.file + 1, line.len() as u64);
        Ok(End { file, size, is_closed: false, between: Vec::new(), lacks_break: false, ..end })
    }
}

impl Written {
    fn went_on(&mut self, end: &End, file: &File) -> io::Result<()> {
        let found = FileFacts::of(file)?;
        let (inode, size) = (found.id().number(), found.size());
        *self = Written { head: end.head.clone(), file: end.file, inode, size };
        Ok(())
    }
}

impl End {
    fn nowhere() -> End {
        let (head, between, goes_on_from) = (Head::default(), Vec::new(), None);
        End { head, file: 0, size: 0, goes_on_from, is_closed: true, between, lacks_break: false }
    }

    fn of(file: &mut File, size: u64) -> io::Result<End> {
        let beginning = beginning(file)?;
        file.seek(SeekFrom::Start(size.saturating_sub(MAX_LINE)))?;
        let mut bytes = Vec::new();
        file.take(MAX_LINE).read_to_end(&mut bytes)?;
        let mut end = End { size, ..End::nowhere() };
        let (mut at, mut is_former) = (0, true);
        for line in bytes.split(|byte| *byte == b'\n') {
            let after = at + line.len();
            if let Some(link) = Link::parse(line) {
                let begins = if link.number().is_none() { link.beginning() } else { None };
                let entries = link.number().or(begins.as_ref().map(|beginning| beginning.entries));
                is_former = entries.is_none();
                end.goes_on_from = begins.map(|beginning| beginning.after);
                end.head = Head { hash: link.hash.to_owned(), entries: entries.unwrap_or_default() };
                end.between = bytes.get(after + 1..).unwrap_or_default().to_vec();
            }
            at = after + 1;
        }
        end.lacks_break = bytes.last().is_some_and(|last| *last != b'\n');
        end.file = beginning.as_ref().map_or(0, |beginning| beginning.file);
        // What an older Loom wrote is left as it is.
        end.is_closed = beginning.is_none() || is_former;
        if end.lacks_break && !end.between.is_empty() && !end.is_closed && size < MAX_SIZE {
            end.between.push(b'\n');
        }
        Ok(end)
    }
}

fn beginning(file: &mut File) -> io::Result<Option<Beginning>> {
    file.seek(SeekFrom::Start(0))?;
    let mut line = Vec::new();
    BufReader::new(file).take(1024).read_until(b'\n', &mut line)?;
    Ok(Link::parse(line.strip_suffix(b"\n").unwrap_or(&line)).and_then(|link| link.beginning()))
}
