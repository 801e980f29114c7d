//! What pages are made of.

use jiff::Timestamp;
use maud::{Markup, html};

use crate::base::{Expiry, Locale, printable};
use crate::msg;
use crate::wire::IssuedInfo;

/// A table that reads as cards where it is narrow: each cell knows its heading. The first cell names its row.
pub(super) fn table(caption: &str, headings: &[String], rows: &[Vec<Markup>]) -> Markup {
    html! {
        table {
            caption.unseen { (caption) }
            (headings_row(headings))
            tbody { @for cells in rows { (row(headings, cells)) } }
        }
    }
}

pub(super) fn headings_row(headings: &[String]) -> Markup {
    html! { thead { tr { @for heading in headings { th scope="col" { (heading) } } } } }
}

pub(super) fn row(headings: &[String], cells: &[Markup]) -> Markup {
    html! {
        tr {
            @for (at, (heading, cell)) in headings.iter().zip(cells).enumerate() {
                @if at == 0 { th scope="row" data-label=(heading) { div { (cell) } } }
                @else { td data-label=(heading) { div { (cell) } } }
            }
        }
    }
}

/// A term and what is said of it, as items of a `dl`.
pub(super) fn item(term: &str, description: &Markup) -> Markup {
    html! { div { dt { (term) } dd { (description) } } }
}

/// What somebody else named; in whatever direction its script runs.
pub(super) fn name(text: &str) -> Markup {
    html! { bdi { (printable(text)) } }
}

/// An address, an id or a command, which run from left to right in every language.
pub(super) fn value(text: impl std::fmt::Display) -> Markup {
    html! { bdi.value dir="ltr" { (printable(&text.to_string())) } }
}

/// An address, an id or a command that is short and stays on one line.
pub(super) fn word(text: impl std::fmt::Display) -> Markup {
    html! { span.word { (value(text)) } }
}

/// For what a token is, one a line: its grants, and its servers.
pub(super) fn servers(locale: Locale, token: &IssuedInfo) -> Markup {
    html! {
        @for grant in token.grants.iter().flat_map(|grants| grants.iter()) { div { (value(grant)) } }
        @for server in &token.servers { div { (value(server)) } }
        @if token.status_only {
            (locale.render(&msg!("only-status")))
        } @else if token.servers.is_empty() && token.grants.is_none() {
            (locale.render(&msg!("page-all-servers")))
        }
    }
}

/// A moment, to the minute.
pub(super) fn moment(at: Timestamp) -> Markup {
    exact(at, "%Y-%m-%d %H:%M UTC")
}

/// A moment in this form of `strftime`.
pub(super) fn exact(at: Timestamp, form: &str) -> Markup {
    let machine = at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    html! { time datetime=(machine) dir="ltr" { (at.strftime(form).to_string()) } }
}

pub(super) fn expiry(at: Expiry) -> Markup {
    Timestamp::from_second(at.as_unix()).map_or_else(|_| value(at), moment)
}

/// A state as a mark and a word; the colour only repeats it.
pub(super) fn state(is_good: bool, text: &str) -> Markup {
    let (class, mark) = if is_good { ("good", "✓") } else { ("bad", "✗") };
    html! { span class=(format!("state {class}")) { span aria-hidden="true" { (mark) " " } (text) } }
}

/// Said in place of what cannot be shown.
pub(super) fn note(text: &str) -> Markup {
    html! { p.note { (text) } }
}

/// The field without which a form counts for nothing.
pub(super) fn form_key(key: Option<&crate::base::Secret>) -> Markup {
    html! { @if let Some(key) = key { input type="hidden" name="key" value=(key.expose()); } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_named_is_text_and_moves_nothing_around_it() {
        let hostile = "<script>alert(1)</script>\u{202e}\"'&";
        for markup in
            [name(hostile), value(hostile), state(true, hostile), note(hostile), item(hostile, &name(hostile))]
        {
            let shown = markup.into_string();
            assert!(!shown.contains("<script"), "{shown}");
            assert!(shown.contains("&lt;script&gt;"), "{shown}");
        }
        assert!(!name(hostile).into_string().contains('\u{202e}'));
        let table = table(hostile, &[hostile.to_owned()], &[vec![name(hostile)]]).into_string();
        assert!(!table.contains("<script"), "{table}");
        assert!(table.contains("data-label=\"&lt;script&gt;"), "{table}");
    }
}
