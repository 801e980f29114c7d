//! One connection to the agent. Not a byte is sent before the socket's directory and the process at the other end were
//! seen to be this user's; and an answer that takes long is waited for only while the agent shows that it lives.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use zeroize::Zeroizing;

use super::tunnel::Tunnel;
use super::watch::Watch;
use crate::base::{Locale, Message, Secret, private_file, socket_variable};
use crate::msg;
use crate::os::local::{self, ConnectError, Stream};
use crate::os::{process, relay};
use crate::wire::{Fault, FrameError, Hello, HelloReply, Pieces, Reply, print_request, read_frame, reason};

/// Longer than the agent may need for a server and a keyring together; a login sends an event or ends before.
const ANSWER_WITHIN: Duration = Duration::from_secs(15 * 60);

/// After so long it is time to see whether the agent answers at all, which it does at once.
const LOOK_AFTER: Duration = Duration::from_millis(2500);

/// Where it did, it is asked again after twice the time, up to this.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The longest wait for room in the agent's queue, and for it to read what is sent.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// In milliseconds: when a process that dropped a connection because it dies can certainly not be connected to any
/// more.
const DEAD_AFTER: [u64; 6] = [5, 10, 20, 40, 80, 160];

/// One connection to the agent, made only to a socket that nobody else can have put there.
pub(super) struct Connection {
    stream: BufReader<Stream>,
    socket: PathBuf,
    agent: Option<u32>,
}

impl Connection {
    /// Connects; `None` if no agent listens. A directory or a server process of another user gets not a byte.
    pub(super) fn open(socket: &Path) -> Result<Option<Connection>, Fault> {
        match local::directory(socket).map_or(Ok(()), private_file::closed_dir) {
            Ok(()) => {}
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(denied_socket(error.message())),
        }
        let stream = match Stream::connect(socket, TAKEN_WITHIN) {
            Ok(stream) => stream,
            Err(ConnectError::Absent) => return Ok(None),
            Err(ConnectError::Busy) => return Err(reason::Agent::Silent.into()),
            Err(ConnectError::Io(error)) => return Err(not_reached(socket, error)),
        };
        let agent = stream.peer().map_err(|error| not_reached(socket, error))?;
        if !agent.user.is_own() {
            return Err(denied_socket(msg!("file-owner", path = socket.display())));
        }
        stream.read_within(Some(LOOK_AFTER)).map_err(|error| not_reached(socket, error))?;
        Ok(Some(Connection { stream: BufReader::new(stream), socket: socket.to_owned(), agent: agent.pid }))
    }

