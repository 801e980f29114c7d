use std::io::{self, Read, Write};
use std::path::Path;

use super::calls::pipes::Pipe;
use super::local::Stream;

/// What comes over a connection.
#[derive(Debug)]
pub struct Receiving(Pipe);

/// What is sent over a connection.
#[derive(Debug)]
pub struct Sending(Pipe);

/// A socket of this user's, which no program here can be told of.
#[derive(Debug)]
pub struct Socket(std::convert::Infallible);

/// Both directions of a connection, each for a thread of its own; neither ends for being slow.
pub fn halves(stream: Stream) -> io::Result<(Receiving, Sending)> {
    let pipe = stream.into_pipe();
    Ok((Receiving(pipe.again()?), Sending(pipe)))
}

impl Socket {
    /// Nobody listens under a path.
    pub fn bind(_: &Path) -> io::Result<Socket> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// The next one who connects.
    pub fn accept(&self) -> io::Result<(Receiving, Sending)> {
        match self.0 {}
    }
}

impl Sending {
    /// A pipe has no end in one direction: the other side learns it when both are let go of.
    pub fn end(&self) {}

    /// Ends both directions, for whoever waits for either.
    pub fn end_both(&self) {
        self.0.give_up();
    }
}

impl Read for Receiving {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.0.read(bytes, None)
    }
}

impl Write for Sending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes, None)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
