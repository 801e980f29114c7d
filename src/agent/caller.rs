use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use zeroize::Zeroizing;

use super::{Agent, fault};
use crate::access::Authority;
use crate::base::{Locale, ServerUrl};
use crate::msg;
use crate::wire::{Actor, Code, Fault, MAX_FRAME, print_event};

/// Whoever reads nothing for so long has gone.
pub const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// Who asks, while a request is being answered: the language, and both directions of the connection.
pub struct Caller<'a> {
    pub locale: Locale,
    peer: Peer,
    /// The token of the door that was used, if it has one.
    door: Option<&'a str>,
    authority: Authority,
    about: Option<(ServerUrl, Option<String>)>,
    agent: &'a Agent,
    input: &'a mut (dyn AsyncRead + Send + Unpin),
    output: &'a mut (dyn AsyncWrite + Send + Unpin),
}

/// The process at the other end, as the kernel named it when it connected.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub uid: u32,
    pub pid: u32,
}

impl<'a> Caller<'a> {
    pub fn new(
        input: &'a mut (dyn AsyncRead + Send + Unpin),
        output: &'a mut (dyn AsyncWrite + Send + Unpin),
        peer: Peer,
        door: Option<&'a str>,
        agent: &'a Agent,
    ) -> Self {
        Caller {
            locale: Locale::default(),
            peer,
            door,
            authority: Authority::owner(),
            about: None,
            agent,
            input,
            output,
        }
    }

    /// Says what the request turned out to be about, for the audit log. For who may not see that server it is not there.
    pub(super) fn is_about(&mut self, server: &ServerUrl, account: Option<&str>) -> Result<(), Fault> {
        self.about = Some((server.clone(), account.map(str::to_owned)));
        match self.authority.sees(server) {
            true => Ok(()),
            false => Err(Fault::new(Code::NotFound, msg!("not-logged-in", server = server))),
        }
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Notes what whoever asks may do.
    pub(super) fn acts_within(&mut self, authority: Authority) {
        self.authority = authority;
    }

    pub(super) fn door(&self) -> Option<&str> {
        self.door
    }

    pub(super) fn pid(&self) -> u32 {
        self.peer.pid
    }

    pub(super) fn take_about(&mut self) -> Option<(ServerUrl, Option<String>)> {
        self.about.take()
    }

    /// Who asks: the program, while it still waits for its answer, and the token that it presented.
    pub(super) fn actor(&self) -> Actor {
        let Peer { uid, pid } = self.peer;
        let token_id = self.authority.token().map(str::to_owned);
        let exe = std::fs::read_link(format!("/proc/{pid}/exe")).ok();
        Actor::Process { uid, pid, exe: exe.map(|path| path.to_string_lossy().into_owned()), token_id }
    }

    /// Sends an event; `false` if nobody listens any more.
    pub(super) async fn tell(&mut self, event: &impl Serialize) -> bool {
        let frame = print_event(event);
        matches!(tokio::time::timeout(WRITE_WITHIN, self.output.write_all(&frame)).await, Ok(Ok(())))
    }

    /// What the caller says to an event that asked for something; `None` if it went, or made no sense.
    pub(super) async fn more<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_FRAME));
        while line.last() != Some(&b'\n') {
            let room = MAX_FRAME - line.len();
            let mut limited = (&mut *self.input).take(room as u64);
            let count = tokio::select! {
                count = limited.read_buf(&mut *line), if room > 0 => count.ok()?,
                () = self.agent.stopping.asked() => 0,
                else => 0,
            };
            if count == 0 {
                return None;
            }
        }
        serde_json::from_slice(&line).ok()
    }

    /// Returns when the caller closes its side, or the agent stops.
    pub(super) async fn closed(&mut self) {
        let mut ignored = [0; 256];
        let closed = async { while self.input.read(&mut ignored).await.is_ok_and(|count| count > 0) {} };
        tokio::select! {
            () = closed => {}
            () = self.agent.stopping.asked() => {}
        }
    }

    /// Returns when waiting for a person has to end, and why: the caller closes its side, which cancels what it asked for,
    /// or the agent stops or is locked. What the caller still says is not read as requests.
    pub(super) async fn hung_up(&mut self) -> Fault {
        let mut ignored = [0; 256];
        let closed = async { while self.input.read(&mut ignored).await.is_ok_and(|count| count > 0) {} };
        tokio::select! {
            () = closed => fault::cancelled(),
            () = self.agent.stopping.asked() => fault::stopping(),
            () = self.agent.locking.locked() => fault::locked(),
        }
    }
}
