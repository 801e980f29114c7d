//! Secrets that a person types, a pipe brings or a file holds; never on a command line, which others can read.

use std::io::{IsTerminal, Read};
use std::path::Path;

use loom_credentials::base::{Message, Secret};
use loom_credentials::msg;
use loom_credentials::wire::{Code, Fault};
use zeroize::Zeroizing;

use crate::Context;

/// The longest secret that is read.
const MAX_INPUT: u64 = 64 * 1024;

/// A secret from standard input: typed after the prompt, or all of what a pipe brings.
pub fn read(prompt: &Message, context: &Context) -> Result<Secret, Fault> {
    if std::io::stdin().is_terminal() {
        return typed(prompt, context);
    }
    // With the end of a line and one more: what is longer would be cut without a word, and kept so.
    let mut text = Zeroizing::new(String::with_capacity(MAX_INPUT as usize + 3));
    std::io::stdin().take(MAX_INPUT + 3).read_to_string(&mut text).map_err(unreadable)?;
    let secret = without_line_end(text);
    match secret.expose().len() as u64 > MAX_INPUT {
        true => Err(unreadable(std::io::ErrorKind::FileTooLarge.into())),
        false => Ok(secret),
    }
}

/// A secret that a person types into the terminal, wherever standard input comes from.
pub fn typed(prompt: &Message, context: &Context) -> Result<Secret, Fault> {
    let prompt = format!("{} ", context.locale.render(prompt));
    rpassword::prompt_password(prompt).map(Secret::new).map_err(unreadable)
}

/// The secret in a file, `-` for standard input.
pub fn of_file(path: &Path, prompt: &Message, context: &Context) -> Result<Secret, Fault> {
    if path == Path::new("-") {
        return read(prompt, context);
    }
    let unreadable = |error| Fault::new(Code::BadRequest, msg!("file-trouble", path = path.display(), error = error));
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(unreadable)?;
    Ok(Secret::new(text.trim_end().to_owned()))
}

fn without_line_end(text: Zeroizing<String>) -> Secret {
    let line = text.strip_suffix('\n').unwrap_or(&text);
    Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn unreadable(error: std::io::Error) -> Fault {
    Fault::new(Code::BadRequest, msg!("stdin-unreadable", error = error))
}
