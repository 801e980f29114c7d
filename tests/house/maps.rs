//! The maps are true: what the documents name is there, and they stay short enough to be read.

use std::path::{Path, PathBuf};

use super::layers::sources;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// How many lines each may have. What does not fit belongs into the head of a file, or on a manual page.
const DOCUMENTS: &[(&str, usize)] = &[
    ("ARCHITECTURE.md", 200),
    ("CHANGELOG.md", usize::MAX),
    ("CONTRIBUTING.md", 150),
    ("README.md", 250),
    ("SECURITY.md", 400),
];

/// What begins so in backticks is a path of the project.
const OURS: &[&str] = &["src/", "tests/", "man/", "packaging/", ".ci/"];

fn text(document: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(document)).unwrap()
}

/// The text without its blocks of code, where a backtick says nothing.
fn prose(text: &str) -> String {
    text.split("```").step_by(2).collect()
}

/// A name that stands for many, as `src/wire/{X}.rs` does.
fn is_placeholder(path: &str) -> bool {
    path.contains(['*', '{'])
}

#[test]
fn every_path_that_a_document_names_exists() {
    for (document, _) in DOCUMENTS {
        let text = prose(&text(document));
        let quoted = text.split('`').skip(1).step_by(2);
        let linked = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        let is_ours = |path: &&str| OURS.iter().any(|ours| path.starts_with(ours)) && !path.contains(' ');
        let linked = linked.filter(|link| !link.contains("://") && !link.starts_with('#'));
        let paths: Vec<&str> = quoted.filter(is_ours).chain(linked).collect();
        for path in paths.into_iter().filter(|path| !is_placeholder(path)) {
            assert!(Path::new(ROOT).join(path).exists(), "{document} names {path}");
        }
    }
}

#[test]
fn no_document_grows_beyond_what_is_read() {
    for (document, bar) in DOCUMENTS {
        let lines = text(document).lines().count();
        assert!(lines <= *bar, "{document} has {lines} lines, and should have {bar}");
    }
}

#[test]
fn lines_of_documents_end_where_those_of_code_do() {
    for (document, _) in DOCUMENTS {
        for (number, line) in text(document).lines().enumerate().filter(|(_, line)| !line.starts_with('|')) {
            assert!(line.chars().count() <= 120, "{document}:{} is longer than 120 columns", number + 1);
        }
    }
}

/// As `agent::accounts::select`: heads of files name each other so. The last part may stand in the file of the one
/// before.
#[test]
fn every_module_that_a_comment_names_exists() {
    let src = Path::new(ROOT).join("src");
    let is_word = |part: &&str| part.chars().all(|c| c.is_ascii_lowercase() || c == '_');
    let file = |path: &Path| [path.with_extension("rs"), path.join("mod.rs")].into_iter().find(|path| path.is_file());
    for commented in sources(&src) {
        let text = std::fs::read_to_string(&commented).unwrap();
        let comments = text.lines().map(str::trim_start).filter(|line| line.starts_with("//"));
        for name in comments.flat_map(|line| line.split('`').skip(1).step_by(2)) {
            let parts: Vec<&str> = name.split("::").collect();
            let Some((last, before)) = parts.split_last().filter(|(_, before)| !before.is_empty()) else { continue };
            let parent = before.iter().fold(src.clone(), |path, part| path.join(part));
            if !src.join(before[0]).is_dir() || !parts.iter().all(is_word) {
                continue;
            }
            let declares = |path: PathBuf| {
                let text = std::fs::read_to_string(path).unwrap();
                ["fn ", "mod "].iter().any(|kind| text.contains(&format!("{kind}{last}")))
            };
            let is_there = file(&parent.join(last)).is_some() || file(&parent).is_some_and(declares);
            assert!(is_there, "{} names {name}", commented.display());
        }
    }
}

#[test]
fn tests_stand_in_the_folder_of_their_room() {
    let loose: Vec<PathBuf> = std::fs::read_dir(Path::new(ROOT).join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs") && !path.ends_with("main.rs"))
        .collect();
    assert!(loose.is_empty(), "{loose:?}");
}
