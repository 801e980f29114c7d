//! Bazel: a line for each domain in the user's `.bazelrc`. Never for all of the world: a helper that fails keeps what
//! is public from being fetched.

use std::path::{Path, PathBuf};

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};

pub struct Bazel;

const PROGRAM: &str = "bazel-credential-loom";
const OPTION: &str = "--credential_helper=";

impl Tool for Bazel {
    fn name(&self) -> &'static str {
        "bazel"
    }

    fn programs(&self) -> Vec<&'static str> {
        vec!["bazel", "bazelisk"]
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![machine.home(".bazelrc")]
    }

    fn reach(&self) -> Reach {
        Reach::Named
    }

    fn takes_known_servers(&self) -> bool {
        true
    }

    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: PROGRAM.to_owned(), place: Place::Path }]
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        // Words are read as a shell's.
        let program = wanted.helpers.first().map(|path| helper::word(path)).unwrap_or_default();
        let others = lines::without_paragraph(text);
        let mut hosts: Vec<&str> = wanted.servers.iter().map(|server| server.host()).collect();
        hosts.dedup();
        for host in &hosts {
            let taken = helpers(&others).into_iter().find(|(scope, by)| scope == host && !by.contains(PROGRAM));
            if let Some((scope, by)) = taken.filter(|_| !wanted.force) {
                return Err(Trouble::Taken { key: format!("{OPTION}{scope}"), by });
            }
        }
        // Of several for one domain the last one counts, so that ours goes to the end.
        let added: Vec<String> = hosts.iter().map(|host| format!("common {OPTION}{host}={program}")).collect();
        Ok(Edit { text: lines::with_paragraph(text, &added.join("\n")), kept: Kept::new() })
    }

    fn without(&self, _file: &Path, text: &str, _kept: &Kept) -> Result<String, Trouble> {
        Ok(lines::without_paragraph(text))
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let told = |(scope, by): (String, String)| {
            if by.contains(PROGRAM) { Uses::Loom(Some(scope)) } else { Uses::Other(by) }
        };
        helpers(text).into_iter().map(told).collect()
    }
}

/// The helpers that are named, each for its domain.
fn helpers(text: &str) -> Vec<(String, String)> {
    let lines = text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let options = lines.flat_map(str::split_whitespace).filter_map(|word| word.strip_prefix(OPTION));
    let scoped = |option: &str| option.split_once('=').map(|(scope, by)| (scope.to_owned(), by.to_owned()));
    options.map(|option| scoped(option).unwrap_or_else(|| ("*".to_owned(), option.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn a_line_for_each_domain_comes_and_goes() {
        let text = comes_back(&Bazel, "build --jobs=2", &["cache.example", "https://mirror.example:8443"]);
        assert!(text.contains("common --credential_helper=mirror.example=\"/opt/a b/"), "{text}");
    }

    #[test]
    fn another_helper_for_the_domain_stays() {
        let text = "common --credential_helper=cache.example=/opt/other\n";
        assert!(set_up(&Bazel, text, &["cache.example"], false).is_none());
        assert!(set_up(&Bazel, text, &["mirror.example"], false).is_some());
    }
}
