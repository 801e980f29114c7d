//! What README and the manual pages show can be typed: each command with its options and values, each file of settings.

use std::path::Path;
use std::process::Command;

use crate::support::{Home, run};

fn text(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

/// The blocks of README in this language.
fn blocks(language: &str) -> Vec<String> {
    let readme = text("README.md");
    let blocks = readme.split("\n```").skip(1).step_by(2);
    blocks.filter_map(|block| block.strip_prefix(&format!("{language}\n"))).map(str::to_owned).collect()
}

/// The words behind `loom` in a line, as a shell reads them; none where the line has no such command.
fn words(line: &str) -> Option<Vec<String>> {
    let line = line.split("  #").next().unwrap_or_default();
    let line = line.split([" <", " >"].into_iter().find(|to| line.contains(to)).unwrap_or("\n")).next()?;
    let part = line.split(" | ").find(|part| part.trim_start().starts_with("loom "))?;
    let words = part.trim_start().strip_prefix("loom ")?;
    let script = format!("set -f; for word in {words}; do printf '%s\\n' \"$word\"; done");
    let said = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(said.status.success(), "{line}");
    Some(String::from_utf8(said.stdout).unwrap().lines().map(str::to_owned).collect())
}

/// Has clap read the command to its end, and nothing be done.
fn is_understood(home: &Home, words: &[String]) -> Result<(), String> {
    let own = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    let done = run(command.args(&words[..own]).arg("--help"), b"");
    if done.code == 0 { Ok(()) } else { Err(format!("loom {}: {}", words.join(" "), done.err)) }
}

#[test]
fn every_command_in_readme_is_understood() {
    let home = Home::new();
    let lines: Vec<String> =
        blocks("sh").iter().flat_map(|block| block.lines().map(str::to_owned).collect::<Vec<_>>()).collect();
    let commands: Vec<Vec<String>> = lines.iter().filter_map(|line| words(line)).collect();
    assert!(commands.len() >= 18, "{commands:?}");
    let wrong: Vec<String> = commands.iter().filter_map(|words| is_understood(&home, words).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(!home.socket().exists(), "nothing was done");
}

#[test]
fn every_command_in_the_guides_is_understood() {
    let home = Home::new();
    let mut commands = Vec::new();
    for page in ["login", "git", "tokens", "store", "http", "tools"] {
        let page = text(&format!("man/loom-{page}.7")).replace("\\-", "-").replace(" \\e\n", " ");
        let shown = page.split("\n.Bd -literal").skip(1).filter_map(|block| block.split("\n.Ed").next());
        let lines = shown.flat_map(str::lines).filter(|line| line.starts_with("loom "));
        commands.extend(lines.filter_map(words));
    }
    assert!(commands.len() >= 30, "{commands:?}");
    let wrong: Vec<String> = commands.iter().filter_map(|words| is_understood(&home, words).err()).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_settings_file_in_readme_is_one() {
    let home = Home::new();
    for block in blocks("toml").iter().filter(|block| !block.contains("[dependencies]")) {
        home.configure(block);
        let done = home.loom(&["config", "list"]);
        assert_eq!(done.code, 0, "{block}\n{done:?}");
    }
}

/// The commands that a hint names: from `loom` to where the sentence goes on.
fn named_in(hint: &str) -> Vec<String> {
    let ends = [
        ";", ",", ". ", " or ", " and ", " for ", " says", " shows", " lists", " brings", " begins", " prints",
        " keeps", " reads", " (", ")",
    ];
    let mut found = Vec::new();
    let mut rest = hint;
    while let Some(at) = rest.find("loom ") {
        let is_word = at == 0 || rest[..at].ends_with([' ', '(', '`']);
        rest = &rest[at..];
        let end = ends.iter().filter_map(|end| rest.find(end)).min().unwrap_or(rest.len());
        if is_word {
            found.push(rest[..end].trim_end_matches('.').to_owned());
        }
        rest = &rest[5.min(rest.len())..];
    }
    found
}

#[test]
fn every_command_that_a_hint_names_is_understood() {
    let home = Home::new();
    let commands: Vec<String> = {
        let help = home.loom(&["--help"]).ok().out;
        let names =
            help.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| !line.starts_with([' ', '-']));
        names.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
    };
    let texts = text("src/base/locale/en.ftl");
    let hints = texts.lines().filter(|line| line.starts_with("hint-") || line.starts_with("    "));
    let mut tried = 0;
    let mut wrong = Vec::new();
    for hint in hints.filter_map(|line| line.split_once(" = ").map(|(_, text)| text).or(Some(line.trim()))) {
        let mut hint = hint.replace("{ $server }", "https://git.example");
        while let Some((before, after)) = hint.split_once("{ $") {
            hint = format!("{before}X{}", after.split_once(" }").map_or("", |(_, rest)| rest));
        }
        for command in named_in(&hint) {
            let words = words(&command).unwrap_or_default();
            // What stands for a word to choose, or for the rest of a command, is no value.
            let is_whole = !words.iter().any(|word| ["…", "TOOL", "--push"].contains(&word.as_str()));
            if is_whole && words.first().is_some_and(|first| commands.contains(first)) {
                tried += 1;
                wrong.extend(is_understood(&home, &words).err());
            }
        }
    }
    assert!(tried >= 40, "{tried}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
