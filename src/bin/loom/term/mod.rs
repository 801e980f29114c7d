//! The terminal's rules: stdout carries data only; talk goes to stderr; spinners and colours only where a person looks.

mod link;
mod look;
mod table;
mod when;

use std::io::{IsTerminal, Write};
use std::time::Duration;

use anstyle::Ansi256Color;
use indicatif::{ProgressBar, ProgressStyle};
use loom_credentials::base::{Locale, Message};
use loom_credentials::client::report;
use loom_credentials::msg;
use loom_credentials::os::terminal::Before;
use loom_credentials::wire::Fault;
use qrcode::render::unicode;
use qrcode::{EcLevel, QrCode};
use zeroize::Zeroizing;

use look::Look;
pub use look::Tone;
pub use table::Cell;
pub use when::when;

use crate::output;

/// Says a sentence to the person.
pub fn say(locale: Locale, message: &Message) {
    line(&locale.render(message));
}

/// Asks the person something; what they type follows in the same line.
pub fn prompt(locale: Locale, message: &Message) {
    let mut stderr = std::io::stderr();
    let _ = write!(stderr, "{} ", locale.render(message)).and_then(|()| stderr.flush());
}

/// Shows one line of text as it is: a URL or a code that will be copied.
pub fn line(text: &str) {
    // Nobody listens on a closed stderr; what was asked for goes on.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Says what went wrong and what to do.
pub fn fault(locale: Locale, fault: &Fault) {
    let _ = write!(std::io::stderr(), "{}", report(fault, locale));
}

/// Prints data.
pub fn data(text: &str) {
    output::write(text.as_bytes());
}

/// Prints data and its line end.
pub fn data_line(text: &str) {
    data(&Zeroizing::new(format!("{text}\n")));
}

/// Prints rows whose columns stand below one another; the first one has the headings.
pub fn table<C: Into<Cell>>(rows: Vec<Vec<C>>) {
    let rows = rows.into_iter().map(|row| row.into_iter().map(Into::into).collect()).collect();
    for line in table::lines(rows, Look::of_output()) {
        data_line(&line);
    }
}

/// Shows a URL, which can be clicked where the terminal can do that.
pub fn url(text: &str) {
    line(&format!("    {}", link::link(text)));
}

/// Whether a person looks at stderr.
pub fn is_interactive() -> bool {
    std::io::stderr().is_terminal()
}

/// A spinner while something takes time; nothing where nobody looks.
pub fn spinner(locale: Locale, message: &Message) -> ProgressBar {
    if !is_interactive() {
        say(locale, message);
        return ProgressBar::hidden();
    }
    let spinner = ProgressBar::new_spinner().with_message(locale.render(message));
    spinner.set_style(
        ProgressStyle::with_template("{msg} {spinner}").unwrap_or_else(|_| ProgressStyle::default_spinner()),
    );
    spinner.enable_steady_tick(Duration::from_millis(120));
    spinner
}

/// A URL as a picture that a phone can read; none where nobody looks, or where it would not fit a screen.
pub fn picture(url: &str) -> Option<String> {
    let code = QrCode::with_error_correction_level(url, EcLevel::L).ok().filter(|code| code.width() <= MAX_PICTURE)?;
    let (light, dark) = (unicode::Dense1x2::Light, unicode::Dense1x2::Dark);
    if !is_interactive() {
        return None;
    }
    if !look::paints(&std::io::stderr()) {
        // Swapped, because most terminals are dark; phones read it either way.
        return Some(code.render::<unicode::Dense1x2>().dark_color(light).light_color(dark).build());
    }
    // Black on white, whatever the terminal's own colours are, as the standard has it (ISO/IEC 18004).
    let picture = code.render::<unicode::Dense1x2>().dark_color(dark).light_color(light).build();
    let black_on_white = Ansi256Color(16).on(Ansi256Color(231));
    let lines = picture.lines().map(|line| format!("{black_on_white}{line}{black_on_white:#}"));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

/// The widest picture, in columns.
const MAX_PICTURE: usize = 61;

/// On Ctrl+C: puts the terminal back as it was, says so, and ends with 130. The agent sees the connection close.
pub fn end_on_interrupt(locale: Locale) {
    let before = Before::now();
    let handler = move || {
        if let Some(before) = &before {
            before.restore();
        }
        line("");
        say(locale, &msg!("cancelled"));
        std::process::exit(130);
    };
    // Without a handler Ctrl+C still ends the program, only less politely.
    let _ = ctrlc::set_handler(handler);
}

/// On Ctrl+C: nothing, because the child that runs gets it too and ends.
pub fn outlive_interrupt() {
    let _ = ctrlc::set_handler(|| ());
}
