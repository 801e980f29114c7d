//! Grants by example: how they are printed, what is wrong with what is none, and what those who look for a way around
//! them write.

use super::*;
use crate::base::{ServerUrl, UrlPath};

fn grant(text: &str) -> Grant {
    Grant::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_sentence_is_printed_in_its_one_spelling() {
    for (text, printed) in [
        ("fetch https://git.example/org/lib.git", "fetch https://git.example/org/lib"),
        ("  push  HTTPS://Git.Example:443/org/app   refs/heads/agent/*  ", "push https://git.example/org/app agent/*"),
        ("push https://git.example/org/app main delete grow", "push https://git.example/org/app main grow delete"),
        ("POST,HEAD,GET https://api.example/v1/**", "GET,POST https://api.example/v1/**"),
        ("ANY https://api.example", "ANY https://api.example/"),
        ("GET https://api.example/projects/org%2Fapp/*", "GET https://api.example/projects/org%2Fapp/*"),
        ("\u{2066}GET https://api.example/\u{2069}", "GET https://api.example/"),
    ] {
        assert_eq!(grant(text).to_string(), printed, "{text}");
    }
    let here = Repository::parse("https://git.example/org/app").unwrap();
    let at = |text: &str| Grant::parse_at(text, Some(&here)).map(|grant| grant.to_string());
    assert_eq!(at("push agent/*").unwrap(), "push https://git.example/org/app agent/*");
    assert_eq!(at("fetch").unwrap(), "fetch https://git.example/org/app");
    assert_eq!(at("fetch https://git.example/org/lib").unwrap(), "fetch https://git.example/org/lib");
}

#[test]
fn an_error_says_what_is_wrong() {
    let pattern = |text: &str| GrantError::Pattern(text.to_owned());
    let long = format!("push https://git.example/org/app {}", "a".repeat(1000));
    for (text, error) in [
        ("", GrantError::Empty),
        (&*long, GrantError::TooLong),
        ("fetch https://git.example/o\u{202e}rg", GrantError::Invisible),
        ("get https://api.example/", GrantError::Kind("get".into())),
        ("GET,ANY https://api.example/", GrantError::Kind("GET,ANY".into())),
        ("GET, https://api.example/", GrantError::Kind("GET,".into())),
        ("CONNECT https://api.example/", GrantError::Method("CONNECT".into())),
        ("fetch", GrantError::NoRepository),
        ("fetch https://git.example", GrantError::Repository("https://git.example".into())),
        ("fetch https://git.example/org/app main", GrantError::TooMany("main".into())),
        ("push https://git.example/org/app", GrantError::NoRefs),
        ("push https://git.example/org/app a..b", GrantError::RefName("a..b".into())),
        ("push https://git.example/org/app HEAD", GrantError::RefName("HEAD".into())),
        ("push https://git.example/org/app {name}/*", GrantError::RefName("{name}/*".into())),
        ("push https://git.example/org/app */x", GrantError::RefStar("*/x".into())),
        ("push https://git.example/org/app refs/*", GrantError::RefMagic("refs/*".into())),
        ("push https://git.example/org/app refs/for/*", GrantError::RefMagic("refs/for/*".into())),
        ("push https://git.example/org/app main force", GrantError::Word("force".into())),
        ("push https://git.example/org/app main new new", GrantError::TooMany("new".into())),
        ("push https://git.example/org/app main new grow", GrantError::NewAndGrow),
        ("GET", GrantError::NoPattern),
        ("GET https://api.example/a/../b", pattern("https://api.example/a/../b")),
        ("GET https://api.example/a//b", pattern("https://api.example/a//b")),
        ("GET https://api.example/a?b=c", pattern("https://api.example/a?b=c")),
        ("GET ssh://api.example/a", pattern("ssh://api.example/a")),
        ("GET https://api.example/**/a", GrantError::PatternStar("https://api.example/**/a".into())),
        ("GET https://api.example/a*", GrantError::PatternStar("https://api.example/a*".into())),
        ("GET https://git.example/a/info/refs", GrantError::GitPath("https://git.example/a/info/refs".into())),
        (
            "POST https://git.example/*/git-receive-pack",
            GrantError::GitPath("https://git.example/*/git-receive-pack".into()),
        ),
    ] {
        assert_eq!(Grant::parse(text), Err(error), "{text}");
    }
    let many = (0..101).map(|at| grant(&format!("fetch https://git.example/org/{at}")));
    assert_eq!(Grants::new(many).unwrap_err(), GrantError::TooManyGrants);
}

/// Threat 12: a pattern that matches nothing or everything, because of what stands for a token.
#[test]
fn what_stands_for_a_token_is_nothing_until_there_is_one() {
    let repository = Repository::parse("https://git.example/org/app").unwrap();
    let main = |name: &str| RefName::of_person(name).unwrap();
    let grants = Grants::new([
        grant("push https://git.example/org/app agent/{id}/*"),
        grant("GET https://api.example/runs/{id}/**"),
    ])
    .unwrap();
    let of = |grants: &Grants, name: &str| grants.may_change(&repository, &main(name), RefChange::Create).is_ok();
    assert!(!of(&grants, "agent/{id}/x"));
    let own = grants.of_token("0123456789ab");
    assert!(of(&own, "agent/0123456789ab/x"));
    assert!(!of(&own, "agent/0123456789ac/x"));
    assert!(!of(&own, "agent/{id}/x"));
    assert_eq!(
        own.to_string(),
        "push https://git.example/org/app agent/0123456789ab/*\nGET https://api.example/runs/0123456789ab/**"
    );
    assert!(!own.cover(&grants), "another token has another id");
    assert!(
        Grants::new([grant("push https://git.example/org/app agent/*"), grant("GET https://api.example/runs/*/**")])
            .unwrap()
            .cover(&grants)
    );
}

/// Threat 1: two spellings of one request. What is not spelled as it was granted is not granted.
#[test]
fn another_spelling_of_what_is_granted_is_not_granted() {
    let grants = Grants::new([
        grant("GET https://api.example/v1/notes"),
        grant("GET https://api.example/v2/**"),
        grant("GET https://api.example/v3/*/x"),
    ])
    .unwrap();
    let may = |path: &str| {
        UrlPath::parse(path)
            .is_ok_and(|path| grants.may_call(&ServerUrl::parse("https://api.example").unwrap(), "GET", &path).is_ok())
    };
    for path in ["/v1/notes", "/v2", "/v2/", "/v2/a/b%20c", "/v2/a%2Fb", "/v3/a/x", "/v3/a%20b/x"] {
        assert!(may(path), "{path}");
    }
    for path in [
        "/v1/notes/",
        "/v1//notes",
        "//v1/notes",
        "/V1/notes",
        "/v1/%6eotes",
        "/v1/notes;x",
        "/v1/notes%20",
        "/v1/x/../notes",
        "/v1/%2e%2e/notes",
        "/v1/%252e%252e/notes",
        "/v1\\notes",
        "/v1%2Fnotes",
        "/v2/../v9",
        "/v2/%2e%2e/v9",
        "/v2/..;/v9",
        "/v2//v9",
        "/v2/%2Fv9",
        "/v2/%252Fv9",
        "/v2/a/%5cv9",
        "/v2/a%2F%2Fb",
        "/v2/%2e%2e%2fv9",
        "/v20",
        "/v2%2Fa",
        "/v3/a%2Fb/x",
        "/v3/a%252Fb/x",
        "/v3/%2F/x",
        "/v3//x",
        "/v3/a%5Cb/x",
        "/v3/a/b/x",
        "/v3/a/x/",
        "/v2/org/app/info/refs",
        "/v2/org/app/git%2Dreceive-pack",
        "/v2/a/info/lfs/objects/batch",
    ] {
        assert!(!may(path), "{path}");
    }
}

/// Threat 4: refs that do more than to name something are written out, or not granted.
#[test]
fn refs_with_side_effects_are_granted_only_where_they_are_written() {
    let repository = Repository::parse("https://git.example/org/app").unwrap();
    let allowed = |text: &str, name: &str| {
        let grants = Grants::new([grant(&format!("push https://git.example/org/app {text}"))]).unwrap();
        grants.may_change(&repository, &RefName::parse(name).unwrap(), RefChange::Create).is_ok()
    };
    for name in [
        "refs/for/main",
        "refs/meta/config",
        "refs/replace/x",
        "refs/changes/1/1",
        "refs/pull/1/head",
        "refs/stash",
        "refs/tags/v1",
    ] {
        assert!(!allowed("*", name), "{name}");
        assert!(!allowed("refs/notes/*", name), "{name}");
        assert!(allowed(name, name), "{name}");
    }
    assert!(!allowed("refs/for/main", "refs/for/main%submit"));
    assert!(!allowed("refs/tags/v*", "refs/heads/v1"));
}

#[test]
fn a_rewriting_push_is_let_through_only_if_it_is_shown_to_add() {
    let repository = Repository::parse("https://git.example/org/app").unwrap();
    let grants = Grants::new([
        grant("push https://git.example/org/app a/* grow"),
        grant("push https://git.example/org/app b/* new"),
    ])
    .unwrap();
    let ask = |name: &str, change| grants.may_change(&repository, &RefName::of_person(name).unwrap(), change);
    assert!(matches!(ask("a/x", RefChange::Rewrite), Ok(Admission::IfItGrows(_))));
    assert!(matches!(ask("a/x", RefChange::Grow), Ok(Admission::Granted(_))));
    assert!(matches!(ask("a/x", RefChange::Create), Ok(Admission::Granted(_))));
    assert_eq!(ask("b/x", RefChange::Rewrite), Err(Missing::Grant("push https://git.example/org/app b/x".into())));
    assert_eq!(
        ask("a/x", RefChange::Delete),
        Err(Missing::Grant("push https://git.example/org/app a/x new delete".into()))
    );
}
