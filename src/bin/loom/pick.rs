//! A list to pick from, where a person sits at the terminal. Elsewhere nothing is picked: what is not named is not
//! guessed.

use std::io::{BufRead, IsTerminal};

use loom_credentials::base::{Message, printable};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::{Context, term};

/// Whether somebody can be asked.
pub fn is_possible() -> bool {
    std::io::stdin().is_terminal() && term::is_interactive()
}

/// Which of these a person means, as its place. They are asked until they name one, or nothing at all.
pub fn one(question: &Message, choices: &[String], context: &Context) -> Result<usize, Fault> {
    term::say(context.locale, question);
    for (place, choice) in choices.iter().enumerate() {
        term::line(&format!("  {}  {}", place + 1, printable(choice)));
    }
    loop {
        let typed = line(&msg!("pick-number", most = choices.len()), context)?;
        let by_number = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let by_name = || choices.iter().position(|choice| *choice == typed);
        if let Some(place) = by_number.filter(|place| *place < choices.len()).or_else(by_name) {
            return Ok(place);
        }
    }
}

/// A line that a person types.
pub fn line(question: &Message, context: &Context) -> Result<String, Fault> {
    term::prompt(context.locale, question);
    let mut line = String::new();
    match std::io::stdin().lock().read_line(&mut line) {
        Ok(read) if read > 0 && !line.trim().is_empty() => Ok(line.trim().to_owned()),
        Ok(_) => Err(reason::Request::Cancelled.into()),
        Err(error) => Err(reason::Command::StdinUnreadable { error: error.to_string() }.into()),
    }
}

/// Whether they say yes; no is what anything else means.
pub fn yes(question: &Message, context: &Context) -> bool {
    let said = line(question, context).unwrap_or_default().to_lowercase();
    // In the languages that loom speaks.
    matches!(said.as_str(), "y" | "yes" | "s" | "si" | "s\u{ed}" | "\u{646}\u{639}\u{645}" | "\u{646}")
}
