//! Lines that are longer than a frame: they go in pieces, each a frame of its own, and are put together again before
//! they are parsed. What fits into a frame is a frame, as ever.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::frame::{MAX_FRAME, VERSION};
use super::request::print_line;
use crate::base::Secret;

/// The longest line that is put together of pieces, in bytes.
pub const MAX_LINE: usize = 64 * 1024 * 1024;

/// So much of a line goes into a piece: however much of it has to be escaped once more, it fits into a frame.
const PART: usize = (MAX_FRAME - 64) / 2;

/// How every piece begins, which no whole line does.
const BEGINNING: &[u8] = b"{\"v\":1,\"part\":";

/// A piece on the wire; the last one says so.
#[derive(Serialize)]
struct Piece<'a> {
    v: u32,
    part: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    last: bool,
}

/// Puts a line together of the pieces that it came in.
#[derive(Default)]
pub struct Pieces(Zeroizing<Vec<u8>>);

/// The line is longer than [`MAX_LINE`], or what came in its middle is no piece of it.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("no piece of a line, or of one that is too long")]
pub struct NoPiece;

/// The line, in pieces if it is longer than a frame.
pub(super) fn in_pieces(line: Zeroizing<Vec<u8>>) -> Zeroizing<Vec<u8>> {
    if line.len() <= MAX_FRAME {
        return line;
    }
    let Ok(mut rest) = std::str::from_utf8(line.strip_suffix(b"\n").unwrap_or(&line)) else { return line };
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(PART));
        pieces.push(print_line(&Piece { v: VERSION, part, last: after.is_empty() }));
        rest = after;
    }
    // Room for all of it at once: a buffer that grows leaves copies behind.
    let mut lines = Zeroizing::new(Vec::with_capacity(pieces.iter().map(|piece| piece.len()).sum()));
    pieces.iter().for_each(|piece| lines.extend_from_slice(piece));
    lines
}

impl Pieces {
    /// Takes the next frame, without its LF: a whole line, or a piece of one. Gives the line once it is whole.
    pub fn take(&mut self, frame: Zeroizing<Vec<u8>>) -> Result<Option<Zeroizing<Vec<u8>>>, NoPiece> {
        if !frame.starts_with(BEGINNING) {
            return if self.0.is_empty() { Ok(Some(frame)) } else { Err(NoPiece) };
        }
        #[derive(Deserialize)]
        struct Piece {
            part: Secret,
            #[serde(default)]
            last: bool,
        }
        let piece: Piece = serde_json::from_slice(&frame).map_err(|_| NoPiece)?;
        self.add(piece.part.expose().as_bytes())?;
        Ok(piece.last.then(|| std::mem::take(&mut self.0)))
    }

    /// Grows by copying to a new place and zeroing the old one, which `Vec` alone would not do.
    fn add(&mut self, part: &[u8]) -> Result<(), NoPiece> {
        let length = self.0.len() + part.len();
        if part.is_empty() || length > MAX_LINE {
            return Err(NoPiece);
        }
        if length > self.0.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity((length * 2).min(MAX_LINE)));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
        self.0.extend_from_slice(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn put_together(lines: &[u8]) -> Result<Vec<Vec<u8>>, NoPiece> {
        let mut pieces = Pieces::default();
        let frames = lines.split_inclusive(|byte| *byte == b'\n');
        let whole = frames.map(|frame| {
            assert!(frame.len() <= MAX_FRAME);
            assert!(frame.ends_with(b"\n"));
            pieces.take(Zeroizing::new(frame[..frame.len() - 1].to_vec()))
        });
        let whole: Result<Vec<_>, _> = whole.filter_map(Result::transpose).collect();
        Ok(whole?.into_iter().map(|line| line.to_vec()).collect())
    }

    #[test]
    fn a_line_of_any_length_comes_through_in_frames() {
        for (text, count) in [("a", 0), ("a", MAX_FRAME), ("\"\\é\u{1f511}\n", 30_000), ("\u{1}", 50_000)] {
            let line = print_line(&text.repeat(count));
            let sent = in_pieces(line.clone());
            assert_eq!(sent.len() == line.len(), line.len() <= MAX_FRAME);
            assert_eq!(put_together(&sent).unwrap(), [line[..line.len() - 1].to_vec()]);
        }
    }

    #[test]
    fn what_is_no_piece_or_too_much_is_refused() {
        let piece = "{\"v\":1,\"part\":\"x\"}\n";
        for other in [
            format!("{piece}{{\"v\":1,\"ok\":{{}}}}\n"),
            format!("{piece}{{\"v\":1,\"part\":1}}\n"),
            "{\"v\":1,\"part\":\"\"}\n".to_owned(),
        ] {
            assert_eq!(put_together(other.as_bytes()), Err(NoPiece), "{other}");
        }
        let mut pieces = Pieces(Zeroizing::new(vec![b'x'; MAX_LINE - 1]));
        let piece = || Zeroizing::new(piece.trim_end().as_bytes().to_vec());
        assert_eq!((pieces.take(piece()), pieces.take(piece())), (Ok(None), Err(NoPiece)));
    }
}
