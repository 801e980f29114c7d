//! The sentences people read: complete in three languages, and Arabic in its own direction.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use loom_credentials::base::{Locale, Message};
use loom_credentials::wire::reason;
use unicode_bidi::{BidiInfo, Level};

fn file(locale: Locale) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/base/locale/{}.ftl", locale.tag()));
    std::fs::read_to_string(path).unwrap()
}

/// Id → the arguments its text shows.
fn texts(locale: Locale) -> BTreeMap<String, BTreeSet<String>> {
    let mut texts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut current = String::new();
    for line in file(locale).lines().filter(|line| !line.starts_with('#')) {
        if let Some((id, _)) = line.split_once(" =").filter(|(id, _)| !id.is_empty() && !id.starts_with(' ')) {
            current = id.to_owned();
            assert!(texts.insert(current.clone(), BTreeSet::new()).is_none(), "{id} stands twice in {}", locale.tag());
        }
        for part in line.split("{ $").skip(1) {
            let name = part.split([' ', '}', '-']).next().unwrap_or_default().to_owned();
            texts.get_mut(&current).unwrap().insert(name);
        }
    }
    texts
}

fn sources() -> String {
    fn read(dir: &Path, all: &mut String) {
        for entry in std::fs::read_dir(dir).unwrap().flatten() {
            if entry.file_type().unwrap().is_dir() {
                read(&entry.path(), all);
            } else if entry.path().extension().is_some_and(|extension| extension == "rs") {
                *all += &std::fs::read_to_string(entry.path()).unwrap();
            }
        }
    }
    let mut all = String::new();
    read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
    all
}

/// Every `msg!("id", name = …)` in the source: id and argument names.
fn said(source: &str) -> Vec<(String, BTreeSet<String>, bool)> {
    let calls = source.split("msg!(").skip(1).filter_map(|call| {
        let call = call.trim_start().strip_prefix('"')?;
        let (id, rest) = call.split_once('"')?;
        let mut depth = 1;
        let end = rest.find(|c| {
            depth += match c {
                '(' => 1,
                ')' => -1,
                _ => 0,
            };
            depth == 0
        })?;
        let names = rest[..end].split(" = ").filter_map(|part| part.rsplit([',', ' ', '\n']).next()).map(str::to_owned);
        let names: Vec<String> = names.collect();
        let because = rest[end + 1..].trim_start().starts_with(".because(");
        let count = rest[..end].matches(" = ").count();
        Some((id.to_owned(), names.into_iter().take(count).collect(), because))
    });
    calls.collect()
}

#[test]
fn the_three_languages_have_the_same_texts_with_the_same_arguments() {
    let english = texts(Locale::En);
    for locale in [Locale::Es, Locale::Ar] {
        let other = texts(locale);
        let ids = |texts: &BTreeMap<String, _>| texts.keys().cloned().collect::<BTreeSet<String>>();
        assert_eq!(ids(&english), ids(&other), "{}", locale.tag());
        for (id, arguments) in &english {
            assert_eq!(arguments, &other[id], "{id} in {}", locale.tag());
        }
    }
}

#[test]
fn every_text_that_is_said_exists_and_gets_its_arguments() {
    let english = texts(Locale::En);
    for (id, mut given, because) in said(&sources()) {
        let Some(wanted) = english.get(&id) else { panic!("there is no text {id}") };
        if because || wanted.contains("reason") {
            given.insert("reason".into());
        }
        assert!(wanted.is_subset(&given), "{id} shows {wanted:?} and is given {given:?}");
    }
}

#[test]
fn every_reason_has_its_texts_and_gives_them_their_arguments() {
    let english = texts(Locale::En);
    for row in reason::rows() {
        let given: BTreeSet<String> = row.args.iter().map(|name| (*name).to_owned()).collect();
        for id in std::iter::once(row.id).chain(row.hint) {
            let Some(wanted) = english.get(id) else { panic!("there is no text {id}") };
            assert!(wanted.is_subset(&given), "{id} shows {wanted:?} and is given {given:?}");
        }
    }
}

#[test]
fn every_text_is_used() {
    let source = sources();
    for id in texts(Locale::En).keys() {
        let by_name = ["cmd-", "arg-", "help-"].iter().any(|prefix| id.starts_with(prefix));
        assert!(by_name || source.contains(&format!("\"{id}\"")), "{id} is never said");
    }
}

#[test]
fn every_text_renders_in_every_language() {
    for locale in Locale::ALL {
        for (id, arguments) in texts(locale) {
            let message =
                arguments.iter().fold(Message::new(id.clone()), |message, name| message.with(name.clone(), "x"));
            let text = locale.render(&message.because(Message::new("keyring-hangs")));
            assert!(!text.contains(&id), "{}: {id}: {text}", locale.tag());
            assert!(!text.contains("{$"), "{}: {id}: {text}", locale.tag());
        }
    }
}

#[test]
fn arabic_reads_right_to_left_wherever_it_stands_in_a_line() {
    let message = Message::new("not-logged-in").with("server", "https://git.example");
    let line = format!("loom: {}", Locale::Ar.render(&message));
    let bidi = BidiInfo::new(&line, Some(Level::ltr()));
    let visual = bidi.reorder_line(&bidi.paragraphs[0], 0..line.len());
    let visual: String = visual.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect();
    assert!(visual.starts_with("loom: "), "{visual}");
    // Right to left, the address at the sentence's end comes out at the left, and whole.
    assert!(visual.contains("https://git.example"), "{visual}");
    for locale in [Locale::En, Locale::Es] {
        let text = locale.render(&message);
        assert!(
            !text.contains(['\u{2066}', '\u{2067}', '\u{2068}', '\u{2069}']),
            "marks would be copied along: {text:?}"
        );
    }
}

#[test]
fn commands_in_arabic_hints_stay_readable_and_whole() {
    let commands = ["loom login --server https://git.example", "chmod go= /home/a/x"];
    let hints = [
        Message::new("hint-login").with("server", "https://git.example"),
        Message::new("hint-file-mode").with("path", "/home/a/x"),
    ];
    for (hint, command) in hints.iter().zip(commands) {
        let line = format!("hint: {}", Locale::Ar.render(hint));
        let bidi = BidiInfo::new(&line, Some(Level::ltr()));
        let visual = bidi.reorder_line(&bidi.paragraphs[0], 0..line.len()).into_owned();
        let visual: String = visual.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).collect();
        assert!(visual.contains(command), "{visual}");
    }
}
