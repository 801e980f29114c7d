//! The form of the sealed file: a head, and lines that each add records to those before, so that a change costs what
//! changes and not what is kept.
//!
//! Each line is sealed together with its number and the seal of the line before it: none can be changed, moved or left
//! out. That the last ones are missing shows in the head, which has two places of fixed width for the number and the
//! seal of a line. They are written in turns, each only once its line is on the disk: whatever a power cut leaves of
//! them, they name lines that are there. So what follows the last line that they name may be something unfinished,
//! which was never acknowledged, and is left out; what is not whole before that is damage.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::StoreError;
use super::envelope::{Body, EnvelopeError, SealedRecord};
use super::journal_head::{self, End, VERSION, head, places};
use super::seal::{Seal, Sealed};

/// How many records a line has at most when the file is written anew: a reader holds one line at a time.
const RECORDS: usize = 256;

/// What a line adds to the file.
pub(super) enum Added<'b> {
    /// A record of an account.
    Record(&'b RawValue),
    /// A record of an older Loom whose server nobody has named yet.
    Unclaimed(&'b RawValue),
}

impl<'b> Added<'b> {
    /// The sealed record, as it stands in the file.
    pub(super) fn raw(&self) -> &'b RawValue {
        match self {
            Added::Record(raw) | Added::Unclaimed(raw) => raw,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line<'b> {
    #[serde(borrow)]
    body: &'b RawValue,
    seal: Sealed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists<'b> {
    #[serde(borrow)]
    records: Vec<&'b RawValue>,
    #[serde(borrow, default)]
    unclaimed: Vec<&'b RawValue>,
}

/// Prints the whole file.
pub(super) fn print(body: &Body, seal: &Seal) -> Result<Vec<u8>, StoreError> {
    let mut end = End { at: head(seal.id(), [None, None]).len() as u64, ..End::default() };
    let mut lines = Vec::new();
    // One line even of nothing, so that there is something to miss.
    let mut records = body.records.chunks(RECORDS);
    let mut unclaimed = &body.unclaimed[..];
    loop {
        let next = records.next();
        if next.is_none() && end.lines > 0 {
            break;
        }
        let (line, then) = line(&end, next.unwrap_or_default(), std::mem::take(&mut unclaimed), seal)?;
        lines.extend_from_slice(&line);
        end = then;
    }
    let mut bytes = head(seal.id(), places(&end)).into_bytes();
    bytes.extend_from_slice(&lines);
    Ok(bytes)
}

/// Prints the line that adds these records after that end, and says where the chain ends with it.
pub(super) fn line(
    end: &End,
    records: &[SealedRecord],
    unclaimed: &[SealedRecord],
    seal: &Seal,
) -> Result<(Vec<u8>, End), StoreError> {
    #[derive(Serialize)]
    struct Lists<'r> {
        records: &'r [SealedRecord],
        #[serde(skip_serializing_if = "<[SealedRecord]>::is_empty")]
        unclaimed: &'r [SealedRecord],
    }
    let body = to_raw_value(&Lists { records, unclaimed }).map_err(|_| StoreError::NotKept)?;
    let lines = end.lines + 1;
    let sealed = seal.seal(b"", &context(seal.id(), lines, &end.tag, &body))?;
    let tag = sealed.text().to_owned();
    let mut bytes = serde_json::to_vec(&Line { body: &body, seal: sealed }).map_err(|_| StoreError::NotKept)?;
    bytes.push(b'\n');
    let end = End { lines, tag, at: end.at + bytes.len() as u64 };
    Ok((bytes, end))
}

/// Reads the whole file: `each` gets what the lines add, in order, with where it lies.
pub(super) fn read<'b>(
    bytes: &'b [u8],
    seal: &Seal,
    mut each: impl FnMut(Added<'b>, Range<u64>),
) -> Result<End, EnvelopeError> {
    let length = bytes.iter().position(|byte| *byte == b'\n').ok_or(EnvelopeError::Damaged)? + 1;
    let (head, rest) = bytes.split_at(length);
    go_on(&End { at: length as u64, ..End::default() }, head, rest, seal, &mut each)
}

/// Reads on from an end that was reached before. `head` is the file's head as it is now.
pub(super) fn go_on<'b>(
    from: &End,
    head: &[u8],
    rest: &'b [u8],
    seal: &Seal,
    each: &mut impl FnMut(Added<'b>, Range<u64>),
) -> Result<End, EnvelopeError> {
    let mut named = journal_head::ends(head, seal)?;
    let (mut end, mut rest) = (from.clone(), rest);
    let is_named =
        |end: &End, named: &mut Vec<(u64, String)>| named.retain(|(lines, tag)| (*lines, tag) != (end.lines, &end.tag));
    // What was named before was found before.
    named.retain(|(lines, _)| *lines >= from.lines);
    is_named(&end, &mut named);
    while let Some(length) = rest.iter().position(|byte| *byte == b'\n') {
        let (line, later) = rest.split_at(length + 1);
        let Some(then) = read_line(line, &end, seal, each) else { break };
        end = then;
        is_named(&end, &mut named);
        rest = later;
    }
    if named.is_empty() && end.lines > 0 { Ok(end) } else { Err(EnvelopeError::Damaged) }
}

/// How the line ends that is the last one at this end.
pub(super) fn ending(end: &End) -> String {
    format!("\"{}\"}}}}\n", end.tag)
}

/// Reads a line, if it is the one after that end; says where the chain ends with it.
pub(super) fn read_line<'b>(
    line: &'b [u8],
    end: &End,
    seal: &Seal,
    each: &mut impl FnMut(Added<'b>, Range<u64>),
) -> Option<End> {
    let (lists, tag) = open(line.strip_suffix(b"\n")?, end, seal)?;
    let at = |raw: &RawValue| {
        let begin = end.at + (raw.get().as_ptr() as usize - line.as_ptr() as usize) as u64;
        begin..begin + raw.get().len() as u64
    };
    for raw in lists.records {
        each(Added::Record(raw), at(raw));
    }
    for raw in lists.unclaimed {
        each(Added::Unclaimed(raw), at(raw));
    }
    Some(End { lines: end.lines + 1, tag, at: end.at + line.len() as u64 })
}

fn open<'b>(line: &'b [u8], end: &End, seal: &Seal) -> Option<(Lists<'b>, String)> {
    let Line { body, seal: sealed } = serde_json::from_slice(line).ok()?;
    seal.open_sealed(&sealed, &context(seal.id(), end.lines + 1, &end.tag, body))?;
    Some((serde_json::from_str(body.get()).ok()?, sealed.text().to_owned()))
}

