use crate::base::printable;

/// A longer path is cut: a line of the log stays short whatever is asked.
const MAX_PATH: usize = 500;
const MAX_METHOD: usize = 20;

/// What somebody wanted to be called, as it is noted, also if it was refused.
#[derive(Clone)]
pub(crate) struct Called {
    pub(super) method: String,
    pub(super) path: String,
}

impl Called {
    /// The path may be a whole URL, and need not make sense. The query is left out, and so is all before the path.
    pub(crate) fn new(method: &str, path: &str) -> Called {
        let whole = path.split(['?', '#']).next().unwrap_or_default();
        let path = match whole.split_once("://") {
            Some((_, rest)) if !whole.starts_with('/') => rest.find('/').map_or("/", |at| &rest[at..]),
            Some(_) | None => whole,
        };
        Called { method: short(method, MAX_METHOD), path: short(path, MAX_PATH) }
    }
}

fn short(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most).collect();
    let printed = printable(&start);
    let shown: String = printed.chars().take(most).collect();
    if start.len() < text.len() || shown.len() < printed.len() { shown + "\u{2026}" } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_query_user_or_line_break_is_logged_and_no_long_path() {
        for (path, noted) in [
            ("/api/tasks?token=hunter2", "/api/tasks"),
            ("/api/tasks#hunter2", "/api/tasks"),
            ("https://u:hunter2@a.example/x?hunter2=/y", "/x"),
            ("https://u:hunter2@a.example?x=/hunter2", "/"),
            ("/x?to=https://a.example/hunter2", "/x"),
            ("/proxy/https://a.example/x", "/proxy/https://a.example/x"),
            ("/..%2fmallory", "/..%2fmallory"),
        ] {
            assert_eq!(Called::new("GET", path).path, noted);
        }
        assert_eq!(Called::new("GET", "/\n\u{202e}x").path, "/\\u{a}\\u{202e}x");
        for long in ["x", "\n", "\u{202e}", "\u{20ac}"] {
            let called = Called::new(&long.repeat(99_999), &format!("/{}", long.repeat(99_999)));
            assert!(called.path.chars().count() <= MAX_PATH + 1);
            assert!(called.path.ends_with('\u{2026}'));
            assert!(called.method.chars().count() <= MAX_METHOD + 1);
        }
    }
}
