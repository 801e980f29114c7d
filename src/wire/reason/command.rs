use std::path::PathBuf;

use crate::base::{Message, ServerUrl};

reasons! {
    /// What `loom` says itself, of its command line and of what it does besides asking the agent.
    Command {
        /// The command takes one server, and was given several or a pattern.
        OneServer => Usage, "one-server", "hint-usage";
        /// A server was named to a command that has nothing to do with one.
        ServerUnused => Usage, "server-unused", "hint-usage";
        /// The URL on the command line holds a password, which others can read there.
        UrlWithPassword { server: ServerUrl } => Usage, "url-with-password", "hint-url-with-password";
        /// The server has accounts, but none of this name; `known` lists theirs.
        NoSuchAccount { server: ServerUrl, account: String, known: String } => LoginRequired, "no-such-account", "hint-accounts-there";
        /// The text on the command line, or in the environment, is no URL of a server.
        BadServer { server: String, reason: Option<Message> } => Usage, "bad-server", "hint-server-form";
        /// The text on the command line, or in the settings, is no grant.
        BadGrant { grant: String, reason: Option<Message> } => Usage, "bad-grant", "hint-bad-grant";
        /// There are more grants than a token has.
        TooManyGrants => Usage, "grant-too-many", "hint-bad-grant";
        /// The settings have no grants of this name.
        UnknownGrants { name: String } => BadRequest, "unknown-grants", "hint-unknown-grants";
        /// A grant leaves out the repository, and the directory is none with a remote that could be meant.
        NoOrigin => Usage, "no-origin", "hint-no-origin";
        /// The remote of this directory is no address at which grants are about something.
        OddOrigin { url: String } => Usage, "odd-origin", "hint-no-origin";
        /// The agent gave a token without the grants that were asked for: it is of an older version.
        AgentTooOld => Unavailable, "agent-too-old", "hint-agent-too-old";
        /// Nothing could be opened on the loopback for a command.
        RelayFailed { error: String } => Unavailable, "relay-failed";
        /// There are no namespaces here, or none in which the relay could be reached.
        OnlyUnavailable => Unavailable, "only-unavailable", "hint-only-unavailable";
        /// The system did not let this user make namespaces; `step` says at what.
        OnlyFailed { step: String, error: String } => Unavailable, "only-failed", "hint-only-failed";
        /// The API of GitHub's is granted, and its program has no way to the relay here.
        NoSocket => Unavailable, "no-socket", "hint-no-socket";
        /// A remote of this directory has a password in its address, which git would use beside any grant.
        RemoteWithPassword { repository: String } => Usage, "remote-with-password", "hint-remote-with-password";
        /// By a rule of the person's own git goes elsewhere for a granted repository.
        NotLed { repository: String } => Usage, "not-led", "hint-not-led";
        /// The command line lacks something that is needed; `what` says what.
        UsageMissing { what: String } => Usage, "usage-missing", "hint-usage";
        /// There is no command or option of this name.
        UsageUnknown { what: String } => Usage, "usage-unknown", "hint-usage";
        /// The server has several accounts, and it was not said which is to be logged out.
        LogoutWhich { server: ServerUrl, known: String } => Usage, "which-account", "hint-logout-which";
        /// The server has several accounts, and it was not said which is to be the default.
        SwitchWhich { server: ServerUrl, known: String } => Usage, "several-accounts", "hint-switch-which";
        /// There is no rule at this place.
        NoSuchRule { place: usize } => BadRequest, "no-such-rule", "hint-rules";
        /// A line of a file of variables makes no sense.
        EnvLine { path: PathBuf, line: usize, error: String } => BadRequest, "env-line", "hint-env-line";
        /// The editor ended with an error, and nothing was changed.
        EditorFailed { program: String } => BadRequest, "editor-failed";
        /// The path cannot be made absolute.
        PathNotAbsolute { path: PathBuf } => BadRequest, "socket-not-absolute";
        /// There is no setting with this name; `known` lists those that there are.
        UnknownSetting { key: String, known: String } => BadRequest, "unknown-setting", "hint-settings";
        /// Nobody is logged in anywhere.
        NobodyLoggedIn => LoginRequired, "nobody-logged-in", "hint-first-login";
        /// The account that a token is to be kept as has a credential already.
        AccountTaken { server: ServerUrl, account: String } => BadRequest, "account-taken", "hint-account-taken";
        /// The two passphrases that a person typed are not the same.
        PassphrasesDiffer => BadRequest, "passphrases-differ", "hint-try-again";

        /// A file that the command line names cannot be read.
        FileTrouble { path: PathBuf, error: String } => BadRequest, "file-trouble";
        /// Standard input cannot be read.
        StdinUnreadable { error: String } => BadRequest, "stdin-unreadable";
        /// The secret is written as UTF-16, and would be read as another one.
        SecretUtf16 => BadRequest, "secret-utf16", "hint-secret-utf16";
        /// Standard output did not take what was to be printed.
        StdoutFailed { error: String } => Unavailable, "stdout-failed", "hint-stdout-failed";
        /// A new token could not be printed, and was revoked.
        TokenUnseen { id: String } => Unavailable, "token-unseen", "hint-stdout-failed";
        /// A new token could not be printed, nor revoked.
        TokenUnseenKept { id: String } => Unavailable, "token-unseen-kept", "hint-stdout-failed";
        /// What kubectl says in the environment is not understood.
        KubeUnread => BadRequest, "kube-unread", "hint-kube-unread";
        /// kubectl does not say where it will send the token.
        KubeNoCluster => BadRequest, "kube-no-cluster", "hint-kube-no-cluster";
        /// The kubeconfig wants this server's token for another server's cluster, and the settings do not.
        KubeNotLent { server: ServerUrl, cluster: ServerUrl } => Denied, "kube-not-lent", "hint-kube-not-lent";
        /// What is kept for this server is no access key of AWS'.
        NoAccessKey { server: ServerUrl } => BadRequest, "no-access-key", "hint-no-access-key";
        /// The user name or the secret cannot stand in a netrc file as it is.
        NetrcUnsayable => BadRequest, "netrc-unsayable", "hint-netrc-unsayable";
        /// Another program could not be run.
        NotRun { program: String, error: String } => Unavailable, "command-not-run";

        /// The helper of Windows was asked for, and this is no system within one.
        NotInWindows => Usage, "not-in-windows";
        /// The Windows that this system runs in has no helper in its `PATH`.
        WindowsHelperMissing => Unavailable, "windows-helper-missing", "hint-windows-helper-missing";
        /// `loom-agent` is not beside this program.
        AgentMissing => Unavailable, "agent-missing", "hint-helper-missing";
        /// What says that something is to be started at login was not written by loom.
        AtLoginOfAnother { path: PathBuf } => Denied, "at-login-of-another", "hint-at-login-of-another";
        /// The user has no directory for it.
        AtLoginNoHome => Unavailable, "at-login-no-home";
        /// The service manager does not start anything at login; `error` holds its own words.
        AtLoginRefused { program: String, error: String } => Unavailable, "at-login-refused", "hint-at-login-refused";

        /// Git could not be run.
        GitMissing { error: String } => Unavailable, "git-missing", "hint-git-missing";
        /// Git did not end within so many seconds.
        GitSilent { seconds: u64 } => Unavailable, "git-silent";
        /// Git failed; `error` holds its own words.
        GitRefused { error: String } => Unavailable, "git-refused";
        /// The secret cannot go in a header of this scheme.
        NoSuchHeader { server: ServerUrl, scheme: String } => BadRequest, "no-such-header";
        /// Git's helper, `git-credential-loom`, is not beside this program.
        HelperMissing => Unavailable, "helper-missing", "hint-helper-missing";

        /// `--paginate` was given for a call that does not only read.
        ApiPaginateReads => Usage, "api-paginate-reads";
        /// The text is no selection of parts of an answer.
        ApiBadSelection { text: String } => Usage, "api-bad-selection", "hint-api-bad-selection";
        /// The text is no field of a request, of the form `key=value`.
        ApiBadField { field: String } => Usage, "api-bad-field", "hint-api-bad-field";
        /// The body to send cannot be read.
        ApiBodyUnreadable { error: String } => BadRequest, "api-body-unreadable";
        /// The answer, of which parts are to be selected, is no JSON.
        ApiNotJson => Unavailable, "api-not-json";
        /// The part to be selected is not in the answer.
        ApiSelectionUnfit => Unavailable, "api-selection-unfit";
        /// The server's address of the next page is no URL, or that of the page before.
        ApiBadLink { server: ServerUrl } => Unavailable, "api-bad-link";
        /// The credential does not allow the call, and the server says which scope would.
        ApiScopeMissing { server: ServerUrl, scope: String } => Denied, "api-scope-missing", "hint-api-scope-missing";
        /// The server refuses the call; `detail` holds its own words.
        ApiRefusedBecause { server: ServerUrl, status: u16, detail: String } => Unavailable, "api-refused-because";
        /// The server refuses the call, without saying why.
        ApiRefused { server: ServerUrl, status: u16 } => Unavailable, "api-refused";
        /// The answer is too long for parts of it to be selected.
        AnswerTooLong => Unavailable, "answer-too-long";
        /// The server's answer about its tokens is not what its API promises.
        ServerTokenOdd { server: ServerUrl } => Unavailable, "server-token-odd";
        /// The server issued a token with other rights than were asked for, which was then revoked.
        ServerTokenOther { server: ServerUrl, scopes: String } => Denied, "server-token-other";
        /// The server issued a token with other rights than were asked for, which could not be revoked.
        ServerTokenOtherKept { server: ServerUrl, scopes: String, id: String } => Denied, "server-token-other-kept";

        /// The scenery of the demo could not be set up.
        DemoNotSetUp { error: String } => Unavailable, "demo-not-set-up";
        /// A step of the demo failed.
        DemoStepFailed { program: String } => Internal, "demo-step-failed";
        /// A step of the demo that should have failed did not.
        DemoStepPassed { program: String } => Internal, "demo-step-passed";
        /// The demo's token was not revoked at the end.
        DemoNotRevoked => Internal, "demo-not-revoked";
    }
}
