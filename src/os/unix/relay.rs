use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use interprocess::local_socket::Stream as Connected;
use rustix::net::sockopt::{Timeout, set_socket_timeout};

use super::local::Stream;

/// What comes over a connection.
#[derive(Debug)]
pub struct Receiving(UnixStream);

/// What is sent over a connection.
#[derive(Debug)]
pub struct Sending(UnixStream);

/// A socket of this user's, for programs that can be told of one.
#[derive(Debug)]
pub struct Socket(UnixListener);

/// Both directions of a connection, each for a thread of its own; neither ends for being slow.
pub fn halves(stream: Stream) -> io::Result<(Receiving, Sending)> {
    let Connected::UdSocket(stream) = stream.into_connected();
    let stream = UnixStream::from(OwnedFd::from(stream));
    set_socket_timeout(&stream, Timeout::Send, None)?;
    set_socket_timeout(&stream, Timeout::Recv, None)?;
    both(stream)
}

impl Socket {
    /// Listens under this path, in a directory that is this user's alone.
    pub fn bind(path: &Path) -> io::Result<Socket> {
        UnixListener::bind(path).map(Socket)
    }

    /// The next one who connects.
    pub fn accept(&self) -> io::Result<(Receiving, Sending)> {
        both(self.0.accept()?.0)
    }
}

impl Sending {
    /// Says that nothing more is sent.
    pub fn end(&self) {
        // The other side may have gone.
        let _ = self.0.shutdown(Shutdown::Write);
    }

    /// Ends both directions, for whoever waits for either.
    pub fn end_both(&self) {
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

fn both(stream: UnixStream) -> io::Result<(Receiving, Sending)> {
    Ok((Receiving(stream.try_clone()?), Sending(stream)))
}

impl Read for Receiving {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes)
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}
