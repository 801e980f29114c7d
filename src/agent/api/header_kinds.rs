//! Headers by kind, in small letters and with `-` where a name may be spelled with `_`; for each kind why it is sent or
//! not.

/// The agent's to send, whoever asks: who asks, whom, how it travels, and so encoded that a secret in an answer is
/// found.
pub(super) const OWN: &[&str] = &[
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "cookie",
    "cookie2",
    "expect",
    "host",
    "keep-alive",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// By these some servers carry out another method, or another path, than the one that was judged and is in the log.
pub(super) const DISGUISES: &[&str] = &[
    "x-forwarded-method",
    "x-forwarded-path",
    "x-forwarded-uri",
    "x-http-destinationurl",
    "x-method-override",
    "x-proxy-url",
    "x-waws-unencoded-url",
];

/// Headers whose names begin so may have some servers carry out another method or path than the one that was judged.
pub(super) const DISGUISES_BEGIN: &[&str] =
    &["proxy-", "x-envoy-", "x-http-method", "x-original-", "x-override-", "x-rewrite-"];

/// What a token may send: what it wants and what it sends.
pub(super) const CONTENT: &[&str] = &[
    "accept",
    "accept-charset",
    "accept-datetime",
    "accept-language",
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-md5",
    "content-range",
    "content-type",
    "digest",
    "last-event-id",
    "mime-version",
    "prefer",
    "range",
    "repr-digest",
    "slug",
    "soapaction",
    "want-content-digest",
    "want-digest",
    "want-repr-digest",
];

/// On which conditions, and how fresh. WebDAV's too, without its `Destination`, which is another path.
pub(super) const CONDITIONS: &[&str] = &[
    "cache-control",
    "depth",
    "if",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "lock-token",
    "overwrite",
    "pragma",
    "timeout",
];

/// Which call this is among others, and by which program.
pub(super) const CALL: &[&str] = &[
    "b3",
    "baggage",
    "correlation-id",
    "date",
    "idempotency-key",
    "priority",
    "request-id",
    "sentry-trace",
    "traceparent",
    "tracestate",
    "user-agent",
    "x-b3-flags",
    "x-b3-parentspanid",
    "x-b3-sampled",
    "x-b3-spanid",
    "x-b3-traceid",
    "x-client-request-id",
    "x-correlation-id",
    "x-idempotency-key",
    "x-ms-client-request-id",
    "x-request-id",
];

/// What well-known servers ask of a program: that it is no page of a browser, and how an upload goes on.
pub(super) const MANNERS: &[&str] = &[
    "apollo-require-preflight",
    "kbn-xsrf",
    "tus-resumable",
    "upload-checksum",
    "upload-complete",
    "upload-defer-length",
    "upload-length",
    "upload-metadata",
    "upload-offset",
    "x-atlassian-token",
    "x-requested-with",
    "x-upload-content-length",
    "x-upload-content-type",
    "x-vault-request",
];

/// Which version of an API is meant: `X-GitHub-Api-Version`, `anthropic-beta`.
pub(super) const VERSIONS_END: &[&str] = &["-version", "-beta"];

/// What browsers, libraries and proxies add on the way to the HTTP door, whoever asks: it says who the caller is here,
/// and is not for the server.
pub(super) const ON_THE_WAY: &[&str] = &[
    "accept-encoding",
    "authorization",
    "cdn-loop",
    "client-ip",
    "connect-time",
    "connection",
    "content-length",
    "cookie",
    "disguised-host",
    "dnt",
    "ect",
    "expect",
    "forwarded",
    "forwarded-for",
    "from",
    "host",
    "keep-alive",
    "max-forwards",
    "newrelic",
    "origin",
    "postman-token",
    "referer",
    "rndr-id",
    "save-data",
    "te",
    "total-route-time",
    "trailer",
    "transfer-encoding",
    "true-client-ip",
    "uber-trace-id",
    "upgrade",
    "upgrade-insecure-requests",
    "via",
    "was-default-hostname",
    "x-client-cert",
    "x-client-data",
    "x-client-ip",
    "x-cloud-trace-context",
    "x-cluster-client-ip",
    "x-credential-identifier",
    "x-forwarded",
    "x-host",
    "x-original-forwarded-for",
    "x-real-ip",
    "x-real-port",
    "x-request-start",
    "x-scheme",
    "x-ssl",
    "x-waws-unencoded-url",
];

/// Headers whose names begin so are added by proxies on the way to a server.
pub(super) const ON_THE_WAY_BEGIN: &[&str] = &[
    "cf-",
    "fastly-",
    "fly-",
    "l5d-",
    "proxy-",
    "remote-",
    "sec-",
    "ssl-client-",
    "tailscale-",
    "x-akamai-",
    "x-amzn-",
    "x-appengine-",
    "x-arr-",
    "x-auth-request-",
    "x-authentik-",
    "x-azure-",
    "x-consumer-",
    "x-datadog-",
    "x-envoy-",
    "x-forwarded-",
    "x-goog-authenticated-user-",
    "x-goog-iap-",
    "x-kong-",
    "x-ms-client-principal",
    "x-ms-token-",
    "x-newrelic-",
    "x-nf-",
    "x-pomerium-",
    "x-remote-",
    "x-ssl-",
    "x-vercel-",
    "x-vouch-",
    "x-webauth-",
];
