//! Secrets that a person types, a pipe brings or a file holds; never on a command line, which others can read.

use std::io::{IsTerminal, Read};
use std::path::Path;

use loom_credentials::base::{Message, Secret};
use loom_credentials::wire::{Fault, reason};
use zeroize::Zeroizing;

use crate::Context;

/// The longest secret that is read.
const MAX_INPUT: u64 = 64 * 1024;

/// A secret from standard input: typed after the prompt, or all of what a pipe brings.
pub fn read(prompt: &Message, context: &Context) -> Result<Secret, Fault> {
    if std::io::stdin().is_terminal() {
        return typed(prompt, context);
    }
    // With a mark, the end of a line and one more: what is longer would be cut without a word, and kept so.
    let most = MAX_INPUT + MARK.len() as u64 + 3;
    let mut bytes = Zeroizing::new(Vec::with_capacity(most as usize));
    std::io::stdin().take(most).read_to_end(&mut bytes).map_err(unreadable)?;
    let secret = without_line_end(text(&bytes)?);
    if secret.expose().len() as u64 > MAX_INPUT {
        Err(unreadable(std::io::ErrorKind::FileTooLarge.into()))
    } else {
        Ok(secret)
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
    let unreadable = |error: std::io::Error| {
        let error = error.to_string();
        Fault::from(reason::Command::FileTrouble { path: path.to_owned(), error })
    };
    // A pipe is as good as a file here: some shells name one where a program writes the secret.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_INPUT as usize + 1));
    let file = std::fs::File::open(path).map_err(unreadable)?;
    file.take(MAX_INPUT + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() as u64 > MAX_INPUT {
        Err(unreadable(std::io::ErrorKind::FileTooLarge.into()))
    } else {
        Ok(Secret::new(text(&bytes)?.trim_end().to_owned()))
    }
}

/// The byte-order mark that some programs put in front of UTF-8; it belongs to no secret.
const MARK: &str = "\u{feff}";

/// What was read, as text. UTF-16, which some shells write into pipes and files, would be another secret.
fn text(bytes: &[u8]) -> Result<&str, Fault> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        return Err(reason::Command::SecretUtf16.into());
    }
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable(std::io::ErrorKind::InvalidData.into()))?;
    Ok(text.strip_prefix(MARK).unwrap_or(text))
}

fn without_line_end(text: &str) -> Secret {
    let line = text.strip_suffix('\n').unwrap_or(text);
    Secret::new(line.strip_suffix('\r').unwrap_or(line).to_owned())
}

fn unreadable(error: std::io::Error) -> Fault {
    reason::Command::StdinUnreadable { error: error.to_string() }.into()
}
