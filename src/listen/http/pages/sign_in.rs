//! The pages on which people sign in. Afterwards the browser goes on only to a path of this door, whatever the link
//! said that led here.

use axum::Extension;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use maud::{Markup, html};
use url::form_urlencoded::byte_serialize;

use super::fault::alert;
use super::local_path::local_path;
use super::page::{Page, go_to};
use super::parts::value;
use crate::base::Secret;
use crate::listen::http::ask::Asking;
use crate::listen::http::asker::Browser;
use crate::listen::http::form::Form;
use crate::listen::http::visit::Visit;
use crate::listen::http::{cookies, problem};
use crate::msg;
use crate::wire::{Fault, IssuerInfo, Issuers, SignInToken};

/// Makes a token for people where there is no single sign-on.
const COMMAND: &str = "loom token generate me --role admin";

pub(super) async fn choose(Extension(visit): Extension<Visit>, browser: Browser) -> Response {
    match browser {
        Browser::SignedIn(_) => go_to("/", []),
        Browser::Stranger(asking) => page(&visit, &asking, None).await,
    }
}

/// A session with the rights of an issued token.
pub(super) async fn with_token(
    Extension(visit): Extension<Visit>,
    browser: Browser,
    headers: HeaderMap,
    form: Form,
) -> Response {
    let (Browser::SignedIn(asking) | Browser::Stranger(asking)) = browser;
    // A token that is copied often comes with a space around it.
    let token = Secret::new(form.text("token").unwrap_or_default().trim().to_owned());
    match asking.ask(&SignInToken { token }).await {
        Ok(begun) => {
            let session = cookies::set(&visit, cookies::SESSION, begun.session.expose());
            go_to(&next(&visit, &headers), [session, cookies::remove(&visit, cookies::NEXT)])
        }
        Err(fault) => page(&visit, &asking, Some(&fault)).await,
    }
}

/// The page that the person wanted before they were sent here to sign in.
pub(super) fn next(visit: &Visit, headers: &HeaderMap) -> String {
    let kept = visit.cookie(headers, cookies::NEXT);
    kept.as_ref().and_then(|kept| local_path(kept.expose())).unwrap_or("/").to_owned()
}

async fn page(visit: &Visit, asking: &Asking, fault: Option<&Fault>) -> Response {
    let (issuers, trouble) = match asking.ask(&Issuers {}).await {
        Ok(reply) => (reply.issuers, None),
        // Settings that cannot be read are no reason to keep out who has a token.
        Err(trouble) => (Vec::new(), Some(trouble)),
    };
    let status = fault.map_or(StatusCode::OK, |fault| problem::status(fault.code()));
    let fault = fault.or(trouble.as_ref());
    Page::new(visit, msg!("page-sign-in"), "/sign-in").status(status).show(html! {
        @if let Some(fault) = fault { (alert(visit.locale, fault)) }
        p { (visit.locale.render(&msg!("page-sign-in-lead"))) }
        (by_issuer(visit, &issuers))
        (by_token(visit, issuers.is_empty()))
    })
}

/// Links and no forms: a form may lead to this door only, also where it is sent on (CSP3 §6.4.2).
fn by_issuer(visit: &Visit, issuers: &[IssuerInfo]) -> Markup {
    let place = |issuer: &IssuerInfo| {
        let issuer: String = byte_serialize(issuer.issuer.as_bytes()).collect();
        format!("/auth/oidc/login?issuer={issuer}")
    };
    html! {
        @if !issuers.is_empty() {
            ul.choices {
                @for issuer in issuers {
                    li {
                        a.button.primary href=(place(issuer)) {
                            (visit.locale.render(&msg!("page-sign-in-with", name = issuer.name)))
                        }
                    }
                }
            }
        }
    }
}

fn by_token(visit: &Visit, is_only: bool) -> Markup {
    let say = |message| visit.locale.render(&message);
    html! {
        form.card method="post" action="/sign-in/token" {
            h2 { (say(msg!("page-sign-in-token"))) }
            @if is_only {
                p { (say(msg!("page-no-issuer"))) }
                pre dir="ltr" { code { (COMMAND) } }
            }
            div.field {
                label for="token" { (say(msg!("page-token"))) }
                input #token type="password" name="token" required autocomplete="off" spellcheck="false" dir="ltr"
                    aria-describedby="token-help";
                p.help #token-help { (say(msg!("page-token-help"))) " " (value("loom_…")) }
            }
            div.actions {
                button class=[is_only.then_some("primary")] { (say(msg!("page-sign-in"))) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Locale;
    use crate::listen::http::pages::page::tests::visit;

    #[test]
    fn the_name_of_an_issuer_is_text_and_its_address_stays_a_parameter() {
        let issuer = IssuerInfo {
            issuer: "https://id.example/?a=b&next=//evil\"".to_owned(),
            name: "<b>A</b>".to_owned(),
            client_id: "loom".to_owned(),
        };
        let shown = by_issuer(&visit(Locale::En), &[issuer]).into_string();
        assert!(!shown.contains("<b>"), "{shown}");
        assert!(shown.contains("&lt;b&gt;"), "{shown}");
        assert!(shown.contains("?issuer=https%3A%2F%2Fid.example%2F%3Fa%3Db%26next%3D%2F%2Fevil%22\""), "{shown}");
    }

    #[test]
    fn where_they_wanted_to_go_is_looked_at_again_when_it_comes_back() {
        let going = |cookie: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("cookie", cookie.parse().unwrap());
            next(&visit(Locale::En), &headers)
        };
        assert_eq!(going("loom-next=/device?user_code=A"), "/device?user_code=A");
        assert_eq!(going("loom-next=//evil.example"), "/");
        assert_eq!(going("other=/x"), "/");
    }
}
