//! A registry's names: docker's helpers are told its host, and older programs name it with a scheme and the path of its
//! API. The hub, which is meant where docker is told none, has three names: its host, as podman says it, the URL of an
//! index that exists no more, and the host of its API.

use super::url::Place;

/// The place that is meant, without the path of an API; `None` where it is none.
pub(super) fn place(named: &str) -> Option<Place> {
    let place = Place::parse(named)?;
    let (version, below) = place.path().split_once('/').unwrap_or((place.path(), ""));
    // Without a scheme it is a repository, whose name may begin like an API.
    let is_api = matches!(version, "v1" | "v2") && (below.is_empty() || named.contains("://"));
    if !is_api {
        return Some(place);
    }
    let (below, hub) = (below.to_owned(), hub());
    let is_index = version == "v1" && place.host().strip_prefix("index.") == Some(&hub);
    let place = place.with_path(&below);
    Some(match (is_index, below.is_empty()) {
        (false, _) => place,
        (true, true) => place.with_host(&hub),
        // Docker keeps a token and what renews it there: neither is the password of the registry.
        (true, false) => place.with_host(&hub).exactly(),
    })
}

/// The name of a registry in docker's settings: its host, and for the hub the URL of the index.
pub fn name_in_settings(host: &str) -> String {
    match host.strip_suffix(&hub()) {
        Some("" | "index." | "registry-1.") => index(""),
        _ => host.to_owned(),
    }
}

/// The name of what is kept for a URL, by which docker asks for it.
pub(super) fn name_of_url(url: &str) -> String {
    let server = url.split_once("://").map_or(url, |(_, rest)| rest).trim_end_matches('/');
    let (host, path) = server.split_once('/').unwrap_or((server, ""));
    if host == hub() { index(path) } else { server.to_owned() }
}

fn hub() -> String {
    ["docker", "io"].join(".")
}

fn index(path: &str) -> String {
    format!("https://index.{}/v1/{path}", hub())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_of_the_hub_is_the_hub() {
        assert_eq!(place(&index("")).unwrap().host(), hub());
    }

    #[test]
    fn another_host_that_begins_with_index_is_that_host() {
        assert_eq!(place("https://index.corp.example/v1/").unwrap().host(), "index.corp.example");
    }

    #[test]
    fn the_hub_is_named_by_its_index_in_settings() {
        for prefix in ["", "index.", "registry-1."] {
            assert_eq!(name_in_settings(&format!("{prefix}{}", hub())), index(""));
        }
    }

    #[test]
    fn any_other_registry_is_named_by_its_host() {
        assert_eq!(name_in_settings("index.example:5000"), "index.example:5000");
    }

    #[test]
    fn a_repository_may_be_called_as_an_api_is() {
        assert_eq!(place("registry.example/v2/tool").unwrap().path(), "v2/tool");
    }

    #[test]
    fn a_token_of_the_hub_is_not_its_password() {
        let wanted = place(&index("refresh-token")).unwrap().credentials(None).remove(0);
        assert_eq!((wanted.exact, wanted.path.as_deref()), (true, Some("refresh-token")));
    }

    #[test]
    fn the_hub_is_listed_by_its_index() {
        assert_eq!(name_of_url(&format!("https://{}", hub())), index(""));
    }
}
