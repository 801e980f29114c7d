use crate::base::clock;
use crate::os::user::UserId;
use crate::wire::{Actor, AuditEntry};

/// An entry of the agent's own.
pub(super) fn own_entry(event: &str) -> AuditEntry {
    let exe = std::env::current_exe().ok().map(|path| path.to_string_lossy().into_owned());
    let actor = Actor::Process { uid: UserId::own().into(), pid: std::process::id(), exe, token_id: None };
    let (time, event, outcome) = (clock::now().to_string(), event.to_owned(), "ok".to_owned());
    AuditEntry {
        time,
        event,
        actor,
        door: None,
        server: None,
        account: None,
        sent_to: None,
        method: None,
        path: None,
        about: None,
        outcome,
        more: None,
        since: None,
    }
}
