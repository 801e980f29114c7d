//! The caller's body on its way to the server. A piece is asked of the caller only when the connection takes it, so the
//! agent's memory does not grow with the body; and a server that says or takes nothing for minutes ends the call.

use std::time::Duration;

use tokio::time::timeout;

use crate::agent::call::caller::Caller;
use crate::agent::call::caller::Heard;
use crate::agent::fault;
use crate::base::ServerUrl;
use crate::net::call::{Upload, Uploader, upload};
use crate::wire::{ApiBody, ApiEvent, ApiPiece, Fault, reason};

/// How long a server may say nothing, or take nothing, in the middle of a call.
pub(super) const SILENCE: Duration = Duration::from_secs(5 * 60);

/// The body of a call on its way from the caller to the server: each piece is asked for when the connection takes it,
/// so no more than a few are ever held.
pub(super) struct Body {
    about: Option<ApiBody>,
    pub(super) heard: Heard,
    begun: bool,
    again: bool,
    ended: bool,
}

impl Body {
    pub(super) fn new(about: Option<ApiBody>) -> Body {
        Body { about, heard: Heard::default(), begun: false, again: false, ended: false }
    }

    /// Where the body goes in and out again, if there is one.
    pub(super) fn open(&self) -> (Option<Uploader>, Option<Upload>) {
        self.about.map(|body| upload(body.length)).unzip()
    }

    pub(super) fn can_repeat(&self) -> bool {
        !self.begun || self.about.is_none_or(|body| body.repeatable)
    }

    /// Begins anew; a piece that was asked for and has not come yet belongs to the last time.
    pub(super) async fn rewind(&mut self, caller: &mut Caller<'_>) -> Result<(), Fault> {
        if self.heard.is_awaited() {
            caller.hear(&mut self.heard).await?;
            let _ = self.heard.take::<ApiPiece>();
        }
        (self.again, self.ended) = (self.begun, false);
        Ok(())
    }

    /// Hands on what the caller brings, until that has to end, and why. Dropped, it can be gone on with.
    pub(super) async fn send(&mut self, caller: &mut Caller<'_>, to: &Option<Uploader>, server: &ServerUrl) -> Fault {
        let sent = async {
            while let (Some(to), false) = (to, self.ended) {
                let Some(room) = in_time(server, to.room()).await? else { break };
                if !self.heard.is_awaited() {
                    // So short an event is written whole or not at all, however this is dropped.
                    caller.tell_slowly(&ApiEvent::Body { again: self.again }, &mut self.heard).await?;
                    self.heard.awaits();
                    (self.again, self.begun) = (false, true);
                }
                caller.hear(&mut self.heard).await?;
                let piece: ApiPiece = self.heard.take().ok_or_else(not_a_piece)?;
                self.ended = piece.data.is_empty();
                room.fill((!self.ended).then_some(piece.data));
            }
            // The server takes no more, or has it all: what is left is to wait for its answer.
            in_time(server, async {
                if self.heard.is_awaited() {
                    caller.hear(&mut self.heard).await?;
                }
                Err(caller.hung_up().await)
            })
            .await?
        };
        match sent.await {
            Ok(never) => never,
            Err(fault) => fault,
        }
    }
}

/// Waits for a server, but not for ever.
pub(super) async fn in_time<T>(server: &ServerUrl, waited: impl Future<Output = T>) -> Result<T, Fault> {
    let silent = |_| fault::silent(server, SILENCE);
    timeout(SILENCE, waited).await.map_err(silent)
}

fn not_a_piece() -> Fault {
    reason::Request::NotARequest.into()
}
