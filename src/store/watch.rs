//! What others do to the keyring, noticed without asking it, where it tells of that by itself
//! ([`Signals`](super::platform::Signals)).
//!
//! Nobody waits for a signal: those that came are read when somebody wants to know, so an idle agent has neither a
//! thread nor a wake-up for them. Where no signals can be had, or a change of our own went by without one, what was
//! read counts for two seconds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::platform::{self, Signal, Signals};
use super::sign::{AGE, Mark, Sign, next_count};

/// How long it may take until a change of this process is signalled, by a keyring that signals changes.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// Listens for changes to the keyring. Clones share one connection.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<State>>);

struct State {
    signals: Option<Signals>,
    changes: u64,
    signs: u64,
    since: Instant,
    /// How many changes of items were heard.
    heard: u64,
    /// When this process made a change, and how many changes had been heard before.
    written: Option<(Instant, u64)>,
    /// Whether this keyring does not signal changes.
    is_silent: bool,
    /// Whether a keyring is waited for: then only the sign that there may be one counts, and no change.
    waits: bool,
}

impl Sign for Watch {
    fn now(&self) -> Mark {
        let waits = self.lock().waits;
        Mark::Count(if waits { self.signs().wrapping_add(platform::known_buses()) } else { self.changes() })
    }
}

impl Watch {
    /// A number that differs after every change, as far as that can be known. It is read without waiting.
    pub(super) fn changes(&self) -> u64 {
        let mut state = self.lock();
        state.listen();
        if state.is_old() {
            state.change();
        }
        state.changes
    }

    /// Notes whether a keyring is waited for.
    pub(super) fn await_one(&self, waits: bool) {
        self.lock().waits = waits;
    }

    /// A number that differs when somebody began to offer a keyring, or when nothing can be heard any more.
    fn signs(&self) -> u64 {
        let mut state = self.lock();
        state.listen();
        state.signs
    }

    /// Begins to listen at this address, unless it already does. If it cannot, changes are assumed.
    pub(super) fn begin(&self, address: &str) {
        if self.lock().signals.as_ref().is_some_and(|signals| signals.are_of(address)) {
            return;
        }
        // Not held meanwhile: who is there may hang.
        let signals = Signals::listen(address);
        let mut state = self.lock();
        let (signs, waits) = (state.signs, state.waits);
        *state = State { signals, signs, waits, ..State::default() };
    }

    /// How many changes of items were heard so far.
    pub(super) fn heard(&self) -> u64 {
        self.lock().heard
    }

    /// Notes that this process changed something when so many had been heard: this change should be heard too.
    pub(super) fn wrote(&self, heard: u64) {
        self.lock().written = Some((Instant::now(), heard));
    }

    /// What was read is as old from now on as it may get.
    #[cfg(test)]
    pub(super) fn grow_old(&self) {
        self.lock().since -= AGE;
    }

    /// As if so long had gone by since this process wrote something.
    #[cfg(test)]
    #[allow(dead_code, reason = "where the keyring tells of nothing, nothing is heard anyway")]
    pub(super) fn hear_nothing(&self) {
        if let Some((at, _)) = &mut self.lock().written {
            *at -= HEARD_WITHIN * 2;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads the signals that have arrived.
    fn listen(&mut self) {
        let Some(mut signals) = self.signals.take() else { return };
        let goes_on = signals.read(|signal| match signal {
            Signal::Appeared => {
                self.signs += 1;
                self.change();
            }
            Signal::Changed => {
                (self.heard, self.is_silent) = (self.heard + 1, false);
                self.change();
            }
        });
        if goes_on {
            self.signals = Some(signals)
        } else {
            self.signs += 1;
            self.change();
        }
    }

    /// Whether the keyring may have changed without a signal since it was read.
    fn is_old(&mut self) -> bool {
        if let Some((at, heard)) = self.written
            && (heard != self.heard || at.elapsed() > HEARD_WITHIN)
        {
            self.is_silent = heard == self.heard;
            self.written = None;
        }
        (self.is_silent || self.signals.is_none()) && self.since.elapsed() >= AGE
    }

    fn change(&mut self) {
        (self.changes, self.since) = (next_count(), Instant::now());
    }
}

impl Default for State {
    fn default() -> Self {
        State {
            signals: None,
            changes: next_count(),
            signs: 0,
            since: Instant::now(),
            heard: 0,
            written: None,
            is_silent: false,
            waits: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_watches_counts_as_changed_after_a_while() {
        let watch = Watch::default();
        let before = watch.changes();
        assert_eq!(watch.changes(), before);
        watch.grow_old();
        assert_ne!(watch.changes(), before);
        assert_ne!(Watch::default().changes(), watch.changes(), "two keyrings have no number in common");
    }
}
