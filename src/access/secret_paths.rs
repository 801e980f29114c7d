//! Which calls answer with a secret: a new key or token, or one that the server keeps. Who gets it needs the server's
//! own login no more, so no scope is enough for that.

use super::secret_routes::{When, is_listed};

/// If a part of a path ends with one of these it names things that open something. Whoever makes or changes one may be
/// shown it.
const OPENERS: &[&str] = &[
    "key",
    "keys",
    "token",
    "tokens",
    "secret",
    "secret-id",
    "secret-ids",
    "password",
    "passwords",
    "passwd",
    "credential",
    "credentials",
    "creds",
    "jitconfig",
    "authorizations",
    "signjwt",
    "signblob",
    "token-exchange",
    "kubeconfig",
];

/// A path whose last part is one of these is a way to sign in. Whoever writes to it may be given a secret.
const WAYS_IN: &[&str] =
    &["login", "signin", "sign-in", "log-in", "authenticate", "authentication", "session", "sessions"];

/// If the last part of a path is one of these, reading it gives a secret.
const READ: &[&str] = &[
    "token",
    "access-token",
    "access_token",
    "accesstoken",
    "id-token",
    "registration-token",
    "remove-token",
    "registration_token",
    "secret",
    "client-secret",
    "client_secret",
    "password",
    "credentials",
    "creds",
    "api-key",
    "api_key",
    "apikey",
    "private-key",
    "secret-key",
    "service-account-token",
];

/// What follows the name of a repository in the APIs of GitHub, Gitea and Forgejo.
const OF_REPOSITORIES: &[&str] = &[
    "actions",
    "branches",
    "check-runs",
    "check-suites",
    "collaborators",
    "comments",
    "commits",
    "contents",
    "deployments",
    "dispatches",
    "forks",
    "git",
    "hooks",
    "issues",
    "keys",
    "labels",
    "media",
    "merges",
    "milestones",
    "pages",
    "pulls",
    "raw",
    "releases",
    "statuses",
    "tags",
    "topics",
];

/// Of [`OF_REPOSITORIES`], those that a path to a file follows.
const FILES: &[&str] = &["contents", "media", "raw"];

/// Whether the answer to a call may be a secret. The parts of its path are as the most lenient server reads them.
pub(super) fn may_answer_with_a_secret(method: &str, parts: &[&str]) -> bool {
    let mut parts = without_chosen_names(parts);
    parts.iter_mut().rev().take(1).for_each(|last| *last = without_format(last));
    let last = parts.last().copied().unwrap_or_default();
    let (when, by_name) = match method {
        "GET" | "HEAD" => (When::Reads, READ.contains(&last)),
        // Ending one hands out nothing, but where the list says so.
        "DELETE" => (When::Ends, false),
        "OPTIONS" => return false,
        _ => (When::Writes, parts.iter().any(|part| names_an_opener(part)) || WAYS_IN.contains(&last)),
    };
    by_name || is_listed(when, &parts)
}

/// The path without names that people chose: of a repository, its owner and its files, as GitHub, Gitea and Forgejo
/// have them. Other paths stay as they are: a chosen name there may stand before one that is not.
fn without_chosen_names<'a>(parts: &[&'a str]) -> Vec<&'a str> {
    let mut known = parts.to_vec();
    let at = match parts {
        ["repos", _, _, about, ..] if OF_REPOSITORIES.contains(about) => 0,
        ["api", "v1" | "v3", "repos", _, _, about, ..] if OF_REPOSITORIES.contains(about) => 2,
        _ => return known,
    };
    known[at + 1..at + 3].fill("");
    if FILES.contains(&parts[at + 3]) {
        known.truncate(at + 4);
    }
    known
}

fn names_an_opener(part: &str) -> bool {
    OPENERS.iter().any(|opener| without_format(part).ends_with(opener))
}

