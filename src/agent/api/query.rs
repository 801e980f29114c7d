//! What the query of a URL changes about a call: some servers take the method, the acting user or the action from
//! there. A caller with limited rights may send no such parameter, in whatever encoding, because what was judged would
//! then be another call than the one the server makes.

use std::iter::successors;

use percent_encoding::percent_decode_str;
use url::Url;

use crate::access::{Need, needed};
use crate::wire::{Fault, reason};

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

/// Parameters by which a server acts as another user (GitLab's `sudo`), or takes another path (WordPress's
/// `rest_route`).
const OTHERS: &[&str] = &["sudo", "rest_route"];

/// Parameters that name what is done with the object of the path, such as Rancher's `action=generateKubeconfig`.
const ACTIONS: &[&str] = &["action"];

/// How often a parameter may be decoded on its way.
const DECODED: usize = 3;

/// Whether nothing in the query makes it another call, or, unless it is the owner's, that of another user.
pub(crate) fn checked_query(url: &Url, is_owner: bool) -> Result<(), Fault> {
    let Some(query) = url.query() else { return Ok(()) };
    let is_odd = |name: &String| METHODS.contains(&&**name) || !is_owner && OTHERS.contains(&&**name);
    match pairs(query).map(|(name, _)| name).find(is_odd) {
        Some(name) => Err(reason::Api::ParameterRefused { name }.into()),
        None => Ok(()),
    }
}

/// What a call takes: what its path says, and more where an action of the query does. That one is judged as if a path
/// ended so, and as what changes something, whatever the method.
pub(crate) fn need_of(method: &str, path: &str, url: &Url) -> Need {
    let need = needed(method, path);
    let actions = pairs(url.query().unwrap_or_default()).filter(|(name, _)| ACTIONS.contains(&&**name));
    let reveals = actions.map(|(_, action)| needed("POST", &format!("/{action}")).reveals);
    Need { reveals: reveals.fold(need.reveals, |one, other| one || other), ..need }
}

/// The parameters with their values as any server may read them: some decode more than once, and what was decoded may
/// hold what ends a parameter or its name.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    let decode = |text: &String| Some(percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned());
    let readings = successors(Some(query.to_owned()), decode).take(1 + DECODED);
    let pair = |pair: &str| (name(pair), pair.split_once('=').map(|(_, value)| value.to_owned()).unwrap_or_default());
    readings.flat_map(move |text| text.split(['&', ';', '?']).map(pair).collect::<Vec<_>>())
}

/// PHP writes an underscore for what its variables cannot have in their names.
fn name(pair: &str) -> String {
    let name = pair.trim().split(['=', '[', '\0']).next().unwrap_or_default().trim().to_lowercase();
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
            "x%26_method=DELETE",
            "q=a%26_method=DELETE",
            "q=a%2526_method%253DDELETE",
            "q=a%3B_method=DELETE",
            "q=%3F%255fmethod=DELETE",
            "_method%00x=DELETE",
            "_method%253DDELETE",
        ] {
            assert!(!may(query, true) && !may(query, false), "{query}");
        }
        assert!(may("sudo=root", true) && !may("sudo=root", false) && !may("SUDO=1", false));
        assert!(!may("x=1%26sudo=root", false) && may("x=1%26sudo=root", true));
        assert!(may("rest_route=/wp/v2/users", true) && !may("rest_route=/wp/v2/users", false));
        assert!(!may("x=1&Rest-Route=/wp/v2/users/1/application-passwords", false));
        for query in ["method=x", "q=_method", "q=a%26b=_method", "page=2&per_page=5", "", "a==_method"] {
            assert!(may(query, true) && may(query, false), "{query}");
        }
    }

    #[test]
    fn an_action_that_hands_out_a_secret_takes_as_much_as_a_path_that_does() {
        let reveals = |method: &str, query: &str| {
            let url = Url::parse(&format!("https://a.example/v3/clusters/c?{query}")).unwrap();
            need_of(method, url.path(), &url).reveals
        };
        for query in [
            "action=generateKubeconfig",
            "Action=CreateAccessKey",
            "x=1;action=generate%4Bubeconfig",
            "x=1%26action%3DgenerateKubeconfig",
            "action=generate%254bubeconfig",
            "action=login",
            "action[]=generateToken",
        ] {
            assert!(reveals("POST", query) && reveals("GET", query), "{query}");
        }
        for query in ["action=enableMonitoring", "action=created", "q=generateKubeconfig", "action", ""] {
            assert!(!reveals("GET", query), "{query}");
        }
    }
}
