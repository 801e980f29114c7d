//! Rows whose columns stand below one another. On a terminal that is too narrow for them each row becomes a block of
//! lines, so that nothing is cut off and nothing is torn where the terminal likes; elsewhere a row is always one line.

use super::look::{Look, Tone};

/// What stands in one column of one row.
#[derive(Clone, Debug)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    pub fn new(text: String, tone: Tone) -> Cell {
        Cell { text, tone }
    }

    pub fn heading(text: String) -> Cell {
        Cell::new(text, Tone::Heading)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Cell {
        Cell::new(text, Tone::Plain)
    }
}

/// The lines of a table, whose first row may have headings.
pub(super) fn lines(rows: Vec<Vec<Cell>>, look: Look) -> Vec<String> {
    let rows: Vec<Vec<Cell>> = rows.into_iter().map(|row| marked(row, look)).collect();
    let has_headings = rows.first().is_some_and(|row| row.iter().all(|cell| cell.tone == Tone::Heading));
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let widest = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| width(&cell.text)).max();
    let widths: Vec<usize> = (0..columns).map(|column| widest(column).unwrap_or(0)).collect();
    let whole = widths.iter().sum::<usize>() + BETWEEN.len() * columns.saturating_sub(1);
    match look.width {
        Some(width) if whole > width && has_headings => blocks(&rows, look),
        Some(_) | None => rows.iter().map(|row| line(row, &widths, look)).collect(),
    }
}

const BETWEEN: &str = "  ";

fn marked(row: Vec<Cell>, look: Look) -> Vec<Cell> {
    row.into_iter().map(|Cell { text, tone }| Cell { text: format!("{}{text}", look.mark(tone)), tone }).collect()
}

fn line(row: &[Cell], widths: &[usize], look: Look) -> String {
    let last = row.iter().rposition(|cell| !cell.text.is_empty()).map_or(0, |last| last + 1);
    let padded = row.iter().zip(widths).take(last).enumerate().map(|(at, (cell, wanted))| {
        let padding = if at + 1 == last { 0 } else { wanted - width(&cell.text) };
        format!("{}{}", look.painted_as(cell.tone, &cell.text), " ".repeat(padding))
    });
    padded.collect::<Vec<_>>().join(BETWEEN)
}

/// Each row as lines of a heading and what stands below it.
fn blocks(rows: &[Vec<Cell>], look: Look) -> Vec<String> {
    let Some((headings, rows)) = rows.split_first() else { return Vec::new() };
    let widest = headings.iter().map(|heading| width(&heading.text)).max().unwrap_or(0);
    let of_row = |(at, row): (usize, &Vec<Cell>)| {
        let said = headings.iter().zip(row).filter(|(_, cell)| !cell.text.is_empty() && cell.text != "-");
        let lines = said.map(|(heading, cell)| {
            let padding = " ".repeat(widest - width(&heading.text));
            let heading = look.painted_as(Tone::Heading, &heading.text);
            format!("{heading}{padding}{BETWEEN}{}", look.painted_as(cell.tone, &cell.text))
        });
        (at > 0).then(String::new).into_iter().chain(lines).collect::<Vec<_>>()
    };
    rows.iter().enumerate().flat_map(of_row).collect()
}

/// Columns on a screen, near enough: marks of direction take none.
fn width(text: &str) -> usize {
    text.chars().filter(|c| !matches!(c, '\u{2066}'..='\u{2069}')).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Vec<Vec<Cell>> {
        let row = |server: &str, state: &str, tone| {
            vec![server.to_owned().into(), "-".to_owned().into(), Cell::new(state.to_owned(), tone)]
        };
        let heading = |text: &str| Cell::heading(text.to_owned());
        vec![
            vec![heading("SERVER"), heading("-"), heading("STATE")],
            row("https://git.example", "valid", Tone::Good),
            row("https://a.example", "", Tone::Plain),
        ]
    }

    #[test]
    fn a_script_gets_plain_lines_without_marks_or_spaces_at_the_end() {
        let expected = ["SERVER               -  STATE", "https://git.example  -  valid", "https://a.example    -"];
        assert_eq!(lines(rows(), Look::plain()), expected);
    }

    #[test]
    fn colours_take_no_room_and_the_tone_has_a_mark_too() {
        let shown = lines(rows(), Look::painted(80));
        assert_eq!(shown[0], "\u{1b}[1mSERVER\u{1b}[0m               \u{1b}[1m-\u{1b}[0m  \u{1b}[1mSTATE\u{1b}[0m");
        assert_eq!(shown[1], "https://git.example  -  \u{1b}[32m✓ valid\u{1b}[0m");
    }

    #[test]
    fn what_is_too_wide_becomes_blocks_in_which_nothing_is_cut_off() {
        let shown = lines(rows(), Look::painted(24));
        let plain: Vec<String> = shown.iter().map(|line| anstream::adapter::strip_str(line).to_string()).collect();
        let expected = ["SERVER  https://git.example", "STATE   ✓ valid", "", "SERVER  https://a.example"];
        assert_eq!(plain, expected);
    }
}
