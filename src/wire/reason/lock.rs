reasons! {
    /// What is locked, and the passphrase that opens it.
    Lock {
        /// The agent gives out nothing until somebody unlocks it.
        AgentLocked => Locked, "agent-locked", "hint-unlock";
        /// Unlocking takes a passphrase, and none was given.
        PassphraseNeeded => Locked, "passphrase-needed", "hint-unlock";
        /// The keyring is locked, which is not loom's to open.
        KeyringLocked => Locked, "keyring-locked", "hint-keyring-locked";
        /// This is not the passphrase.
        WrongPassphrase => Denied, "wrong-passphrase", "hint-wrong-passphrase";
        /// It opens a key, but not the one that the file is sealed with.
        OtherPassphrase => Denied, "other-passphrase", "hint-other-passphrase";
        /// What nobody could type can be no passphrase.
        BadPassphrase => BadRequest, "bad-passphrase";
        /// Whether there is to be another passphrase, or none, has to be said.
        RekeyHow => BadRequest, "rekey-how", "hint-rekey-how";
    }
}
