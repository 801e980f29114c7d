use std::sync::LazyLock;

use crate::base::clock;
use crate::os::user::UserId;
use crate::wire::{Actor, AuditEntry, OUTCOME_OK};

/// An entry of the agent's own.
pub(super) fn own_entry(event: &str) -> AuditEntry {
    entry(event, own_actor(), OUTCOME_OK)
}

/// An entry of something that happened now.
pub(super) fn entry(event: &str, actor: Actor, outcome: &str) -> AuditEntry {
    AuditEntry {
        time: clock::now().to_string(),
        event: event.to_owned(),
        actor,
        door: None,
        server: None,
        account: None,
        sent_to: None,
        method: None,
        path: None,
        about: None,
        repository: None,
        reference: None,
        old: None,
        new: None,
        grant: None,
        outcome: outcome.to_owned(),
        more: None,
        since: None,
    }
}

/// This agent.
pub(super) fn own_actor() -> Actor {
    static PROGRAM: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned()));
    Actor::Process { uid: UserId::own().into(), pid: std::process::id(), exe: PROGRAM.clone(), token_id: None }
}
