//! Where a request goes. Its host, the authority of its URL and the first part of its path may each name a server;
//! those that do have to name the same one, and it has to be one of the grants.

use http::{HeaderMap, Uri};

use super::client::Way;
use crate::base::ServerUrl;

/// Where a request goes, and how its client says that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The server, without a path.
    pub(super) server: ServerUrl,
    /// The path there with its query, as it was written.
    pub(super) path: String,
    /// The URL that stands for the server's origin with this client.
    pub(super) base: String,
}

/// The name that does not lead to one server, as it was written.
pub(super) struct Lost(pub(super) String);

/// Names of the one who asks: there the first part of the path is the server.
const HERE: [&str; 3] = ["localhost", "127.0.0.1", "[::1]"];

/// Whether a request that came over the agent's own port was sent to a name of this machine's, and not by a page of
/// another site: else a page could find out what listens, and have a person asked for a password.
pub(super) fn is_from_here(host: Option<&str>, headers: &HeaderMap) -> bool {
    let is_here = |host: &str| {
        let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
        HERE.contains(&name.map_or(host, |(name, _)| name).to_ascii_lowercase().as_str())
    };
    let told = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    let is_own_page = |origin: &str| origin.strip_prefix("http://").is_some_and(is_here);
    host.is_some_and(is_here)
        && told("origin").is_none_or(is_own_page)
        && told("sec-fetch-site").is_none_or(|site| matches!(site, "none" | "same-origin"))
}

/// Where a request to this host and URL goes; `server` says which of the granted servers a name means.
pub(super) fn find(
    host: Option<&str>,
    uri: &Uri,
    way: &Way,
    server: impl Fn(&str) -> Option<ServerUrl>,
) -> Result<Place, Lost> {
    let host = host.map(str::to_ascii_lowercase).ok_or_else(|| Lost(String::new()))?;
    let lost = |name: &str| Lost(name.chars().take(300).collect());
    let path = uri.path_and_query().map(|path| path.as_str()).filter(|path| path.starts_with('/'));
    let path = path.ok_or_else(|| lost(&host))?;
    let (first, rest) = split_first(path);
    match (uri.authority(), way) {
        (Some(_), Way::Door(_)) => Err(lost(&host)),
        (Some(named), Way::Socket { .. } | Way::Port(_)) => {
            // A whole URL, as a client sends it to a proxy.
            let is_same = named.as_str() == host && uri.scheme_str() == Some("http") && is_only(way, &host);
            let server = server(&host).filter(|_| is_same).ok_or_else(|| lost(&host))?;
            Ok(Place { server, path: path.to_owned(), base: format!("http://{host}") })
        }
        (None, Way::Door(door)) => {
            let server = server(first).ok_or_else(|| lost(first))?;
            Ok(Place { base: format!("{door}/{first}"), server, path: rest.to_owned() })
        }
        (None, Way::Socket { .. }) if let Some(named) = server(&host) => {
            let agrees = server(first).is_none_or(|other| other == named) && is_only(way, &host);
            let path = path.to_owned();
            if agrees { Ok(Place { server: named, path, base: format!("http://{host}") }) } else { Err(lost(&host)) }
        }
        (None, Way::Socket { .. } | Way::Port(_)) => {
            let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
            let is_here = HERE.contains(&name.map_or(host.as_str(), |(name, _)| name)) && is_only(way, &host);
            if !is_here {
                return Err(lost(&host));
            }
            let server = server(first).ok_or_else(|| lost(first))?;
            Ok(Place { base: format!("http://{host}/{first}"), server, path: rest.to_owned() })
        }
    }
}

/// Which server of the grants a name means, with its port where that is not the usual one; https goes before http.
pub(super) fn named(name: &str, is_granted: impl Fn(&ServerUrl) -> bool) -> Option<ServerUrl> {
    ["https", "http"].into_iter().find_map(|scheme| {
        let text = format!("{scheme}://{name}");
        // In its one spelling, and nothing but a server.
        ServerUrl::parse(&text).ok().filter(|server| server.to_string() == text && is_granted(server))
    })
}