fn context(key: &str, lines: u64, before: &str, body: &RawValue) -> Vec<u8> {
    format!("loom credentials {VERSION} {key} {lines} {before} {}", body.get()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::envelope::salvage;

    fn seal() -> Seal {
        Seal::new(&[7; 32])
    }

    fn record(seal: &Seal, n: u32) -> SealedRecord {
        SealedRecord::seal(seal, &n, &format!("secret {n}")).unwrap()
    }

    /// The file with a line more, as it is added on the disk.
    fn with(bytes: &[u8], end: &End, n: u32, seal: &Seal) -> (Vec<u8>, End) {
        let (line, then) = line(end, &[record(seal, n)], &[], seal).unwrap();
        let mut bytes = [bytes, &line].concat();
        let (at, place) = journal_head::place(&then, seal.id());
        bytes[at as usize..][..place.len()].copy_from_slice(place.as_bytes());
        (bytes, then)
    }

    fn labels(bytes: &[u8], seal: &Seal) -> Result<(Vec<u32>, End), EnvelopeError> {
        let mut found = Vec::new();
        let end = read(bytes, seal, |added, at| {
            assert_eq!(&bytes[at.start as usize..at.end as usize], added.raw().get().as_bytes());
            found.push(serde_json::from_str::<SealedRecord>(added.raw().get()).unwrap().label().unwrap());
        })?;
        Ok((found, end))
    }

    /// A file of four records: two from the beginning, and one more twice.
    fn file(seal: &Seal) -> (Vec<u8>, End) {
        let body = Body { records: vec![record(seal, 1), record(seal, 2)], unclaimed: Vec::new() };
        let bytes = print(&body, seal).unwrap();
        let (_, end) = labels(&bytes, seal).unwrap();
        let (bytes, end) = with(&bytes, &end, 3, seal);
        with(&bytes, &end, 4, seal)
    }

    #[test]
    fn every_truncation_or_flipped_bit_is_noticed_and_spoils_one_record() {
        let seal = seal();
        let (whole, end) = file(&seal);
        assert_eq!(labels(&whole, &seal).unwrap(), (vec![1, 2, 3, 4], end));
        for length in 0..whole.len() {
            assert!(labels(&whole[..length], &seal).is_err(), "cut at {length}");
        }
        for bit in 0..whole.len() * 8 {
            let mut flipped = whole.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(labels(&flipped, &seal).is_err(), "bit {bit}");
            if bit % 16 != bit / 16 % 16 {
                continue;
            }
            let found = salvage(&flipped, &seal);
            assert!(found.len() >= 3, "bit {bit}");
            assert!(found.iter().all(|record| record.open::<String>(&seal).is_some()), "bit {bit}");
        }
    }

    #[test]
    fn what_is_left_of_a_head_is_damage_and_no_file_of_a_newer_version() {
        let seal = seal();
        let (whole, _) = file(&seal);
        let begin = b"{\"version\":2,".len();
        for at in begin..journal_head::length(&seal) {
            let mut spoiled = whole.clone();
            spoiled[at] ^= 1;
            let found = if journal_head::has_head(&spoiled) {
                labels(&spoiled, &seal).map(drop)
            } else {
                super::super::envelope::open(&spoiled, &seal).map(drop)
            };
            assert!(matches!(found, Err(EnvelopeError::Damaged | EnvelopeError::WrongKey)), "{at}: {found:?}");
        }
    }

    #[test]
    fn no_line_can_be_left_out_moved_doubled_or_taken_from_another_file() {
        let seal = seal();
        let (whole, _) = file(&seal);
        let lines: Vec<&[u8]> = whole.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!(lines.len(), 4, "a head and three lines");
        let (other, _) = file(&seal);
        let others: Vec<&[u8]> = other.split_inclusive(|byte| *byte == b'\n').collect();
        for changed in [
            vec![lines[0], lines[1], lines[3]],
            vec![lines[0], lines[2], lines[1], lines[3]],
            vec![lines[0], lines[1], lines[1], lines[3]],
            vec![lines[0], lines[1], others[2], lines[3]],
            vec![others[0], lines[1], lines[2], lines[3]],
            vec![lines[0], b"\n", lines[1], lines[2], lines[3]],
        ] {
            assert!(labels(&changed.concat(), &seal).is_err());
        }
    }

    #[test]
    fn what_a_power_cut_left_unfinished_after_the_last_line_is_left_out() {
        let seal = seal();
        let (whole, end) = file(&seal);
        let (more, then) = with(&whole, &end, 5, &seal);
        let added = &more[whole.len()..];
        // The line is there and the head does not name it yet, or nothing of it is whole.
        let all = [whole.as_slice(), added].concat();
        assert_eq!(labels(&all, &seal).unwrap(), (vec![1, 2, 3, 4, 5], then));
        for cut in 0..added.len() {
            let torn = [whole.as_slice(), &added[..cut]].concat();
            assert_eq!(labels(&torn, &seal).unwrap(), (vec![1, 2, 3, 4], end.clone()), "cut at {cut}");
        }
        for garbage in [&[0; 700][..], b"\n", b"{}\n", &[&[0; 100], b"\n" as &[u8]].concat()] {
            let torn = [whole.as_slice(), garbage].concat();
            assert_eq!(labels(&torn, &seal).unwrap().0, [1, 2, 3, 4]);
        }
    }

    #[test]
    fn who_knows_the_file_reads_on_from_where_it_ended() {
        let seal = seal();
        let (whole, end) = file(&seal);
        let (more, _) = with(&whole, &end, 5, &seal);
        let (more, last) = with(&more, &end_of(&more, &seal), 6, &seal);
        let mut found = 0;
        let head = &more[..journal_head::length(&seal)];
        let reached = go_on(&end, head, &more[whole.len()..], &seal, &mut |_, _| found += 1).unwrap();
        assert_eq!((found, reached), (2, last));
        let cut = go_on(&end, head, &more[whole.len()..more.len() - 1], &seal, &mut |_, _| {});
        assert!(cut.is_err(), "the head names a line that is not whole");
    }

    fn end_of(bytes: &[u8], seal: &Seal) -> End {
        labels(bytes, seal).unwrap().1
    }

    #[test]
    fn many_records_stand_in_lines_of_their_own_and_none_is_still_a_file() {
        let seal = seal();
        let records = (0..RECORDS as u32 * 2 + 1).map(|n| record(&seal, n)).collect();
        let bytes = print(&Body { records, unclaimed: Vec::new() }, &seal).unwrap();
        assert_eq!(bytes.iter().filter(|byte| **byte == b'\n').count(), 4);
        assert_eq!(labels(&bytes, &seal).unwrap().0.len(), RECORDS * 2 + 1);
        let none = print(&Body::default(), &seal).unwrap();
        assert_eq!(labels(&none, &seal).unwrap().0.len(), 0);
        assert!(matches!(labels(&none, &Seal::new(&[8; 32])), Err(EnvelopeError::WrongKey)));
        let newer = String::from_utf8(none).unwrap().replace("\"version\":2", "\"version\":3");
        assert!(journal_head::has_head(newer.as_bytes()));
        assert!(matches!(labels(newer.as_bytes(), &seal), Err(EnvelopeError::Newer)));
    }
}
