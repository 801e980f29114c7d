//! Cargo's credential providers (the Cargo Book, "Credential Provider Protocol"): a greeting, then JSON objects, one a
//! line, both ways.
//!
//! Cargo sends the token to wherever the index's `config.json` names, and both the index and its arguments may stand in
//! a project's own settings. So nothing counts here but what is kept for exactly this index, its path included, or what
//! the settings lend to exactly it: never a login of the host, where people have logins for other things.

use zeroize::Zeroizing;

use super::cargo_words::{Asked, Bad, Good, Kinds, Reply, err, other};
use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Failure, Question, Said, ToolRequest};
use super::text::{parse_json, print_json};
use super::url::Place;
use crate::base::{Kind, Secret, Tool};
use crate::wire::{Get, GetReply, Proof, Store};

const USAGE: &str = "cargo-credential-loom --cargo-plugin [--bearer | --bare]";

/// The name under which `cargo login` keeps a token: cargo knows no users.
const ACCOUNT: &str = "cargo";

pub(super) const DIALECT: Dialect = Dialect {
    program: "cargo-credential-loom",
    tool: Tool::Cargo,
    input: |args| match args {
        [only] if only == "--cargo-plugin" => Input::Lines { greeting: "{\"v\":[1]}\n" },
        _ => Input::None,
    },
    parse,
};

/// What cargo wants.
enum Request {
    Get {
        place: Place,
        style: Style,
        /// Whether something at the registry is to change.
        changes: bool,
    },
    Login {
        store: Box<Store>,
        /// Where a person finds the token that cargo was not given.
        page: Option<Option<String>>,
    },
    Logout(Place),
    Known(Reply<'static>),
    Usage,
}

/// How a token is written: registries take it bare, or with the name of its scheme.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    /// As `cargo login` was given it; a login of loom with its scheme.
    AsKept,
    Bearer,
    Bare,
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(match call.args {
        [only] if only == "--cargo-plugin" => request(call).unwrap_or_else(Request::Known),
        _ => Request::Usage,
    })
}

fn request(call: &Call<'_>) -> Result<Request, Reply<'static>> {
    let Asked { v, registry, kind, operation, token, login_url, args } =
        parse_json(call.input).filter(|asked: &Asked| asked.v == 1).ok_or(other("malformed request"))?;
    let url = ["sparse+", "git+", "registry+"].iter().find_map(|kind| registry.index_url.strip_prefix(kind));
    let url = url.unwrap_or(&registry.index_url);
    let place = Place::parse(url).filter(|_| v == 1 && url.contains("://")).ok_or(err(Kinds::UrlNotSupported))?;
    let place = place.exactly();
    let mut style = Style::AsKept;
    for arg in &args {
        style = match arg.as_str() {
            "--bearer" => Style::Bearer,
            "--bare" => Style::Bare,
            _ => return Err(other(USAGE)),
        };
    }
    match kind.as_str() {
        "get" => {
            let changes = operation.as_deref() != Some("read");
            Ok(Request::Get { place, style, changes })
        }
        "login" => {
            let page = token.is_none().then_some(login_url);
            let secret = Secret::new(token.as_ref().map_or("", |token| token.expose().trim()).to_owned());
            let is_token = |c: char| c == ' ' || c.is_ascii_graphic();
            if token.is_some() && (secret.expose().is_empty() || !secret.expose().chars().all(is_token)) {
                return Err(other("this is not a token: it must be one line of visible characters"));
            }
            Ok(Request::Login { store: place.store(ACCOUNT, secret), page })
        }
        "logout" => Ok(Request::Logout(place)),
        _ => Err(err(Kinds::OperationNotSupported)),
    }
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get { place, changes, .. } => {
                let of = |get: Get| Get { changes: *changes, ..get };
                Question::Get(place.tokens(ACCOUNT).into_iter().map(of).collect())
            }
            Request::Login { store, page: None } => Question::Store(store.clone()),
            Request::Login { store, page: Some(page) } => Question::Prompt { store: store.clone(), page: page.clone() },
            Request::Logout(place) => Question::Erase(place.credentials(Some(ACCOUNT))),
            Request::Known(_) | Request::Usage => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        let reply = match (self, answer) {
            (Request::Usage, _) => return Said::default().beside(Beside::Usage(USAGE)).with_code(1),
            (Request::Known(reply), _) => return Said { out: print_json(reply), ..Said::default() },
            (Request::Get { style, .. }, Answer::Found(found)) => return given(&found, *style),
            (_, Answer::Failed(failure)) => return refused(failure),
            (Request::Get { .. }, Answer::Done | Answer::Listed(_)) => err(Kinds::NotFound),
            (Request::Login { .. }, _) => Reply::Ok(Good { kind: "login", ..Good::default() }),
            (Request::Logout(_), _) => Reply::Ok(Good { kind: "logout", ..Good::default() }),
        };
        Said { out: print_json(&reply), ..Said::default() }
    }
}

