use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault};
use crate::wire::{Audit, AuditEntry, AuditVerify, AuditVerifyReply, Empty, Fault};

impl Handle for Audit {
    /// Entries go out one by one. Who follows gets what is written from then on.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let mut written = agent.auditing.written();
        agent.flush_audit().await;
        let mut seen: Option<AuditEntry> = None;
        let mut is_first = true;
        loop {
            // Where nothing old is wanted, the last entry still says from where on entries are new.
            let count = if is_first { self.last.max(1) } else { FOLLOWED };
            let (log, event) = (agent.auditing.log(), self.event.clone());
            let is_wanted = move |entry: &AuditEntry| event.as_ref().is_none_or(|event| entry.is(event));
            let read = tokio::task::spawn_blocking(move || match is_first {
                true => log.last(count, is_wanted),
                false => log.latest(count, is_wanted),
            });
            let read = read.await;
            let entries = read.map_err(|_| fault::internal())?.map_err(fault::audit_unreadable)?;
            let known = match is_first {
                true => entries.len() - entries.len().min(self.last),
                false => seen
                    .as_ref()
                    .and_then(|seen| entries.iter().rposition(|entry| entry == seen))
                    .map_or(0, |at| at + 1),
            };
            for entry in &entries[known..] {
                if !caller.tell(entry).await {
                    return Err(fault::cancelled());
                }
            }
            if !self.follow {
                return Ok(Empty {});
            }
            seen = entries.last().cloned().or(seen);
            is_first = false;
            tokio::select! {
                _ = written.changed() => {}
                fault = caller.hung_up() => return Err(fault),
            }
            agent.still_holds(caller.authority())?;
        }
    }
}

/// More than is written between two looks at the log.
const FOLLOWED: usize = 1000;

impl Handle for AuditVerify {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<AuditVerifyReply, Fault> {
        agent.flush_audit().await;
        let log = agent.auditing.log();
        let verified = tokio::task::spawn_blocking(move || log.verify()).await;
        verified.map_err(|_| fault::internal())?.map_err(fault::audit_unreadable)
    }
}
