//! Files of lines: `key = value` in sections, and paragraphs that say whose they are. Every other line stays what it
//! is.

/// How a line of our own begins, in the files whose comments begin with `#`.
const BEGIN: &str = "# loom setup: begin (\"loom setup TOOL --remove\" takes this paragraph out)";
const END: &str = "# loom setup: end";

/// The line end of a text.
pub fn line_end(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The value of a key in a section, `""` being what stands before all sections. Of several the last one counts.
pub fn get<'a>(text: &'a str, section: &str, key: &str) -> Option<&'a str> {
    let (_, text) = without_mark(text);
    let line =
        text.lines().zip(sections(text)).filter(|(line, own)| *own == section && key_of(line) == Some(key)).last();
    line.and_then(|(line, _)| line.split_once('=')).map(|(_, value)| value.trim())
}

/// The value of a key in each section that has it.
pub fn all<'a>(text: &'a str, key: &str) -> Vec<(&'a str, &'a str)> {
    let (_, text) = without_mark(text);
    let of_key = text.lines().zip(sections(text)).filter(|(line, _)| key_of(line) == Some(key));
    of_key.filter_map(|(line, section)| Some((section, line.split_once('=')?.1.trim()))).collect()
}

/// Gives a key of a section this value, where it stands already, else at the end of the section; a section that is not
/// there is added at the end.
pub fn set(text: &str, section: &str, key: &str, value: &str) -> String {
    let (mark, text) = without_mark(text);
    let end = line_end(text);
    let owners: Vec<String> = sections(text).map(str::to_owned).collect();
    let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
    let is_key = |at: &usize| owners[*at] == section && key_of(&lines[*at]) == Some(key);
    if let Some(at) = (0..lines.len()).rev().find(is_key) {
        let (name, old) = lines[at].split_once('=').unwrap_or((&lines[at], ""));
        let gap = if old.starts_with(' ') { " " } else { "" };
        let tail = &old[old.trim_end().len()..];
        lines[at] = format!("{name}={gap}{value}{tail}");
        return mark.to_owned() + &lines.concat();
    }
    let style = if section.is_empty() && !text.contains(" = ") { "=" } else { " = " };
    let added = format!("{key}{style}{value}{end}");
    let last = (0..lines.len()).rev().find(|&at| owners[at] == section && !lines[at].trim().is_empty());
    match last {
        Some(at) => {
            if !lines[at].ends_with('\n') {
                lines[at] += end;
            }
            lines.insert(at + 1, added);
        }
        None if section.is_empty() => lines.insert(0, added),
        None => {
            if lines.last().is_some_and(|line| !line.ends_with('\n')) {
                lines.push(end.to_owned());
            }
            if !lines.is_empty() {
                lines.push(end.to_owned());
            }
            lines.push(format!("[{section}]{end}{added}"));
        }
    }
    mark.to_owned() + &lines.concat()
}

/// Takes a key out of a section, and the section with it if nothing else stands in it.
pub fn remove(text: &str, section: &str, key: &str) -> String {
    let (mark, text) = without_mark(text);
    let owners: Vec<&str> = sections(text).collect();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let is_ours = |at: usize| owners[at] == section && key_of(lines[at]) == Some(key);
    let is_other = |at: usize| owners[at] == section && !is_ours(at) && !lines[at].trim().is_empty();
    let of_header = |at: usize| lines[at].trim_start().starts_with('[');
    let is_empty = !section.is_empty() && !(0..lines.len()).any(|at| is_other(at) && !of_header(at));
    let goes = |at: usize| is_ours(at) || (is_empty && owners[at] == section);
    (0..lines.len()).filter(|&at| !goes(at)).map(|at| lines[at]).fold(mark.to_owned(), |text, line| text + line)
}

/// The mark of byte order that an editor of Windows puts before a text, and the text: it belongs to no line.
fn without_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

/// The paragraph that loom wrote, without the lines that say so.
pub fn paragraph(text: &str) -> Option<String> {
    let (begin, end) = ends(text)?;
    Some(text.lines().skip(begin + 1).take(end.saturating_sub(begin + 1)).collect::<Vec<_>>().join("\n"))
}

