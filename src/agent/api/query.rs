//! What the query of a URL changes about a call: some servers take the method, the acting user or the action from
//! there. A caller with limited rights may send no such parameter, in whatever encoding, because what was judged would
//! then be another call than the one the server makes.

use url::Url;

use super::action::{plainly_changes, plainly_reads};
use super::parameters::pairs;
use crate::access::{Need, needed};
use crate::wire::{Fault, reason};

/// What a parameter can do to the call that was judged by its method and path.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    /// Frameworks carry out this method instead: refused.
    Method,
    /// The server acts as another user, or takes another path: refused, but for the owner.
    Elsewhere,
    /// It names what is done with the object of the path: a change, unless it plainly reads.
    Action,
    /// It may do so, and means much else: a change if it plainly is one.
    Perhaps,
}

/// Every parameter that is known to make a call another one, by its name as [`pairs`] spells it.
const PARAMETERS: &[(&str, Means)] = &[
    // OData and its relatives.
    ("$httpmethod", Means::Method),
    ("http_method", Means::Method),
    ("httpmethod", Means::Method),
    ("_http_method", Means::Method),
    ("_httpmethod", Means::Method),
    // Rails, Laravel, Symfony, and whatever a reverse proxy makes of the header.
    ("_method", Means::Method),
    ("_method_override", Means::Method),
    ("method_override", Means::Method),
    ("http_method_override", Means::Method),
    ("x_http_method", Means::Method),
    ("x_http_method_override", Means::Method),
    ("x_method_override", Means::Method),
    // GitLab's other user.
    ("sudo", Means::Elsewhere),
    // WordPress's other path.
    ("rest_route", Means::Elsewhere),
    // Rancher (`action=generateKubeconfig`), AWS's query APIs, MediaWiki, WordPress's `admin-ajax`, Grails' buttons.
    ("action", Means::Action),
    // CGIs, routers and cameras.
    ("cmd", Means::Action),
    ("command", Means::Action),
    // DokuWiki, phpBB.
    ("do", Means::Action),
    // RPC over GET: Flickr, Last.fm, Zabbix; and Rails before 1.2. Struts 2 has `method:NAME`, as `action:NAME`.
    ("method", Means::Action),
    // WebHDFS, Kong, old Perl.
    ("op", Means::Action),
    // eBay, SOAP over GET, CouchDB's tools.
    ("operation", Means::Action),
    // Moodle.
    ("wsfunction", Means::Action),
    // Discuz, Joomla, OAI-PMH, and many that only choose what is shown by these.
    ("act", Means::Perhaps),
    ("func", Means::Perhaps),
    ("function", Means::Perhaps),
    ("task", Means::Perhaps),
    ("verb", Means::Perhaps),
];

/// Whether nothing in the query makes it another call, or, unless it is the owner's, that of another user.
pub(crate) fn checked_query(url: &Url, is_owner: bool) -> Result<(), Fault> {
    let Some(query) = url.query() else { return Ok(()) };
    let is_odd = |name: &String| match meaning(name) {
        Some(Means::Method) => true,
        Some(Means::Elsewhere) => !is_owner,
        Some(Means::Action | Means::Perhaps) | None => false,
    };
    match pairs(query).map(|(name, _)| name).find(is_odd) {
        Some(name) => Err(reason::Api::ParameterRefused { name }.into()),
        None => Ok(()),
    }
}

/// What a call takes: what its path says, and more where an action of the query does. That one is judged by its word as
/// if a path ended so, and as what is posted to the path, whatever the method; one that names a method as that one too.
pub(crate) fn need_of(method: &str, path: &str, url: &Url) -> Need {
    let need = needed(method, path);
    actions(url.query().unwrap_or_default()).fold(need, |need, (means, action)| {
        let is_change = match means {
            Means::Action => !plainly_reads(&action),
            Means::Perhaps | Means::Method | Means::Elsewhere => plainly_changes(&action),
        };
        // A word of many meanings hands out nothing unless it plainly makes something.
        let may_reveal = means == Means::Action || is_change;
        // `user.token.create` names what it makes before the last point.
        let as_paths = [format!("/{action}"), format!("/{}", action.replace('.', "/"))];
        let reveals = may_reveal && as_paths.iter().any(|path| needed("POST", path).reveals);
        let need = Need { reveals: need.reveals || reveals, ..need };
        if !is_change {
            return need;
        }
        let named = ["PUT", "PATCH", "DELETE"].into_iter().find(|method| action.eq_ignore_ascii_case(method));
        let raised = need.and(needed("POST", path)).and(needed(named.unwrap_or("POST"), path));
        // Which account may do so its server knows: it may be a word of quite another meaning.
        Need { certain: need.certain && raised.scope == need.scope, ..raised }
    })
}

