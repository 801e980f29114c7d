//! How a fault is said: by a program that has the texts, and by a small one that has `loom` say it. And as which exit
//! code.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::base::Locale;
use crate::wire::{Code, Fault};

/// What a person is told about a fault: a line of what went wrong and, where there is one, a line of what to do.
pub fn report(fault: &Fault, locale: Locale) -> String {
    let mut text = format!("loom: {}\n", fault.message(locale));
    if let Some(hint) = fault.hint_text(locale) {
        text += &format!("hint: {hint}\n");
    }
    text
}

/// Tells a person about a fault on standard error, from a program without texts of its own: what the agent rendered is
/// printed, and for the rest the program `loom` beside this one is run.
#[expect(clippy::print_stderr, reason = "the program has no other place to say it")]
pub fn report_through_loom(fault: &Fault) {
    if let Some((message, hint)) = fault.rendered_texts() {
        eprintln!("loom: {message}");
        hint.iter().for_each(|hint| eprintln!("hint: {hint}"));
        return;
    }
    let said = fault
        .print()
        .zip(beside("loom"))
        .and_then(|(text, loom)| Command::new(loom).arg("say").arg(text).status().ok());
    if said.is_none() {
        eprintln!("loom: {}", fault.id());
    }
}

/// The message and the hint of a fault, in a program without texts of its own.
pub(super) fn texts_through_loom(fault: &Fault) -> (String, Option<String>) {
    if let Some((message, hint)) = fault.rendered_texts() {
        return (message.to_owned(), hint.map(str::to_owned));
    }
    let output = fault
        .print()
        .zip(beside("loom"))
        .and_then(|(text, loom)| Command::new(loom).arg("say").arg(text).stdin(Stdio::null()).output().ok());
    let said = output.map(|output| String::from_utf8_lossy(&output.stderr).into_owned()).unwrap_or_default();
    let after = |mark: &str| said.lines().find_map(|line| line.strip_prefix(mark)).map(str::to_owned);
    (after("loom: ").unwrap_or_else(|| fault.id().to_string()), after("hint: "))
}

/// The exit code of git's helper. It is 0 where there is nothing to give, or a person has to log in: for git that is no
/// error.
pub fn helper_exit_code(code: Code) -> u8 {
    match code {
        Code::LoginRequired | Code::NotFound => 0,
        code => exit_code(code),
    }
}

/// Another program of the same installation.
pub(super) fn beside(name: &str) -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
    program.is_file().then_some(program)
}

/// The exit code of `loom`, which tells a script what a fault asks for (loom(1)).
pub fn exit_code(code: Code) -> u8 {
    match code {
        Code::Usage => 2,
        Code::LoginRequired => 4,
        Code::Cancelled => 130,
        Code::NotFound | Code::Locked | Code::Denied | Code::Unauthenticated | Code::TooMany | Code::Elsewhere => 1,
        Code::BadRequest | Code::Unavailable | Code::Internal => 1,
    }
}
