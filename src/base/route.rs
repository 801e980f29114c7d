use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::{Secret, reveal_some};

/// How a user's requests reach servers: through which proxies, and which certificate authorities are trusted. It comes
/// from the environment of whoever asks (`https_proxy` and the like), not from the agent's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Route {
    /// The proxy for `https` URLs. Every proxy is a [`Secret`], since its address may hold a password.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub https_proxy: Option<Secret>,
    /// The proxy for `http` URLs.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub http_proxy: Option<Secret>,
    /// The proxy for URLs of both schemes that have none of their own.
    #[serde(default, with = "reveal_some", skip_serializing_if = "Option::is_none")]
    pub all_proxy: Option<Secret>,
    /// Hosts that are reached without a proxy, in the form that curl reads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_proxy: Option<String>,
    /// A PEM file of certificate authorities that are trusted in place of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_cert_file: Option<PathBuf>,
    /// A directory of PEM files of certificate authorities that are trusted in place of the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ssl_cert_dir: Option<PathBuf>,
}

impl Route {
    /// Reads the environment of this process. Lower-case names go before upper-case ones, as with git and curl.
    pub fn from_environment() -> Route {
        let text =
            |names: &[&str]| names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()));
        let proxy = |names: &[&str]| text(names).map(Secret::new);
        // A web server that runs a program passes on a header `Proxy:` of its visitor under this name.
        let is_cgi = std::env::var_os("REQUEST_METHOD").is_some();
        Route {
            https_proxy: proxy(&["https_proxy", "HTTPS_PROXY"]),
            http_proxy: proxy(if is_cgi { &["http_proxy"] } else { &["http_proxy", "HTTP_PROXY"] }),
            all_proxy: proxy(&["all_proxy", "ALL_PROXY"]),
            no_proxy: text(&["no_proxy", "NO_PROXY"]),
            ssl_cert_file: text(&["SSL_CERT_FILE"]).map(PathBuf::from),
            ssl_cert_dir: text(&["SSL_CERT_DIR"]).map(PathBuf::from),
        }
    }

    /// Whether certificate authorities other than the system's are to be trusted.
    pub fn has_authorities(&self) -> bool {
        self.ssl_cert_file.is_some() || self.ssl_cert_dir.is_some()
    }

    /// This route with `proxy` for every server, or without any proxy if it is `None`.
    pub fn through(&self, proxy: Option<&Secret>) -> Route {
        Route {
            https_proxy: None,
            http_proxy: None,
            all_proxy: proxy.cloned(),
            no_proxy: None,
            ssl_cert_file: self.ssl_cert_file.clone(),
            ssl_cert_dir: self.ssl_cert_dir.clone(),
        }
    }
}

impl PartialEq for Route {
    fn eq(&self, other: &Route) -> bool {
        let same = |one: &Option<Secret>, two: &Option<Secret>| match (one, two) {
            (Some(one), Some(two)) => one.matches(two),
            (one, two) => one.is_none() && two.is_none(),
        };
        same(&self.https_proxy, &other.https_proxy)
            && same(&self.http_proxy, &other.http_proxy)
            && same(&self.all_proxy, &other.all_proxy)
            && self.no_proxy == other.no_proxy
            && (&self.ssl_cert_file, &self.ssl_cert_dir) == (&other.ssl_cert_file, &other.ssl_cert_dir)
    }
}
