//! The first line of the sealed file, which names the place and seal of its last lines. By it a file that was cut off
//! at its end is told from one that is whole; it is written after the line that it names is on the disk.

use serde::{Deserialize, Serialize};

use super::envelope::EnvelopeError;
use super::seal::Seal;

/// The version of this form; 1 was one line with everything.
pub(super) const VERSION: u32 = 2;

/// The width of a place in the head: ten digits, a space and the seal's sixteen bytes in base64.
const WIDTH: usize = 10 + 1 + 24;

/// Where a chain of lines ends: the number of lines, the seal of the last one, and the byte after it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct End {
    pub(super) lines: u64,
    pub(super) tag: String,
    pub(super) at: u64,
}

/// The first line of the file, as JSON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    version: u32,
    key: String,
    /// The last line and the one before; the odd ones have the second place.
    ends: [String; 2],
}

/// Whether these bytes begin with a head, of whatever version. A file of the first form has none.
pub(super) fn has_head(bytes: &[u8]) -> bool {
    #[derive(Deserialize)]
    struct Beginning {
        #[serde(rename = "version")]
        _version: u32,
        #[serde(rename = "ends")]
        _ends: serde::de::IgnoredAny,
    }
    serde_json::Deserializer::from_slice(bytes).into_iter::<Beginning>().next().is_some_and(|found| found.is_ok())
}

/// How many bytes the head has.
pub(super) fn length(seal: &Seal) -> usize {
    head(seal.id(), [None, None]).len()
}

/// What to write into the head, and at which byte, once the line that ends there is on the disk.
pub(super) fn place(end: &End, key: &str) -> (u64, String) {
    let begin = head(key, [None, None]).find("[\"").unwrap_or_default() + 2;
    let nth = (end.lines % 2) as usize;
    ((begin + nth * (WIDTH + 3)) as u64, printed(end))
}

/// The lines that the head names.
pub(super) fn ends(line: &[u8], seal: &Seal) -> Result<Vec<(u64, String)>, EnvelopeError> {
    #[derive(Deserialize)]
    struct OnlyVersion {
        version: u32,
    }
    let OnlyVersion { version } = serde_json::from_slice(line).map_err(|_| EnvelopeError::Damaged)?;
    if version > VERSION {
        return Err(EnvelopeError::Newer);
    }
    let found: Head = serde_json::from_slice(line).map_err(|_| EnvelopeError::Damaged)?;
    if found.key != seal.id() {
        return Err(EnvelopeError::WrongKey);
    }
    let parse = |nth: usize, place: &str| -> Option<Option<(u64, String)>> {
        if place.trim().is_empty() {
            return Some(None);
        }
        let (lines, tag) = place.trim_start().split_once(' ')?;
        let lines = lines.parse().ok().filter(|lines| lines % 2 == nth as u64)?;
        Some(Some((lines, tag.to_owned())))
    };
    let parsed: Option<Vec<_>> = found.ends.iter().enumerate().map(|(nth, place)| parse(nth, place)).collect();
    let named: Vec<(u64, String)> = parsed.ok_or(EnvelopeError::Damaged)?.into_iter().flatten().collect();
    let mut again = [None, None];
    for (lines, tag) in &named {
        again[(lines % 2) as usize] = Some(End { lines: *lines, tag: tag.clone(), at: 0 });
    }
    // It is what we would print, byte by byte; anything else is damage.
    if head(seal.id(), again.each_ref().map(Option::as_ref)).as_bytes() == line && !named.is_empty() {
        Ok(named)
    } else {
        Err(EnvelopeError::Damaged)
    }
}

pub(super) fn places(end: &End) -> [Option<&End>; 2] {
    if end.lines.is_multiple_of(2) { [Some(end), None] } else { [None, Some(end)] }
}

pub(super) fn head(key: &str, ends: [Option<&End>; 2]) -> String {
    let [even, odd] = ends.map(|end| end.map_or_else(|| " ".repeat(WIDTH), printed));
    format!("{{\"version\":{VERSION},\"key\":\"{key}\",\"ends\":[\"{even}\",\"{odd}\"]}}\n")
}

fn printed(end: &End) -> String {
    format!("{:>10} {}", end.lines, end.tag)
}
