//! What a connection has sent and nobody has read: bounded, whoever reads it.

use tokio::io::{AsyncRead, AsyncReadExt};
use zeroize::Zeroizing;

use crate::wire::MAX_FRAME;

/// Most requests are shorter than this, in bytes.
const USUAL: usize = 1024;

/// What a connection has sent and nobody has read yet; bounded, and zeroed when it goes.
#[derive(Default)]
pub(super) struct Buffer(Zeroizing<Vec<u8>>);

impl Buffer {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it, which is not here any more.
    pub(super) fn take(&mut self) -> Zeroizing<Vec<u8>> {
        std::mem::take(&mut self.0)
    }

    /// What there is, once it is at least so long; `None` at the end of the stream.
    pub(super) async fn first_of(&mut self, least: usize, input: &mut (impl AsyncRead + Unpin)) -> Option<&[u8]> {
        while self.0.len() < least {
            self.make_room();
            if input.read_buf(&mut *self.0).await.ok()? == 0 {
                return None;
            }
        }
        Some(&self.0)
    }

    /// The first bytes, which are not here any more.
    pub(super) async fn cut(
        &mut self,
        length: usize,
        input: &mut (impl AsyncRead + Unpin),
    ) -> Option<Zeroizing<Vec<u8>>> {
        self.first_of(length, input).await?;
        let rest = self.0.split_off(length);
        Some(std::mem::replace(&mut self.0, Zeroizing::new(rest)))
    }

    /// The next line; `None` at the end of the stream, or if the line is too long.
    pub(super) async fn frame(&mut self, input: &mut (impl AsyncRead + Unpin)) -> Option<Zeroizing<Vec<u8>>> {
        let mut searched = 0;
        loop {
            if let Some(at) = self.0[searched..].iter().position(|byte| *byte == b'\n') {
                let rest = self.0.split_off(searched + at + 1);
                let mut frame = std::mem::replace(&mut self.0, Zeroizing::new(rest));
                frame.pop();
                return Some(frame);
            }
            searched = self.0.len();
            if searched >= MAX_FRAME {
                return None;
            }
            self.make_room();
            if input.read_buf(&mut *self.0).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// Grows by copying to a new place and zeroing the old one, which `Vec` alone would not do.
    fn make_room(&mut self) {
        if self.0.len() == self.0.capacity() {
            let size = (self.0.capacity() * 2).clamp(USUAL, MAX_FRAME);
            let mut larger = Zeroizing::new(Vec::with_capacity(size));
            larger.extend_from_slice(&self.0);
            self.0 = larger;
        }
    }
}
