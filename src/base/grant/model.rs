//! The grants against a model: every question that there is in a small world, answered from the sentence alone by
//! whoever takes it word for word.

use proptest::prelude::*;

use super::*;
use crate::base::{ServerUrl, UrlPath};

const REPOSITORIES: [&str; 3] =
    ["https://git.example/a/app", "https://git.example/a/lib", "https://other.example/a/app"];
const REFS: [&str; 11] = [
    "refs/heads/a",
    "refs/heads/ab",
    "refs/heads/a/b",
    "refs/heads/a/bc",
    "refs/heads/a/b/c",
    "refs/heads/c",
    "refs/heads/refs/for/a",
    "refs/tags/v1",
    "refs/tags/v2",
    "refs/for/a",
    "refs/replace/a",
];
const REF_PATTERNS: [&str; 11] = [
    "*",
    "a",
    "a*",
    "a/*",
    "a/b",
    "a/b*",
    "refs/tags/*",
    "refs/tags/v1",
    "refs/for/a",
    "refs/heads/a",
    "refs/heads/refs/for/*",
];
const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "DELETE", "PROPFIND", "OPTIONS"];
const ORIGINS: [&str; 2] = ["https://git.example", "https://api.example:8443"];

/// Something that somebody wants to do.
#[derive(Debug, Clone, PartialEq)]
enum Ask {
    Fetch(&'static str),
    Change(&'static str, &'static str, RefChange),
    Call(&'static str, &'static str, String),
}

fn world() -> Vec<Ask> {
    let mut all = Vec::new();
    for repository in REPOSITORIES {
        all.push(Ask::Fetch(repository));
        for name in REFS {
            all.extend(RefChange::EVERY.map(|change| Ask::Change(repository, name, change)));
        }
    }
    let segments = ["v1", "x", "a%2Fb", ""];
    let mut paths: Vec<String> = vec![String::new()];
    for _ in 0..3 {
        let longer: Vec<String> = paths.iter().flat_map(|path| segments.map(|next| format!("{path}/{next}"))).collect();
        paths.extend(longer);
        paths.sort();
        paths.dedup();
    }
    paths.extend([
        "/v1/x/a%2Fb/x".to_owned(),
        "/v1/%2Fx".to_owned(),
        "/v1/a;b%2fc".to_owned(),
        "/v1/x/git-receive-pack".to_owned(),
        "/v1/info/refs".to_owned(),
    ]);
    for origin in ORIGINS {
        for method in METHODS {
            all.extend(paths.iter().map(|path| Ask::Call(origin, method, path.clone())));
        }
    }
    all
}

/// What the sentence says, word for word.
fn says(sentence: &str, ask: &Ask) -> bool {
    let words: Vec<&str> = sentence.split(' ').collect();
    match (words[0], ask) {
        ("fetch" | "push", Ask::Fetch(repository)) => words[1] == *repository,
        ("push", Ask::Change(repository, name, change)) => {
            let full =
                if words[2].starts_with("refs/") { words[2].to_owned() } else { format!("refs/heads/{}", words[2]) };
            let meant = full.strip_suffix('*').map_or(*name == full, |begin| name.starts_with(begin));
            let has = |word| words[3..].contains(&word);
            let may = match change {
                RefChange::Create => true,
                RefChange::Grow => !has("new"),
                RefChange::Rewrite => !has("new") && !has("grow"),
                RefChange::Delete => has("delete"),
            };
            words[1] == *repository && meant && may
        }
        ("fetch" | "push", _) | (_, Ask::Fetch(_) | Ask::Change(..)) => false,
        (methods, Ask::Call(origin, method, path)) => {
            let mut methods = methods.split(',');
            let method = methods.any(|own| own == "ANY" || own == *method || own == "GET" && *method == "HEAD");
            let pattern = words[1].strip_prefix(origin).filter(|rest| rest.is_empty() || rest.starts_with('/'));
            let path = if path.is_empty() { "/" } else { path };
            let is_gits = path.ends_with("git-receive-pack") || path.ends_with("info/refs");
            method && !is_gits && pattern.is_some_and(|pattern| fits(pattern, path))
        }
    }
}

fn fits(pattern: &str, path: &str) -> bool {
    let pattern = if pattern.is_empty() { "/" } else { pattern };
    let (own, asked): (Vec<&str>, Vec<&str>) =
        (pattern.split('/').skip(1).collect(), path.split('/').skip(1).collect());
    let last = asked.len() - 1;
    // What a server that decodes it finds empty is so too; no pattern here has it written out.
    if asked[..last].contains(&"") || asked.iter().any(|segment| segment.to_lowercase().starts_with("%2f")) {
        return false;
    }
    let one = |own: &str, asked: &str| {
        own == asked || own == "*" && !asked.is_empty() && !asked.to_lowercase().contains("%2f")
    };
    match own.split_last() {
        Some((&"**", begin)) => {
            let rest = asked.len() >= begin.len() || *begin == [""];
            rest && begin.iter().zip(&asked).all(|(own, asked)| one(own, asked))
        }
        _ => own.len() == asked.len() && own.iter().zip(&asked).all(|(own, asked)| one(own, asked)),
    }
}

fn does(grants: &Grants, ask: &Ask) -> bool {
    match ask {
        Ask::Fetch(repository) => grants.may_fetch(&Repository::parse(repository).unwrap()).is_ok(),
        Ask::Change(repository, name, change) => {
            let (repository, name) = (Repository::parse(repository).unwrap(), RefName::parse(name).unwrap());
            matches!(grants.may_change(&repository, &name, *change), Ok(Admission::Granted(_)))
        }
        Ask::Call(origin, method, path) => {
            let (origin, path) = (ServerUrl::parse(origin).unwrap(), UrlPath::parse(path).unwrap());
            grants.may_call(&origin, method, &path).is_ok()
        }
    }
}

fn sentence() -> impl Strategy<Value = String> {
    let repository = || prop::sample::select(REPOSITORIES.to_vec());
    let refs = prop::sample::select(REF_PATTERNS.to_vec());
    let words = prop::sample::select(vec!["", " new", " grow", " delete", " new delete", " grow delete"]);
    let methods = prop_oneof![
        Just("ANY".to_owned()),
        prop::collection::vec(prop::sample::select(METHODS.to_vec()), 1..4).prop_map(|all| all.join(","))
    ];
    let segments = prop::collection::vec(prop::sample::select(vec!["v1", "x", "*", "a%2Fb"]), 0..3);
    let end = prop::sample::select(vec!["", "/", "/**"]);
    let call =
        (methods, prop::sample::select(ORIGINS.to_vec()), segments, end).prop_map(|(methods, origin, parts, end)| {
            format!("{methods} {origin}{}{end}", parts.iter().map(|part| format!("/{part}")).collect::<String>())
        });
    prop_oneof![
        1 => repository().prop_map(|url| format!("fetch {url}")),
        3 => (repository(), refs, words).prop_map(|(url, refs, words)| format!("push {url} {refs}{words}")),
        3 => call,
    ]
}

fn grant(text: &str) -> Grant {
    Grant::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_grant_allows_what_its_sentence_says_and_nothing_else(sentence in sentence()) {
        let grant = grant(&sentence);
        let printed = grant.to_string();
        prop_assert_eq!(&Grant::parse(&printed).unwrap(), &grant);
        let grants = Grants::new([grant]).unwrap();
        for ask in world() {
            prop_assert_eq!(does(&grants, &ask), says(&printed, &ask), "{} {:?}", printed, ask);
            prop_assert_eq!(says(&sentence, &ask), says(&printed, &ask), "{} is {} for {:?}", sentence, printed, ask);
        }
    }

    #[test]
    fn one_grant_contains_another_if_all_that_is_allowed_is(a in sentence(), b in sentence()) {
        let (a, b) = (grant(&a), grant(&b));
        let (wide, narrow) = (Grants::new([a.clone()]).unwrap(), Grants::new([b.clone()]).unwrap());
        let is_within = world().iter().all(|ask| does(&wide, ask) || !does(&narrow, ask));
        prop_assert_eq!(a.contains(&b), is_within, "{} | {}", a, b);
        prop_assert!(wide.cover(&narrow) == is_within);
    }

    #[test]
    fn what_several_grants_cover_each_of_them_or_all_allow(own in prop::collection::vec(sentence(), 0..5), asked in prop::collection::vec(sentence(), 0..3)) {
        let all = |texts: &[String]| Grants::new(texts.iter().map(|text| grant(text))).unwrap();
        let (own, asked) = (all(&own), all(&asked));
        for ask in world().iter().filter(|ask| own.cover(&asked) && does(&asked, ask)) {
            prop_assert!(does(&own, ask), "{} | {} | {:?}", own, asked, ask);
        }
        prop_assert!(own.cover(&own));
    }

    /// Whoever is told which sentence was missing is right to add it.
    #[test]
    fn the_sentence_that_was_missing_allows_it(own in prop::collection::vec(sentence(), 0..3), at in any::<prop::sample::Index>()) {
        let all = world();
        let ask = &all[at.index(all.len())];
        let own = Grants::new(own.iter().map(|text| grant(text))).unwrap();
        let missing = match ask {
            Ask::Fetch(repository) => own.may_fetch(&Repository::parse(repository).unwrap()).err(),
            Ask::Change(repository, name, change) => {
                own.may_change(&Repository::parse(repository).unwrap(), &RefName::parse(name).unwrap(), *change).err()
            }
            Ask::Call(origin, method, path) => {
                own.may_call(&ServerUrl::parse(origin).unwrap(), method, &UrlPath::parse(path).unwrap()).err()
            }
        };
        if let Some(Missing::Grant(sentence)) = missing {
            prop_assert!(does(&Grants::new([grant(&sentence)]).unwrap(), ask), "{} for {:?}", sentence, ask);
        }
    }

    #[test]
    fn no_text_is_more_than_a_grant_or_an_error(text in "(fetch|push|GET|ANY|get) ?(https://a.example)?[ -~]{0,40}") {
        if let Ok(grant) = Grant::parse(&text) {
            prop_assert_eq!(Grant::parse(&grant.to_string()).unwrap(), grant);
        }
    }
}
