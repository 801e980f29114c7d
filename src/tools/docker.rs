//! Docker's credential helpers, which podman, skopeo, buildah, docker-py, helm and many more start as well
//! (docker-credential-helpers, "Development").
//!
//! A helper that has nothing says so by a fixed sentence: one more character, and a public image cannot be pulled. So
//! whatever is in the way is said beside that sentence, unless something is known to be kept for this very registry.
//! `erase` of what is not there is a success, or podman's logout would fail.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Failure, Label, Question, Said, ToolRequest};
use super::registry::{self, place};
use super::text::{one_line, parse_json, print_json};
use super::url::Place;
use crate::base::{Secret, Tool, reveal};
use crate::wire::{Code, Proof, Store};

/// The three texts that have a meaning for docker.
const NOTHING: &str = "credentials not found in native keychain\n";
const NO_SERVER: &str = "no credentials server URL\n";
const NO_USER: &str = "no credentials username\n";

const USAGE: &str = "docker-credential-loom <store|get|erase|list|version>";

pub(super) const DIALECT: Dialect = Dialect {
    program: "docker-credential-loom",
    tool: Tool::Docker,
    input: |args| match args {
        [verb] if matches!(verb.as_str(), "get" | "store" | "erase") => Input::Whole,
        _ => Input::None,
    },
    parse,
};

/// What docker wants.
enum Request {
    Get {
        named: String,
        place: Place,
    },
    Store(Box<Store>),
    Erase(Place),
    List,
    /// It is known what to say.
    Known(&'static str, u8),
    /// How the program is used, and whether that was asked for.
    Usage(u8),
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(match call.args {
        [verb] if matches!(verb.as_str(), "--help" | "-h" | "help") => Request::Usage(0),
        [verb] if VERBS.contains(&verb.as_str()) => {
            request(verb, call).unwrap_or_else(|(text, code)| Request::Known(text, code))
        }
        _ => Request::Usage(1),
    })
}

/// What stands behind the program.
const VERBS: [&str; 7] = ["get", "store", "erase", "list", "version", "--version", "-v"];

fn request(verb: &str, call: &Call<'_>) -> Result<Request, (&'static str, u8)> {
    match verb {
        "get" if is_blank(call.input) => Err((NO_SERVER, 1)),
        "get" => {
            // What is no place holds nothing; some programs ask about whatever stands in a file of theirs.
            let named = one_line(call.input).ok_or((NOTHING, 1))?.to_owned();
            let place = place(&named).ok_or((NOTHING, 1))?;
            Ok(Request::Get { named, place })
        }
        "erase" if is_blank(call.input) => Err((NO_SERVER, 1)),
        // What is no place holds nothing, and is as it was to be.
        "erase" => one_line(call.input).and_then(place).map(Request::Erase).ok_or(("", 0)),
        "store" => {
            let Entry { server, username, secret } = parse_json(call.input).ok_or(("malformed credentials\n", 1))?;
            if is_blank(server.as_bytes()) {
                return Err((NO_SERVER, 1));
            }
            let place = place(server.trim()).ok_or((NOTHING, 1))?;
            if username.is_empty() {
                return Err((NO_USER, 1));
            }
            Ok(Request::Store(place.store(&username, secret)))
        }
        "list" => Ok(Request::List),
        // The version, which is all that is left.
        _ => Err((concat!("docker-credential-loom ", env!("CARGO_PKG_VERSION"), "\n"), 0)),
    }
}

/// Whether no registry is named at all, for which docker has a sentence of its own.
fn is_blank(named: &[u8]) -> bool {
    named.iter().all(u8::is_ascii_whitespace)
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get { place, .. } => Question::Get(place.passwords(None)),
            Request::Store(store) => Question::Store(store.clone()),
            // What is kept for all of a host is not what was logged out of at a path.
            Request::Erase(place) => Question::Erase(place.clone().exactly().credentials(None)),
            Request::List => Question::List,
            Request::Known(..) | Request::Usage(_) => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        match (self, answer) {
            (Request::Known(text, code), _) => Said::out(*text).with_code(*code),
            (Request::Usage(code), _) => Said::default().beside(Beside::Usage(USAGE)).with_code(*code),
            (Request::Get { named, .. }, Answer::Found(reply)) => match reply.proof {
                Proof::Password { username, password } => {
                    let entry = Entry { server: named.clone(), username, secret: password };
                    Said { out: print_json(&entry), ..Said::default() }
                }
                // Neither was asked for.
                Proof::Header { .. } | Proof::Refresh { .. } => Said::out(NOTHING).with_code(1),
            },
            (Request::List, Answer::Listed(labels)) => {
                let listed = |label: Label| (registry::name_of_url(&label.server), label.username);
                Said { out: print_json(&labels.into_iter().map(listed).collect::<BTreeMap<_, _>>()), ..Said::default() }
            }
            (Request::Get { .. }, Answer::Failed(failure)) if failure.is_kept => refused(failure),
            (Request::Get { .. }, Answer::Failed(failure)) => Said::out(NOTHING).with_code(1).beside(why(failure)),
            // Some programs end where a list cannot be had.
            (Request::List, Answer::Failed(failure)) => Said::out("{}\n").beside(why(failure)),
            (Request::Erase(_), Answer::Failed(failure)) if failure.is_nothing() => Said::default(),
            (_, Answer::Failed(failure)) => refused(failure),
            (_, Answer::Done | Answer::Found(_) | Answer::Listed(_)) => Said::default(),
        }
    }
}

