//! What lasts: a stream, a lease, a door. It ends with the rights of whoever it is for, and one place tells all of them.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use super::{Agent, fault};
use crate::access::{Authority, Holder, Standing};
use crate::base::clock;
use crate::wire::Fault;

/// Whoever waits for the end of somebody's rights. Nobody looks again and again: what ends them here says so, and the floor
/// above looks at the file for as long as anybody waits.
#[derive(Default)]
pub(super) struct Lasting {
    /// How often somebody's rights may have ended.
    stirred: watch::Sender<u64>,
    /// How many wait.
    waiting: watch::Sender<usize>,
}

/// Noted while somebody waits.
struct Waiting<'a>(&'a Lasting);

impl Agent {
    /// Told whenever a token, or a list that others may have changed, is not what it was.
    pub fn rights_may_have_ended(&self) {
        self.lasting.stirred.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns while anybody waits for the end of rights, or once nobody does.
    pub async fn ends_are_awaited(&self, awaited: bool) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.lasting.waiting.subscribe().wait_for(|count| (*count > 0) == awaited).await;
    }

    /// Returns once who began something with this authority has lost it, and why. The user never does.
    pub(super) async fn ended(&self, authority: &Authority) -> Fault {
        let has_holders = authority.holders().next().is_some();
        if !has_holders || authority.is_nobody() {
            return std::future::pending().await;
        }
        self.until_not(|| self.still_holds(authority), || self.ends_in(authority)).await
    }

    /// Returns once somebody who stands behind something has no rights any more.
    pub(super) async fn unusable(&self, standing: &Standing) {
        let usable = || self.rights_behind(standing)?.map(drop).ok_or_else(fault::token_unknown);
        self.until_not(usable, || self.tokens_end_in(standing)).await;
    }

    /// Whether whoever began with this authority still has it: what lasts is asked again. That a token's uses are up ends
    /// nothing that was begun with the last of them.
    pub(super) fn still_holds(&self, authority: &Authority) -> Result<(), Fault> {
        if !self.issued.ledger.holds(authority.standing()).map_err(fault::from_ledger)? {
            return Err(fault::token_unknown());
        }
        self.rights_of_people_behind(authority.standing())?.ok_or_else(fault::token_unknown)?;
        for holder in authority.holders() {
            match holder {
                Holder::Token(_) => {}
                Holder::Session(id) if self.session_holds(id)? => {}
                Holder::AccessToken { until } if !until.ends_within(0, clock::now()) => {}
                Holder::Session(_) | Holder::AccessToken { .. } | Holder::Nobody => {
                    return Err(fault::unauthenticated());
                }
            }
        }
        Ok(())
    }

    fn ends_in(&self, authority: &Authority) -> Option<Duration> {
        let of_holder = |holder: &Holder| match holder {
            Holder::Session(id) => self.people.sessions.left(id),
            Holder::AccessToken { until } => Some(clock::until(*until)),
            Holder::Token(_) | Holder::Nobody => None,
        };
        authority.holders().filter_map(of_holder).chain(self.tokens_end_in(authority.standing())).min()
    }

    fn tokens_end_in(&self, standing: &Standing) -> Option<Duration> {
        self.issued.ledger.ends(standing).ok().flatten().map(clock::until)
    }

    async fn until_not(&self, holds: impl Fn() -> Result<(), Fault>, ends_in: impl Fn() -> Option<Duration>) -> Fault {
        let _waiting = Waiting::new(&self.lasting);
        let (mut stirred, mut sessions) = (self.lasting.stirred.subscribe(), self.people.sessions.ended());
        loop {
            stirred.mark_unchanged();
            sessions.mark_unchanged();
            if let Err(fault) = holds() {
                return fault;
            }
            tokio::select! {
                _ = stirred.changed() => {}
                _ = sessions.changed() => {}
                () = after(ends_in()) => {}
            }
        }
    }
}

impl<'a> Waiting<'a> {
    fn new(lasting: &'a Lasting) -> Self {
        lasting.waiting.send_modify(|count| *count += 1);
        Waiting(lasting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|count| *count -= 1);
    }
}

async fn after(time: Option<Duration>) {
    match time {
        Some(time) => sleep(time).await,
        None => std::future::pending().await,
    }
}
