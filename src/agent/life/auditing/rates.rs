//! How much of whom is noted by itself.

use std::time::Duration;

use super::allowance::{Rate, rate};
use super::kind::Kind;
use super::who::Author;

/// What one token or person was refused.
const REFUSALS: Rate = rate(100, 60);
/// What they did, and what the agent did by itself.
const DEEDS: Rate = rate(1_000, 6);
/// How many refs they pushed.
const PUSHES: Rate = rate(2_000, 6);
/// What rights they gave and took.
const RIGHTS: Rate = rate(100, 60);
/// How often they signed in and out: one after the other all year long leaves room for what else changes rights.
const SESSIONS: Rate = rate(40, 60 * 60);
pub(super) const ALL_SESSIONS: Rate = rate(1_000, 2 * 60);
/// All of these but rights.
pub(super) const ALL_RESTRICTED: Rate = rate(4_000, 6);
/// Whoever shows nothing that counts, of one network; and all of them.
const NETWORK: Rate = rate(20, 60);
pub(super) const ALL_STRANGERS: Rate = rate(200, 30);

/// What was not noted one by one is noted as one line after so long; of who signed in and out, once a day.
pub(super) const WINDOW: Duration = Duration::from_secs(10 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How many entries of such an author are noted one by one. Where no rate is named, all of them are.
pub(super) fn own(who: &Author, kind: Kind) -> Option<Rate> {
    Some(match (who, kind) {
        (Author::Owner, _) | (Author::Agent, Kind::Right | Kind::Session) => return None,
        (Author::Network(_) | Author::Processes, _) => NETWORK,
        (Author::Restricted(_), Kind::Refusal) => REFUSALS,
        (Author::Restricted(_), Kind::Right) => RIGHTS,
        (Author::Restricted(_), Kind::Session) => SESSIONS,
        (Author::Restricted(_), Kind::Push) => PUSHES,
        (Author::Restricted(_), Kind::Deed) | (Author::Agent, _) => DEEDS,
    })
}

/// How much is noted of those whose requests wait for it; `None` if it is everything.
pub(super) fn bounded(who: &Author, kind: Kind) -> Option<Rate> {
    own(who, kind).filter(|_| matches!(who, Author::Restricted(_)))
}

pub(super) fn window(kind: Kind) -> Duration {
    if kind == Kind::Session { DAY } else { WINDOW }
}
