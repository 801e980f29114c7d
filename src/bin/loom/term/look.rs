//! What the terminal at a stream can show. Whatever is not a terminal gets the plain text, since a script reads it,
//! unless `CLICOLOR_FORCE` says otherwise; `NO_COLOR` and `TERM=dumb` are kept to everywhere (no-color.org,
//! bixense.com/clicolors).

use std::fmt;
use std::io::{IsTerminal, stdout};

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};

/// What a text on a screen is for. The colours are the sixteen that a person's own theme decides about, so that they
/// are readable on light and on dark ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Plain,
    /// The heading of a column.
    Heading,
    Good,
    /// It will need something soon.
    Warning,
    Bad,
}

impl Tone {
    fn style(self) -> Style {
        match self {
            Tone::Plain => Style::new(),
            Tone::Heading => Style::new().bold(),
            Tone::Good => AnsiColor::Green.on_default(),
            Tone::Warning => AnsiColor::Yellow.on_default(),
            Tone::Bad => AnsiColor::Red.on_default(),
        }
    }

    /// What says the same to whoever sees no colours.
    fn mark(self) -> &'static str {
        match self {
            Tone::Plain | Tone::Heading => "",
            Tone::Good => "✓ ",
            Tone::Warning => "! ",
            Tone::Bad => "✗ ",
        }
    }
}

/// How standard output shows things.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// In columns, where there is an end to a line.
    pub width: Option<usize>,
    paints: bool,
    marks: bool,
}

impl Look {
    /// That of whoever reads standard output.
    pub fn of_output() -> Look {
        let is_terminal = stdout().is_terminal();
        let width = terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0));
        // A terminal of no width does not know it.
        let width = width.filter(|width| is_terminal && *width > 0);
        Look { width, paints: paints(&stdout()), marks: is_terminal }
    }

    /// As it is where a script reads.
    #[cfg(test)]
    pub fn plain() -> Look {
        Look { width: None, paints: false, marks: false }
    }

    #[cfg(test)]
    pub fn painted(width: usize) -> Look {
        Look { width: Some(width), paints: true, marks: true }
    }

    /// The mark that stands before a text of this tone.
    pub fn mark(self, tone: Tone) -> &'static str {
        if self.marks { tone.mark() } else { "" }
    }

    /// The text in the colour of its tone.
    pub fn painted_as(self, tone: Tone, text: impl fmt::Display) -> String {
        let style = if self.paints { tone.style() } else { Style::new() };
        format!("{style}{text}{style:#}")
    }
}

/// Whether colours are shown and wanted there.
pub fn paints<S: RawStream>(stream: &S) -> bool {
    !matches!(AutoStream::choice(stream), ColorChoice::Never)
}
