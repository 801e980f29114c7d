use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// Where things are kept: the stores, the lists of tokens and sockets, the audit log, and the disk under them.
    Store {
        /// The keyring does not answer.
        KeyringUnavailable { reason: Option<Message> } => Unavailable, "keyring-unavailable", "hint-keyring-unavailable";
        /// The store takes longer than it should, or somebody before does.
        Busy => Unavailable, "store-busy", "hint-try-again";
        /// The sealed file, or its key, is not what was written.
        Damaged { path: PathBuf } => Unavailable, "store-damaged", "hint-store-damaged";
        /// The sealed file was sealed with another key than the one that is here.
        WrongKey { path: PathBuf, key: PathBuf } => Unavailable, "store-wrong-key", "hint-store-wrong-key";
        /// There was a sealed file, and `copy` is left of it or of what it held; `anew` are the commands that begin with an
        /// empty one.
        MissingWithCopy { path: PathBuf, anew: String, copy: bool } => Unavailable, "store-missing", "hint-store-missing-copy";
        /// There was a sealed file, and nothing is left to restore; `anew` are the commands that begin with an empty one.
        Missing { path: PathBuf, anew: String } => Unavailable, "store-missing", "hint-store-missing";
        /// It was written by a newer loom.
        Newer { path: PathBuf } => Unavailable, "store-newer", "hint-store-newer";
        /// The store gave back something else than what was put into it.
        NotKept => Unavailable, "store-not-kept", "hint-try-again";
        /// Memory is no place to move credentials to.
        MigrateToMemory => BadRequest, "migrate-to-memory", "hint-migrate";
        /// The environment says which store is used.
        MigrateFixed => BadRequest, "migrate-fixed", "hint-migrate-fixed";
        /// The list of tokens cannot be read.
        LedgerUnreadable { path: PathBuf } => Unavailable, "ledger-unreadable", "hint-ledger";
        /// The list of sockets cannot be read.
        SocketsUnreadable { path: PathBuf } => Unavailable, "sockets-unreadable", "hint-sockets-unreadable";
        /// Nobody is given rights of which the log would not know.
        AuditUnwritable { error: String } => Unavailable, "audit-unwritable", "hint-audit-unwritable";
        /// The log cannot be read.
        AuditUnreadable { error: String } => Unavailable, "audit-unreadable", "hint-file-io";
        /// A disk that does not answer.
        DiskSilent { seconds: u64 } => Unavailable, "disk-silent", "hint-disk-silent";
    }
}
