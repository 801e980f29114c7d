//! A client's stream as the HTTP server reads it.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::framing::Framing;

/// How much is read at once.
const AT_ONCE: usize = 16 * 1024;

/// What the HTTP server reads where the client's own words have two readings: it answers, and closes.
const IN_ITS_PLACE: &[u8] = b"GET / HTTP/1.1\r\nHost: ambiguous.invalid\r\nConnection: close\r\n\r\n";

/// Both directions of a connection, of which only what has one reading comes in.
pub(super) struct Framed<I, O> {
    input: I,
    output: O,
    framing: Framing,
    /// What was read and may be handed on.
    ready: Vec<u8>,
    at: usize,
    /// Whether the client said something that has two readings.
    ambiguous: Arc<AtomicBool>,
}

impl<I, O> Framed<I, O> {
    /// The connection, of which `begun` was read already; fails like reading does if that has two readings.
    pub(super) fn new(input: I, output: O, begun: &[u8], ambiguous: Arc<AtomicBool>) -> Framed<I, O> {
        let mut framed = Framed { input, output, framing: Framing::default(), ready: Vec::new(), at: 0, ambiguous };
        framed.take(begun);
        framed
    }

    fn take(&mut self, bytes: &[u8]) {
        if self.framing.take(bytes, &mut self.ready).is_err() {
            self.ambiguous.store(true, Ordering::Relaxed);
            // In the middle of a body this is none of it: the reader sees the end of the stream there.
            self.ready.extend_from_slice(IN_ITS_PLACE);
        }
    }
}

impl<I: AsyncRead + Unpin, O: Unpin> AsyncRead for Framed<I, O> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        loop {
            if this.at < this.ready.len() {
                let count = to.remaining().min(this.ready.len() - this.at);
                to.put_slice(&this.ready[this.at..this.at + count]);
                this.at += count;
                return Poll::Ready(Ok(()));
            }
            this.ready.clear();
            this.at = 0;
            if this.ambiguous.load(Ordering::Relaxed) {
                // Nothing more is read; the answer is still to be written, which an end would keep it from.
                return Poll::Pending;
            }
            let mut bytes = [0; AT_ONCE];
            let mut read = ReadBuf::new(&mut bytes);
            ready!(Pin::new(&mut this.input).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            let count = read.filled().len();
            this.take(&bytes[..count]);
        }
    }
}

impl<I: Unpin, O: AsyncWrite + Unpin> AsyncWrite for Framed<I, O> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.output).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.output).poll_shutdown(context)
    }
}
