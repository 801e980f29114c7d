//! Reads the audit log for a caller, and goes on with what is written from then on. Before each further part it is
//! asked again whether the caller still may; whoever reads slowly holds up themselves and nobody else.

use tokio::sync::mpsc;

use crate::access::{AuditLog, Places};
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fair::party::Party;
use crate::agent::fault;
use crate::wire::{Audit, AuditEntry, AuditVerify, AuditVerifyReply, Empty, Fault, reason};

/// How many entries are read ahead for whoever reads the log. The next are read when these are gone.
const AHEAD: usize = 64;

impl Handle for Audit {
    const EVENT: Noted = Noted::Never;

    /// Entries go out one by one. Who follows gets what is written from then on.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let mut written = agent.audit.written();
        agent.audit.flush(Some(&caller.author())).await;
        let (event, last) = (self.event.clone(), self.last);
        let is_wanted = move |entry: &AuditEntry| event.as_ref().is_none_or(|event| entry.is(event));
        let fits = is_wanted.clone();
        let mut place = tell(agent, caller, move |log, hand_on| log.last(last, fits, hand_on)).await?;
        if !self.follow {
            return Ok(Empty {});
        }
        caller.settles();
        loop {
            tokio::select! {
                _ = written.changed() => {}
                fault = caller.hung_up() => return Err(fault),
            }
            caller.still_may()?;
            let fits = is_wanted.clone();
            let since = move |log: &AuditLog, hand_on: &mut dyn FnMut(AuditEntry) -> bool| {
                log.since(&mut place, |entry| !fits(&entry) || hand_on(entry))?;
                Ok(place)
            };
            place = tell(agent, caller, since).await?;
        }
    }
}

/// Tells the caller what the log hands on, as fast as they read it. Few read it at once: a look at all of it takes
/// work, and whoever reads slowly keeps nobody else from it.
async fn tell(
    agent: &Agent,
    caller: &mut Caller<'_>,
    read: impl FnOnce(&AuditLog, &mut dyn FnMut(AuditEntry) -> bool) -> std::io::Result<Places> + Send + 'static,
) -> Result<Places, Fault> {
    // The user's programs wait for each other, and for nobody else.
    let seat =
        if caller.is_owner() { Party::process(0) } else { agent.gate.party_asking(caller.asker(), caller.authority()) };
    let mut seat = agent.audit.readers.wait(seat).await;
    let (log, (hand_on, mut entries)) = (agent.audit.log(), mpsc::channel(AHEAD));
    let read = tokio::task::spawn_blocking(move || read(&log, &mut |entry| hand_on.blocking_send(entry).is_ok()));
    let told = async {
        while let Some(entry) = entries.recv().await {
            if !caller.tell(&entry).await {
                return Err(Fault::from(reason::Request::Cancelled));
            }
        }
        Ok(())
    };
    tokio::select! {
        told = told => told?,
        () = seat.sent_away() => return Err(fault::too_many(5)),
    }
    read.await.map_err(|_| reason::Request::Internal)?.map_err(fault::audit_unreadable)
}

impl Handle for AuditVerify {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<AuditVerifyReply, Fault> {
        agent.audit.verified(&caller.author(), caller.locale).await
    }
}
