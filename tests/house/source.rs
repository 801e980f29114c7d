//! The library's source as a graph of files: which file uses which, whatever a folder's head hands on.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// One file.
pub struct Module {
    pub path: PathBuf,
    /// It is the `mod.rs` of a folder.
    pub is_head: bool,
    /// The modules that it uses, by their paths in the crate, each the file that has what is used.
    pub uses: BTreeSet<String>,
}

/// A path as it stands in a file, and whether that file hands it on.
struct Named {
    path: Vec<String>,
    handed_on: bool,
}

/// Every file of the library, by its path in the crate: `agent::gate::guest`.
pub fn modules() -> BTreeMap<String, Module> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files: Files = BTreeMap::new();
    for path in super::layers::sources(&root) {
        let inside = path.strip_prefix(&root).unwrap().with_extension("");
        let mut name: Vec<&str> = inside.iter().map(|part| part.to_str().unwrap()).collect();
        if name[0] == "bin" || name[0] == "lib" {
            continue;
        }
        let is_head = name.last() == Some(&"mod");
        name.truncate(name.len() - usize::from(is_head));
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests").next().unwrap();
        let names = names(code, &name);
        files.insert(name.join("::"), (path, is_head, names));
    }
    let modules = files.iter().map(|(name, (path, is_head, names))| {
        let used = names.iter().filter(|named| !named.handed_on).map(|used| file_of(&files, &used.path, 0));
        (
            name.clone(),
            Module { path: path.clone(), is_head: *is_head, uses: used.filter(|used| !used.is_empty()).collect() },
        )
    });
    modules.collect()
}

type Files = BTreeMap<String, (PathBuf, bool, Vec<Named>)>;

/// The file that has what this path names.
fn file_of(files: &Files, path: &[String], depth: usize) -> String {
    let known = (1..=path.len()).rev().find(|length| files.contains_key(&path[..*length].join("::")));
    let Some(length) = known else { return String::new() };
    let name = path[..length].join("::");
    let elsewhere = path.get(length).and_then(|item| {
        let names = &files[&name].2;
        names.iter().find(|named| named.handed_on && named.path.last() == Some(item))
    });
    match elsewhere.filter(|named| depth < 8 && named.path != path) {
        Some(named) => file_of(files, &[&named.path[..], &path[length + 1..]].concat(), depth + 1),
        None => name,
    }
}

/// The paths that stand in a file, written out from the crate's root.
fn names(code: &str, own: &[&str]) -> Vec<Named> {
    let code: String = code.lines().map(|line| line.split("//").next().unwrap().to_owned() + "\n").collect();
    let mut all = Vec::new();
    let mut rest = String::new();
    for item in code.split_inclusive(';') {
        let start = item.find("use ").filter(|at| is_visibility(item[..*at].rsplit('\n').next().unwrap()));
        match start {
            Some(at) => {
                let handed_on = item[..at].rsplit('\n').next().unwrap().trim_start().starts_with("pub");
                let tree = item[at + 4..].trim_end_matches(';');
                let paths = branches(tree).into_iter().filter_map(|path| absolute(&path, own));
                all.extend(paths.map(|path| Named { path, handed_on }));
                rest.push_str(&item[..at]);
            }
            None => rest.push_str(item),
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in rest.match_indices(start) {
            let path: String =
                rest[at..].chars().take_while(|c| c.is_alphanumeric() || matches!(c, '_' | ':')).collect();
            all.extend(absolute(path.trim_end_matches(':'), own).map(|path| Named { path, handed_on: false }));
        }
    }
    all
}

fn is_visibility(before: &str) -> bool {
    let before = before.trim();
    before.is_empty() || before == "pub" || before.starts_with("pub(")
}

/// `a::{b, c::{d, e}}` as `a::b`, `a::c::d`, `a::c::e`.
fn branches(tree: &str) -> Vec<String> {
    let tree: String = tree.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some((stem, inner)) = tree.split_once('{') else {
        return vec![tree.split(" as ").next().unwrap().trim().to_owned()];
    };
    let inner = inner.trim().strip_suffix('}').unwrap_or(inner);
    let (mut depth, mut parts) = (0, vec![String::new()]);
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match c {
            ',' if depth == 0 => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    let parts = parts.iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(|part| branches(part.trim())).map(|branch| format!("{}{branch}", stem.trim())).collect()
}

/// The path from the crate's root; nothing where it leads to another crate.
fn absolute(path: &str, own: &[&str]) -> Option<Vec<String>> {
    let mut parts: Vec<&str> = path.split("::").filter(|part| *part != "*").collect();
    let mut base: Vec<&str> = own.to_vec();
    match *parts.first()? {
        "crate" => base.clear(),
        "self" => {}
        "super" => {
            while parts.get(1) == Some(&"super") {
                parts.remove(0);
                base.pop();
            }
            base.pop();
        }
        // A module of the folder whose head this is; else another crate, which no file has the name of.
        first if first.starts_with(char::is_lowercase) => parts.insert(0, "self"),
        _ => return None,
    }
    let inner = parts[1..].iter().filter(|part| **part != "self");
    Some(base.iter().chain(inner).map(|part| (*part).to_owned()).collect())
}
