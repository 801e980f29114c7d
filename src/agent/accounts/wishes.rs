//! Changes that wait for the stores at the same time become one write: each is on the disk before whoever asked hears
//! of it, and a crowd waits for the disk once.

use std::sync::Mutex;

use tokio::sync::oneshot;

use crate::base::lock;
use crate::store::{Changed, Wish};
use crate::wire::Fault;

/// What waits, in the order in which it came.
#[derive(Default)]
pub(crate) struct Wishes(Mutex<Waiting>);

/// Who is told what came of it.
pub(crate) type Asker = oneshot::Sender<Result<Changed, Fault>>;

#[derive(Default)]
struct Waiting {
    last: u64,
    wishes: Vec<(u64, Wish, Asker)>,
}

impl Wishes {
    /// Returns its number, and where the answer comes.
    pub(crate) fn add(&self, wish: Wish) -> (u64, oneshot::Receiver<Result<Changed, Fault>>) {
        let (asker, answer) = oneshot::channel();
        let mut waiting = lock(&self.0);
        waiting.last += 1;
        let number = waiting.last;
        waiting.wishes.push((number, wish, asker));
        (number, answer)
    }

    pub(crate) fn take_all(&self) -> Vec<(Wish, Asker)> {
        std::mem::take(&mut lock(&self.0).wishes).into_iter().map(|(_, wish, asker)| (wish, asker)).collect()
    }

    /// Takes this one wish out of those that wait; `None` if somebody else took it already.
    pub(crate) fn take(&self, number: u64) -> Option<Asker> {
        let mut waiting = lock(&self.0);
        let at = waiting.wishes.iter().position(|(own, ..)| *own == number)?;
        Some(waiting.wishes.remove(at).2)
    }
}
