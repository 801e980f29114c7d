//! What a client compressed, as it was before: what is judged is what the server reads. A little that becomes a lot
//! ends the request.

use std::io::Write;

use bytes::Bytes;
use flate2::write::GzDecoder;

/// What is inflated at once.
const AT_ONCE: usize = 1024;

/// How many times as long something may become, beyond what is free.
const RATIO: u64 = 100;
const FREE: u64 = 1024 * 1024;

/// Takes compressed pieces and gives others.
pub(super) struct Inflate {
    decoder: GzDecoder<Vec<u8>>,
    compressed: Bytes,
    read: u64,
    written: u64,
}

/// It is not compressed as was said, or becomes too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bomb;

impl Default for Inflate {
    fn default() -> Inflate {
        Inflate { decoder: GzDecoder::new(Vec::new()), compressed: Bytes::new(), read: 0, written: 0 }
    }
}

impl Inflate {
    /// The next compressed piece, once [`next`](Self::next) has nothing left.
    pub(super) fn take(&mut self, piece: Bytes) {
        self.compressed = piece;
    }

    /// What can be said now; `None` if another piece is needed.
    pub(super) fn next(&mut self) -> Result<Option<Bytes>, Bomb> {
        while !self.compressed.is_empty() {
            let part = self.compressed.split_to(AT_ONCE.min(self.compressed.len()));
            // Nothing may follow what was compressed, such as a second time.
            self.decoder.write_all(&part).map_err(|_| Bomb)?;
            self.read += part.len() as u64;
            if let Some(piece) = self.written()? {
                return Ok(Some(piece));
            }
        }
        Ok(None)
    }

    /// At the end of what is compressed: whether it was whole.
    pub(super) fn end(&mut self) -> Result<(), Bomb> {
        self.decoder.try_finish().map_err(|_| Bomb)?;
        // All that was written has been taken: a decoder that has more to say only at the end does not read gzip.
        if self.decoder.get_ref().is_empty() { Ok(()) } else { Err(Bomb) }
    }

    fn written(&mut self) -> Result<Option<Bytes>, Bomb> {
        // The decoder keeps what it wrote last for itself until it is asked.
        self.decoder.flush().map_err(|_| Bomb)?;
        let written = std::mem::take(self.decoder.get_mut());
        self.written += written.len() as u64;
        if self.written > FREE + RATIO * self.read {
            return Err(Bomb);
        }
        Ok((!written.is_empty()).then(|| Bytes::from(written)))
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn inflated(compressed: &[u8], cut: usize) -> Result<Vec<u8>, Bomb> {
        let (mut inflate, mut all) = (Inflate::default(), Vec::new());
        for piece in compressed.chunks(cut) {
            inflate.take(Bytes::copy_from_slice(piece));
            while let Some(piece) = inflate.next()? {
                all.extend_from_slice(&piece);
            }
        }
        inflate.end().map(|()| all)
    }

    #[test]
    fn what_was_compressed_is_as_before_wherever_it_is_cut() {
        let text: Vec<u8> = (0..20_000_u32).flat_map(|n| format!("want {n:040x}\n").into_bytes()).collect();
        let compressed = gzip(&text);
        for cut in [1, 7, 1000, 100_000] {
            assert_eq!(inflated(&compressed, cut).as_deref(), Ok(&text[..]), "{cut}");
        }
        assert_eq!(inflated(&gzip(b""), 3), Ok(Vec::new()));
    }

    #[test]
    fn what_is_none_or_grows_without_end_is_refused() {
        assert_eq!(inflated(&gzip(&vec![0; 30 * 1024 * 1024]), 4096), Err(Bomb));
        assert_eq!(inflated(b"not compressed at all", 7), Err(Bomb));
        let compressed = gzip(b"a text that is long enough to be cut");
        assert_eq!(inflated(&compressed[..compressed.len() - 3], 7), Err(Bomb), "cut short");
        assert_eq!(inflated(&[compressed.clone(), compressed].concat(), 9), Err(Bomb), "twice");
    }
}