/// Whether the client has not said that it goes elsewhere.
fn is_only(way: &Way, host: &str) -> bool {
    match way {
        Way::Socket { only: Some(only) } => only == host,
        Way::Socket { only: None } | Way::Port(_) | Way::Door(_) => true,
    }
}

/// The first part of a path, and the path behind it.
fn split_first(path: &str) -> (&str, &str) {
    let inner = &path[1..];
    let end = inner.find(['/', '?']).unwrap_or(inner.len());
    let rest = &inner[end..];
    (&inner[..end], if rest.is_empty() { "/" } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn found(way: &Way, host: &str, uri: &str) -> Option<String> {
        let granted = ["https://git.example", "https://api.example:8443", "http://127.0.0.1:9"];
        let server = |name: &str| named(name, |server| granted.contains(&server.to_string().as_str()));
        let place = find(Some(host), &uri.parse().unwrap(), way, server).ok()?;
        Some(format!("{}{} {}", place.server, place.path, place.base))
    }

    #[test]
    fn a_page_of_another_site_is_told_nothing() {
        let is_from_here = |host: &str, more: &[(&'static str, &str)]| {
            let headers = more.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
            is_from_here(Some(host), &headers)
        };
        for host in ["localhost:7", "127.0.0.1:7", "[::1]:7", "localhost"] {
            assert!(is_from_here(host, &[]), "{host}");
        }
        assert!(is_from_here("localhost:7", &[("origin", "http://localhost:9"), ("sec-fetch-site", "same-origin")]));
        assert!(!is_from_here("rebound.example:7", &[]));
        for odd in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            assert!(!is_from_here("localhost:7", &[odd]), "{odd:?}");
        }
    }

    #[test]
    fn a_request_names_one_server_of_the_grants_or_none() {
        let (socket, port) = (Way::Socket { only: None }, Way::Port(Secret::new("t".into())));
        let door = Way::Door("https://door.example/via".into());
        let says = |text: &str| Some(text.to_owned());
        for way in [&socket, &port] {
            let here = says("https://git.example/org/app?x http://127.0.0.1:7/git.example");
            assert_eq!(found(way, "127.0.0.1:7", "/git.example/org/app?x"), here);
            assert_eq!(
                found(way, "localhost", "/git.example"),
                says("https://git.example/ http://localhost/git.example")
            );
            let whole = says("https://git.example/x http://git.example");
            assert_eq!(found(way, "git.example", "http://git.example/x"), whole);
            for (host, uri) in [
                ("evil.example", "/git.example/x"),
                ("localhost", "/evil.example/x"),
                ("localhost", "/GIT.example/x"),
                ("localhost", "/git.example:443/x"),
                ("localhost", "/git%2eexample/x"),
                ("localhost", "/u@git.example/x"),
                ("localhost", "http://git.example/x"),
                ("git.example", "http://api.example:8443/x"),
                ("git.example", "http://u@git.example/x"),
                ("git.example", "https://git.example/x"),
                ("git.example", "ftp://git.example/x"),
                ("localhost", "//git.example/x"),
                ("localhost", "*"),
            ] {
                assert_eq!(found(way, host, uri), None, "{host} {uri}");
            }
        }
        assert_eq!(found(&socket, "Git.Example", "/x"), says("https://git.example/x http://git.example"));
        assert_eq!(found(&socket, "git.example", "/api.example:8443/x"), None, "two servers");
        assert_eq!(found(&port, "git.example", "/x"), None, "a web page could name it");
        let via = says("https://git.example/x https://door.example/via/git.example");
        assert_eq!(found(&door, "door.example", "/git.example/x"), via);
        let only = Way::Socket { only: Some("git.example".into()) };
        assert!(found(&only, "git.example", "/x").is_some());
        assert_eq!(found(&only, "api.example:8443", "/x"), None);
        assert_eq!(found(&only, "localhost", "/git.example/x"), None);
    }
}
