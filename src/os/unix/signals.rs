use std::io;

use rustix::process::Signal as Number;
use tokio::signal::unix::{Signal, SignalKind, signal};

use super::super::common::Order;

/// Tells that somebody wants this process to look around; see [`nudge`](super::process::nudge).
#[derive(Debug)]
pub struct Nudges(Signal);

/// Hears of orders, which do not end the process by themselves any more.
#[derive(Debug)]
pub struct Orders {
    terminate: Signal,
    interrupt: Signal,
    lock: Signal,
}

impl Nudges {
    /// Hears of them from now on; they do not end the process any more.
    pub fn listen() -> io::Result<Nudges> {
        signal(SignalKind::hangup()).map(Nudges)
    }

    /// Returns when there was one. Dropped before, none is lost.
    pub async fn next(&mut self) {
        if self.0.recv().await.is_none() {
            std::future::pending().await
        }
    }
}

impl Orders {
    /// Hears of them from now on.
    pub fn listen() -> io::Result<Orders> {
        Ok(Orders {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            lock: signal(SignalKind::user_defined1())?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Order {
        tokio::select! {
            _ = self.terminate.recv() => Order::End,
            _ = self.interrupt.recv() => Order::End,
            _ = self.lock.recv() => Order::Lock,
        }
    }
}

/// From now on this process lives on when its terminal goes, when it is nudged, and when a file grows over the limit
/// that it was started with: writing that is an error like any other then.
pub fn outlive_hangups() -> io::Result<()> {
    // Whoever listens once is not ended by the signal any more, for as long as the process lives.
    for kind in [SignalKind::hangup(), SignalKind::from_raw(Number::XFSZ.as_raw())] {
        drop(signal(kind)?);
    }
    Ok(())
}