fn given(found: &GetReply, style: Style) -> Said {
    let nothing = || Said { out: print_json(&err(Kinds::NotFound)), ..Said::default() };
    // An agent that says no kind is an older one, and gave what is kept for all of the host.
    let Some(kind) = found.kind else { return nothing() };
    let (scheme, secret) = match &found.proof {
        Proof::Header { authtype, credential, ephemeral: false } => (Some(authtype.as_str()), credential),
        Proof::Header { credential, .. } => ((kind == Kind::OAuth).then_some("Bearer"), credential),
        Proof::Password { password, .. } => (None, password),
        Proof::Refresh { .. } => return nothing(),
    };
    let has_scheme = secret.expose().contains(' ');
    let scheme = match style {
        Style::AsKept => scheme,
        Style::Bearer => Some("Bearer").filter(|_| !has_scheme),
        Style::Bare => None,
    };
    let token = Zeroizing::new(match scheme {
        Some(scheme) => format!("{scheme} {}", secret.expose()),
        None => secret.expose().to_owned(),
    });
    let (cache, expiration) = match found.password_expiry_utc {
        Some(end) => ("expires", Some(end)),
        None => ("session", None),
    };
    let good = Good {
        kind: "get",
        token: Some(token.as_str()),
        cache: Some(cache),
        expiration,
        // Else cargo asks again before it changes something.
        operation_independent: Some(found.may_change == Some(true)),
    };
    Said { out: print_json(&Reply::Ok(good)), ..Said::default() }
}

