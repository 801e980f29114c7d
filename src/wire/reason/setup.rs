use std::path::PathBuf;

reasons! {
    /// What keeps `loom setup` from telling another tool to ask loom.
    Setup {
        /// The tool asks another helper already.
        OtherHelper { path: PathBuf, key: String, helper: String } => BadRequest, "setup-other-helper", "hint-setup-force";
        /// What the helper that gives way has is not in loom; `error` says why, if anybody does.
        NotCopied { entry: String, helper: String, error: String } => Unavailable, "setup-not-copied", "hint-setup-not-copied";
        /// The tool logs in another way already, of which loom keeps nothing that could bring it back.
        OtherLogin { path: PathBuf, key: String } => BadRequest, "setup-other-login", "hint-setup-other-login";
        /// The tool's file is not what the tool itself would read; `error` says where.
        Broken { path: PathBuf, error: String } => BadRequest, "setup-broken", "hint-setup-broken";
        /// Somebody wrote the file at the same moment.
        ChangedMeanwhile { path: PathBuf } => Unavailable, "setup-changed-meanwhile", "hint-try-again";
        /// The tool's file belongs to another user.
        FileOfAnother { path: PathBuf } => Denied, "setup-file-of-another", "hint-setup-file";
        /// The tool's file has several names, of which replacing it would keep one.
        FileWithMoreNames { path: PathBuf } => BadRequest, "setup-file-more-names", "hint-setup-file";
        /// Another program has the name that loom's helper needs.
        NameTaken { path: PathBuf } => BadRequest, "setup-name-taken", "hint-setup-name-taken";
        /// The tool asks a helper about single servers only, and none was named.
        NeedsServer { tool: String } => Usage, "setup-needs-server", "hint-setup-needs-server";
        /// The tool asks its helper about every server.
        TakesNoServer { tool: String } => Usage, "setup-takes-no-server", "hint-setup-takes-no-server";
        /// Nothing in the tool's settings leads to this server.
        UnknownServer { path: PathBuf, server: String } => BadRequest, "setup-unknown-server", "hint-setup-unknown-server";
        /// The tool is needed to change its own settings, and is not there or failed; `error` holds its own words.
        ToolFailed { tool: String, error: String } => Unavailable, "setup-tool-failed", "hint-setup-tool-failed";
    }
}
