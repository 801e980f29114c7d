//! Ways from a command to the agent: a port of the loopback, and a socket in a private directory. Bytes are handed on
//! and not looked at. Others of this machine share the loopback, so the agent wants the token with every request that
//! came over the port; over the socket nobody else comes.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use loom_credentials::base::Secret;
use loom_credentials::client::{Client, Tunnel};
use loom_credentials::os::local;
use loom_credentials::os::relay::{self, Sending, Socket};
use loom_credentials::wire::{Fault, Proxy, reason};

/// How many connections there are at a time: more than git and its large files, `gh` and a build make, and as few as
/// one that holds them all takes from the agent.
const MOST: usize = 64;

/// How long a full queue of the next relay is waited for.
const CONNECT_WITHIN: Duration = Duration::from_secs(5);

/// The longest path of a socket, in bytes, where it is shortest.
const MAX_SOCKET: usize = 103;

/// The ways, for as long as this process lives.
pub(super) struct Relay {
    port: u16,
    socket: Option<PathBuf>,
}

impl Relay {
    /// Opens the port, and the socket if there is a place for it.
    pub(super) fn start(token: &Secret, socket: Option<PathBuf>) -> Result<Relay, Fault> {
        let failed = |error: std::io::Error| reason::Command::RelayFailed { error: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(failed)?;
        let port = listener.local_addr().map_err(failed)?.port();
        let room = Arc::new(AtomicUsize::new(0));
        let (shown, taken) = (token.clone(), room.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                serve(&taken, to_agent(&shown, false), move || Some((stream.try_clone().ok()?, stream)));
            }
        });
        let socket = socket.filter(|path| local::fits(path) && path.as_os_str().len() <= MAX_SOCKET);
        let socket = socket.and_then(|path| Some((Socket::bind(&path).ok()?, path)));
        let socket = socket.map(|(listener, path)| {
            let shown = token.clone();
            std::thread::spawn(move || {
                while let Ok(both) = listener.accept() {
                    serve(&room, to_agent(&shown, true), move || Some(both));
                }
            });
            path
        });
        Ok(Relay { port, socket })
    }

    /// Opens this port, from which bytes go to a socket of another relay.
    pub(super) fn to_socket(port: u16, socket: PathBuf) -> Result<(), Fault> {
        let failed = |error: std::io::Error| reason::Command::RelayFailed { error: error.to_string() };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(failed)?;
        let room = Arc::new(AtomicUsize::new(0));
        let open = Arc::new(move || {
            let stream = local::Stream::connect(&socket, CONNECT_WITHIN).ok()?;
            let (receiving, sending) = relay::halves(stream).ok()?;
            Some((Box::new(receiving) as Box<dyn Read + Send>, sending))
        });
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let open = open.clone();
                serve(&room, move || open(), move || Some((stream.try_clone().ok()?, stream)));
            }
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
    R: Read + Send + 'static,
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
        match open() {
            Some(way) => hand_on(input, output, way),
            None => output.close(),
        }
        room.fetch_sub(1, Ordering::Relaxed);
    });
}

fn hand_on(mut input: impl Read + Send, mut output: impl Outwards, (mut from_there, mut there): Way) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            Tunnel::pump(&mut input, &mut there);
            there.end();
        });
        Tunnel::pump(&mut *from_there, &mut output);
        // Whoever still reads or writes ends by that.
        output.close();
    });
}
