use std::fmt;

/// The full name of a ref, such as `refs/heads/main`, by the rules of git's `check-ref-format`: what a push asks to
/// change, and what a server takes for one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RefName(String);

/// Before the name of a branch.
pub(super) const HEADS: &str = "refs/heads/";

impl RefName {
    /// Parses a full name. `None` if git has no such name.
    pub fn parse(text: &str) -> Option<RefName> {
        let rest = text.strip_prefix("refs/")?;
        is_name(rest).then(|| RefName(text.to_owned()))
    }

    /// Parses what people write: the name of a branch, or a full one.
    pub fn of_person(text: &str) -> Option<RefName> {
        if text.starts_with("refs/") { RefName::parse(text) } else { RefName::parse(&format!("{HEADS}{text}")) }
    }

    /// The full name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The shortest text that [`RefName::of_person`] reads as this name.
    pub fn short(&self) -> &str {
        short(&self.0)
    }
}

/// A branch without what stands before its name, if that is not taken for something else.
pub(super) fn short(full: &str) -> &str {
    full.strip_prefix(HEADS).filter(|name| !name.starts_with("refs/")).unwrap_or(full)
}

fn is_name(name: &str) -> bool {
    let is_odd = |c: char| c.is_ascii_control() || matches!(c, ' ' | '~' | '^' | ':' | '?' | '*' | '[' | '\\');
    let is_part = |part: &str| !part.is_empty() && !part.starts_with('.') && !part.ends_with(".lock");
    let is_whole = !name.contains("..") && !name.contains("@{") && !name.ends_with('.');
    is_whole && !name.contains(is_odd) && name.split('/').all(is_part)
}

impl fmt::Display for RefName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ref_has_a_name_that_git_takes() {
        for name in [
            "refs/heads/main",
            "refs/tags/v1.0",
            "refs/for/main%submit",
            "refs/heads/a{b",
            "refs/heads/é",
            "refs/stash",
        ] {
            assert_eq!(RefName::parse(name).unwrap().as_str(), name);
        }
        for none in [
            "main",
            "refs/",
            "refs/heads/",
            "refs/heads//x",
            "refs/heads/x/",
            "refs/heads/.x",
            "refs/heads/x.lock",
            "refs/heads/x.lock/y",
            "refs/heads/a..b",
            "refs/heads/a.",
            "refs/heads/a b",
            "refs/heads/a\nb",
            "refs/heads/a\0b",
            "refs/heads/a~1",
            "refs/heads/a^",
            "refs/heads/a:b",
            "refs/heads/a?",
            "refs/heads/*",
            "refs/heads/[a]",
            "refs/heads/a\\b",
            "refs/heads/a@{1}",
            "refs/../x",
            "Refs/heads/x",
        ] {
            assert_eq!(RefName::parse(none), None, "{none:?}");
        }
    }

    #[test]
    fn a_branch_is_said_by_its_short_name_unless_that_means_something_else() {
        for (person, full, short) in [
            ("main", "refs/heads/main", "main"),
            ("refs/heads/main", "refs/heads/main", "main"),
            ("refs/heads/refs/for/x", "refs/heads/refs/for/x", "refs/heads/refs/for/x"),
            ("refs/tags/v1", "refs/tags/v1", "refs/tags/v1"),
        ] {
            let name = RefName::of_person(person).unwrap();
            assert_eq!((name.as_str(), name.short()), (full, short));
            assert_eq!(RefName::of_person(name.short()), Some(name));
        }
    }
}
