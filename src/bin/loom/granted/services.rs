//! What programs call the variables of servers that many use: for a base URL, and for tokens.

use std::collections::BTreeSet;

use loom_credentials::base::ServerUrl;

/// A server, and the variables by which programs know it.
pub(super) struct Service {
    /// Its hosts.
    pub(super) hosts: &'static [&'static str],
    /// The variable of a base URL, and the path that stands behind it.
    pub(super) base: Option<(&'static str, &'static str)>,
    /// The variable of the token that is sent to the base URL.
    pub(super) key: Option<&'static str>,
    /// Further variables that hold tokens of it.
    pub(super) tokens: &'static [&'static str],
    /// Variables with tokens of it, or of a host on which somebody runs the same.
    pub(super) anywhere: &'static [&'static str],
}

/// Those that are known.
pub(super) const ALL: &[Service] = &[
    Service {
        hosts: &["github.com", "api.github.com"],
        base: None,
        key: None,
        tokens: &["GITHUB_TOKEN", "GH_TOKEN", "GITHUB_PAT"],
        anywhere: &["GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN"],
    },
    Service {
        hosts: &["gitlab.com"],
        base: None,
        key: None,
        tokens: &[],
        anywhere: &["GITLAB_TOKEN", "GL_TOKEN", "CI_JOB_TOKEN"],
    },
    Service {
        hosts: &["bitbucket.org", "api.bitbucket.org"],
        base: None,
        key: None,
        tokens: &[],
        anywhere: &["BITBUCKET_TOKEN"],
    },
    Service {
        hosts: &["codeberg.org", "gitea.com"],
        base: None,
        key: None,
        tokens: &[],
        anywhere: &["GITEA_TOKEN", "FORGEJO_TOKEN"],
    },
    Service {
        hosts: &["api.openai.com"],
        base: Some(("OPENAI_BASE_URL", "/v1")),
        key: Some("OPENAI_API_KEY"),
        tokens: &["OPENAI_ADMIN_KEY"],
        anywhere: &[],
    },
    Service {
        hosts: &["api.anthropic.com"],
        base: Some(("ANTHROPIC_BASE_URL", "")),
        key: Some("ANTHROPIC_AUTH_TOKEN"),
        tokens: &["ANTHROPIC_API_KEY"],
        anywhere: &[],
    },
    Service {
        hosts: &["huggingface.co"],
        base: Some(("HF_ENDPOINT", "")),
        key: Some("HF_TOKEN"),
        tokens: &["HUGGING_FACE_HUB_TOKEN"],
        anywhere: &[],
    },
];

/// What is known of this host.
pub(super) fn of(host: &str) -> Option<&'static Service> {
    ALL.iter().find(|service| service.hosts.contains(&host))
}

/// The variables with tokens of these servers. A host that is not known may be one on which somebody runs what is.
pub(super) fn tokens_of(origins: &BTreeSet<ServerUrl>) -> impl Iterator<Item = &'static str> {
    let is_one_unknown = origins.iter().any(|origin| of(origin.host()).is_none());
    ALL.iter().flat_map(move |service| {
        let is_named = origins.iter().any(|origin| service.hosts.contains(&origin.host()));
        let of_it = service.tokens.iter().chain(&service.key).filter(move |_| is_named);
        of_it.chain(service.anywhere.iter().filter(move |_| is_named || is_one_unknown)).copied()
    })
}
