//! A URL that can be clicked, where the terminal is known to hide what makes it so (OSC 8). Elsewhere the bare URL:
//! many terminals find those by themselves, and people copy them.

use std::env;
use std::io::{IsTerminal, stderr};

/// The URL for standard error.
pub fn link(url: &str) -> String {
    let can = stderr().is_terminal() && is_known(|name| env::var(name).ok().filter(|value| !value.is_empty()));
    if can { clickable(url) } else { url.to_owned() }
}

/// `url` is printable: a control character in it would end the sequence.
fn clickable(url: &str) -> String {
    if url.contains(char::is_control) {
        url.to_owned()
    } else {
        format!("\u{1b}]8;;{url}\u{1b}\\{url}\u{1b}]8;;\u{1b}\\")
    }
}

/// Whether this is one of the terminals that do it. What sits between, such as tmux, may not hand it on.
fn is_known(variable: impl Fn(&str) -> Option<String>) -> bool {
    let program = |name: &str| variable("TERM_PROGRAM").is_some_and(|program| program == name);
    let is_between = variable("TMUX").is_some() || variable("STY").is_some();
    let is_dumb = variable("TERM").is_some_and(|term| term == "dumb");
    // Older VTE prints what it does not know; since 0.50 it knows.
    let vte = variable("VTE_VERSION").and_then(|version| version.parse::<u32>().ok()).is_some_and(|is| is >= 5000);
    let named = ["KITTY_WINDOW_ID", "WT_SESSION", "KONSOLE_VERSION", "DOMTERM"].iter().any(|it| variable(it).is_some());
    let programs = ["iTerm.app", "WezTerm", "vscode", "ghostty"].iter().any(|it| program(it));
    !is_between && !is_dumb && (vte || named || programs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_for_terminals_that_are_known_to_hide_it() {
        let among = |set: &'static [(&str, &str)]| {
            is_known(move |name| set.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned()))
        };
        assert!(among(&[("VTE_VERSION", "7200")]));
        assert!(among(&[("TERM_PROGRAM", "WezTerm")]));
        assert!(!among(&[("VTE_VERSION", "3900")]));
        assert!(!among(&[("TERM", "xterm-256color")]));
        assert!(!among(&[("VTE_VERSION", "7200"), ("TMUX", "/tmp/x")]));
        assert_eq!(
            clickable("https://a.example/x"),
            "\u{1b}]8;;https://a.example/x\u{1b}\\https://a.example/x\u{1b}]8;;\u{1b}\\"
        );
        assert_eq!(clickable("https://a.example/\u{7}"), "https://a.example/\u{7}");
    }
}