    /// Sends a question and waits for the first line of the answer.
    pub(super) fn exchange(&mut self, frame: &[u8], watch: &Watch) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.send(frame)?;
        self.read(Some(watch))
    }

    pub(super) fn send(&mut self, frame: &[u8]) -> Result<(), Fault> {
        self.stream
            .get_mut()
            .write_all(frame)
            .map_err(|error| if is_timeout(&error) { reason::Agent::Silent.into() } else { reason::Agent::Gone.into() })
    }

    /// The next line, put together where it came in pieces. It may take long, as what it is about does; that the agent
    /// answers nobody any more is said soon.
    pub(super) fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, Fault> {
        self.read(None)
    }

    fn read(&mut self, watch: Option<&Watch>) -> Result<Zeroizing<Vec<u8>>, Fault> {
        let otherwise = || Fault::from(reason::Agent::SpeaksOtherwise);
        let mut pieces = Pieces::default();
        loop {
            self.wait(watch)?;
            let frame = read_frame(&mut self.stream).map_err(|error| match error {
                FrameError::Io(error) if is_timeout(&error) => reason::Agent::Silent.into(),
                FrameError::Closed | FrameError::Io(_) => reason::Agent::Gone.into(),
                FrameError::TooLong => otherwise(),
            })?;
            if let Some(line) = pieces.take(frame).map_err(|_| otherwise())? {
                return Ok(line);
            }
        }
    }

    /// The connection as one that carries other bytes from now on.
    pub(super) fn into_tunnel(self) -> Result<Tunnel, Fault> {
        let begun = self.stream.buffer().to_vec();
        let halves = relay::halves(self.stream.into_inner()).map_err(|error| not_reached(&self.socket, error));
        let (receiving, sending) = halves?;
        Ok(Tunnel { begun, receiving, sending })
    }

    /// Waits until the agent closes the connection; `false` if it has not done so in time.
    pub(super) fn wait_for_end(mut self, within: Duration) -> bool {
        let until = Instant::now() + within;
        loop {
            match self.stream.read(&mut [0; 64]) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) if !is_timeout(&error) => return true,
                Err(_) if Instant::now() >= until => return false,
                Err(_) => {}
            }
        }
    }

    /// Waits until the process that opened the socket is gone, but not long: it may live, and have made room for
    /// others. One that dies can be connected to for a moment after it has dropped who asked.
    pub(super) fn wait_for_death(&self) {
        for pause in DEAD_AFTER {
            if !self.agent.is_some_and(process::is_there) {
                return;
            }
            std::thread::sleep(Duration::from_millis(pause));
        }
    }

    /// Waits until there is something to read, or the end.
    fn wait(&mut self, watch: Option<&Watch>) -> Result<(), Fault> {
        let (begun, mut patience) = (Instant::now(), LOOK_AFTER);
        if self.has_come()? {
            return Ok(());
        }
        watch.inspect(|watch| watch.begin());
        loop {
            // Of what is followed the next line may come tomorrow.
            let is_late = watch.is_some() && begun.elapsed() >= ANSWER_WITHIN;
            let alive = !is_late && is_alive(&self.socket);
            if !alive {
                self.look_for(Duration::from_millis(1))?;
                // What came meanwhile counts, whoever else got no answer.
                break if self.has_come()? { self.look_for(LOOK_AFTER) } else { Err(reason::Agent::Silent.into()) };
            }
            patience = (patience * 2).min(LOOK_EVERY);
            self.look_for(patience)?;
            if self.has_come()? {
                break self.look_for(LOOK_AFTER);
            }
        }
    }

    fn has_come(&mut self) -> Result<bool, Fault> {
        loop {
            match self.stream.fill_buf() {
                Ok(_) => return Ok(true),
                Err(error) if is_timeout(&error) => return Ok(false),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(reason::Agent::Gone.into()),
            }
        }
    }

    fn look_for(&self, time: Duration) -> Result<(), Fault> {
        self.stream.get_ref().read_within(Some(time)).map_err(|error| not_reached(&self.socket, error))
    }
}

/// Whether the agent at this socket still answers anybody. One that is not there any more is about to end, and answers
/// who asked before.
fn is_alive(socket: &Path) -> bool {
    let asked = Connection::open(socket).and_then(|connection| {
        let Some(mut connection) = connection else { return Ok(true) };
        connection.send(&print_request(&Hello {}, Locale::default(), None))?;
        connection.has_come()
    });
    asked.unwrap_or_else(|fault| is_gone(&fault))
}

/// What the agent at this socket says that it waits for; nothing if it says nothing soon.
pub(super) fn waits(socket: &Path, locale: Locale, token: Option<&Secret>) -> Vec<String> {
    let asked = Connection::open(socket).and_then(|connection| {
        let Some(mut connection) = connection else { return Ok(None) };
        connection.send(&print_request(&Hello {}, locale, token))?;
        Ok(connection.has_come()?.then(|| read_frame(&mut connection.stream).ok()).flatten())
    });
    match asked.ok().flatten().map(|line| Reply::<HelloReply>::parse(&line)) {
        Some(Ok(Reply::Ok(reply))) => reply.waits,
        _ => Vec::new(),
    }
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

/// Whether the connection broke before an answer.
pub(super) fn is_gone(fault: &Fault) -> bool {
    fault.about() == Some(reason::Agent::Gone)
}

/// Whether there is an agent that answers nobody.
pub(super) fn is_silent(fault: &Fault) -> bool {
    fault.about() == Some(reason::Agent::Silent)
}

fn not_reached(socket: &Path, error: io::Error) -> Fault {
    reason::Agent::NotReached { path: socket.to_owned(), error: error.to_string() }.into()
}

fn denied_socket(reason: Message) -> Fault {
    reason::Agent::SocketUnsafe { variable: socket_variable().to_owned(), reason: Some(reason) }.into()
}
