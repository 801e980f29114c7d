//! Logins that are under way. However many programs need a login for the same server at once, a person is asked one
//! time, and is left alone for a while after not finishing.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use crate::base::{Moment, ServerUrl};

/// How long git does not ask a person again who did not finish a login.
const LEFT_ALONE: Duration = Duration::from_secs(2 * 60);

/// The logins that are under way, so that many gits at once show one prompt, and one that was not finished is not shown
/// again at once.
#[derive(Default)]
pub(crate) struct Flights(Mutex<Board>);

#[derive(Default)]
struct Board {
    next: u64,
    flights: HashMap<ServerUrl, Flight>,
}

enum Flight {
    Under(u64, watch::Receiver<()>),
    /// The login ended without success.
    Unfinished(Moment),
}

/// What a program finds that wants a login for git: whether it may begin one.
pub(crate) enum Boarding<'a> {
    /// No login to this server is under way: begin one.
    Mine(Seat<'a>),
    /// One is under way: wait until this channel closes.
    Others(watch::Receiver<()>),
    /// One was under way a moment ago and was not finished: begin none.
    LeftAlone,
}

/// Held while a login is under way. Dropping it tells those who wait.
pub(crate) struct Seat<'a> {
    flights: &'a Flights,
    server: ServerUrl,
    number: u64,
    done: bool,
    _ends: watch::Sender<()>,
}

impl Flights {
    /// A seat for a person who asked for the login themselves: they may begin whatever else is under way.
    pub(crate) fn take(&self, server: &ServerUrl) -> Seat<'_> {
        let (ends, waiting) = watch::channel(());
        let mut board = self.lock();
        // A login that was not finished keeps git from asking for a while only.
        board.flights.retain(|_, flight| !matches!(flight, Flight::Unfinished(at) if at.elapsed() >= LEFT_ALONE));
        let number = board.next;
        board.next += 1;
        board.flights.insert(server.clone(), Flight::Under(number, waiting));
        Seat { flights: self, server: server.clone(), number, done: false, _ends: ends }
    }

    /// A seat for git, whose person may not expect a login: there is one for each server at a time.
    pub(crate) fn board(&self, server: &ServerUrl) -> Boarding<'_> {
        match self.lock().flights.get(server) {
            Some(Flight::Under(_, waiting)) => return Boarding::Others(waiting.clone()),
            Some(Flight::Unfinished(at)) if at.elapsed() < LEFT_ALONE => return Boarding::LeftAlone,
            Some(Flight::Unfinished(_)) | None => {}
        }
        Boarding::Mine(self.take(server))
    }

    /// Whether a person is logging in somewhere.
    pub(crate) fn are_under_way(&self) -> bool {
        self.lock().flights.values().any(|flight| matches!(flight, Flight::Under(..)))
    }

    fn lock(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seat<'_> {
    /// The login was made.
    pub(crate) fn arrived(mut self) {
        self.done = true;
    }
}

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut board = self.flights.lock();
        // A later login to the same server may have taken the place; what becomes of it is not said here.
        if !matches!(board.flights.get(&self.server), Some(Flight::Under(number, _)) if *number == self.number) {
            return;
        }
        if self.done {
            board.flights.remove(&self.server)
        } else {
            board.flights.insert(self.server.clone(), Flight::Unfinished(Moment::now()))
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::moment;

    #[test]
    fn what_was_left_alone_is_forgotten() {
        let flights = Flights::default();
        for n in 0..1_000 {
            drop(flights.take(&ServerUrl::parse(&format!("https://{n}.example")).unwrap()));
        }
        moment::sleep(LEFT_ALONE);
        drop(flights.take(&ServerUrl::parse("https://a.example").unwrap()));
        assert_eq!(flights.lock().flights.len(), 1);
    }

    #[test]
    fn one_goes_and_the_others_wait_or_are_left_alone() {
        let flights = Flights::default();
        let server = ServerUrl::parse("https://a.example").unwrap();
        let Boarding::Mine(seat) = flights.board(&server) else { panic!("nobody is at it") };
        let Boarding::Others(waiting) = flights.board(&server) else { panic!("somebody is at it") };
        drop(seat);
        assert!(waiting.has_changed().is_err(), "those who wait hear of the end");
        assert!(matches!(flights.board(&server), Boarding::LeftAlone));
        let (first, second) = (flights.take(&server), flights.take(&server));
        drop(first);
        assert!(matches!(flights.board(&server), Boarding::Others(_)), "the second is still under way");
        second.arrived();
        assert!(matches!(flights.board(&server), Boarding::Mine(_)));
    }
}
