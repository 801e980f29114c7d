//! A TOML document that is changed at one place; comments, order and line ends stay.

use toml_edit::{DocumentMut, InlineTable, Item, Table, TableLike, value};

use super::hunks::with_line_ends_of;

/// Reads the document. The error says where it is none.
pub fn parse(text: &str) -> Result<DocumentMut, String> {
    text.parse().map_err(|error: toml_edit::TomlError| error.to_string().lines().next().unwrap_or_default().to_owned())
}

/// The text as this changes it. The error says why it does not.
pub fn edited(text: &str, edit: impl FnOnce(&mut DocumentMut)) -> Result<String, String> {
    parse(text)?;
    let change = |plain: &str| {
        let mut document = parse(plain).ok()?;
        edit(&mut document);
        Some(document.to_string())
    };
    with_line_ends_of(text, change).ok_or_else(|| "mixed line ends".to_owned())
}

/// What stands below these keys.
pub fn get<'a>(document: &'a DocumentMut, path: &[&str]) -> Option<&'a Item> {
    path.iter().try_fold(document.as_item(), |item, key| item.get(key))
}

/// The table below these keys, in one line or in many. One that is missing is made, without a header where it only
/// holds others.
pub fn table<'a>(document: &'a mut DocumentMut, path: &[&str]) -> Option<&'a mut dyn TableLike> {
    let mut item = document.as_item_mut();
    for (depth, key) in path.iter().enumerate() {
        let is_in_line = item.is_inline_table();
        let made = || {
            if is_in_line {
                return value(InlineTable::new());
            }
            let mut made = Table::new();
            made.set_implicit(depth + 1 < path.len());
            Item::Table(made)
        };
        item = item.as_table_like_mut()?.entry(key).or_insert_with(made);
    }
    item.as_table_like_mut()
}
