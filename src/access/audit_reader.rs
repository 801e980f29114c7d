//! Reads the audit log entry by entry without keeping it in memory. A reader's place is a file and a byte, and stays
//! right while files are rotated.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use jiff::Timestamp;

use super::audit_chain::Link;
use super::audit_files::{AuditFiles, MAX_LINE};
use crate::os::file::FileId;
use crate::wire::AuditEntry;

/// How far somebody has read in one chain: a file, and the byte in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    inode: u64,
    offset: u64,
}

/// Reads the entries of one chain, oldest first, without keeping them.
pub(super) struct Entries {
    files: VecDeque<(File, u64)>,
    reader: Option<BufReader<File>>,
    line: Vec<u8>,
    /// The end of the last whole line that was read.
    pub(super) place: Place,
}

impl Entries {
    /// Every entry that still exists.
    pub(super) fn all(files: &AuditFiles) -> io::Result<Entries> {
        let files = files.open()?.into_iter().map(|(_, file, _)| (file, 0)).collect();
        Ok(Entries { files, reader: None, line: Vec::new(), place: Place::default() })
    }

    /// The entries that were written since `place`. Nothing before it is read.
    pub(super) fn since(files: &AuditFiles, place: Place) -> io::Result<Entries> {
        // However often another was begun meanwhile: the one that was read last is gone on with, then come the younger
        // ones.
        let mut left: VecDeque<_> = files.open()?.into_iter().map(|(_, file, _)| (file, 0)).collect();
        let inodes = left.iter().map(|(file, _)| Ok(FileId::of(file)?.number())).collect::<io::Result<Vec<_>>>()?;
        if let Some(at) = inodes.iter().rposition(|inode| *inode == place.inode) {
            left.drain(..at);
            left[0].1 = place.offset;
        }
        Ok(Entries { files: left, reader: None, line: Vec::new(), place })
    }

    pub(super) fn next(&mut self) -> io::Result<Option<AuditEntry>> {
        loop {
            if self.reader.is_none() {
                let Some((mut file, offset)) = self.files.pop_front() else { return Ok(None) };
                self.place = Place { inode: FileId::of(&file)?.number(), offset };
                file.seek(SeekFrom::Start(offset))?;
                self.reader = Some(BufReader::new(file));
            }
            let Some(reader) = &mut self.reader else { return Ok(None) };
            self.line.clear();
            reader.by_ref().take(MAX_LINE).read_until(b'\n', &mut self.line)?;
            if self.line.last() != Some(&b'\n') && (self.line.len() as u64) < MAX_LINE {
                // Nothing more, or not yet whole.
                self.reader = None;
                continue;
            }
            self.place.offset += self.line.len() as u64;
            let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
            if let Some(entry) = Link::parse(line).and_then(|link| link.entry()) {
                return Ok(Some(entry));
            }
        }
    }
}

/// Reads the entries of several chains, ordered by their time.
pub(super) struct Merged<const N: usize> {
    pub(super) chains: [Entries; N],
    next: [Option<(Timestamp, AuditEntry)>; N],
    is_begun: bool,
}

impl<const N: usize> Merged<N> {
    pub(super) fn new(chains: [Entries; N]) -> Merged<N> {
        Merged { chains, next: std::array::from_fn(|_| None), is_begun: false }
    }

    pub(super) fn next(&mut self) -> io::Result<Option<AuditEntry>> {
        if !std::mem::replace(&mut self.is_begun, true) {
            for n in 0..N {
                self.next[n] = timed(self.chains[n].next()?);
            }
        }
        let times = self.next.iter().enumerate().filter_map(|(n, entry)| entry.as_ref().map(|(time, _)| (*time, n)));
        let Some((_, oldest)) = times.min() else { return Ok(None) };
        let following = timed(self.chains[oldest].next()?);
        Ok(std::mem::replace(&mut self.next[oldest], following).map(|(_, entry)| entry))
    }
}

fn timed(entry: Option<AuditEntry>) -> Option<(Timestamp, AuditEntry)> {
    entry.map(|entry| (entry.time.parse().unwrap_or(Timestamp::MIN), entry))
}