/// The part without a format such as `.json`, which some servers take from the end of a path.
fn without_format(part: &str) -> &str {
    let formats = [".json", ".xml", ".yaml", ".yml", ".html", ".txt", ".csv"];
    formats.iter().find_map(|format| part.strip_suffix(format)).unwrap_or(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reveals(method: &str, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        may_answer_with_a_secret(method, &parts)
    }

    #[test]
    fn what_well_known_servers_hand_out_is_known() {
        for path in [
            // GitHub
            "/app/installations/1/access_tokens",
            "/repos/acme/app/actions/runners/registration-token",
            "/orgs/acme/actions/runners/remove-token",
            "/orgs/acme/actions/runners/generate-jitconfig",
            "/repos/acme/app/keys",
            "/user/keys",
            "/user/gpg_keys",
            "/applications/c/token/scoped",
            "/authorizations",
            "/app-manifests/c/conversions",
            "/login/oauth/access_token",
            "/graphql",
            // GitLab
            "/api/v4/users/1/personal_access_tokens",
            "/api/v4/personal_access_tokens/self/rotate",
            "/api/v4/projects/1/access_tokens",
            "/api/v4/projects/1/deploy_tokens",
            "/api/v4/projects/acme/app/triggers",
            "/api/v4/users/1/impersonation_tokens",
            "/api/v4/runners/reset_registration_token",
            "/api/v4/user/runners",
            "/api/v4/applications",
            "/api/v4/applications/1/renew-secret",
            "/api/graphql",
            // Gitea, Bitbucket
            "/api/v1/users/me/tokens",
            "/api/v1/user/applications/oauth2",
            "/rest/access-tokens/1.0/users/me",
            "/rest/access-tokens/1.0/projects/A/repos/b",
            "/2.0/repositories/a/b/deploy-keys",
            // Vault, OAuth, Loki, others
            "/v1/auth/token/create",
            "/v1/auth/userpass/login/me",
            "/v1/auth/approle/role/r/secret-id",
            "/v1/auth/kubernetes/login",
            "/oauth/token",
            "/oauth2/token",
            "/api/enterprise/tokens",
            "/api/v2/api-keys",
            "/api/v2/api-keys/1/rotate",
            "/api/v1/namespaces/n/serviceaccounts/s/token",
            "/-/npm/v1/tokens",
            "/-/user/org.couchdb.user:me",
            "/v2/users/login",
            "/api/auth/keys",
            "/v1/projects/-/serviceaccounts/s@p.example:generateaccesstoken",
            "/v1.0/applications/1/addpassword",
            "/v1.0/$batch",
            "/api/v4/projects/1/access_tokens.json",
            // A name that somebody chose does not hide what follows it.
            "/api/v4/projects/acme/repos/access_tokens",
            "/api/v4/projects/repos/acme/access_tokens/issues",
            "/api/v4/projects/repository/files/access_tokens",
            "/repos/7/tokens",
            "/repos/7/tokens/rotate",
            "/x/repos/keys/issues",
            "/repos/acme/issues/keys",
        ] {
            for method in ["POST", "PUT", "PATCH", "MINT"] {
                assert!(reveals(method, path), "{method} {path}");
            }
            assert!(!reveals("DELETE", path), "{path}");
        }
        for path in [
            "/v1/secret/data/db",
            "/v1/kv/db",
            "/v1/apps/data/db",
            "/v1/database/creds/reader",
            "/v1/totp/code/me",
            "/v1/gcp/roleset/r/key",
            "/v1/auth/oidc/oidc/callback",
            "/v1/acl/token/1",
            "/api/v1/orgs/acme/actions/runners/registration-token",
            "/api/v1/namespaces/n/secrets/s",
            "/api/v4/projects/1/variables",
            "/token",
            "/api/v1/api_key",
            "/admin/realms/r/clients/c/client-secret",
        ] {
            assert!(reveals("GET", path), "{path}");
            assert!(reveals("HEAD", path), "{path}");
        }
    }

    #[test]
    fn one_of_a_list_that_is_a_secret_is_one_too_with_the_rest_of_its_kind() {
        for path in [
            "/api/v4/projects/1/variables/deploy_pw",
            "/api/v4/projects/acme/app/variables/deploy_pw",
            "/api/v4/groups/acme/variables/deploy_pw",
            "/api/v4/admin/ci/variables/deploy_pw",
            "/api/v4/projects/1/triggers/5",
            "/api/v4/projects/1/pipeline_schedules/5",
            "/api/v4/application/settings",
            "/v1/var/nomad/jobs/web",
            "/api/v1/namespaces/n/secrets/s",
        ] {
            for method in ["GET", "PUT", "PATCH"] {
                assert!(reveals(method, path), "{method} {path}");
            }
        }
        for path in [
            "/api/v4/projects/1/pipelines/7/variables",
            "/api/v4/projects/1/secure_files/3/download",
            "/v1/agent/connect/ca/leaf/web",
            "/v1/operator/keyring",
            "/v1/snapshot",
            "/api/v1/watch/secrets",
            "/api/v1/watch/namespaces/n/secrets",
            "/api/v1/watch/namespaces/n/secrets/s",
        ] {
            assert!(reveals("GET", path), "{path}");
        }
        // What was there is the answer.
        assert!(
            reveals("DELETE", "/api/v1/namespaces/n/secrets") && !reveals("DELETE", "/api/v4/admin/ci/variables/k")
        );
        for path in ["/api/v4/projects/1/issues/5", "/api/v1/namespaces/n/pods/secrets", "/v1/vars", "/v1/agent/self"] {
            assert!(!reveals("GET", path), "{path}");
        }
    }

    #[test]
    fn the_format_of_an_answer_at_the_end_of_a_path_hides_nothing() {
        assert!(reveals("GET", "/api/v4/projects/1/variables.json"));
        assert!(reveals("PUT", "/api/v4/projects/1/triggers.xml"));
        assert!(reveals("GET", "/api/v1/secrets.yaml"));
    }

    #[test]
    fn what_people_named_so_and_lists_are_no_secrets() {
        for path in [
            "/user/keys",
            "/api/v2/api-keys",
            "/api/enterprise/tokens",
            "/repos/acme/app/contents/src/token",
            "/api/secrets/status",
            "/api/status",
            "/v1/models",
            "/v1/models/databases",
            "/api/v1/repos/acme/app/raw/data/x",
            "/api/v1/repos/acme/app/media/data/x",
        ] {
            assert!(!reveals("GET", path), "{path}");
        }
        for path in [
            "/repos/acme/tokens/issues",
            "/repos/acme/design-tokens/pulls",
            "/api/v1/repos/acme/monkey/issues",
            "/repos/acme/app/contents/src/token",
            "/repos/acme/app/issues",
            "/api/tasks",
            "/api/session/model",
            "/api/notifications/triggers",
            "/repos/acme/app/contents/keycloak",
        ] {
            assert!(!reveals("POST", path), "{path}");
        }
    }
}
