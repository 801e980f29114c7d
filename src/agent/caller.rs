use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::base::Locale;
use crate::wire::{LoginEvent, print_event};

/// Whoever reads nothing for so long has gone.
pub const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Who asks, while a request is being answered: the language, and both directions of the connection.
pub struct Caller<'a> {
    pub locale: Locale,
    input: &'a mut (dyn AsyncRead + Send + Unpin),
    output: &'a mut (dyn AsyncWrite + Send + Unpin),
}

impl<'a> Caller<'a> {
    pub fn new(input: &'a mut (dyn AsyncRead + Send + Unpin), output: &'a mut (dyn AsyncWrite + Send + Unpin)) -> Self {
        Caller { locale: Locale::default(), input, output }
    }

    /// Sends an event; `false` if nobody listens any more.
    pub(super) async fn tell(&mut self, event: &LoginEvent) -> bool {
        let frame = print_event(event);
        matches!(tokio::time::timeout(WRITE_WITHIN, self.output.write_all(&frame)).await, Ok(Ok(())))
    }

    /// Returns when the caller closes its side, which cancels what it asked for. What it still says is not read as requests.
    pub(super) async fn hung_up(&mut self) {
        let mut ignored = [0; 256];
        while self.input.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
    }
}
