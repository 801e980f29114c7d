//! Which scope a call to a server's API takes, by method and path. Loki's API has a table; for everything else a
//! careful guess is made, and of all ways in which servers may read a path the one counts that needs most.

use std::sync::LazyLock;

use super::path_template::PathTemplate;
use super::secret_paths::may_answer_with_a_secret;
use crate::base::{Scope, lenient_segments};

/// What a caller needs to make a call of an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// The scope that the caller must have.
    pub scope: Scope,
    /// Whether the answer may be a secret of the server, which only a caller with the right to see secrets may get.
    pub reveals: bool,
    /// Whether the call stands in the table of Loki's API. If not, the need is a guess by the method.
    pub certain: bool,
}

/// A line of the table of Loki's API.
struct Route {
    path: PathTemplate,
    method: &'static str,
    scope: Scope,
}

static LOKI: LazyLock<Vec<Route>> = LazyLock::new(|| {
    let lines = include_str!("loki_routes.tsv").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.filter_map(Route::parse).collect()
});

/// At how many places of a path Loki's API is looked for.
const PLACES: usize = 16;

impl Need {
    /// The greater of both needs. Reading and auditing together need `audit`, any other two scopes that do not include
    /// one another need `*`.
    pub fn and(self, other: Need) -> Need {
        let scope = match (self.scope, other.scope) {
            (one, other) if one.includes(other) => one,
            (one, other) if other.includes(one) => other,
            // Reading is known of what an auditor reads; for all else no scope but one has both.
            (Scope::Audit, Scope::Read) | (Scope::Read, Scope::Audit) => Scope::Audit,
            _ => Scope::All,
        };
        Need { scope, reveals: self.reveals || other.reveals, certain: self.certain || other.certain }
    }
}

/// What a call with this method and path needs. A path of Loki's API needs what its table says, any other what the
/// method suggests. A call below `/api` that changes something and is not in the table needs everything, since a later
/// version of Loki may have it.
///
/// Servers differ in how they read a path: encoded letters, doubled slashes, capitals, parameters after `;`. All of
/// this is undone first, and `api` counts wherever it stands, so no spelling makes a call look smaller than it is.
pub fn needed(method: &str, path: &str) -> Need {
    let segments = segments(path);
    let parts: Vec<&str> = segments.iter().map(String::as_str).collect();
    let scope = if is_reading(method) { Scope::Read } else { Scope::Write };
    let by_method = Need { scope, reveals: false, certain: false };
    let need = listed(method, &parts).or_else(|| unlisted(method, &parts)).unwrap_or(by_method);
    // Loki's API may lie below something; what that is does not make a call of it smaller.
    let places = (1..parts.len()).filter(|at| parts[*at] == "api" && !is_a_repository(&parts[..*at])).take(PLACES);
    let below = places.filter_map(|at| {
        let unlisted = || unlisted(method, &parts[at..]).filter(|_| at == 1);
        listed(method, &parts[at..]).or_else(unlisted)
    });
    let need = below.fold(need, |need, other| need.and(by_method).and(other));
    Need { reveals: may_answer_with_a_secret(method, &parts), ..need }
}

/// What the table says of this path: of the routes that fit, the one that needs most. `None` if none fits.
fn listed(method: &str, parts: &[&str]) -> Option<Need> {
    let method = if is_reading(method) { "GET" } else { method };
    let fitting = LOKI.iter().filter(|route| route.method == method && route.path.open_after().is_none());
    let needs = fitting.filter(|route| route.path.fits(parts)).map(|route| route.need(true));
    needs.reduce(Need::and)
}

/// What the table says of paths that it does not list: of its lines that leave open what follows, the one that leaves
/// open least.
fn unlisted(method: &str, parts: &[&str]) -> Option<Need> {
    let method = if is_reading(method) { "GET" } else { method };
    let open = LOKI.iter().filter(|route| route.path.open_after().is_some() && [method, "any"].contains(&route.method));
    let fitting = open.filter(|route| route.path.fits(parts) && !is_anothers(parts));
    let narrowest = fitting.max_by_key(|route| (route.path.open_after(), route.method == method))?;
    Some(narrowest.need(narrowest.path.open_after() > Some(1)))
}

