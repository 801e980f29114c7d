/// The text with everything escaped that could move a cursor, or reorder or hide characters: control characters,
/// bidirectional controls (Unicode TR36 §3.3), zero-width characters and line separators.
///
/// It is applied to every text that is not loom's own before a person sees it.
pub fn printable(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() || is_invisible(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    out
}

/// Whether a person sees every character of this name, so that two names that look the same are the same. It refuses an
/// empty name, hidden characters, and spaces at an end or side by side. Marks that belong to a letter are allowed.
pub fn is_visible(name: &str) -> bool {
    let is_hidden = |c: char| c.is_control() || is_invisible(c) || is_ignorable(c) || is_blank(c) && c != ' ';
    name.trim_matches(' ') == name && !name.is_empty() && !name.contains("  ") && !name.chars().any(is_hidden)
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether Unicode has the character as `Default_Ignorable_Code_Point`, shown as nothing by itself: fillers, joiners,
/// selectors of a form.
fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// Spaces of every width, and the empty pattern of Braille.
fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{2800}'
}

#[cfg(test)]
mod tests {
    use super::{is_visible, printable};

    #[test]
    fn escapes_and_bidi_controls_become_visible() {
        assert_eq!(printable("a\x1b[31m\u{202e}b\u{7}\n"), "a\\u{1b}[31m\\u{202e}b\\u{7}\\u{a}");
        assert_eq!(printable("émile مرحبا"), "émile مرحبا");
    }

    #[test]
    fn a_name_is_seen_as_a_whole() {
        for name in ["ci", "build 7", "émile", "e\u{301}mile", "مرحبا", "部署", "हिन्दी", "a/b:c", "🚀"]
        {
            assert!(is_visible(name), "{name:?}");
        }
        let hidden = [
            "",
            " ",
            "  ",
            "\t",
            "ci ",
            " ci",
            "a  b",
            "c\u{200b}i",
            "\u{2800}",
            "\u{3164}",
            "\u{a0}",
            "ci\u{3000}",
            "c\u{200d}i",
            "\u{115f}",
            "ci\u{fe0f}",
            "\u{202e}ic",
            "ci\u{e0041}",
            "c\u{ad}i",
            "\u{feff}",
            "a\u{2003}b",
            "c\ni",
        ];
        for name in hidden {
            assert!(!is_visible(name), "{name:?}");
        }
    }
}
