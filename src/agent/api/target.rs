//! Where a call and its redirects may go. A URL is taken only in a spelling that all servers read alike, and a redirect
//! is followed neither to where somebody could listen nor to an address of this machine's own network, which the server
//! that named it may not be able to reach itself.

use url::Url;

use super::near::is_near;
use crate::agent::call::caller::Caller;
use crate::agent::fault;
use crate::agent::upstream::Upstream;
use crate::base::{Endpoint, ServerUrl, UrlPath};
use crate::wire::{Fault, reason};

/// Where a call goes: a URL at or below a server, in a spelling that every server reads in the same way.
pub(crate) struct Target {
    pub(crate) server: ServerUrl,
    pub(crate) url: Url,
}

impl Target {
    /// `path` lies below the server, or is a whole URL that does.
    pub(crate) fn new(
        upstream: &Upstream,
        caller: &mut Caller<'_>,
        named: Option<ServerUrl>,
        user: Option<&str>,
        path: &str,
    ) -> Result<Target, Fault> {
        let (server, text) = match path.split_once("://") {
            Some((scheme, rest)) if !path.starts_with('/') => {
                let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
                let origin = ServerUrl::parse(&format!("{scheme}://{}", &rest[..end]))
                    .map_err(|error| fault::from_server_url(path, &error))?;
                let server =
                    caller.server(upstream.network.settings(), Some(named.unwrap_or_else(|| origin.clone())), user)?;
                (server, format!("{origin}{}", &rest[end..]))
            }
            _ => {
                let server = caller.server(upstream.network.settings(), named, user)?;
                let slash = if path.starts_with('/') { "" } else { "/" };
                let text = server.endpoint(&format!("{slash}{path}"));
                (server, text)
            }
        };
        Target::at(server, &text)
    }

    /// This URL, as it is written, at or below this server.
    pub(crate) fn at(server: ServerUrl, text: &str) -> Result<Target, Fault> {
        // What the parser folds or encodes, servers may fold otherwise.
        let url = Url::parse(text).ok().filter(|url| url.as_str() == text && url.fragment().is_none());
        let url = url.filter(is_plain);
        let url = url.ok_or(reason::Api::OddPath)?;
        if lies_below(&server, &url) { Ok(Target { server, url }) } else { Err(fault::api_elsewhere(&server)) }
    }

    /// Its path as that server has it, which it lies below.
    pub(crate) fn below(&self, server: &ServerUrl) -> &str {
        self.url.path().strip_prefix(server.path()).unwrap_or(self.url.path())
    }
}

/// Whether this is the server, or lies below its path for whoever reads it.
pub(crate) fn lies_below(server: &ServerUrl, url: &Url) -> bool {
    server.is_origin_of(url) && UrlPath::parse(url.path()).is_ok_and(|path| server.covers_path(&path))
}

/// Whether its path is one that every server reads as the same call.
fn is_plain(url: &Url) -> bool {
    UrlPath::parse(url.path()).is_ok_and(|path| path.is_plain())
}

/// The server of a URL.
pub(crate) fn origin(url: &Url) -> Option<ServerUrl> {
    ServerUrl::parse(&url.origin().ascii_serialization()).ok()
}

/// Where a redirect leads, if it may be followed: at the same origin, or elsewhere if nobody can listen on the way
/// there, and if it is no address of this machine or its network, unless that is where it comes from.
pub(crate) fn redirected(from: &Url, location: &str) -> Option<Url> {
    let mut to = from.join(location).ok().filter(is_plain)?;
    to.set_fragment(None);
    if to.origin() == from.origin() {
        return Some(to).filter(|to| to.username().is_empty() && to.password().is_none());
    }
    if is_near(&to) && !is_near(from) {
        return None;
    }
    let named = match Endpoint::parse(from.as_str()) {
        Ok(from) => from.named_by(to.as_str()).ok()?,
        Err(_) => Endpoint::parse(to.as_str()).ok().filter(|to| to.url().scheme() == "https")?,
    };
    Some(named.url().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_what_lies_below_its_path_and_nothing_else() {
        let below = |server: &str, url: &str| lies_below(&ServerUrl::parse(server).unwrap(), &Url::parse(url).unwrap());
        assert!(
            below("https://a.example", "https://a.example/x")
                && below("https://a.example/org", "https://a.example/org?x")
        );
        assert!(below("https://a.example/org", "https://a.example/org/repo"));
        for other in [
            "https://a.example/org-evil",
            "https://a.example/",
            "http://a.example/org",
            "https://a.example:8443/org",
            "https://a.example.evil.example/org",
            "https://a.example/org/..%2fmallory",
            "https://a.example/org/%252e%252e/mallory",
            "https://a.example/org/..;/mallory",
            "https://a.example/org/x%2f..%5c..%2fmallory",
            "https://a.example/org//mallory",
        ] {
            assert!(!below("https://a.example/org", other), "{other}");
        }
    }

    #[test]
    fn a_redirect_leads_nowhere_in_clear_and_not_to_this_machine() {
        let followed = |from: &str, to: &str| redirected(&Url::parse(from).unwrap(), to).map(String::from);
        assert_eq!(followed("https://a.example/x/y", "z#f").as_deref(), Some("https://a.example/x/z"));
        assert_eq!(followed("https://a.example/x", "https://b.example/y").as_deref(), Some("https://b.example/y"));
        assert_eq!(followed("http://dev.example/x", "/y").as_deref(), Some("http://dev.example/y"));
        assert!(followed("http://127.0.0.1:1/x", "http://127.0.0.1:2/y").is_some());
        for to in [
            "http://b.example/",
            "http://127.0.0.1/",
            "http://localhost/",
            "file:///etc/passwd",
            "https://u:p@b.example/",
            "https://u@a.example/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "https://127.1/",
            "https://localhost/",
            "https://localhost./",
            "https://x.localhost/",
            "https://router/",
            "https://192.0.0.170/",
            "https://198.18.0.1/",
            "https://239.1.1.1/",
            "https://240.0.0.1/",
            "https://10.0.0.1/",
            "https://192.168.1.1/",
            "https://169.254.169.254/latest",
            "https://[fd00::1]/",
            "https://[fe80::1]/",
            "//10.0.0.1/",
            "https://100.64.0.1/",
            "https://100.127.255.254/",
            "https://0.1.2.3/",
            "https://[::10.0.0.1]/",
            "https://[64:ff9b::127.0.0.1]/",
            "https://[64:ff9b::10.0.0.1]/",
            "https://[64:ff9b:1::a00:1]/",
            "https://[2002:a00:1::1]/",
            "https://[2002:7f00:1::]/",
            "https://[::ffff:0:10.0.0.1]/",
            "/org/..%2fmallory",
            "/org/x%250ay",
            "https://b.example/..%2f",
        ] {
            assert_eq!(followed("https://a.example/x", to), None, "{to}");
        }
        assert_eq!(followed("http://dev.example/x", "http://127.0.0.1/"), None);
        for to in ["https://100.128.0.1/", "https://[64:ff9b::808:808]/", "https://[2002:808:808::1]/"] {
            assert!(followed("https://a.example/x", to).is_some(), "{to}");
        }
    }
}
