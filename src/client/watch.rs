//! A long answer and none at all look alike, until one asks.
//!
//! After two and a half seconds a front-end says `hello` on a second connection and waits as long again; later less
//! often. An agent answers that at once, whatever else it waits for. So a login may take minutes, a stopped process is
//! said after five seconds, and a `get` costs nothing more.
//!
//! A command asks the agent after two seconds what it waits for, and says it (`base::waiting`; `hello` tells). The
//! helper ends within nine seconds, whatever hangs: git, and whoever waits for git, can go on. For an agent that is
//! silent it has a word here; what hangs in the helper itself, such as the directory that git works in, the system ends
//! by `alarm(2)`, and git says so. Another tool is told by both in its own words that there is nothing (`os::alarm`).
//! Most answers come at once, so the thread that looks at the clock is made only where one does not, or an agent has to
//! be started.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::connection;
use super::report::report_through_loom;
use crate::base::{Locale, Secret};
use crate::os::alarm;
use crate::wire::{Fault, reason};

/// What is done while the agent's answer does not come.
#[derive(Clone, Debug, Default)]
pub(super) enum Manner {
    /// Nothing: whoever asked knows that it takes time.
    #[default]
    Patient,
    /// A person is told what is waited for, by a program that has texts.
    Says(Says),
    /// This program ends: git waits for it, and somebody for git.
    Ends,
}

/// How a person is told.
#[derive(Clone, Debug)]
pub(super) struct Says {
    /// Is given what the agent says that it waits for.
    pub(super) says: fn(Locale, &[String]),
    pub(super) locale: Locale,
    /// Where to ask the agent, and as whom.
    pub(super) socket: PathBuf,
    pub(super) token: Option<Secret>,
    /// The answer may come tomorrow, as it should: only what is in its way is worth a word.
    pub(super) is_followed: bool,
}

/// After so long a person is told.
const SAID_AFTER: Duration = Duration::from_secs(2);

/// After so long the helper ends, and says so: before the alarm ends it without a word.
const ENDS_AFTER: Duration = Duration::from_millis(8500);

/// Looks at the clock for who waits for the agent, whatever it is that hangs. Most answers come at once, so that there
/// is nobody to look before [`begin`](Self::begin).
pub(super) struct Watch {
    manner: Manner,
    begun: Instant,
    /// The answer is there, or the time is over: whichever comes first.
    is_over: Arc<AtomicBool>,
    is_begun: AtomicBool,
}

impl Watch {
    pub(super) fn new(manner: Manner) -> Watch {
        Watch { manner, begun: Instant::now(), is_over: Arc::default(), is_begun: AtomicBool::default() }
    }

    /// From now on it may take long. Said again, it changes nothing.
    pub(super) fn begin(&self) {
        if self.is_begun.swap(true, Ordering::Relaxed) {
            return;
        }
        let after = match self.manner {
            Manner::Patient => return,
            Manner::Says(_) => SAID_AFTER,
            Manner::Ends => ENDS_AFTER,
        };
        let left = after.saturating_sub(self.begun.elapsed());
        let (manner, is_over) = (self.manner.clone(), self.is_over.clone());
        // Without a thread nobody looks: then it takes as long as it takes.
        let _ = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || {
            std::thread::sleep(left);
            match manner {
                Manner::Patient => {}
                Manner::Says(says) if !is_over.load(Ordering::Relaxed) => says.say(&is_over),
                Manner::Ends if !is_over.swap(true, Ordering::Relaxed) => {
                    report_through_loom(&late());
                    alarm::end_now(1);
                }
                Manner::Says(_) | Manner::Ends => {}
            }
        });
    }
}

impl Says {
    fn say(self, is_over: &AtomicBool) {
        let waits = connection::waits(&self.socket, self.locale, self.token.as_ref());
        let is_worth_it = !self.is_followed || !waits.is_empty();
        if is_worth_it && !is_over.load(Ordering::Relaxed) {
            (self.says)(self.locale, &waits);
        }
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.is_over.swap(true, Ordering::Relaxed) && matches!(self.manner, Manner::Ends) {
            // The program is about to end.
            std::thread::sleep(ENDS_AFTER);
        }
    }
}

fn late() -> Fault {
    reason::Agent::Late { seconds: ENDS_AFTER.as_secs() }.into()
}
