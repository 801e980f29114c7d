//! How servers read the path of a URL, from the strictest of them to the most lenient.

use std::collections::BTreeSet;

/// How often a path is decoded at most, which is more often than anybody encodes one. Without a limit, the time for a
/// path would grow with the square of its length.
const MOST_DECODINGS: usize = 4;

/// A path as some servers read it: decoded some number of times, and what only looks like an ASCII character taken for
/// it.
pub(super) struct Reading {
    text: String,
    decodings: usize,
}

/// The segments of a URL's path as the most lenient server reads them: decoded as often as there is something to
/// decode, with look-alike characters taken for ASCII. Segments that such a server ignores are left out.
pub fn lenient_segments(path: &str) -> Vec<String> {
    let mut text = folded(path.as_bytes());
    for _ in 0..MOST_DECODINGS {
        let Some(decoded) = decoded(text.as_bytes()) else { break };
        text = folded(&decoded);
    }
    let visible = segments(&text).map(|segment| segment.replace(char::is_control, "").trim().to_owned());
    visible.filter(|segment| !segment.is_empty()).collect()
}

/// Every reading of a path: as it is, decoded once, twice, and so on; each time both by who takes characters that are
/// written with too many bytes, and by who drops them. `None` if it is encoded more often than is looked at.
pub(super) fn readings(path: &str) -> Option<Vec<Reading>> {
    let (mut all, mut latest) = (Vec::new(), ways(path.as_bytes()));
    for decodings in 0..=MOST_DECODINGS {
        let further = latest.iter().filter_map(|text| decoded(text.as_bytes())).flat_map(|bytes| ways(&bytes));
        let further: BTreeSet<String> = further.collect();
        all.extend(latest.into_iter().map(|text| Reading { text, decodings }));
        latest = further;
    }
    latest.is_empty().then_some(all)
}

/// The text of these bytes for who takes characters that are written with too many bytes, and for who drops them.
fn ways(bytes: &[u8]) -> BTreeSet<String> {
    let valid: String = bytes.utf8_chunks().map(|chunk| chunk.valid()).collect();
    [folded(bytes), folded(valid.as_bytes())].into()
}

impl Reading {
    /// Whether some server takes a segment for `..`, and so is led out of the path.
    pub(super) fn steps_up(&self) -> bool {
        let begin = |segment: &str| is_dots(segment.split(char::is_control).next().unwrap_or_default());
        segments(&self.text).any(|segment| is_dots(segment) || begin(segment))
    }

    /// Whether there is a control character: for some servers a line or a text ends there, others leave it out.
    pub(super) fn has_control(&self) -> bool {
        self.text.contains(char::is_control)
    }

    /// Whether a segment other than the first and the last is empty.
    pub(super) fn has_empty_segment(&self) -> bool {
        let mut names: Vec<&str> = segments(&self.text).skip(1).map(str::trim).collect();
        names.pop();
        names.contains(&"")
    }

    /// Whether both are the same path, decoded as often, and read in different ways.
    pub(super) fn is_beside(&self, other: &Reading) -> bool {
        self.decodings == other.decodings
    }

    /// Whether the path has to be decoded more than once to be read like this.
    pub(super) fn is_of_nested_encoding(&self) -> bool {
        self.decodings > 1
    }
}

/// The segments without parameters (`;`), which some servers cut off, and without what others take for the query.
fn segments(text: &str) -> impl Iterator<Item = &str> {
    text.split(['/', '\\']).map(|segment| segment.split([';', '?', '#']).next().unwrap_or_default())
}

/// Whether a segment is `.` or `..`, or becomes one for a server that cuts off blanks and dots at its end, or drops
/// characters that nobody sees.
fn is_dots(segment: &str) -> bool {
    let is_nothing = |c: char| c == '+' || c.is_whitespace() || c.is_control();
    segment.contains('.') && segment.chars().all(|c| c == '.' || is_nothing(c))
}

/// The text with each `%xx`, and `%uxxxx`, decoded once; `None` if there is none.
fn decoded(text: &[u8]) -> Option<Vec<u8>> {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text);
    while let [first, after @ ..] = rest {
        let (character, length) = match (first, after) {
            (b'%', [b'u' | b'U', code @ ..]) => (hex(code, 4), 5),
            (b'%', code) => (hex(code, 2), 2),
            _ => (None, 0),
        };
        match character {
            Some(byte) if length == 2 => bytes.push(byte as u8),
            Some(code) => bytes.extend(char::from_u32(code).unwrap_or_default().encode_utf8(&mut [0; 4]).bytes()),
            None => bytes.push(*first),
        }
        rest = if character.is_some() { &after[length..] } else { after };
    }
    (bytes.len() < text.len()).then_some(bytes)
}

/// The number that the first so many hexadecimal digits make.
fn hex(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

/// The text as the most lenient server reads these bytes. Invisible characters and bytes that are no character are left
/// out.
fn folded(mut bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    while !bytes.is_empty() {
        let (character, length) = next(bytes);
        text.extend(character.filter(|c| !is_invisible(*c)).map(as_ascii));
        bytes = &bytes[length..];
    }
    text
}

/// The next character and how many bytes it takes. It may be written with more bytes than it needs: UTF-8 forbids that,
/// and not every decoder checks.
fn next(bytes: &[u8]) -> (Option<char>, usize) {
    let (length, mask) = match bytes[0] {
        0x00..=0x7f => (1, 0x7f),
        0xc0..=0xdf => (2, 0x1f),
        0xe0..=0xef => (3, 0x0f),
        0xf0..=0xf7 => (4, 0x07),
        0x80..=0xbf | 0xf8..=0xff => return (None, 1),
    };
    let further = bytes.get(1..length).filter(|further| further.iter().all(|byte| byte & 0xc0 == 0x80));
    let Some(further) = further else { return (None, 1) };
    let code = further.iter().fold(u32::from(bytes[0] & mask), |code, byte| code << 6 | u32::from(byte & 0x3f));
    (char::from_u32(code), length)
}

/// The ASCII character that a server takes this one for, if it folds look-alikes (NFKC, best fit, IDNA).
fn as_ascii(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{2024}'..='\u{2026}' | '\u{3002}' | '\u{fe19}' | '\u{fe30}' | '\u{fe52}' | '\u{ff61}' => '.',
        '\u{2044}' | '\u{2215}' | '\u{29f8}' => '/',
        '\u{2216}' | '\u{29f5}' | '\u{fe68}' => '\\',
        '\u{37e}' | '\u{fe54}' => ';',
        '\u{fe56}' => '?',
        '\u{fe5f}' => '#',
        '\u{fe6a}' => '%',
        _ => c,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{fffd}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}
