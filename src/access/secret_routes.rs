//! Routes of known APIs whose answers are secrets. A call that fits one takes the right to see secrets; a line too many
//! asks for too much, a line too few gives a secret away.

use std::sync::LazyLock;

use super::path_template::PathTemplate;

/// A line of the list.
struct Route {
    begins: Begins,
    path: PathTemplate,
    when: When,
}

/// Where in a path a route may begin.
enum Begins {
    /// After any number of parts.
    Anywhere,
    /// At the beginning.
    First,
    /// After this part and any number of parts that follow it.
    Behind(&'static str),
}

static ROUTES: LazyLock<Vec<Route>> =
    LazyLock::new(|| lines().filter_map(|(path, when)| Route::parse(path, when)).collect());

/// The lines of the list: a path, and in which calls its answer is a secret.
fn lines() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = include_str!("secret_routes.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').unwrap_or((line, "")))
}

/// In which calls the answer of a route is a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// When it is read.
    Reads,
    /// When something is made or changed there.
    Writes,
    /// In both.
    All,
    /// Always, also when something is ended there.
    Ends,
}

/// Whether the list has a path of these parts whose answer is a secret in such a call.
pub(super) fn is_listed(when: When, parts: &[&str]) -> bool {
    ROUTES.iter().any(|route| route.when.covers(when) && route.is_in(parts))
}

impl Route {
    fn parse(path: &'static str, when: &str) -> Option<Route> {
        let (begins, path) = match (path.strip_prefix('^'), path.split_once("/.../")) {
            (Some(path), _) => (Begins::First, path),
            (None, Some((first, path))) => (Begins::Behind(first.trim_start_matches('/')), path),
            (None, None) => (Begins::Anywhere, path),
        };
        Some(Route { begins, path: PathTemplate::parse(path), when: When::from_name(when)? })
    }

    fn is_in(&self, parts: &[&str]) -> bool {
        let first = match self.begins {
            Begins::First => return self.path.fits(parts),
            Begins::Anywhere => Some(0),
            Begins::Behind(first) => parts.iter().position(|part| *part == first).map(|at| at + 1),
        };
        let Some(first) = first else { return false };
        let last = match self.begins {
            Begins::Behind(_) if is_of_an_api(&parts[..first]) => {
                // What stands there is no mount, and behind it there are no namespaces.
                if parts.get(first).is_some_and(|part| NO_MOUNTS.contains(part)) {
                    return false;
                }
                first
            }
            _ => parts.len(),
        };
        (first..=last).any(|at| parts.get(at..).is_some_and(|rest| self.path.fits(rest)))
    }
}

/// What follows a version in the APIs of Kubernetes, Prometheus and Gitea, and has names behind it that are also words
/// of Vault's: a repository `data`, a label `code`.
const NO_MOUNTS: &[&str] = &["label", "namespaces", "nodes", "orgs", "persistentvolumes", "repos", "users"];

/// Whether the version at the end is one of an API below `/api` or `/apis/GROUP`, which Vault's never is unless
/// somebody has put it there.
fn is_of_an_api(parts: &[&str]) -> bool {
    matches!(parts, [.., "api", _] | [.., "apis", _, _])
}

impl When {
    fn from_name(name: &str) -> Option<When> {
        match name {
            "reads" => Some(When::Reads),
            "writes" => Some(When::Writes),
            "all" => Some(When::All),
            "ends" => Some(When::Ends),
            _ => None,
        }
    }