/// Whether this is the versioned API of another server, such as GitLab's `/api/v4` or Jira's `/rest/api/2`. Loki has
/// `/api/v2`.
fn is_anothers(parts: &[&str]) -> bool {
    let ["api", version, ..] = parts else { return false };
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    let named = version.strip_prefix('v').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    *version == "latest" || number(version) || named && *version != "v2"
}

/// Whether what follows is the name of a repository or its owner, as GitHub has them.
fn is_a_repository(before: &[&str]) -> bool {
    matches!(before, ["repos"] | ["repos", _] | ["api", "v1" | "v3", "repos"] | ["api", "v1" | "v3", "repos", _])
}

fn is_reading(method: &str) -> bool {
    matches!(method, "GET" | "HEAD" | "OPTIONS")
}

impl Route {
    fn parse(line: &'static str) -> Option<Route> {
        let mut columns = line.split('\t');
        let (path, method, scope) = (columns.next()?, columns.next()?, columns.next()?);
        Some(Route { path: PathTemplate::parse(path), method, scope: Scope::from_name(scope).ok()? })
    }

    fn need(&self, certain: bool) -> Need {
        Need { scope: self.scope, reveals: false, certain }
    }
}

/// The segments of a path as the most lenient server would read them.
fn segments(path: &str) -> Vec<String> {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let mut segments: Vec<String> = Vec::new();
    for segment in lenient_segments(path) {
        match segment.as_str() {
            "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name.to_lowercase()),
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The table, read once more: path, method, scope.
    fn table() -> Vec<(&'static str, &'static str, Scope)> {
        let lines = include_str!("loki_routes.tsv").lines().filter(|line| line.starts_with('/'));
        let row = |line: &'static str| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[0], columns[1], Scope::from_name(columns[2]).unwrap())
        };
        lines.map(row).collect()
    }

    /// A path of that shape.
    fn example(template: &str) -> String {
        let parts = template.split('/').map(|part| if part.starts_with('{') { "x7" } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    /// What the dashboard itself decides: each scope and those that it lists as granted by it.
    fn dashboard_lets(scopes: &[&str], needed: &str) -> bool {
        let granted = |scope: &str| match scope {
            "*" => vec!["*", "control", "write", "read", "audit", "admin"],
            "control" => vec!["control", "write", "read"],
            "write" => vec!["write", "read"],
            other => vec![if other == "audit" { "audit" } else { "read" }],
        };
        let needed = if needed == "*" { "admin" } else { needed };
        scopes.iter().any(|scope| granted(scope).contains(&needed))
    }

    #[test]
    fn every_route_takes_what_the_dashboard_asks_of_each_set_of_scopes() {
        let routes: Vec<_> =
            table().into_iter().filter(|(path, method, _)| *method != "any" && !path.contains(":path")).collect();
        assert!(routes.len() > 215, "{}", routes.len());
        for (template, method, scope) in routes {
            let path = example(template);
            let need = needed(method, &path);
            for set in 0..32_u32 {
                let scopes: Vec<Scope> =
                    (0..5).filter(|bit| set >> bit & 1 == 1).map(|bit| Scope::EVERY[bit]).collect();
                let names: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
                let decided = scopes.into_iter().collect::<crate::base::Scopes>().allows(need.scope);
                assert_eq!(decided, dashboard_lets(&names, scope.name()), "{method} {path} with {names:?}");
            }
            assert!(need.certain, "{method} {path}");
        }
    }

    #[test]
    fn what_the_table_does_not_know_below_api_takes_everything_to_change() {
        for (method, path, scope) in [
            ("POST", "/api/unknown", Scope::All),
            ("PUT", "/api/tasks", Scope::All),
            ("DELETE", "/api/v2/audit", Scope::All),
            ("POST", "/api", Scope::All),
            ("POST", "/loki/api/unknown", Scope::All),
            ("QUERY", "/api/status", Scope::All),
            ("GET", "/api/unknown", Scope::Read),
            ("GET", "/api/v2/audit/unknown", Scope::Audit),
            ("GET", "/api/compliance/report", Scope::Audit),
            ("GET", "/api/audit/7", Scope::Audit),
            ("GET", "/api/secrets/unknown", Scope::All),
            ("GET", "/api/enterprise/unknown", Scope::All),
            ("HEAD", "/api/enterprise/audit", Scope::Audit),
            ("POST", "/api/wiki/ask", Scope::Read),
            ("POST", "/loki/api/wiki/ask", Scope::Write),
            ("POST", "/a/b/c/api/tasks", Scope::Control),
            ("POST", "/api/call/api.example/v1/builds", Scope::Write),
            ("POST", "/api/call/api.example/api/control/stop", Scope::Control),
            // As the API's documents have it.
            ("POST", "/api/tasks/create", Scope::Write),
            ("PATCH", "/api/tasks/7", Scope::Write),
            ("GET", "/api/audit", Scope::Audit),
            ("POST", "/api/config", Scope::All),
        ] {
            assert_eq!(needed(method, path).scope, scope, "{method} {path}");
        }
    }

    #[test]
    fn elsewhere_a_call_takes_what_its_method_says() {
        for path in [
            "/repos/acme/app",
            "/repos/acme/api/issues",
            "/repos/api/app/issues",
            "/api/v4/projects/1/issues",
            "/api/v4/projects/acme%2Fapi/issues",
            "/api/v1/repos/acme/app/issues",
            "/rest/api/2/issue",
            "/rest/api/latest/issue",
        ] {
            for (method, scope) in [
                ("GET", Scope::Read),
                ("HEAD", Scope::Read),
                ("POST", Scope::Write),
                ("DELETE", Scope::Write),
                ("PURGE", Scope::Write),
            ] {
                assert_eq!(needed(method, path), Need { scope, reveals: false, certain: false }, "{method} {path}");
            }
        }
    }

    #[test]
    fn a_new_key_takes_more_than_any_scope_however_its_path_is_spelled() {
        for path in [
            "/api/v2/api-keys",
            "/api/v2/api-%6beys/",
            "/API/v2//Api-Keys/7/rotate",
            "/api/v2/api-keys;v=1",
            "/api/v2/api%2Dkeys%2f7",
            "/user/%256beys",
            "/x/..%2fuser\\keys.json",
            "/api/v4/projects/acme%2Fapp/access_tokens",
        ] {
            assert!(needed("POST", path).reveals, "{path}");
            assert!(needed("PUT", path).reveals, "{path}");
            assert!(!needed("GET", path).reveals, "{path}");
        }
    }

    /// The same path as some server would still read it: each part is what may stand for a character.
    fn spelling(path: String) -> impl Strategy<Value = String> {
        let parts: Vec<_> = path
            .chars()
            .map(|c| {
                let byte = c as u8;
                let mut ways =
                    vec![c.to_string(), c.to_uppercase().to_string(), format!("%{byte:02x}"), format!("%25{byte:02X}")];
                if c == '/' {
                    ways.extend(["//", "/./", "/x/../", ";a=b/", "/%2e/", "\\"].map(str::to_owned));
                }
                prop::sample::select(ways)
            })
            .collect();
        let ends = prop::sample::select(vec!["", "/", "?x=1", "//", "/.", ";v=1", "%20"]);
        (parts, ends).prop_map(|(parts, end)| parts.concat() + end)
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_path_makes_a_call_look_smaller((template, method, path) in prop::sample::select(table()).prop_flat_map(|(template, method, _)| (Just(template), Just(method), spelling(example(template))))) {
            let plain = needed(method, &example(template));
            prop_assert_eq!(needed(method, &path), plain, "{}", path);
            if template.starts_with("/api/") {
                let below = needed(method, &format!("/base{path}"));
                prop_assert!(below.scope.includes(plain.scope), "{}", path);
                prop_assert!(below.reveals == plain.reveals, "{}", path);
            }
        }

        #[test]
        fn what_changes_something_takes_more_than_reading(method in "[A-Z]{1,7}", path in "(/[a-z.%0-9]{0,6}){0,4}|/api(/[a-z]{1,10}){0,3}") {
            let need = needed(&method, &path);
            let reads = matches!(&*method, "GET" | "HEAD" | "OPTIONS");
            prop_assert!(reads || need.scope != Scope::Read);
        }
    }
}
