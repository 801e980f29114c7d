//! What became of a text, line by line, so that it can be taken back: only what differs is remembered, since what
//! stands around it may be secret.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// From how many pairs of lines on the middle of a text counts as one change.
const PAIRS: usize = 4_000_000;

/// A place of the text where other words stand now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hunk {
    /// Where the new words begin, in bytes of the new text.
    at: usize,
    pub old: String,
    pub new: String,
}

/// What differs, with as few bytes around it as possible: a file of one line has all of it in that.
pub fn smallest(old: &str, new: &str) -> Vec<Hunk> {
    let in_items = |lines: Hunk| {
        let items = differing(&lines.old, &lines.new, &['\n', ',', '{', '}', '[', ']']);
        items.into_iter().map(move |item| narrowed(Hunk { at: lines.at + item.at, ..item }))
    };
    between(old, new).into_iter().flat_map(in_items).collect()
}

/// What differs, in whole lines.
fn between(old: &str, new: &str) -> Vec<Hunk> {
    differing(old, new, &['\n'])
}

/// What differs, in pieces that end with one of these.
fn differing(old: &str, new: &str, ends: &[char]) -> Vec<Hunk> {
    let [old, new] = [old, new].map(|text| text.split_inclusive(ends).collect::<Vec<_>>());
    let head = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - head;
    let tail = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let (old, changed) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let mut at: usize = new[..head].iter().map(|line| line.len()).sum();
    let (mut hunks, mut hunk) = (Vec::new(), Hunk { at, old: String::new(), new: String::new() });
    let (mut i, mut j) = (0, 0);
    let kept = common(old, changed);
    for (same_old, same_new) in kept.into_iter().chain([(old.len(), changed.len())]) {
        hunk.old.extend(old[i..same_old].iter().copied());
        hunk.new.extend(changed[j..same_new].iter().copied());
        at += hunk.new.len();
        if hunk.old != hunk.new {
            hunks.push(hunk);
        }
        at += changed.get(same_new).map_or(0, |line| line.len());
        (i, j) = (same_old + 1, same_new + 1);
        hunk = Hunk { at, old: String::new(), new: String::new() };
    }
    hunks
}

/// The same without what both begin and end with.
fn narrowed(hunk: Hunk) -> Hunk {
    let Hunk { at, old, new } = hunk;
    let head = old.char_indices().zip(new.chars()).take_while(|((_, old), new)| old == new).count();
    let head: usize = old.chars().take(head).map(char::len_utf8).sum();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let same = old_rest.chars().rev().zip(new_rest.chars().rev()).take_while(|(old, new)| old == new);
    let tail: usize = same.map(|(c, _)| c.len_utf8()).sum();
    let [old, new] = [old_rest, new_rest].map(|text| text[..text.len() - tail].to_owned());
    Hunk { at: at + head, old, new }
}

/// What a change replaces and by what, with what stands around it in the same item of the text.
pub fn in_its_item(text: &str, hunk: &Hunk) -> (String, String) {
    if hunk.old.is_empty() || hunk.new.is_empty() {
        return (hunk.old.clone(), hunk.new.clone());
    }
    let (before, after) = (&text[..hunk.at], &text[hunk.at + hunk.new.len()..]);
    let before = &before[before.rfind(['\n', ',', '{', '[']).map_or(0, |at| at + 1)..];
    let after = &after[..after.find(['\n', ',', '}', ']']).unwrap_or(after.len())];
    let whole = |words: &str| format!("{before}{words}{after}");
    (whole(&hunk.old), whole(&hunk.new))
}

/// The text before these changes; `None` if it has other words there by now.
pub fn taken_back(text: &str, hunks: &[Hunk]) -> Option<String> {
    let mut text = text.to_owned();
    for hunk in hunks.iter().rev() {
        let range = hunk.at..hunk.at.checked_add(hunk.new.len())?;
        if text.get(range.clone())? != hunk.new {
            return None;
        }
        text.replace_range(range, &hunk.old);
    }
    Some(text)
}

