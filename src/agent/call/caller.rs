//! One request under way, as a verb sees it: who asks and what they may do, the language, and both directions of the
//! connection. All waiting for a caller goes through here, so that each wait also ends when the caller hangs up, loses
//! their rights, or the agent locks or stops.

use std::pin::pin;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::Notify;
use zeroize::Zeroizing;

use crate::access::{Authority, Listed, Revoked};
use crate::agent::Agent;
use crate::agent::call::handover::Offer;
use crate::agent::call::noting::Noting;
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::asker::{Asker, TheUser};
use crate::agent::gate::guest::Guest;
use crate::agent::gate::lasting::Begun;
use crate::agent::gate::needs::Needs;
use crate::agent::gate::over::Over;
use crate::agent::life::auditing::{Author, Called, Outcome, Who};
use crate::agent::life::locking::Locking;
use crate::agent::life::settings::Settings;
use crate::agent::life::stopping::Stopping;
use crate::base::{Locale, ServerUrl};
use crate::wire::{Fault, MAX_FRAME, print_event, reason};

/// How long a caller may read nothing of an answer before the connection is given up.
pub const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// How long a caller who is handed something long may read nothing: a person may be reading it page by page.
const READ_WITHIN: Duration = Duration::from_secs(10 * 60);

/// Who asks, while a request is being answered: the language, and both directions of the connection.
pub struct Caller<'a> {
    /// The language in which the caller reads.
    pub locale: Locale,
    asker: Asker<'a>,
    pub(super) begun: Begun,
    over: Over<'a>,
    noting: Noting<'a>,
    gate: &'a Gate,
    lock: &'a Locking,
    stopping: &'a Stopping,
    input: &'a mut (dyn AsyncRead + Send + Unpin),
    output: &'a mut (dyn AsyncWrite + Send + Unpin),
    settled: Option<&'a Notify>,
    pub(super) offer: Offer<'a>,
}

/// What a caller says while it is told something: a line that was asked for, or nothing of interest.
#[derive(Default)]
pub(crate) struct Heard {
    awaited: bool,
    line: Zeroizing<Vec<u8>>,
}

impl<'a> Caller<'a> {
    /// A caller at these two directions of a connection, before its request is known.
    pub fn new(
        input: &'a mut (dyn AsyncRead + Send + Unpin),
        output: &'a mut (dyn AsyncWrite + Send + Unpin),
        asker: Asker<'a>,
        agent: &'a Agent,
    ) -> Self {
        Caller {
            locale: Locale::default(),
            asker,
            begun: Begun::by_nobody(),
            over: Over::default(),
            noting: Noting::new(&agent.audit),
            gate: &agent.gate,
            lock: &agent.lock,
            stopping: &agent.stopping,
            input,
            output,
            settled: None,
            offer: Offer::default(),
        }
    }

    /// This caller, with a signal that is given when the work is done, and lasts only for as long as they want.
    pub fn telling(self, settled: &'a Notify) -> Self {
        Caller { settled: Some(settled), ..self }
    }

    /// The work is done, and from now on it is only there for as long as the caller wants it: it is not in the way of
    /// the caller's other requests.
    pub(crate) fn settles(&self) {
        self.settled.inspect(|settled| settled.notify_one());
    }

    /// Says what the request turned out to be about, for the audit log. For who may not see that server it is not
    /// there.
    pub(crate) fn is_about(&mut self, server: &ServerUrl, account: Option<&str>) -> Result<(), Fault> {
        self.noting.about.turns_out(server, account);
        if !self.begun.authority.is_owner() {
            self.begun.servers = vec![server.clone()];
            self.over = Over::default();
        }
        self.sees(server)
    }

    /// Says that what it is about is sent to another server, for the audit log. Whoever asks has to see both.
    pub(crate) fn is_sent_to(&mut self, server: &ServerUrl) -> Result<(), Fault> {
        self.noting.about.is_sent_to(server);
        if !self.begun.authority.is_owner() {
            self.begun.servers.push(server.clone());
            self.over = Over::default();
        }
        self.sees(server)
    }

    fn sees(&self, server: &ServerUrl) -> Result<(), Fault> {
        let unseen = || reason::Login::NothingThere { server: server.clone() }.into();
        if self.begun.authority.sees(server) { Ok(()) } else { Err(unseen()) }
    }

    /// A process of this user that shows no token, at a socket that has none.
    pub(crate) fn is_owner(&self) -> bool {
        self.the_user().is_ok()
    }

