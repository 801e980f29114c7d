//! Ways from a command to the agent: a port of the loopback, and a socket in a private directory. Bytes are handed on
//! and not looked at. Others of this machine share the loopback, so the agent wants the token with every request that
//! came over the port; over the socket nobody else comes.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom_credentials::base::Secret;
use loom_credentials::client::{Client, Tunnel};
use loom_credentials::os::local;
use loom_credentials::os::relay::{self, Receiving, Sending, Socket};
use loom_credentials::wire::{Fault, Proxy, reason};

/// How many connections there are at a time, of the port and of the socket each: who only reaches the port takes none
/// of the other's. More than git and its large files, `gh` and a build make, and as few as one that holds them all
/// takes from the agent.
const MOST: usize = 64;

/// How long a full queue of the next relay is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// Within what time a connection of the port says something. Anybody of this machine opens one, and the agent hears of
/// none that says nothing.
const FIRST_WITHIN: Duration = Duration::from_secs(10);

/// How much of what is said first is read before the agent hears of it.
const FIRST: usize = 4096;

/// How long nobody is let in where that failed, as for want of descriptors: those that are open end meanwhile.
const REST: Duration = Duration::from_millis(100);

/// The longest path of a socket, in bytes, where it is shortest.
const MAX_SOCKET: usize = 103;

/// The ways, for as long as this process lives.
pub(super) struct Relay {
    port: u16,
    socket: Option<PathBuf>,
}

impl Relay {
    /// Opens the port, and the socket if there is a place for it.
    pub(super) fn start(token: &Secret, socket: PathBuf) -> Result<Relay, Fault> {
        let failed = |error: std::io::Error| reason::Command::RelayFailed { error: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let shown = token.clone();
        std::thread::spawn(move || {
            let room = Arc::default();
            let_in(|| listener.accept(), |(stream, _)| serve(&room, to_agent(&shown, false), || both(stream)));
        });
        let socket = Some(socket).filter(|path| fits(path)).and_then(|path| Some((Socket::bind(&path).ok()?, path)));
        let socket = socket.map(|(listener, path)| {
            let shown = token.clone();
            std::thread::spawn(move || {
                let room = Arc::default();
                let_in(|| listener.accept(), |both| serve(&room, to_agent(&shown, true), || Some(both)));
            });
            path
        });
        Ok(Relay { port, socket })
    }

    /// Opens this port, from which bytes go to a socket of another relay.
    pub(super) fn to_socket(port: u16, socket: PathBuf) -> Result<(), Fault> {
        let failed = |error: std::io::Error| reason::Command::RelayFailed { error: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let open = Arc::new(move || {
            let stream = local::Stream::connect(&socket, CONNECT_WITHIN).ok()?;
            let (receiving, sending) = relay::halves(stream).ok()?;
            Some((Box::new(receiving) as Box<dyn Read + Send>, sending))
        });
        std::thread::spawn(move || {
            let room = Arc::default();
            let_in(
                || listener.accept(),
                |(stream, _)| {
                    let open = open.clone();
                    serve(&room, move || open(), || both(stream));
                },
            );
        });
        Ok(())
    }

    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn socket(&self) -> Option<&Path> {
        self.socket.as_deref()
    }
}

/// Whether a socket can have this path, for whoever is told of it.
pub(super) fn fits(path: &Path) -> bool {
    local::fits(path) && path.as_os_str().len() <= MAX_SOCKET
}

/// Lets in whoever comes, for as long as this process lives.
fn let_in<C>(mut accept: impl FnMut() -> io::Result<C>, mut serve: impl FnMut(C)) {
    loop {
        match accept() {
            Ok(connection) => serve(connection),
            Err(error) if matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(_) => std::thread::sleep(REST),
        }
    }
}

fn both(stream: TcpStream) -> Option<(TcpStream, TcpStream)> {
    stream.set_read_timeout(Some(FIRST_WITHIN)).ok()?;
    Some((stream.try_clone().ok()?, stream))
}

/// Where bytes of a client come from.
trait Inwards: Read + Send {
    /// Has it be as slow as it likes from now on.
    fn wait(&self) {}
}

impl Inwards for TcpStream {
    fn wait(&self) {
        // One that stays in a hurry ends when it is slow.
        let _ = self.set_read_timeout(None);
    }
}

impl Inwards for Receiving {}

/// Where bytes to a client go, and how it learns that no more come.
trait Outwards: Write + Send {
    fn close(&self);
}

impl Outwards for TcpStream {
    fn close(&self) {
        // The other side may have gone.
        let _ = self.shutdown(Shutdown::Both);
    }
}

impl Outwards for Sending {
    fn close(&self) {
        self.end_both();
    }
}

/// A way on: what comes from there, and what goes there.
type Way = (Box<dyn Read + Send>, Sending);

/// A connection to the agent, over which it is told what came in from here.
fn to_agent(token: &Secret, guarded: bool) -> impl FnOnce() -> Option<Way> + Send + 'static {
    let token = token.clone();
    move || {
        let client = Client::from_environment().ok()?.without_autostart().presenting(token);
        let (receiving, sending) = client.open(&Proxy { guarded }).ok()?.halves();
        Some((Box::new(receiving), sending))
    }
}

/// Hands on one connection, on threads of its own.
fn serve<R, W>(
    room: &Arc<AtomicUsize>,
    open: impl FnOnce() -> Option<Way> + Send + 'static,
    both: impl FnOnce() -> Option<(R, W)>,
) where
    R: Inwards + 'static,
    W: Outwards + 'static,
{
    let Some((input, output)) = both() else { return };
    if room.fetch_add(1, Ordering::Relaxed) >= MOST {
        room.fetch_sub(1, Ordering::Relaxed);
        output.close();
        return;
    }
    let room = room.clone();
    std::thread::spawn(move || {
        hand_on(input, output, open);
        room.fetch_sub(1, Ordering::Relaxed);
    });
}

fn hand_on(mut input: impl Inwards, mut output: impl Outwards, open: impl FnOnce() -> Option<Way>) {
    let mut first = [0; FIRST];
    let length = input.read(&mut first).unwrap_or(0);
    let first = first.get(..length).filter(|first| !first.is_empty());
    let (Some(first), Some((mut from_there, mut there))) = (first, first.and_then(|_| open())) else {
        output.close();
        return;
    };
    input.wait();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            if there.write_all(first).is_ok() {
                Tunnel::pump(&mut input, &mut there);
            }
            there.end();
        });
        Tunnel::pump(&mut *from_there, &mut output);
        // Whoever still reads or writes ends by that.
        output.close();
    });
}
