use crate::base::{Scope, ServerUrl};

reasons! {
    /// Why the agent does not call a server's API, or breaks a call off.
    Api {
        /// The URL of the call is not below the server that the credential is for.
        Elsewhere { server: ServerUrl } => Denied, "api-elsewhere", "hint-api-elsewhere";
        /// The token was renewed after a 401, but what the caller sent came only once.
        NotRepeated { server: ServerUrl } => Unavailable, "api-not-repeated", "hint-try-again";
        /// The call needs more than the scopes that the caller named as its limit.
        BeyondScope { scope: Scope } => Denied, "api-beyond-scope", "hint-api-beyond-scope";
        /// None of the accounts at the server may do what the call needs.
        NoAccountMay { server: ServerUrl, scope: Scope } => Denied, "api-no-account-may", "hint-api-no-account-may";
        /// Servers would read the path in several ways.
        OddPath => BadRequest, "api-odd-path", "hint-api-odd-path";
        /// A parameter of the query would turn the call into another one.
        ParameterRefused { name: String } => Denied, "api-parameter-refused", "hint-api-parameter-refused";
        /// A name or value is not that of an HTTP header.
        BadHeader { name: String } => BadRequest, "api-bad-header";
        /// The text is no HTTP method, or one that loom does not send.
        BadMethod { method: String } => BadRequest, "api-bad-method";
        /// The agent sends this header itself, or the header would turn the call into another one.
        HeaderRefused { name: String } => Denied, "api-header-refused", "hint-api-header-refused";
        /// Some servers read this header as another one, `plain`.
        HeaderUnderscore { name: String, plain: String } => Denied, "api-header-underscore", "hint-api-header-underscore";
        /// Only the owner, or whoever a rule of the settings allows it, may send this header.
        HeaderUnknown { name: String, server: ServerUrl } => Denied, "api-header-unknown", "hint-api-header-unknown";
    }
}