    /// The proof of that, for what nobody else may say.
    pub(crate) fn the_user(&self) -> Result<TheUser, Fault> {
        TheUser::proof(self.asker, &self.begun.authority).ok_or_else(|| reason::Rights::OnlyTheUser.into())
    }

    /// The server a request means: the one it names, else the default one; never one that is not there for the one who
    /// asks, nor one that would be reached in clear.
    pub(crate) fn server(
        &mut self,
        settings: &Settings,
        named: Option<ServerUrl>,
        user: Option<&str>,
    ) -> Result<ServerUrl, Fault> {
        let config = settings.config()?;
        let default = config.default_server().filter(|default| self.authority().sees(default));
        let server = named.or_else(|| default.cloned()).ok_or(reason::Login::NoServer)?;
        self.is_about(&server, user)?;
        if config.permits(&server) { Ok(server) } else { Err(fault::cleartext(&server)) }
    }

    pub(crate) fn authority(&self) -> &Authority {
        &self.begun.authority
    }

    /// Notes what whoever asks may do.
    pub(crate) fn acts_within(&mut self, authority: Authority) {
        self.begun.authority = authority;
        self.over = Over::default();
    }

    /// Notes what it takes to do what was asked for, as long as it lasts.
    pub(crate) fn takes(&mut self, needs: Needs) {
        self.begun.needs = needs;
        self.over = Over::default();
    }

    /// Whether they may still do what they began.
    pub(crate) fn still_may(&self) -> Result<(), Fault> {
        self.gate.still_holds(&self.begun)
    }

