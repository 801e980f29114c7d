use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use url::Url;

use super::{Endpoint, ServerUrl};

/// A page at which a person makes a token by hand: `[server.token_page]` in loom.toml(5), or of a known host.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TokenPage {
    /// The page's URL, with `{name}`, `{scopes}`, `{end}` and `{organization}` where they go.
    page: String,
    /// The scopes that the page is filled with.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Where the server says of a token when it ends (`expires_at`), if it says so.
    #[serde(default)]
    pub about: Option<Endpoint>,
    /// The program that may have a login of its own to this host: `gh` or `glab`.
    #[serde(default)]
    pub program: Option<String>,
}

/// For how many days a token is asked for.
const DAYS: i64 = 90;

impl TokenPage {
    /// The page for a token of this name at this server. `None` if it is no page that a browser may be sent to.
    pub fn url(&self, server: &ServerUrl, name: &str, now: jiff::Timestamp) -> Option<Url> {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let end = now.checked_add(jiff::SignedDuration::from_hours(DAYS * 24)).ok()?;
        let organization = server.path().split('/').find(|part| !part.is_empty());
        // Without one the page is where a person finds theirs.
        let page = match organization {
            Some(organization) => self.page.replace("{organization}", organization),
            None => self.page.split("{organization}").next().unwrap_or_default().to_owned(),
        };
        let page = page
            .replace("{name}", &encoded(name))
            .replace("{scopes}", &encoded(&self.scopes.join(",")))
            .replace("{end}", &end.strftime("%Y-%m-%d").to_string());
        Endpoint::parse(&page).ok().map(|page| page.url().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_filled_with_what_the_token_is_to_be() {
        let page = |text: &str, server: &str| {
            let page =
                TokenPage { page: text.to_owned(), scopes: vec!["a".into(), "b".into()], about: None, program: None };
            let url = page.url(&ServerUrl::parse(server).unwrap(), "loom on box", jiff::Timestamp::UNIX_EPOCH);
            url.map(|url| url.to_string())
        };
        assert_eq!(
            page("https://h.example/new?n={name}&s={scopes}&e={end}", "https://h.example").unwrap(),
            "https://h.example/new?n=loom%20on%20box&s=a%2Cb&e=1970-04-01"
        );
        let azure = "https://h.example/{organization}/tokens";
        assert_eq!(page(azure, "https://h.example/acme/x").unwrap(), "https://h.example/acme/tokens");
        assert_eq!(page(azure, "https://h.example").unwrap(), "https://h.example/");
        assert_eq!(page("javascript:alert(1)", "https://h.example"), None);
    }
}
