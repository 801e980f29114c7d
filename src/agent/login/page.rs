//! The one page that loom shows in a browser: how the login ended.

use crate::base::{Credential, Locale, ServerUrl};
use crate::msg;
use crate::wire::Fault;

/// Plain, readable in the dark, without a script; everything in it is ours or made harmless.
pub(super) fn after_login(locale: Locale, server: &ServerUrl, outcome: &Result<Credential, Fault>) -> String {
    let (title, text) = match outcome {
        Ok(_) => (msg!("page-title", server = server), locale.render(&msg!("page-logged-in"))),
        Err(fault) => (msg!("page-title", server = server), fault.message(locale)),
    };
    let mark = if outcome.is_ok() { "✓" } else { "✗" };
    format!(
        "<!doctype html>\n<html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><meta name=\"color-scheme\" content=\"light dark\">\
         <title>{title}</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:20vh auto;\
         padding:0 1.5rem}}h1{{font-size:1.4rem}}</style></head><body><h1>{mark} {title}</h1><p>{text}</p></body></html>\n",
        lang = locale.tag(),
        dir = if locale.is_right_to_left() { "rtl" } else { "ltr" },
        title = escaped(&locale.render(&title)),
        text = escaped(&text),
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::reason;

    #[test]
    fn what_a_server_says_is_text_on_the_page_and_no_markup() {
        let server = ServerUrl::parse("https://a.example").unwrap();
        let (error, description) = ("<script>alert(1)</script>".to_owned(), "\"&\"".to_owned());
        let said = reason::Upstream::ServerSays { server: server.clone(), error, description };
        let page = after_login(Locale::En, &server, &Err(said.into()));
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;"), "{page}");
    }
}