    pub(crate) fn asker(&self) -> Asker<'a> {
        self.asker
    }

    pub(crate) fn guest(&self) -> Option<&'a Guest> {
        self.asker.guest()
    }

    /// Says what is to be called, for the audit log.
    pub(crate) fn calls(&mut self, method: &str, path: &str) {
        self.noting.about.calls(Called::new(method, path));
    }

    /// Says which right it gives or takes, for the audit log: a token or session by its id, a socket by its path.
    pub(crate) fn concerns(&mut self, right: &str) {
        self.noting.about.concerns(right);
    }

    /// Says which tokens were meant that had ended before; of those that ended by this each was noted.
    pub(crate) fn ended(&mut self, revoked: &Revoked) {
        let before =
            revoked.all.iter().map(|token| token.id.as_str()).filter(|id| !revoked.now.iter().any(|now| now == id));
        self.concerns(&before.collect::<Vec<_>>().join(" "));
        if !revoked.now.is_empty() {
            self.noting.was_noted();
        }
    }

    /// What is noted of this request.
    pub(crate) fn noting(&mut self) -> &mut Noting<'a> {
        &mut self.noting
    }

    /// Notes that it was done, when it is: whatever is answered in the end, it was.
    pub(crate) fn notes_done(&mut self) {
        self.notes(Outcome::Done);
    }

    /// Notes that the request was carried out with this outcome, at once: whatever is answered in the end.
    pub(crate) fn notes(&mut self, outcome: impl Into<Outcome>) {
        let who = self.actor();
        self.noting.note(who, outcome);
    }

    /// Who asks: the program that connected, and the token that it presented.
    pub(crate) fn actor(&self) -> Who {
        self.asker.who(&self.begun.authority)
    }

    /// Whom the audit log counts this caller's entries for.
    pub(crate) fn author(&self) -> Author {
        self.asker.author(&self.begun.authority)
    }

    /// Notes that rights were given to a token, and takes them back where the log cannot say so: nobody has heard of it
    /// yet.
    pub(crate) async fn gave(&mut self, token: &Listed) -> Result<(), Fault> {
        self.concerns(&token.id);
        self.notes_done();
        let Err(fault) = self.noting.is_on_disk().await else { return Ok(()) };
        self.gate.take_back(token.id.clone()).await;
        Err(fault)
    }

    /// Sends an event; `false` if nobody listens any more.
    pub(crate) async fn tell(&mut self, event: &impl Serialize) -> bool {
        let frame = print_event(event);
        matches!(tokio::time::timeout(WRITE_WITHIN, self.output.write_all(&frame)).await, Ok(Ok(())))
    }

    /// What the caller says to an event that asked for something; `None` if it went, or made no sense.
    pub(crate) async fn more<T: DeserializeOwned>(&mut self) -> Option<T> {
        let mut line = Zeroizing::new(Vec::with_capacity(MAX_FRAME));
        while line.last() != Some(&b'\n') {
            let room = MAX_FRAME - line.len();
            let mut limited = (&mut *self.input).take(room as u64);
            let count = tokio::select! {
                count = limited.read_buf(&mut *line), if room > 0 => count.ok()?,
                () = self.stopping.asked() => 0,
                _ = self.over.come(self.gate, &self.begun) => 0,
                else => 0,
            };
            if count == 0 {
                return None;
            }
        }
        serde_json::from_slice(&line).ok()
    }

    /// Sends an event, however long the caller takes to read it, and meanwhile takes in what it says.
    pub(crate) async fn tell_slowly(&mut self, event: &impl Serialize, heard: &mut Heard) -> Result<(), Fault> {
        let frame = print_event(event);
        let mut writing = pin!(tokio::time::timeout(READ_WITHIN, self.output.write_all(&frame)));
        loop {
            tokio::select! {
                biased;
                written = &mut writing => return written.ok().and_then(Result::ok).ok_or_else(|| reason::Request::Cancelled.into()),
                () = self.stopping.asked() => return Err(reason::Request::Stopping.into()),
                () = self.lock.closed() => return Err(reason::Lock::AgentLocked.into()),
                fault = self.over.come(self.gate, &self.begun) => return Err(fault),
                whole = heard.take_in(self.input), if !heard.is_whole() => whole.ok_or(reason::Request::Cancelled)?,
            }
        }
    }

    /// Returns once an awaited line is whole; else when waiting has to end, and why. Dropped, it can be gone on with.
    pub(crate) async fn hear(&mut self, heard: &mut Heard) -> Result<(), Fault> {
        tokio::select! {
            whole = heard.take_in(self.input) => whole.ok_or_else(|| reason::Request::Cancelled.into()),
            () = self.stopping.asked() => Err(reason::Request::Stopping.into()),
            () = self.lock.closed() => Err(reason::Lock::AgentLocked.into()),
            fault = self.over.come(self.gate, &self.begun) => Err(fault),
        }
    }

    /// Returns when the caller closes its side or has no rights any more, or the agent stops.
    pub(crate) async fn closed(&mut self) {
        let mut ignored = [0; 256];
        let closed = async { while self.input.read(&mut ignored).await.is_ok_and(|count| count > 0) {} };
        tokio::select! {
            () = closed => {}
            () = self.stopping.asked() => {}
            _ = self.over.come(self.gate, &self.begun) => {}
        }
    }

    /// Returns when waiting for a person has to end, and why: the caller closes its side, which cancels what it asked
    /// for, or has no rights any more, or the agent stops or is locked. What the caller still says is not read as
    /// requests.
    pub(crate) async fn hung_up(&mut self) -> Fault {
        let mut ignored = [0; 256];
        let closed = async { while self.input.read(&mut ignored).await.is_ok_and(|count| count > 0) {} };
        tokio::select! {
            () = closed => reason::Request::Cancelled.into(),
            () = self.stopping.asked() => reason::Request::Stopping.into(),
            () = self.lock.closed() => reason::Lock::AgentLocked.into(),
            fault = self.over.come(self.gate, &self.begun) => fault,
        }
    }
}

impl Heard {
    /// Notes that a line was asked for.
    pub(crate) fn awaits(&mut self) {
        self.awaited = true;
    }

    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited
    }

    fn is_whole(&self) -> bool {
        self.line.last() == Some(&b'\n')
    }

    /// The line, once it is whole; `None` if it makes no sense.
    pub(crate) fn take<T: DeserializeOwned>(&mut self) -> Option<T> {
        self.awaited = false;
        serde_json::from_slice(&std::mem::take(&mut self.line)).ok()
    }

    /// Reads on until the awaited line is whole; `None` when the caller has closed its side, or says too much.
    async fn take_in(&mut self, input: &mut (dyn AsyncRead + Send + Unpin)) -> Option<()> {
        if !self.awaited {
            let mut ignored = [0; 256];
            while input.read(&mut ignored).await.is_ok_and(|count| count > 0) {}
            return None;
        }
        if self.line.capacity() < MAX_FRAME {
            // At once: a buffer that grew would leave copies behind.
            self.line.reserve_exact(MAX_FRAME);
        }
        while !self.is_whole() {
            let room = MAX_FRAME - self.line.len();
            let mut limited = (&mut *input).take(room as u64);
            if room == 0 || limited.read_buf(&mut *self.line).await.ok()? == 0 {
                return None;
            }
        }
        Some(())
    }
}
