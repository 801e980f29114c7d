use crate::base::{Scope, ServerUrl};

reasons! {
    /// Why the agent does not make a call, or not to its end.
    Api {
        /// The call is of another server than the credential.
        Elsewhere { server: ServerUrl } => Denied, "api-elsewhere", "hint-api-elsewhere";
        /// The token was renewed after a 401, but what the caller sent came only once.
        NotRepeated { server: ServerUrl } => Unavailable, "api-not-repeated", "hint-try-again";
        /// The call takes more than the caller said it may take.
        BeyondScope { scope: Scope } => Denied, "api-beyond-scope", "hint-api-beyond-scope";
        /// None of the accounts there may do what the call needs.
        NoAccountMay { server: ServerUrl, scope: Scope } => Denied, "api-no-account-may", "hint-api-no-account-may";
        /// A path that servers read in several ways.
        OddPath => BadRequest, "api-odd-path", "hint-api-odd-path";
        /// A parameter of the query would change what the call is.
        ParameterRefused { name: String } => Denied, "api-parameter-refused", "hint-api-parameter-refused";
        /// What is no header.
        BadHeader { name: String } => BadRequest, "api-bad-header";
        /// What is no method, or none that loom sends.
        BadMethod { method: String } => BadRequest, "api-bad-method";
        /// A header that is loom's own, or would change what the call is.
        HeaderRefused { name: String } => Denied, "api-header-refused", "hint-api-header-refused";
        /// A header that some servers read as another, `plain`.
        HeaderUnderscore { name: String, plain: String } => Denied, "api-header-underscore", "hint-api-header-underscore";
        /// A header that only the owner, or a rule of the settings, may send.
        HeaderUnknown { name: String, server: ServerUrl } => Denied, "api-header-unknown", "hint-api-header-unknown";
    }
}
