/// What changes who may do what: rare, and in a chain of its own. Only what was done is there; what was refused is not.
const RIGHTS: &[&str] = &[
    "agent.serve",
    "agent.serve_end",
    "auth.session_end",
    "auth.sign_in",
    "auth.sign_out",
    "device.decide",
    "device.end",
    "device.token",
    "lock",
    "login",
    "logout",
    "settings",
    "socket.add",
    "socket.remove",
    "store.migrate",
    "store.rekey",
    "store.restore",
    "token.generate",
    "token.lease",
    "token.revoke",
    "token.rotate",
    "unlock",
];

pub(super) fn changes_rights(event: &str) -> bool {
    RIGHTS.contains(&event)
}
