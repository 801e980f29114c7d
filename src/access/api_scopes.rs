use crate::base::Scope;

/// What a call to an API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    pub scope: Scope,
    /// The answer is a new secret of the server.
    pub reveals: bool,
    /// It stands in the table of Loki's API; else it is a guess by the method.
    pub certain: bool,
}

/// What a call of this method and path takes: as Loki's API says where the path is one of its, else by the method.
///
/// Servers differ in how they read a path: encoded letters, doubled slashes, capitals, parameters after `;`. Here all of that
/// is undone, and `api` counts wherever it stands, so that no spelling makes a call look smaller than it is.
pub fn needed(method: &str, path: &str) -> Need {
    let segments = segments(path);
    let reads = matches!(method, "GET" | "HEAD" | "OPTIONS");
    let by_method = Need { scope: if reads { Scope::Read } else { Scope::Write }, reveals: false, certain: false };
    let names: Vec<&str> = segments.iter().map(String::as_str).collect();
    let of_loki = (0..names.len()).filter_map(|at| in_loki(method, reads, &names[at..]));
    of_loki.max_by_key(|need| (need.reveals, strictness(need.scope))).unwrap_or(by_method)
}

/// The table, for a path that begins here.
fn in_loki(method: &str, reads: bool, names: &[&str]) -> Option<Need> {
    let (scope, reveals) = match names {
        ["metrics"] if reads => (Scope::Read, false),
        ["api", "enterprise", "status"] if reads => (Scope::Read, false),
        ["api", "enterprise", "tokens", ..] => (Scope::All, !reads && method != "DELETE"),
        ["api", "enterprise", ..] => (Scope::All, false),
        ["api", "audit", ..] if reads => (Scope::Audit, false),
        ["api", "audit", ..] => (Scope::All, false),
        ["api", "config", ..] if !reads => (Scope::All, false),
        ["api", "control", ..] if !reads => (Scope::Control, false),
        ["api", "config" | "control" | "status" | "tasks" | "logs", ..] if reads => (Scope::Read, false),
        ["api", "status" | "tasks" | "logs", ..] => (Scope::Write, false),
        _ => return None,
    };
    Some(Need { scope, reveals, certain: true })
}

fn strictness(scope: Scope) -> u8 {
    match scope {
        Scope::Read => 0,
        Scope::Write => 1,
        Scope::Audit => 2,
        Scope::Control => 3,
        Scope::All => 4,
    }
}

/// The segments of a path as the most lenient server would read them.
fn segments(path: &str) -> Vec<String> {
    let mut text = path.split(['?', '#']).next().unwrap_or_default().to_owned();
    // Encoded more than once it may be decoded more than once; each time it gets shorter.
    while let Some(decoded) = decode(&text) {
        text = decoded;
    }
    let mut segments: Vec<String> = Vec::new();
    for segment in text.to_lowercase().split(['/', '\\']) {
        match segment.split([';', '?', '#']).next().unwrap_or_default().trim() {
            "" | "." => {}
            ".." => drop(segments.pop()),
            name => segments.push(name.to_owned()),
        }
    }
    segments
}

/// The text with each `%xx` decoded once; `None` if there is none.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex
            .filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
        {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    (bytes.len() < text.len()).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The endpoints of the table, and what each takes.
    const TABLE: &[(&str, &str, Scope)] = &[
        ("GET", "/api/status", Scope::Read),
        ("GET", "/api/tasks", Scope::Read),
        ("GET", "/api/logs", Scope::Read),
        ("GET", "/metrics", Scope::Read),
        ("POST", "/api/tasks", Scope::Write),
        ("POST", "/api/tasks/create", Scope::Write),
        ("PATCH", "/api/tasks/7", Scope::Write),
        ("POST", "/api/control/start", Scope::Control),
        ("POST", "/api/control/stop", Scope::Control),
        ("GET", "/api/audit", Scope::Audit),
        ("GET", "/api/enterprise/tokens", Scope::All),
        ("POST", "/api/enterprise/tokens", Scope::All),
        ("DELETE", "/api/enterprise/tokens/ci", Scope::All),
        ("POST", "/api/config", Scope::All),
        ("GET", "/api/enterprise/status", Scope::Read),
    ];

    #[test]
    fn the_table_of_loki_holds_and_what_is_not_in_it_goes_by_the_method() {
        for (method, path, scope) in TABLE {
            assert_eq!(
                needed(method, path),
                Need { scope: *scope, reveals: path.ends_with("tokens") && *method == "POST", certain: true },
                "{method} {path}"
            );
        }
        for (method, scope) in [
            ("GET", Scope::Read),
            ("HEAD", Scope::Read),
            ("POST", Scope::Write),
            ("DELETE", Scope::Write),
            ("PURGE", Scope::Write),
        ] {
            assert_eq!(needed(method, "/repos/acme/app"), Need { scope, reveals: false, certain: false }, "{method}");
        }
    }

    /// The same path as some server would still read it: each part is what may stand for a character.
    fn spelling(path: &'static str) -> impl Strategy<Value = String> {
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
        (parts, prop::sample::select(vec!["", "/", "?x=1", "//", "/.", ";v=1", "%20"]))
            .prop_map(|(parts, end)| parts.concat() + end)
    }

    proptest! {
        #[test]
        fn no_spelling_of_a_path_makes_a_call_look_smaller((method, path, scope) in prop::sample::select(TABLE.to_vec()).prop_flat_map(|(method, path, scope)| (Just(method), spelling(path), Just(scope)))) {
            prop_assert_eq!(needed(method, &path).scope, scope, "{}", path);
            let below = needed(method, &format!("/base{path}")).scope;
            prop_assert_eq!(below, scope);
        }

        #[test]
        fn what_changes_something_takes_more_than_reading(method in "[A-Z]{1,7}", path in "(/[a-z.%0-9]{0,6}){0,4}|/api(/[a-z]{1,10}){0,3}") {
            let need = needed(&method, &path);
            let reads = matches!(&*method, "GET" | "HEAD" | "OPTIONS");
            prop_assert!(reads || need.scope != Scope::Read);
        }
    }
}
