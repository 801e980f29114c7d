//! What lasts: a stream, a lease, a door. It ends with the rights of whoever it is for, and one place tells all of
//! them.
//!
//! What lasts waits in `Caller` for the caller to go, for the agent to stop, and for the end of its own rights: told by
//! what ends them here, by a timer at the moment when a token or session ends, and, as long as anybody waits, by a
//! watch over `tokens.json` and the settings (`listen::token_watch`) for what others change, and a look every 30
//! seconds, since timers stand still while a machine sleeps and not every file system tells of changes. Then all that
//! the verb takes is compared anew with the rights as they are. An idle agent is not woken up. A socket or door of
//! which that cannot be told, since a file cannot be read, stays, gives nobody anything, and is looked at again when it
//! may be told.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::sleep;

use crate::access::{Authority, HeldRights, Holder, Standing};
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::needs::{NOTHING, Needs};
use crate::base::{ServerUrl, clock};
use crate::wire::{Fault, reason};

/// Whoever waits for the end of somebody's rights. Nobody looks again and again: what ends them here says so, and the
/// floor above looks at the file for as long as anybody waits.
#[derive(Default)]
pub(crate) struct Lasting {
    /// How often somebody's rights may have ended.
    stirred: watch::Sender<u64>,
    /// How many wait.
    waiting: watch::Sender<usize>,
}

/// What somebody began: with which authority, what it takes, and which servers it is about.
#[derive(Clone)]
pub(crate) struct Begun {
    pub(crate) authority: Authority,
    pub(crate) needs: Needs,
    pub(crate) servers: Vec<ServerUrl>,
}

/// Noted while somebody waits.
struct Waiting<'a>(&'a Lasting);

impl Gate {
    /// Told whenever a token, or a file that says who has rights, is not what it was, and every now and then: a timer
    /// stands still while the machine sleeps.
    pub fn rights_may_have_ended(&self) {
        self.lasting.stirred.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// Returns while anybody waits for the end of rights, or once nobody does.
    pub async fn ends_are_awaited(&self, awaited: bool) {
        // The sender lives as long as `self`, so waiting cannot fail.
        let _ = self.lasting.waiting.subscribe().wait_for(|count| (*count > 0) == awaited).await;
    }

    /// Returns once who began something may not do it any more, and why. The user always may.
    pub(crate) async fn ended(&self, begun: &Begun) -> Fault {
        let has_holders = begun.authority.holders().next().is_some();
        if !has_holders || begun.authority.is_nobody() {
            return std::future::pending().await;
        }
        self.until_not(|| self.still_holds(begun), || self.ends_in(&begun.authority)).await
    }

    /// Returns once somebody who stands behind something has no rights any more.
    pub(crate) async fn unusable(&self, standing: &Standing) {
        let usable = || if self.has_ended(standing) { Err(reason::Rights::TokenUnknown.into()) } else { Ok(()) };
        self.until_not(usable, || self.tokens_end_in(standing)).await;
    }

    /// Whether somebody who stands behind something has no rights any more. Where that cannot be told, nothing has
    /// ended: nobody is given anything meanwhile, and the next change or look will tell.
    pub(crate) fn has_ended(&self, standing: &Standing) -> bool {
        let is_known = |rights: Option<Option<Vec<HeldRights>>>| rights.is_some_and(|rights| rights.is_none());
        !standing.is_users()
            && (is_known(self.issued.ledger.rights(standing).ok())
                || is_known(self.rights_of_people_behind(standing).ok()))
    }

    /// Whether whoever began something may do it by what is said of them now: what lasts is asked again. That a token's
    /// uses are up ends nothing that was begun with the last of them.
    pub(crate) fn still_holds(&self, begun: &Begun) -> Result<(), Fault> {
        let standing = begun.authority.standing();
        if !self.issued.ledger.holds(standing).map_err(fault::from_ledger)? {
            return Err(reason::Rights::TokenUnknown.into());
        }
        let people = self.rights_of_people_behind(standing)?.ok_or(reason::Rights::TokenUnknown)?;
        // What a token may never changes; of the others counts what they had and still have.
        let mut now = people.into_iter().fold(begun.authority.clone(), Authority::within);
        for holder in begun.authority.holders() {
            let own = match holder {
                Holder::Token(_) => continue,
                Holder::Session(id) => self.rights_in_session_of(id)?,
                Holder::AccessToken { until, identity } if !until.ends_within(0, clock::now()) => {
                    self.rights_of(identity, holder.clone())?
                }
                Holder::AccessToken { .. } => None,
            };
            now = now.within(own.ok_or(reason::Rights::Unauthenticated)?);
        }
        begun.needs.check(&now)?;
        match begun.servers.iter().find(|server| !now.sees(server)) {
            Some(server) => Err(reason::Login::NothingThere { server: server.clone() }.into()),
            None => Ok(()),
        }
    }

    fn ends_in(&self, authority: &Authority) -> Option<Duration> {
        let of_holder = |holder: &Holder| match holder {
            Holder::Session(id) => self.people.sessions.left(id),
            Holder::AccessToken { until, .. } => Some(clock::until(*until)),
            Holder::Token(_) => None,
        };
        let of_tokens = self.tokens_end_in(authority.standing());
        authority.holders().filter_map(of_holder).chain(of_tokens).min()
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

impl Begun {
    /// Nobody has rights before they are looked at.
    pub(crate) fn by_nobody() -> Begun {
        Begun { authority: Authority::nobody(), needs: NOTHING, servers: Vec::new() }
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
