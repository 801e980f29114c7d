//! The tokens that the agent issued, and their end.

use maud::{Markup, html};

use super::parts::{expiry, form_key, moment, name, note, servers, table, value, word};
use crate::base::{Locale, Secret};
use crate::msg;
use crate::wire::IssuedInfo;

/// All that whoever looks may see, each with a form that revokes it.
pub(super) fn tokens(locale: Locale, tokens: &[IssuedInfo], key: Option<&Secret>) -> Markup {
    list(locale, tokens, "tokens", key)
}

/// The tokens of machines that the reader of the page approved.
pub(super) fn devices(locale: Locale, tokens: &[IssuedInfo], key: Option<&Secret>) -> Markup {
    html! {
        (note(&locale.render(&msg!("page-own-machines"))))
        @if !tokens.is_empty() { (list(locale, tokens, "devices", key)) }
    }
}

fn list(locale: Locale, tokens: &[IssuedInfo], place: &str, key: Option<&Secret>) -> Markup {
    let say = |message| locale.render(&message);
    if tokens.is_empty() {
        return note(&say(msg!("page-no-tokens")));
    }
    let headings = [
        msg!("page-name"),
        msg!("page-id"),
        msg!("page-scopes"),
        msg!("page-servers"),
        msg!("page-expires"),
        msg!("page-last-used"),
        msg!("page-end"),
    ];
    let rows: Vec<Vec<Markup>> = tokens.iter().map(|token| row(locale, token, place, key)).collect();
    table(&say(msg!("page-tokens")), &headings.map(say), &rows)
}

fn row(locale: Locale, token: &IssuedInfo, place: &str, key: Option<&Secret>) -> Vec<Markup> {
    let say = |message| locale.render(&message);
    vec![
        html! {
            (name(&token.name))
            @if let Some(person) = &token.approved_by {
                span.more { (say(msg!("page-approved-by", name = person))) }
            }
        },
        word(&token.id),
        html! {
            (value(&token.scopes))
            @if token.reveal { span.more { (say(msg!("page-reveals"))) } }
        },
        servers(locale, token),
        token.expires_at.map_or_else(|| html! { (say(msg!("page-never"))) }, expiry),
        token.last_used.map_or_else(|| html! { (say(msg!("page-unused"))) }, moment),
        // The form has to be opened first, so that one stray key press ends nothing.
        html! {
            details {
                summary { (say(msg!("page-revoke"))) span.unseen { " " (name(&token.name)) } }
                form method="post" action=(format!("/{place}/{}/revoke", token.id)) {
                    p { (say(msg!("page-revoke-means"))) }
                    (form_key(key))
                    button.danger { (say(msg!("page-revoke-now"))) span.unseen { " " (name(&token.name)) } }
                }
            }
        },
    ]
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::base::Scopes;

    #[test]
    fn a_token_ends_by_a_form_with_a_key_that_has_to_be_opened_first() {
        let token = IssuedInfo {
            name: "\"><script>alert(1)</script>".to_owned(),
            id: "a1".to_owned(),
            scopes: Scopes::default(),
            role: None,
            expires_at: None,
            created_at: Timestamp::UNIX_EPOCH,
            last_used: None,
            revoked: false,
            active: true,
            servers: Vec::new(),
            reveal: false,
            status_only: false,
            grants: None,
            uses: 0,
            max_uses: None,
            max_age_days: None,
            ends_at: None,
            approved_by: Some("<b>".to_owned()),
        };
        let key = Secret::new("k".to_owned());
        let shown = tokens(Locale::En, &[token], Some(&key)).into_string();
        assert!(!shown.contains("<script"), "{shown}");
        assert!(!shown.contains("<b>"), "{shown}");
        let form = shown.split_once("<details>").unwrap().1;
        assert!(form.contains("action=\"/tokens/a1/revoke\""), "{form}");
        assert!(form.contains("name=\"key\" value=\"k\""), "{form}");
    }
}