fn refused(failure: Failure) -> Said {
    if failure.is_nothing() {
        return Said { out: print_json(&err(Kinds::NotFound)), ..Said::default() }.beside(Beside::Person(failure));
    }
    let (message, caused_by) = (Some(failure.message.as_str()), failure.hint.iter().map(String::as_str).collect());
    let reply = Reply::Err(Bad { kind: Kinds::Other, message, caused_by });
    Said { out: print_json(&reply), ..Said::default() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::exchange::tests::{ask, failed, found, token};
    use crate::wire::Code;

    const INDEX: &str = r#""registry":{"index-url":"sparse+https://crates.example/index/","name":"x"}"#;

    fn asked(rest: &str) -> Box<dyn ToolRequest> {
        ask(parse, "cargo-credential-loom", &["--cargo-plugin"], &format!("{{\"v\":1,{INDEX},{rest}}}"))
    }

    fn said(request: &dyn ToolRequest, answer: Answer) -> String {
        String::from_utf8(request.say(answer).out.to_vec()).unwrap()
    }

    fn with_args(args: &str) -> Box<dyn ToolRequest> {
        asked(&format!(r#""kind":"get","operation":"read","args":{args}"#))
    }

    #[test]
    fn an_index_is_asked_for_by_exactly_its_url() {
        let Question::Get(all) = with_args("[]").question() else { panic!("no question") };
        let place = |get: &Get| (get.wanted.host.clone(), get.wanted.path.clone(), get.wanted.exact);
        let expected = ("crates.example".to_owned(), Some("index".to_owned()), true);
        assert!(all.iter().all(|get| place(get) == expected), "{all:?}");
    }

    #[test]
    fn only_what_is_read_changes_nothing() {
        for (operation, expected) in [("read", false), ("publish", true), ("yank", true), ("later", true)] {
            let request = asked(&format!(r#""kind":"get","operation":"{operation}","name":"a","vers":"1.0.0""#));
            let Question::Get(all) = request.question() else { panic!("no question") };
            assert!(all.iter().all(|get| get.changes == expected), "{operation}");
        }
    }

    #[test]
    fn what_cargo_login_kept_is_said_as_it_is() {
        let text = r#"{"Ok":{"kind":"get","token":"Custom x","cache":"session","operation_independent":true}}"#;
        assert_eq!(said(&*with_args("[]"), found("cargo", "Custom x")), format!("{text}\n"));
    }

    #[test]
    fn a_login_is_said_with_its_scheme_and_its_end() {
        let text = r#"{"Ok":{"kind":"get","token":"Bearer tok","cache":"expires","expiration":7,"operation_independent":true}}"#;
        assert_eq!(said(&*with_args("[]"), token(Kind::OAuth, Some(7))), format!("{text}\n"));
    }

    #[test]
    fn a_token_is_written_as_the_settings_of_cargo_say() {
        for (args, expected) in [("[]", "\"tok\""), (r#"["--bearer"]"#, "\"Bearer tok\""), (r#"["--bare"]"#, "\"tok\"")]
        {
            assert!(said(&*with_args(args), token(Kind::Token, None)).contains(expected), "{args}");
        }
    }

    #[test]
    fn an_agent_that_knows_of_no_exact_url_gave_too_much() {
        let Answer::Found(mut reply) = found("u", "pw") else { panic!("not found") };
        reply.kind = None;
        assert_eq!(said(&*with_args("[]"), Answer::Found(reply)), "{\"Err\":{\"kind\":\"not-found\"}}\n");
    }

    #[test]
    fn nothing_is_no_error() {
        for code in [Code::NotFound, Code::LoginRequired] {
            assert_eq!(said(&*with_args("[]"), failed(code)), "{\"Err\":{\"kind\":\"not-found\"}}\n");
        }
    }

    #[test]
    fn a_locked_agent_says_so_with_what_to_do() {
        let text = r#"{"Err":{"kind":"other","message":"what happened","caused-by":["what to do"]}}"#;
        assert_eq!(said(&*with_args("[]"), failed(Code::Locked)), format!("{text}\n"));
    }

    #[test]
    fn cargo_login_keeps_what_it_was_given() {
        let request = asked(r#""kind":"login","token":"tok\n","login-url":"https://crates.example/me","args":[]"#);
        let Question::Store(store) = request.question() else { panic!("no store") };
        assert_eq!((store.secret.expose(), store.which.username.as_deref()), ("tok", Some(ACCOUNT)));
        assert_eq!(said(&*request, Answer::Done), "{\"Ok\":{\"kind\":\"login\"}}\n");
    }

    #[test]
    fn cargo_login_without_a_token_asks_the_person() {
        let request = asked(r#""kind":"login","login-url":"https://crates.example/me""#);
        let Question::Prompt { page, .. } = request.question() else { panic!("no prompt") };
        assert_eq!(page.as_deref(), Some("https://crates.example/me"));
    }

    #[test]
    fn what_is_no_token_is_not_kept() {
        for token in ["", "a\\nb", "\\u00e9"] {
            let said = said(&*asked(&format!(r#""kind":"login","token":"{token}""#)), Answer::Done);
            assert!(said.contains("\"other\""), "{token}: {said}");
        }
    }

    #[test]
    fn cargo_logout_forgets_only_what_cargo_login_kept() {
        let request = asked(r#""kind":"logout""#);
        let Question::Erase(all) = request.question() else { panic!("nothing to forget") };
        assert!(all.iter().all(|which| which.exact && which.username.as_deref() == Some(ACCOUNT)), "{all:?}");
        assert_eq!(said(&*request, Answer::Done), "{\"Ok\":{\"kind\":\"logout\"}}\n");
    }

    #[test]
    fn an_index_elsewhere_than_at_a_server_is_not_supported() {
        for url in ["file:///index", "ssh://git@host/index", "index", "https://u@host/index", "https://host//x"] {
            let input = format!(r#"{{"v":1,"registry":{{"index-url":"{url}"}},"kind":"get","operation":"read"}}"#);
            let request = ask(parse, "cargo-credential-loom", &["--cargo-plugin"], &input);
            assert_eq!(said(&*request, Answer::Done), "{\"Err\":{\"kind\":\"url-not-supported\"}}\n", "{url}");
        }
    }

    #[test]
    fn what_is_no_request_has_an_answer_too() {
        for input in ["", "{}", "[]", "{\"v\":2}"] {
            let request = ask(parse, "cargo-credential-loom", &["--cargo-plugin"], input);
            assert!(said(&*request, Answer::Done).contains("malformed request"), "{input}");
        }
        assert!(said(&*asked(r#""kind":"later""#), Answer::Done).contains("operation-not-supported"));
    }

    #[test]
    fn without_cargo_it_says_how_it_is_used() {
        let request = ask(parse, "cargo-credential-loom", &[], "");
        assert_eq!(request.say(Answer::Done).code, 1);
    }
}
