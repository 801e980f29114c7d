/// The text with everything that could move a cursor, reorder or hide characters escaped.
///
/// Applied to all that did not come from our own texts before a person sees it: control
/// characters, bidirectional controls (Unicode TR36 §3.3), zero-width and line separators.
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

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn escapes_and_bidi_controls_become_visible() {
        assert_eq!(printable("a\x1b[31m\u{202e}b\u{7}\n"), "a\\u{1b}[31m\\u{202e}b\\u{7}\\u{a}");
        assert_eq!(printable("émile مرحبا"), "émile مرحبا");
    }
}
