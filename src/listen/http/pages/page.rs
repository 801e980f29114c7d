//! What is around every page, and the headers that all of them have: nothing from elsewhere is loaded, no script stands
//! in a page, and no other page can frame it.

use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY, SET_COOKIE, X_FRAME_OPTIONS,
};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, html};
use url::form_urlencoded::byte_serialize;

use crate::base::{Locale, Message};
use crate::listen::http::visit::Visit;
use crate::msg;

/// Nothing is loaded that this door does not serve, nothing runs that stands in a page, and no other page holds it in a
/// frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; \
                      form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

const CROSS_ORIGIN_OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");

/// What is around every page: its title, the way out, and the languages.
pub(super) struct Page<'a> {
    visit: &'a Visit,
    title: Message,
    here: String,
    status: StatusCode,
    is_signed_in: bool,
    goes_on_to: Option<String>,
    has_script: bool,
}

impl<'a> Page<'a> {
    /// `here` is the page's own path, to which the choice of another language leads back.
    pub(super) fn new(visit: &'a Visit, title: Message, here: impl Into<String>) -> Page<'a> {
        let (here, status) = (here.into(), StatusCode::OK);
        Page { visit, title, here, status, is_signed_in: false, goes_on_to: None, has_script: false }
    }

    pub(super) fn status(self, status: StatusCode) -> Self {
        Page { status, ..self }
    }

    pub(super) fn signed_in(self) -> Self {
        Page { is_signed_in: true, ..self }
    }

    /// The browser goes on by itself to another page of ours.
    pub(super) fn goes_on_to(self, path: &str) -> Self {
        Page { goes_on_to: Some(path.to_owned()), ..self }
    }

    pub(super) fn with_script(self) -> Self {
        Page { has_script: true, ..self }
    }

    pub(super) fn show(self, content: Markup) -> Response {
        let kind = [(CONTENT_TYPE, "text/html; charset=utf-8")];
        let mut answer = (self.status, kind, self.markup(content).into_string()).into_response();
        for (name, value) in [
            (CONTENT_SECURITY_POLICY, POLICY),
            (X_FRAME_OPTIONS, "DENY"),
            (CROSS_ORIGIN_OPENER_POLICY, "same-origin"),
            // A page that names no referrer to anybody sends its forms without an origin too (Fetch §3.1).
            (REFERRER_POLICY, "same-origin"),
        ] {
            answer.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        answer
    }

    fn markup(&self, content: Markup) -> Markup {
        let locale = self.visit.locale;
        let title = locale.render(&self.title);
        html! {
            (DOCTYPE)
            html lang=(locale.tag()) dir=(direction(locale)) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    @if let Some(path) = &self.goes_on_to { meta http-equiv="refresh" content=(format!("0;url={path}")); }
                    title { (title) " – loom" }
                    link rel="icon" href="/icon.svg" type="image/svg+xml";
                    link rel="stylesheet" href=(concat!("/style.css?", env!("CARGO_PKG_VERSION")));
                    @if self.has_script { script src=(concat!("/page.js?", env!("CARGO_PKG_VERSION"))) defer {} }
                }
                body {
                    header.top { (self.top()) }
                    main { h1 { (title) } (content) }
                    footer { (self.languages()) }
                }
            }
        }
    }

    fn top(&self) -> Markup {
        let say = |message| self.visit.locale.render(&message);
        html! {
            a.brand href="/" dir="ltr" { img src="/icon.svg" alt="" width="28" height="28"; "loom" }
            @if self.is_signed_in {
                nav aria-label=(say(msg!("page-menu"))) {
                    a href="/device" { (say(msg!("page-connect"))) }
                    a href="/auth/logout" { (say(msg!("page-sign-out"))) }
                }
            }
        }
    }

    fn languages(&self) -> Markup {
        let back: String = byte_serialize(self.here.as_bytes()).collect();
        html! {
            nav aria-label=(self.visit.locale.render(&msg!("page-language"))) {
                @for locale in Locale::ALL {
                    a href=(format!("/language/{}?back={back}", locale.tag())) lang=(locale.tag()) hreflang=(locale.tag())
                        dir=(direction(locale)) aria-current=[(locale == self.visit.locale).then_some("true")] {
                        (own_name(locale))
                    }
                }
            }
        }
    }
}

/// Sends the browser to another page, with cookies to set or remove.
pub(super) fn go_to(place: &str, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    let mut answer = StatusCode::SEE_OTHER.into_response();
    // What is no header can be no place.
    let place = HeaderValue::from_str(place).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(LOCATION, place);
    with_cookies(answer, cookies)
}

pub(super) fn with_cookies(mut answer: Response, cookies: impl IntoIterator<Item = Option<HeaderValue>>) -> Response {
    for cookie in cookies.into_iter().flatten() {
        answer.headers_mut().append(SET_COOKIE, cookie);
    }
    answer
}

fn direction(locale: Locale) -> &'static str {
    if locale.is_right_to_left() { "rtl" } else { "ltr" }
}

/// A language's name is said in itself.
fn own_name(locale: Locale) -> &'static str {
    match locale {
        Locale::En => "English",
        Locale::Es => "Español",
        Locale::Ar => "العربية",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::listen::http::pages) fn visit(locale: Locale) -> Visit {
        Visit { address: [127, 0, 0, 1].into(), base: "http://127.0.0.1:1".to_owned(), locale }
    }

    #[test]
    fn a_page_has_a_language_a_direction_and_nothing_that_runs() {
        for locale in Locale::ALL {
            let visit = visit(locale);
            let page = Page::new(&visit, msg!("page-overview"), "/").signed_in().with_script();
            let page = page.markup(html! {}).into_string();
            let start = format!("<!DOCTYPE html><html lang=\"{}\" dir=\"{}\">", locale.tag(), direction(locale));
            assert!(page.starts_with(&start), "{page}");
            assert!(!page.contains("<style"), "{page}");
            assert!(!page.contains(" style="), "{page}");
            assert!(!page.contains(" onclick"), "{page}");
            assert!(page.split("<script").skip(1).all(|script| script.starts_with(" src=\"/")), "{page}");
        }
    }

    #[test]
    fn every_page_forbids_frames_and_whatever_is_not_ours() {
        let visit = visit(Locale::En);
        let answer = Page::new(&visit, msg!("page-overview"), "/").show(html! {});
        let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        assert!(header(CONTENT_SECURITY_POLICY).contains("default-src 'none'"));
        assert!(!header(CONTENT_SECURITY_POLICY).contains("unsafe"));
        assert_eq!((header(X_FRAME_OPTIONS), header(REFERRER_POLICY)), ("DENY", "same-origin"));
    }

    #[test]
    fn a_place_that_is_no_header_is_not_gone_to() {
        assert_eq!(go_to("/a\r\nset-cookie: x", []).headers()[LOCATION], "/");
    }
}