    fn covers(self, when: When) -> bool {
        self == when || self == When::Ends || self == When::All && when != When::Ends
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reveals(method: &str, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        is_listed(if method == "GET" { When::Reads } else { When::Writes }, &parts)
    }

    #[test]
    fn every_line_of_the_list_is_read() {
        assert_eq!(ROUTES.len(), lines().count());
    }

    #[test]
    fn what_a_server_hands_out_it_hands_out_below_any_path() {
        for (path, when) in lines() {
            let route = path.replace("{path:path}", "a/b").replace(":path", "").to_lowercase();
            let method = if when == "writes" { "POST" } else { "GET" };
            let belows: &[&str] = if route.starts_with('^') { &[""] } else { &["", "/gitlab", "/k8s/clusters/x"] };
            // Namespaces, and mounts with a slash in their name.
            let insides: &[&str] = if route.contains("/.../") { &["", "/ns1", "/ns1/team"] } else { &[""] };
            for (below, inside) in belows.iter().flat_map(|below| insides.iter().map(move |inside| (below, inside))) {
                let path = format!("{below}{}", route.trim_start_matches('^').replace("/...", inside));
                assert!(reveals(method, &path), "{method} {path}");
            }
        }
        for path in ["/v1/admin/secret/data/db", "/v1/admin/database/creds/reader", "/v1/team/transit/backup/k"] {
            assert!(reveals("GET", path), "{path}");
        }
        assert!(reveals("POST", "/v1/admin/pki/issue/web"));
        assert!(reveals("POST", "/v1/ldap/library/a/b/check-out"));
    }

    #[test]
    fn what_stores_of_secrets_keep_is_known_wherever_a_vendor_put_it() {
        for path in [
            "/v1/transit/backup/k",
            "/v1/transit/export/encryption-key/k",
            "/v1/ldap/static-cred/r",
            "/v1/identity/oidc/client/c",
            "/v1/projects/p/secrets/s/versions/latest:access",
            "/v1/projects/p/locations/l/secrets/s/versions/1:access",
            "/v2/projects/p/locations/global/keys/k/keystring",
            "/secrets/db",
            "/secrets/db/0123",
            "/swarm",
            "/v1.43/swarm",
            "/api/endpoints/1/docker/v1.43/swarm",
            "/v1.43/swarm/unlockkey",
            "/v3/clusterregistrationtokens",
            "/v1/secrets/default/db",
            "/k8s/clusters/c/v1/secrets/default/db",
            "/v2/kubernetes/clusters/c/kubeconfig",
            "/computer/box/jenkins-agent.jnlp",
            "/jwt/auth",
            "/admin/realms/r/clients/c",
            "/2010-04-01/accounts/a",
        ] {
            assert!(reveals("GET", path), "{path}");
        }
        for path in [
            "/v1/ad/library/set/check-out",
            "/v1/projects/p/locations/l/keyrings/r/cryptokeys/k:decrypt",
            "/subscriptions/s/resourcegroups/g/providers/microsoft.web/sites/a/config/appsettings/list",
            "/subscriptions/s/namedvalues/n/listvalue",
            "/scripttext",
        ] {
            assert!(reveals("POST", path), "{path}");
        }
        for path in [
            "/repos/acme/app/actions/secrets/db",
            "/repos/acme/swarm",
            "/repos/acme/kubeconfig",
            "/v1/projects/p/secrets/s/versions/latest",
            "/v1/projects/p/secrets",
            "/api/v1/namespaces/n/configmaps/c",
            "/v1.43/containers/json",
            "/computer/box/api/json",
        ] {
            assert!(!reveals("GET", path), "{path}");
        }
    }

    #[test]
    fn names_in_other_apis_are_no_mounts() {
        for path in [
            "/api/v1/label/code/values",
            "/loki/api/v1/label/code/values",
            "/api/v1/namespaces/data/pods",
            "/api/v1/namespaces/kv/pods",
            "/api/v1/namespaces/backup/pods",
            "/api/v1/namespaces/prod/pods/backup/log",
            "/apis/apps/v1/namespaces/data/deployments",
            "/api/v1/orgs/data/repos",
            "/api/v1/users/kv/repos",
        ] {
            assert!(!reveals("GET", path), "{path}");
        }
        assert!(!reveals("POST", "/api/v1/namespaces/auth/pods"));
        // Somebody may have put Vault below it.
        assert!(reveals("GET", "/api/v1/secret/data/db"));
    }
}