/// The text with this paragraph of loom's at its end, or where it stood before.
pub fn with_paragraph(text: &str, paragraph: &str) -> String {
    let line = line_end(text);
    let said = format!("{BEGIN}\n{}\n{END}\n", paragraph.trim_end()).replace('\n', line);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    if let Some((begin, end)) = ends(text) {
        return lines[..begin].concat() + &said + &lines[(end + 1).min(lines.len())..].concat();
    }
    let missing = if text.is_empty() || text.ends_with('\n') { "" } else { line };
    format!("{text}{missing}{said}")
}

/// The text without the paragraph of loom's.
pub fn without_paragraph(text: &str) -> String {
    let Some((begin, end)) = ends(text) else { return text.to_owned() };
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    lines[..begin].concat() + &lines[(end + 1).min(lines.len())..].concat()
}

/// Its first and its last line. One whose end is gone ends where it begins, so that nobody else's lines go with it.
fn ends(text: &str) -> Option<(usize, usize)> {
    let begin = text.lines().position(|line| line == BEGIN)?;
    let end = text.lines().skip(begin).position(|line| line == END).map_or(begin, |after| begin + after);
    Some((begin, end))
}

/// The section that each line stands in; its header is in it.
fn sections(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive('\n').scan("", |section, line| {
        let line = line.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            *section = name.trim();
        }
        Some(*section)
    })
}

/// The key of a line that is no comment, and that does not go on with what the line before began.
fn key_of(line: &str) -> Option<&str> {
    let (key, _) = line.split_once('=')?;
    (!line.starts_with([' ', '\t', '#', ';', '['])).then(|| key.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "; mine\n[global]\nindex-url = https://a.example\n\n[install]\nkeyring = x";

    #[test]
    fn a_key_is_found_in_its_section_only() {
        assert_eq!(get(FILE, "install", "keyring"), Some("x"));
        assert_eq!(get(FILE, "global", "keyring"), None);
    }

    #[test]
    fn a_key_is_set_where_its_section_ends() {
        let set = set(FILE, "global", "keyring-provider", "subprocess");
        assert_eq!(set, FILE.replace("a.example\n", "a.example\nkeyring-provider = subprocess\n"));
    }

    #[test]
    fn a_missing_section_is_added_at_the_end() {
        assert_eq!(set("a=1\r\n", "x", "k", "v"), "a=1\r\n\r\n[x]\r\nk = v\r\n");
        assert_eq!(set("", "x", "k", "v"), "[x]\nk = v\n");
        assert_eq!(set("", "", "k", "v"), "k=v\n");
    }

    #[test]
    fn a_value_is_replaced_where_it_stands() {
        assert_eq!(set("k=1\r\nl=2\r\n", "", "k", "v"), "k=v\r\nl=2\r\n");
        assert_eq!(set("k = 1", "", "k", "v"), "k = v");
    }

    #[test]
    fn a_key_is_taken_out_and_its_section_if_it_is_empty() {
        assert_eq!(remove("[a]\nk = v\n[b]\nl = w\n", "a", "k"), "[b]\nl = w\n");
        assert_eq!(remove("[a]\nk = v\nm = w\n", "a", "k"), "[a]\nm = w\n");
    }

    #[test]
    fn a_mark_of_byte_order_stays_before_the_first_line() {
        let text = "\u{feff}[global]\nk = v\n";
        assert_eq!(get(text, "global", "k"), Some("v"));
        assert_eq!(set(text, "global", "k", "w"), "\u{feff}[global]\nk = w\n");
        assert_eq!(set(text, "global", "l", "w"), "\u{feff}[global]\nk = v\nl = w\n");
        assert_eq!(set("\u{feff}", "", "k", "v"), "\u{feff}k=v\n");
        assert_eq!(remove(&set(text, "global", "l", "w"), "global", "l"), text);
        assert_eq!(all(text, "k"), [("global", "v")]);
    }

    #[test]
    fn a_paragraph_is_added_replaced_and_taken_out() {
        let one = with_paragraph("a\r\nb", "x\ny");
        assert_eq!(paragraph(&one).as_deref(), Some("x\ny"));
        let two = with_paragraph(&one, "z") + "c\r\n";
        assert_eq!(paragraph(&two).as_deref(), Some("z"));
        assert_eq!(without_paragraph(&two), "a\r\nb\r\nc\r\n");
    }
}
