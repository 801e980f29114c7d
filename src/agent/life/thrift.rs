//! What the agent holds while nobody asks: little.
//!
//! A start, a store that was read, a login or a crowd leave behind what nobody needs any more: code that ran once,
//! which is two thirds of it, and freed memory that the allocator keeps. When nobody has asked for a moment the agent
//! looks how much it has, and gives back what can be had again if that is much. Nothing looks again before somebody
//! asks, so an idle agent sleeps.
//!
//! What the next question needs comes back with it, in fifty faults, and stays. To give that back too would leave 2 MiB
//! instead of 5.5, and make each question after a rest take twice as long (0.64 instead of 0.37 ms were measured).

use std::time::Duration;

use crate::agent::life::stopping::Stopping;
use crate::os::memory::{self, Unchanging};

/// After so long without a question. Longer than threads that have nothing to do are kept.
const QUIET: Duration = Duration::from_secs(2);

/// Less than this is not much, in bytes.
const LITTLE: usize = 6 << 20;

/// More than a question brings back, in bytes.
const ON_TOP: usize = 4 << 20;

/// Gives memory back whenever nobody has asked for a moment.
pub(crate) async fn keep_little(stopping: &Stopping, unchanging: &Unchanging) {
    let mut kept = 0;
    loop {
        stopping.idle_for(QUIET).await;
        let held = memory::resident().unwrap_or_default();
        kept = held.min(kept);
        if held > LITTLE.max(kept + ON_TOP) {
            unchanging.give_back();
            kept = memory::resident().unwrap_or_default();
            tracing::debug!(before = held, after = kept, "memory was given back");
        }
        stopping.answered().await;
    }
}
