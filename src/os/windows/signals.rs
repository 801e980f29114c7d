use std::io;
use std::sync::Arc;

use tokio::signal::windows::{CtrlBreak, CtrlC, CtrlClose, CtrlLogoff, CtrlShutdown};
use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tokio::sync::Notify;

use super::super::common::Order;
use super::calls::events::Event;
use super::calls::security::Descriptor;
use super::process::Told;
use super::user::UserId;

/// Tells that somebody wants this process to look around; see [`nudge`](super::process::nudge).
#[derive(Debug)]
pub struct Nudges(Arc<Notify>);

/// Hears of orders, which do not end the process by themselves any more.
#[derive(Debug)]
pub struct Orders {
    end: Arc<Notify>,
    lock: Arc<Notify>,
    interrupt: CtrlC,
    interrupt_more: CtrlBreak,
    close: CtrlClose,
    logoff: CtrlLogoff,
    shutdown: CtrlShutdown,
}

impl Nudges {
    /// Hears of them from now on.
    pub fn listen() -> io::Result<Nudges> {
        told(Told::Nudge).map(Nudges)
    }

    /// Returns when there was one. Dropped before, none is lost.
    pub async fn next(&mut self) {
        self.0.notified().await
    }
}

impl Orders {
    /// Hears of them from now on.
    pub fn listen() -> io::Result<Orders> {
        Ok(Orders {
            end: told(Told::End)?,
            lock: told(Told::Lock)?,
            interrupt: ctrl_c()?,
            interrupt_more: ctrl_break()?,
            close: ctrl_close()?,
            logoff: ctrl_logoff()?,
            shutdown: ctrl_shutdown()?,
        })
    }

    /// The next one.
    pub async fn next(&mut self) -> Order {
        tokio::select! {
            () = self.lock.notified() => Order::Lock,
            () = self.end.notified() => Order::End,
            _ = self.interrupt.recv() => Order::End,
            _ = self.interrupt_more.recv() => Order::End,
            _ = self.close.recv() => Order::End,
            _ = self.logoff.recv() => Order::End,
            _ = self.shutdown.recv() => Order::End,
        }
    }
}

/// Nothing ends this process when its console goes: it has none.
pub fn outlive_hangups() -> io::Result<()> {
    Ok(())
}

/// Listens for what this user's processes tell this one: a thread that sleeps until then.
fn told(what: Told) -> io::Result<Arc<Notify>> {
    let user = UserId::own().name();
    let only_own = Descriptor::parse(&format!("D:P(A;;GA;;;{user})"))?;
    let event = Event::make(Some(&what.event(std::process::id())), &only_own)?;
    let notify = Arc::new(Notify::new());
    let told = Arc::clone(&notify);
    let name = format!("{what:?}").to_lowercase();
    std::thread::Builder::new().name(name).stack_size(64 * 1024).spawn(move || {
        while event.wait() {
            told.notify_one();
        }
    })?;
    Ok(notify)
}
