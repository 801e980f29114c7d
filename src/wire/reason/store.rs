use std::path::PathBuf;

use crate::base::Message;

reasons! {
    /// What goes wrong where things are kept: in the stores, the lists of tokens and sockets, the audit log, and on the
    /// disk.
    Store {
        /// The keyring of the system does not answer.
        KeyringUnavailable { reason: Option<Message> } => Unavailable, "keyring-unavailable", "hint-keyring-unavailable";
        /// The store takes longer than it should, or something that was asked of it before does.
        Busy => Unavailable, "store-busy", "hint-try-again";
        /// The sealed file, or its key file, is not as it was written.
        Damaged { path: PathBuf } => Unavailable, "store-damaged", "hint-store-damaged";
        /// The sealed file was sealed with another key than that in the key file.
        WrongKey { path: PathBuf, key: PathBuf } => Unavailable, "store-wrong-key", "hint-store-wrong-key";
        /// The sealed file is gone, and what it held can be restored. `copy` is always true: in a frame it tells this
        /// reason from [`Missing`](Self::Missing). `anew` has the commands that begin with an empty file instead.
        MissingWithCopy { path: PathBuf, anew: String, copy: bool } => Unavailable, "store-missing", "hint-store-missing-copy";
        /// The sealed file is gone, and nothing is left to restore; `anew` has the commands that begin with an empty
        /// file.
        Missing { path: PathBuf, anew: String } => Unavailable, "store-missing", "hint-store-missing";
        /// The sealed file was written by a newer version of loom.
        Newer { path: PathBuf } => Unavailable, "store-newer", "hint-store-newer";
        /// The store returned something else than was put into it.
        NotKept => Unavailable, "store-not-kept", "hint-try-again";
        /// Memory is no store that credentials can be moved to.
        MigrateToMemory => BadRequest, "migrate-to-memory", "hint-migrate";
        /// The environment (`LOOM_STORE`) says which store is used, so credentials cannot be moved.
        MigrateFixed => BadRequest, "migrate-fixed", "hint-migrate-fixed";
        /// The list of issued tokens cannot be read.
        LedgerUnreadable { path: PathBuf } => Unavailable, "ledger-unreadable", "hint-ledger";
        /// The list of sockets with a token of their own cannot be read.
        SocketsUnreadable { path: PathBuf } => Unavailable, "sockets-unreadable", "hint-sockets-unreadable";
        /// The audit log cannot be written, so no rights are given that it would not know of.
        AuditUnwritable { error: String } => Unavailable, "audit-unwritable", "hint-audit-unwritable";
        /// The audit log cannot be read.
        AuditUnreadable { error: String } => Unavailable, "audit-unreadable", "hint-file-io";
        /// A disk has not answered for so many seconds.
        DiskSilent { seconds: u64 } => Unavailable, "disk-silent", "hint-disk-silent";
    }
}