/// The text that is changed as its lines with other line ends are: for editors that know only one.
pub fn with_line_ends_of(original: &str, edit: impl FnOnce(&str) -> Option<String>) -> Option<String> {
    if !original.contains("\r\n") {
        return edit(original);
    }
    let plain = original.replace("\r\n", "\n");
    let edited = edit(&plain)?;
    let lines: Vec<&str> = original.split_inclusive('\n').collect();
    let (mut out, mut line, mut kept) = (String::new(), 0, 0);
    // Where in the plain text the edited one's places are.
    let mut drift: usize = 0;
    let rest = Hunk { at: edited.len(), old: String::new(), new: String::new() };
    for hunk in between(&plain, &edited).into_iter().chain([rest]) {
        let until = hunk.at.wrapping_add(drift);
        while kept < until {
            out.push_str(lines[line]);
            kept += lines[line].replace("\r\n", "\n").len();
            line += 1;
        }
        out.push_str(&hunk.new.replace('\n', "\r\n"));
        line += hunk.old.split_inclusive('\n').count();
        kept += hunk.old.len();
        drift = drift.wrapping_add(hunk.old.len()).wrapping_sub(hunk.new.len());
    }
    Some(out)
}

/// The pairs of lines that both have, in their order (a longest common subsequence).
fn common(old: &[&str], new: &[&str]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) > PAIRS {
        return Vec::new();
    }
    let width = new.len() + 1;
    let mut longest = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i * width + j] = if old[i] == new[j] {
                longest[(i + 1) * width + j + 1] + 1
            } else {
                longest[(i + 1) * width + j].max(longest[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if longest[(i + 1) * width + j] >= longest[i * width + j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// What a change of a tool's file did away with, by names of the tool's own.
pub type Kept = BTreeMap<String, String>;

#[cfg(test)]
mod tests {
    use super::*;

    fn round(old: &str, new: &str) -> Vec<Hunk> {
        let hunks = smallest(old, new);
        assert_eq!(taken_back(new, &hunks).as_deref(), Some(old), "{hunks:?}");
        hunks
    }

    #[test]
    fn every_change_is_taken_back() {
        let texts = ["", "a", "a\n", "a\nb\nc\n", "b\nc\n", "x\na\nc", "a\nx\nb\ny\nc\n", "ä\nb", "c\nb\na\n"];
        for old in texts {
            for new in texts {
                round(old, new);
            }
        }
    }

    #[test]
    fn what_is_the_same_is_not_remembered() {
        let hunks = round("{\"secret\":1}", "{\"secret\":1,\"ours\":2}");
        assert_eq!(hunks, [Hunk { at: 11, old: String::new(), new: ",\"ours\":2".to_owned() }]);
    }

    #[test]
    fn between_two_changes_nothing_is_remembered() {
        let hunks = round("a\nsecret\nb\n", "x\nsecret\ny\n");
        assert!(hunks.iter().all(|hunk| !hunk.old.contains("secret")), "{hunks:?}");
    }

    #[test]
    fn between_two_changes_of_one_line_nothing_is_remembered() {
        let hunks = round("{\"a\":\"x\",\"b\":\"secret\",\"c\":[]}", "{\"a\":\"y\",\"b\":\"secret\",\"c\":[1]}");
        assert!(hunks.iter().all(|hunk| !hunk.old.contains("secret")), "{hunks:?}");
    }

    #[test]
    fn what_says_something_else_by_now_is_not_taken_back() {
        let hunks = between("a\n", "a\nb\n");
        assert_eq!(taken_back("a\nc\n", &hunks), None);
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        let edit = |text: &str| Some(text.replace("b\n", "x\ny\n").replace("d\n", ""));
        let edited = with_line_ends_of("a\r\nb\r\nc\nd\r\ne\r\n", edit);
        assert_eq!(edited.as_deref(), Some("a\r\nx\r\ny\r\nc\ne\r\n"));
    }
}