/// Why there is nothing: whether something is kept there nobody can say now, and an error would end what needs none.
/// What is no host for loom holds nothing.
fn why(failure: Failure) -> Beside {
    let is_nothing = failure.is_nothing() || failure.code == Code::BadRequest;
    if is_nothing { Beside::Person(failure) } else { Beside::Anyone(failure) }
}

/// Docker shows what stands on standard output as its own error.
fn refused(failure: Failure) -> Said {
    let text = match &failure.hint {
        Some(hint) => format!("loom: {} ({hint})\n", failure.message),
        None => format!("loom: {}\n", failure.message),
    };
    Said::out(text).with_code(1)
}

/// A registry's credential, in docker's words.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(rename = "ServerURL")]
    server: String,
    #[serde(rename = "Username", default)]
    username: String,
    #[serde(rename = "Secret", with = "reveal")]
    secret: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::exchange::tests::{ask, failed, found};
    use crate::wire::Code;

    fn said(verb: &str, input: &str, answer: Answer) -> (String, u8) {
        let said = ask(parse, "docker-credential-loom", &[verb], input).say(answer);
        (String::from_utf8(said.out.to_vec()).unwrap(), said.code)
    }

    fn asked(input: &str) -> Vec<(String, String, Option<String>)> {
        match ask(parse, "docker-credential-loom", &["get"], input).question() {
            Question::Get(all) => {
                all.into_iter().map(|get| (get.wanted.protocol, get.wanted.host, get.wanted.path)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn a_registry_is_asked_for_by_its_host() {
        let expected = [("https".to_owned(), "registry.example:5000".to_owned(), None)];
        for text in ["registry.example:5000", "https://registry.example:5000/v2/", "https://registry.example:5000/v1/"]
        {
            assert_eq!(asked(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_found_is_said_under_the_name_that_was_asked_for() {
        let text = r#"{"ServerURL":"registry.example","Username":"alice","Secret":"pw\"1"}"#.to_owned() + "\n";
        assert_eq!(said("get", "registry.example", found("alice", "pw\"1")), (text, 0));
    }

    #[test]
    fn nothing_is_said_by_the_fixed_sentence() {
        for code in [Code::NotFound, Code::LoginRequired] {
            assert_eq!(said("get", "registry.example", failed(code)), (NOTHING.to_owned(), 1));
        }
    }

    #[test]
    fn what_is_no_host_for_loom_holds_nothing() {
        assert_eq!(said("get", "127.1:5000", failed(Code::BadRequest)), (NOTHING.to_owned(), 1));
    }

    #[test]
    fn a_locked_agent_is_no_missing_credential() {
        let (text, code) = said("get", "registry.example", failed(Code::Locked));
        assert_eq!((text.as_str(), code), ("loom: what happened (what to do)\n", 1));
    }

    #[test]
    fn what_may_be_kept_nowhere_is_nothing_whatever_is_in_the_way() {
        for code in [Code::Unavailable, Code::Denied, Code::TooMany, Code::Internal] {
            assert_eq!(said("get", "registry.example", failed(code)), (NOTHING.to_owned(), 1), "{code:?}");
        }
    }

    #[test]
    fn an_empty_registry_is_said_so() {
        assert_eq!(said("get", "\n", Answer::Done), (NO_SERVER.to_owned(), 1));
    }

    #[test]
    fn what_is_no_registry_holds_nothing() {
        for text in ["a b", "u@host", "ftp://host", "host?x"] {
            assert_eq!(said("get", text, Answer::Done), (NOTHING.to_owned(), 1), "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_refused() {
        let twice = r#"{"ServerURL":"a.example","ServerURL":"b.example","Username":"u","Secret":"s"}"#;
        assert_eq!(said("store", twice, Answer::Done).1, 1);
    }

    #[test]
    fn a_user_is_needed_to_store() {
        let text = r#"{"ServerURL":"a.example","Username":"","Secret":"s"}"#;
        assert_eq!(said("store", text, Answer::Done), (NO_USER.to_owned(), 1));
    }

    #[test]
    fn what_goes_escapes_of_is_what_it_means() {
        let text = r#"{"ServerURL":"a.example","Username":"u","Secret":"\u003cs\u0026\u003e"}"#;
        let Question::Store(store) = ask(parse, "docker-credential-loom", &["store"], text).question() else {
            panic!("no store");
        };
        assert_eq!(store.secret.expose(), "<s&>");
    }

    #[test]
    fn a_registry_of_this_machine_is_kept_without_tls() {
        let text = r#"{"ServerURL":"localhost:5000","Username":"u","Secret":"s"}"#;
        let Question::Store(store) = ask(parse, "docker-credential-loom", &["store"], text).question() else {
            panic!("no store");
        };
        assert_eq!(store.which.protocol, "http");
    }

    #[test]
    fn to_erase_what_is_not_there_is_a_success() {
        assert_eq!(said("erase", "registry.example", failed(Code::NotFound)), (String::new(), 0));
    }

    #[test]
    fn the_list_names_registries_by_their_hosts() {
        let label = |server: &str| Label { server: server.to_owned(), username: "u".to_owned() };
        let listed = Answer::Listed(vec![label("https://a.example/"), label("http://localhost:5000/")]);
        assert_eq!(said("list", "unused", listed).0, "{\"a.example\":\"u\",\"localhost:5000\":\"u\"}\n");
    }

    #[test]
    fn anything_but_one_word_is_a_mistake() {
        let none: &[&str] = &[];
        for args in [none, &["get", "x"], &["fetch"]] {
            let said = ask(parse, "docker-credential-loom", args, "").say(Answer::Done);
            assert_eq!(said.code, 1, "{args:?}");
        }
    }
}