/// What is done according to the query; a parameter without a value says nothing.
pub(super) fn actions(query: &str) -> impl Iterator<Item = (Means, String)> {
    let action = |(name, value): (String, String)| {
        // The name may have it: Struts 2's `method:delete`, Grails' `_action_delete`.
        let grails = name.strip_prefix("_action_").map(|action| ("action", action));
        let (name, value) = match name.split_once(':').or(grails) {
            Some((name, action)) => (name.to_owned(), action.to_owned()),
            None => (name, value),
        };
        let means = meaning(&name).filter(|means| matches!(means, Means::Action | Means::Perhaps))?;
        (!value.is_empty()).then_some((means, value))
    };
    pairs(query).filter_map(action)
}

fn meaning(name: &str) -> Option<Means> {
    PARAMETERS.iter().find(|(known, _)| *known == name).map(|(_, means)| *means)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::base::Scope;

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
            // PHP, of a bracket that nothing closes; Rack, of brackets around and behind.
            "http[method=DELETE",
            "http%5Bmethod=DELETE",
            "http%255Bmethod=DELETE",
            "http[method.override=DELETE",
            "x[http[method[override=DELETE",
            "method[override=DELETE",
            "[method=DELETE",
            "[_method]=DELETE",
            "[[_method][x]=DELETE",
            // Classic ASP and ASP.NET.
            "%u005fmethod=DELETE",
            "%U005Fmethod=DELETE",
            "%25u005fmethod=DELETE",
            "%u00255fmethod=DELETE",
            "_%u006d%65thod=DELETE",
            "q=a%u0026_method=DELETE",
        ] {
            assert_eq!([may(query, true), may(query, false)], [false, false], "{query}");
        }
        assert_eq!([may("sudo=root", true), may("sudo=root", false)], [true, false]);
        assert_eq!([may("x=1%26sudo=root", true), may("x=1%26sudo=root", false)], [true, false]);
        assert_eq!([may("rest_route=/wp/v2/users", true), may("rest_route=/wp/v2/users", false)], [true, false]);
        assert!(!may("x=1&Rest-Route=/wp/v2/users/1/application-passwords", false));
        for query in ["rest[route=/wp/v2", "rest%5broute=x", "x=1&REST[Route=x", "SUDO=1", "[sudo=1", "%u0073udo=1"] {
            assert_eq!([may(query, true), may(query, false)], [true, false], "{query}");
        }
        for query in ["method=x", "q=_method", "q=a%26b=_method", "page=2&per_page=5", "", "a==_method"] {
            assert_eq!([may(query, true), may(query, false)], [true, true], "{query}");
        }
        for query in ["rest[route]=x", "filter[_method]=x", "a[sudo]=1", "q=100%u", "q=%u00", "%u+05fmethod=x", "%"] {
            assert_eq!([may(query, true), may(query, false)], [true, true], "{query}");
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
            "[action=generateToken",
            "func=generateToken",
            "task=createKey",
            "function=user.token.create",
            "verb=issueToken",
            "act=login",
        ] {
            assert_eq!(["POST", "GET"].map(|method| reveals(method, query)), [true, true], "{query}");
        }
        for query in ["action=enableMonitoring", "action=created", "q=generateKubeconfig", "action", "", "func=token"] {
            assert!(!reveals("GET", query), "{query}");
        }
    }

    fn need(method: &str, path: &str, query: &str) -> Need {
        need_of(method, path, &Url::parse(&format!("https://a.example{path}?{query}")).unwrap())
    }

    #[test]
    fn an_action_takes_what_posting_takes_unless_it_plainly_reads() {
        for query in [
            "action=deleteUser",
            "cmd=reboot",
            "Command=x",
            "do=edit",
            "method=user.delete",
            "method=DELETE",
            "op=CREATE",
            "operation=anything",
            "wsfunction=core_user_delete_users",
            "a=b;op=delete",
            "q=a%26op%3Ddelete",
            "op%5B%5D=delete",
            "%6Fp=%64elete",
            "action=get&action=delete",
            "method:delete=",
            "action:purge",
            "_action_Delete=x",
            "function=deleteAll",
            "verb=removeRecord",
            "method=getOrCreate",
            "[op]=delete",
            "op]=delete",
            "%u006fp=delete",
            "op=%u0064elete",
            "op=index",
            "task=unpublish",
            "func=trash",
        ] {
            assert_eq!(need("GET", "/x", query).scope, Scope::Write, "{query}");
            // A later Loki may have it.
            assert_eq!(need("GET", "/api/unknown", query).scope, Scope::All, "{query}");
        }
        for query in [
            "method=user.get",
            "action=ListUsers",
            "op=list",
            "action=query&titles=delete",
            "function=TIME_SERIES_DAILY",
            "verb=ListRecords",
            "method=",
            "do",
            "methods=delete",
            "q=action",
            "q=op:delete",
        ] {
            assert_eq!(need("GET", "/x", query), needed("GET", "/x"), "{query}");
        }
        assert_eq!(need("GET", "/api/tasks/7", "method=PATCH").scope, Scope::All, "nothing is posted there");
        assert!(need("GET", "/api/tasks", "op=list").certain);
        assert!(!need("GET", "/api/tasks", "op=x").certain, "an account with less may do, for all that is known");
    }

    /// The same text as some server would still read it.
    fn spelled(text: &'static str) -> impl Strategy<Value = String> {
        let ways = |c: char| {
            let byte = c as u8;
            let (small, great) = (c.to_ascii_lowercase(), c.to_ascii_uppercase());
            prop::sample::select(vec![
                small.to_string(),
                great.to_string(),
                format!("%{byte:02x}"),
                format!("%25{byte:02X}"),
                format!("%u00{byte:02x}"),
            ])
        };
        text.chars().map(ways).collect::<Vec<_>>().prop_map(|parts| parts.concat())
    }

    /// The name as PHP and Rack would still read it, whatever else a server makes of brackets.
    fn bracketed(name: &str) -> Vec<String> {
        let mut all = vec![name.to_owned()];
        all.extend(["[]", "[", "]", "[x]"].map(|end| format!("{name}{end}")));
        all.extend(["[", "]", "[]"].map(|start| format!("{start}{name}")));
        all.push(format!("[{name}]"));
        all.extend(['[', '.', '-'].map(|c| name.replacen('_', &c.to_string(), 1)));
        all.push(name.replace('_', "["));
        all
    }

    #[test]
    fn no_bracket_makes_a_parameter_another() {
        for (name, means) in PARAMETERS {
            for query in bracketed(name).into_iter().map(|name| format!("a=b&{name}=delete")) {
                let url = Url::parse(&format!("https://a.example/x?{query}")).unwrap();
                let may = checked_query(&url, false).is_ok();
                let is_action = matches!(means, Means::Action | Means::Perhaps);
                assert!(!may || is_action && need("GET", "/x", &query).scope == Scope::Write, "{query}");
            }
        }
    }

    fn names() -> Vec<&'static str> {
        let named = PARAMETERS.iter().filter(|(_, means)| matches!(means, Means::Action | Means::Perhaps));
        named.map(|(name, _)| *name).collect()
    }

    proptest! {
        #[test]
        fn no_query_makes_a_call_look_smaller(
            method in prop::sample::select(vec!["GET", "HEAD", "POST", "PUT", "DELETE", "PURGE"]),
            path in prop::sample::select(vec!["/x", "/api/tasks", "/api/v2/audit", "/api/v2/api-keys", "/user/keys"]),
            query in "(([a-z_]{1,9}|action|op|method)(=|:|%3d)?[a-zA-Z.%0-9]{0,12}[&;]?){0,4}",
        ) {
            let (plain, found) = (needed(method, path), need(method, path, &query));
            prop_assert!(found.scope.includes(plain.scope), "{}", query);
            prop_assert!(found.reveals >= plain.reveals, "{}", query);
        }

        #[test]
        fn no_spelling_of_a_change_in_a_query_makes_it_a_reading(
            name in prop::sample::select(names()).prop_flat_map(spelled),
            action in prop::sample::select(vec!["delete", "create", "restart", "revoke"]).prop_flat_map(spelled),
            before in prop::sample::select(vec!["", "a=b&", "action=get;", "q=x%26"]),
            path in prop::sample::select(vec!["/x", "/api/tasks", "/api/v2/audit"]),
        ) {
            let query = format!("{before}{name}={action}");
            let posted = needed("POST", path).scope;
            prop_assert!(need("GET", path, &query).scope.includes(posted), "{}", query);
        }
    }
}
