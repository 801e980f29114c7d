//! Changes of the settings file: what is not meant stays as it is written, comments and order included, and a file that
//! would make no sense is not written.

use std::path::{Path, PathBuf};

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::config::{not_valid, parse, parse_document};
use super::{Message, ServerUrl, private_file};
use crate::msg;

/// Changes the file at `path`. An error leaves it as it was.
pub fn change(path: &Path, change: impl FnOnce(&mut DocumentMut)) -> Result<(), Message> {
    let mut document = parse_document(path)?;
    change(&mut document);
    write(path, &document.to_string())
}

/// Writes this text as the settings, if they are valid.
pub fn write(path: &Path, text: &str) -> Result<(), Message> {
    let changed = parse(text).map_err(|error| not_valid(path, error))?;
    if let Some(server) = changed.default_server().filter(|server| !changed.permits(server)) {
        return Err(msg!("cleartext-refused", server = server));
    }
    let dir = path.parent().unwrap_or(Path::new("."));
    private_file::private_dir(dir).map_err(|error| error.message())?;
    private_file::replace(&behind_links(path), text.as_bytes()).map_err(|error| error.message())
}

/// Adds an `[[account]]` rule behind those that are there: the first that fits decides.
pub fn add_rule(path: &Path, pattern: Option<&str>, directory: Option<&str>, user: &str) -> Result<(), Message> {
    let mut rule = Table::new();
    pattern.into_iter().for_each(|pattern| rule["match"] = value(pattern));
    directory.into_iter().for_each(|directory| rule["directory"] = value(directory));
    rule["user"] = value(user);
    change(path, |document| {
        if let Some(rules) = tables(document, "account") {
            rules.push(rule);
        }
    })
}

/// Removes the `[[account]]` rule at this place, counted from 1 in the order of the file. Returns whether it was there.
pub fn remove_rule(path: &Path, place: usize) -> Result<bool, Message> {
    let index = place.checked_sub(1);
    let mut document = parse_document(path)?;
    let is_there = |rules: &&mut ArrayOfTables| index.is_some_and(|index| index < rules.len());
    let rules = document.get_mut("account").and_then(Item::as_array_of_tables_mut);
    let (Some(rules), Some(index)) = (rules.filter(is_there), index) else { return Ok(false) };
    rules.remove(index);
    write(path, &document.to_string())?;
    Ok(true)
}

/// Has this account be the one that is meant at the server where none is named.
pub fn set_default_account(path: &Path, server: &ServerUrl, user: &str) -> Result<(), Message> {
    change(path, |document| {
        let defaults = document.entry("default_accounts").or_insert_with(|| Item::Table(Table::new()));
        let is_its = |key: &&str| ServerUrl::parse(key).is_ok_and(|named| named == *server);
        // As the person spelled it, if they did.
        let key =
            defaults.as_table_like().and_then(|all| all.iter().map(|(key, _)| key).find(is_its).map(str::to_owned));
        defaults[&key.unwrap_or_else(|| server.to_string())] = value(user);
    })
}

/// The tables of this name, made if there are none; nothing where something else has the name, which [`write`] then
/// refuses or leaves.
fn tables<'a>(document: &'a mut DocumentMut, name: &str) -> Option<&'a mut ArrayOfTables> {
    let item = document.entry(name).or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    // `account = []` and `account = [{ … }]` say the same in one line.
    if let Some(array) = item.as_array() {
        let written: Option<ArrayOfTables> =
            array.iter().map(|entry| entry.as_inline_table().map(|table| table.clone().into_table())).collect();
        *item = Item::ArrayOfTables(written?);
    }
    item.as_array_of_tables_mut()
}

/// The file to which a path leads through links, whether it exists or not. People keep settings in a repository and
/// link to them: then that file is replaced and the link stays.
fn behind_links(path: &Path) -> PathBuf {
    let mut path = path.to_owned();
    // As many as the system itself follows.
    for _ in 0..40 {
        let Ok(target) = std::fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_come_and_go_and_the_rest_of_the_file_stays() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let text = || std::fs::read_to_string(&path).unwrap();
        let before = "# mine\nlanguage = 'es' # yes\n\n# at work\n[[account]]\nmatch = 'a.example' # all\nuser = 'a'\n";
        std::fs::write(&path, before).unwrap();
        add_rule(&path, None, Some("~/work"), "b").unwrap();
        assert!(text().starts_with(before), "{}", text());
        assert!(text().contains("directory = \"~/work\"\nuser = \"b\"\n"), "{}", text());
        assert!(add_rule(&path, Some("a b"), None, "c").is_err());
        for none in [0, 3] {
            assert!(!remove_rule(&path, none).unwrap());
        }
        assert!(remove_rule(&path, 2).unwrap());
        assert_eq!(text(), before);
        std::fs::write(&path, "account = [{ match = 'a.example', user = 'a' }]\n").unwrap();
        add_rule(&path, Some("b.example"), None, "b").unwrap();
        assert_eq!(super::super::Config::load(&path).unwrap().rules().len(), 2, "{}", text());
    }

    #[test]
    fn the_default_account_stands_beside_what_else_is_said_of_servers() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "[default_accounts]\n# mine\n\"https://A.example/\" = 'me'\n").unwrap();
        let [a, b] = ["https://a.example", "https://b.example/org"].map(|url| ServerUrl::parse(url).unwrap());
        set_default_account(&path, &a, "you").unwrap();
        set_default_account(&path, &b, "we").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let wanted =
            "[default_accounts]\n# mine\n\"https://A.example/\" = \"you\"\n\"https://b.example/org\" = \"we\"\n";
        assert_eq!(text, wanted);
        let config = super::super::Config::load(&path).unwrap();
        assert_eq!((config.default_account(&a), config.default_account(&b)), (Some("you"), Some("we")));
    }
}
