//! Git's lines on the wire (gitprotocol-common(5)): four hexadecimal digits that count themselves, then the payload.

/// The longest line in bytes, with its four digits.
pub const MAX_LINE: usize = 65520;

/// How many bytes of a line are its length.
const LENGTH: usize = 4;

/// The line that ends a list.
pub const FLUSH: &[u8] = b"0000";

/// What stands at the beginning of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PktLine<'a> {
    /// A line with its payload, which is not empty.
    Data(&'a [u8]),
    /// The end of a list.
    Flush,
    /// A delimiter, or the end of an answer: only version 2 has them.
    Special,
}

/// The error of bytes that are no line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a pkt-line")]
pub struct NoPktLine;

impl<'a> PktLine<'a> {
    /// The line at the beginning of these bytes, and what follows it; `None` as long as it is not whole.
    ///
    /// Stricter than git: digits are in small letters, and a line has a payload. Whoever reads more leniently cannot
    /// read something else, since nobody is given these bytes.
    pub fn first(bytes: &'a [u8]) -> Result<Option<(PktLine<'a>, &'a [u8])>, NoPktLine> {
        let Some((digits, rest)) = bytes.split_at_checked(LENGTH) else {
            return if bytes.iter().all(|byte| digit(*byte).is_some()) { Ok(None) } else { Err(NoPktLine) };
        };
        let value = |length: usize, byte: &u8| Some(length << 4 | digit(*byte)?);
        match digits.iter().try_fold(0, value).ok_or(NoPktLine)? {
            0 => Ok(Some((PktLine::Flush, rest))),
            1 | 2 => Ok(Some((PktLine::Special, rest))),
            length @ 5..=MAX_LINE => {
                Ok(rest.split_at_checked(length - LENGTH).map(|(payload, rest)| (PktLine::Data(payload), rest)))
            }
            _ => Err(NoPktLine),
        }
    }

    /// How long it is on the wire.
    pub fn length(&self) -> usize {
        match self {
            PktLine::Data(payload) => LENGTH + payload.len(),
            PktLine::Flush | PktLine::Special => LENGTH,
        }
    }
}

/// Adds a line with this payload. What is longer than a line, or empty, becomes none.
pub fn print_line(payload: &[u8], to: &mut Vec<u8>) {
    let length = LENGTH + payload.len();
    if (LENGTH + 1..=MAX_LINE).contains(&length) {
        to.extend_from_slice(format!("{length:04x}").as_bytes());
        to.extend_from_slice(payload);
    }
}

/// A line without the line feed that may end it.
pub(super) fn without_end(payload: &[u8]) -> &[u8] {
    payload.strip_suffix(b"\n").unwrap_or(payload)
}

fn digit(byte: u8) -> Option<usize> {
    match byte {
        b'0'..=b'9' => Some(usize::from(byte - b'0')),
        b'a'..=b'f' => Some(usize::from(byte - b'a' + 10)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_line_counts_itself_and_has_one_spelling() {
        assert_eq!(PktLine::first(b"0006a\nx"), Ok(Some((PktLine::Data(b"a\n"), &b"x"[..]))));
        assert_eq!(PktLine::first(b"0000PACK"), Ok(Some((PktLine::Flush, &b"PACK"[..]))));
        assert_eq!(PktLine::first(b"0001"), Ok(Some((PktLine::Special, &b""[..]))));
        for part in [&b""[..], b"0", b"000", b"0006", b"0006a", b"fff0abc"] {
            assert_eq!(PktLine::first(part), Ok(None), "{part:?}");
        }
        for bad in [&b"0003"[..], b"0004", b"fff1", b"ffff", b"000Aabcdef", b"g", b"00 6", b"-001", b"0x05a", b"+005a"]
        {
            assert_eq!(PktLine::first(bad), Err(NoPktLine), "{bad:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read_again(payload in prop::collection::vec(any::<u8>(), 1..200), rest in prop::collection::vec(any::<u8>(), 0..9)) {
            let mut bytes = Vec::new();
            print_line(&payload, &mut bytes);
            bytes.extend_from_slice(&rest);
            let (line, left) = PktLine::first(&bytes).unwrap().unwrap();
            prop_assert_eq!(line.length() + left.len(), bytes.len());
            prop_assert_eq!((line, left), (PktLine::Data(&payload), &rest[..]));
        }
    }
}
