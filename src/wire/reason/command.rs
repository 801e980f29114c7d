use std::path::PathBuf;

use crate::base::{Message, ServerUrl};

reasons! {
    /// What `loom` says itself, of its command line and of what it does besides asking the agent.
    Command {
        /// A command that takes one server was given several, or a pattern.
        OneServer => Usage, "one-server", "hint-usage";
        /// No URL of a server, on the command line or in the environment.
        BadServer { server: String, reason: Option<Message> } => Usage, "bad-server", "hint-server-form";
        /// Something has to be said that was not.
        UsageMissing { what: String } => Usage, "usage-missing", "hint-usage";
        /// A path that cannot be made absolute.
        PathNotAbsolute { path: PathBuf } => BadRequest, "socket-not-absolute";
        /// There is no such setting; `known` are those that there are.
        UnknownSetting { key: String, known: String } => BadRequest, "unknown-setting", "hint-settings";
        /// Nobody is logged in anywhere.
        NobodyLoggedIn => LoginRequired, "nobody-logged-in", "hint-first-login";
        /// The account that a token is to be kept as is there already.
        AccountTaken { server: ServerUrl, account: String } => BadRequest, "account-taken", "hint-account-taken";
        /// The two passphrases are not the same.
        PassphrasesDiffer => BadRequest, "passphrases-differ", "hint-try-again";

        /// A file cannot be read.
        FileTrouble { path: PathBuf, error: String } => BadRequest, "file-trouble";
        /// Standard input cannot be read.
        StdinUnreadable { error: String } => BadRequest, "stdin-unreadable";
        /// A secret in UTF-16 would be another secret.
        SecretUtf16 => BadRequest, "secret-utf16", "hint-secret-utf16";
        /// What was to be printed did not arrive.
        StdoutFailed { error: String } => Unavailable, "stdout-failed", "hint-stdout-failed";
        /// Nobody saw a new token, and it was revoked.
        TokenUnseen { id: String } => Unavailable, "token-unseen", "hint-stdout-failed";
        /// Nobody saw a new token, and it could not be revoked.
        TokenUnseenKept { id: String } => Unavailable, "token-unseen-kept", "hint-stdout-failed";
        /// Another program could not be run.
        NotRun { program: String, error: String } => Unavailable, "command-not-run";

        /// Git could not be run.
        GitMissing { error: String } => Unavailable, "git-missing", "hint-git-missing";
        /// Git did not end in time.
        GitSilent { seconds: u64 } => Unavailable, "git-silent";
        /// Git's own words for why not.
        GitRefused { error: String } => Unavailable, "git-refused";
        /// Git's helper is not beside this program.
        HelperMissing => Unavailable, "helper-missing", "hint-helper-missing";

        /// `--paginate` with what does not only read.
        ApiPaginateReads => Usage, "api-paginate-reads";
        /// What is no selection.
        ApiBadSelection { text: String } => Usage, "api-bad-selection", "hint-api-bad-selection";
        /// What is no field.
        ApiBadField { field: String } => Usage, "api-bad-field", "hint-api-bad-field";
        /// The body to send cannot be read.
        ApiBodyUnreadable { error: String } => BadRequest, "api-body-unreadable";
        /// The answer that something is to be selected of is no JSON.
        ApiNotJson => Unavailable, "api-not-json";
        /// What is to be selected is not in the answer.
        ApiSelectionUnfit => Unavailable, "api-selection-unfit";
        /// The next page is at an address that is none, or the same one.
        ApiBadLink { server: ServerUrl } => Unavailable, "api-bad-link";
        /// What is kept may not do it, and the server says what would.
        ApiScopeMissing { server: ServerUrl, scope: String } => Denied, "api-scope-missing", "hint-api-scope-missing";
        /// The server refuses, with words.
        ApiRefusedBecause { server: ServerUrl, status: u16, detail: String } => Unavailable, "api-refused-because";
        /// The server refuses.
        ApiRefused { server: ServerUrl, status: u16 } => Unavailable, "api-refused";
        /// The answer is too long to look for something in it.
        AnswerTooLong => Unavailable, "answer-too-long";
        /// A server's answer about its tokens makes no sense.
        ServerTokenOdd { server: ServerUrl } => Unavailable, "server-token-odd";
        /// A server issued another token than it was asked for, and revoked it.
        ServerTokenOther { server: ServerUrl, scopes: String } => Denied, "server-token-other";
        /// A server issued another token than it was asked for, and did not revoke it.
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
