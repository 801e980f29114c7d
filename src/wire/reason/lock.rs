reasons! {
    /// What is locked, and what is wrong with a passphrase.
    Lock {
        /// The agent gives out nothing until somebody unlocks it.
        AgentLocked => Locked, "agent-locked", "hint-unlock";
        /// Unlocking takes a passphrase, and none was given.
        PassphraseNeeded => Locked, "passphrase-needed", "hint-unlock";
        /// The keyring of the system is locked; loom cannot unlock it.
        KeyringLocked => Locked, "keyring-locked", "hint-keyring-locked";
        /// The keyring is locked and does not say either whether it has what a tool asks for.
        KeyringUnread => Unavailable, "keyring-locked", "hint-keyring-locked";
        /// The passphrase is another one.
        WrongPassphrase => Denied, "wrong-passphrase", "hint-wrong-passphrase";
        /// The passphrase opens a key, but not the one that the file is sealed with.
        OtherPassphrase => Denied, "other-passphrase", "hint-other-passphrase";
        /// The text cannot be a passphrase: it is empty, or not one line.
        BadPassphrase => BadRequest, "bad-passphrase";
        /// A passphrase is set, and the request does not say whether there is to be another one or none.
        RekeyHow => BadRequest, "rekey-how", "hint-rekey-how";
    }
}
