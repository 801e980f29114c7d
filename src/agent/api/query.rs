use url::Url;
use url::form_urlencoded::parse;

use crate::msg;
use crate::wire::{Code, Fault};

/// Parameters by which some frameworks carry out another method than the one that was judged.
const METHODS: &[&str] = &[
    "$httpmethod",
    "_http_method",
    "_httpmethod",
    "_method",
    "_method_override",
    "http_method",
    "http_method_override",
    "httpmethod",
    "method_override",
    "x_http_method",
    "x_http_method_override",
    "x_method_override",
];

/// Those by which a server takes the caller for another: GitLab's `sudo`.
const OTHERS: &[&str] = &["sudo"];

/// Whether nothing in the query makes it another call, or, unless it is the owner's, that of another user.
pub(in crate::agent) fn checked_query(url: &Url, is_owner: bool) -> Result<(), Fault> {
    let Some(query) = url.query() else { return Ok(()) };
    let pairs = query.split(['&', ';']);
    let odd = pairs.map(name).find(|name| METHODS.contains(&&**name) || !is_owner && OTHERS.contains(&&**name));
    match odd {
        Some(name) => Err(Fault::new(Code::Denied, msg!("api-parameter-refused", name = name))
            .hint(msg!("hint-api-parameter-refused"))),
        None => Ok(()),
    }
}

/// The name of a parameter as the most lenient server reads it: decoded more than once, and PHP's underscores.
fn name(pair: &str) -> String {
    let decode = |text: &str| parse(text.as_bytes()).next().map(|(name, _)| name.into_owned()).unwrap_or_default();
    // What was decoded may hold what ends a name; for who decodes it once more that is where it ends.
    let decoded = (0..3).fold(pair.to_owned(), |text, _| decode(&text));
    let name = decoded.trim().split(['[', '\0']).next().unwrap_or_default().to_lowercase();
    name.chars().map(|c| if matches!(c, '.' | '-' | ' ') { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_parameter_makes_it_another_call() {
        let may = |query: &str, owner| {
            checked_query(&Url::parse(&format!("https://a.example/x?{query}")).unwrap(), owner).is_ok()
        };
        for query in [
            "_method=DELETE",
            "a=b&_METHOD=delete",
            "a=b;_method=DELETE",
            "%5Fmethod=DELETE",
            "%255fmethod=DELETE",
            ".method=DELETE",
            "_method[]=DELETE",
            "_method%5B%5D=x",
            "+_method=DELETE",
            "X-HTTP-Method-Override=PUT",
            "x.http.method.override=PUT",
            "$httpMethod=DELETE",
            "%24httpMethod=DELETE",
            "_method",
        ] {
            assert!(!may(query, true) && !may(query, false), "{query}");
        }
        assert!(may("sudo=root", true) && !may("sudo=root", false) && !may("SUDO=1", false));
        for query in ["method=x", "q=_method", "q=a%26_method=b", "page=2&per_page=5", "", "a==_method"] {
            assert!(may(query, true) && may(query, false), "{query}");
        }
    }
}
