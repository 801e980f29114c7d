//! Bazel's credential helpers (EngFlow's credential-helper-spec), which other build tools speak as well: a URL in,
//! headers out, and until when.

use serde::{Deserialize, Serialize};

use super::authorization::authorization;
use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Question, Said, ToolRequest};
use super::text::{parse_json, print_json, rfc3339};
use super::url::Place;
use crate::base::Tool;
use crate::wire::Code;

const USAGE: &str = "bazel-credential-loom get";

const NOTHING: &str = "{\"headers\":{}}\n";

pub(super) const DIALECT: Dialect = Dialect {
    program: "bazel-credential-loom",
    tool: Tool::Bazel,
    input: |args| match args {
        [verb] if verb == "get" => Input::Whole,
        _ => Input::None,
    },
    parse,
};

/// What bazel wants.
enum Request {
    Get(Place),
    /// What is no place of a server has no credentials.
    Nowhere,
    Usage,
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(match call.args {
        [verb] if verb == "get" => parse_json(call.input).map_or(Request::Usage, |asked: Asked| request(&asked.uri)),
        _ => Request::Usage,
    })
}

fn request(uri: &str) -> Request {
    // The whole URL of what is to be fetched: what follows its path is no part of the place.
    let place = uri.split(['?', '#']).next().unwrap_or_default();
    Place::parse(place).filter(|_| place.contains("://")).map_or(Request::Nowhere, Request::Get)
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get(place) => Question::Get(place.headers()),
            Request::Nowhere | Request::Usage => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        match (self, answer) {
            (Request::Usage, _) => Said::default().beside(Beside::Usage(USAGE)).with_code(1),
            (Request::Get(_), Answer::Found(reply)) => {
                let Some(header) = authorization(&reply.proof) else { return Said::out(NOTHING) };
                let headers = Headers { authorization: [&header] };
                let expires = reply.password_expiry_utc.map(rfc3339);
                Said { out: print_json(&Granted { headers, expires }), ..Said::default() }
            }
            // A path that the agent takes for no path is nobody's.
            (_, Answer::Failed(failure)) if matches!(failure.code, Code::NotFound | Code::BadRequest) => {
                Said::out(NOTHING)
            }
            (_, Answer::Failed(failure)) => Said::default().beside(Beside::Anyone(failure)).with_code(1),
            (_, Answer::Done | Answer::Found(_) | Answer::Listed(_)) => Said::out(NOTHING),
        }
    }
}

/// A question; what else stands in it is left.
#[derive(Deserialize)]
struct Asked {
    uri: String,
}

#[derive(Serialize)]
struct Granted<'a> {
    headers: Headers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires: Option<String>,
}

#[derive(Serialize)]
struct Headers<'a> {
    #[serde(rename = "Authorization")]
    authorization: [&'a str; 1],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;
    use crate::tools::exchange::tests::{ask, failed, found, token};

    fn asked(input: &str) -> Box<dyn ToolRequest> {
        ask(parse, "bazel-credential-loom", &["get"], input)
    }

    fn said(answer: Answer) -> (String, u8) {
        let said = asked(r#"{"uri":"https://a.example/x","later":1}"#).say(answer);
        (String::from_utf8(said.out.to_vec()).unwrap(), said.code)
    }

    #[test]
    fn the_place_of_a_url_is_asked_for() {
        let Question::Get(all) = asked(r#"{"uri":"https://a.example/x/y.zip?sig=1#f"}"#).question() else {
            panic!("no question")
        };
        assert_eq!((all[0].wanted.host.as_str(), all[0].wanted.path.as_deref()), ("a.example", Some("x/y.zip")));
    }

    #[test]
    fn a_token_is_said_with_its_end() {
        let text = r#"{"headers":{"Authorization":["Bearer tok"]},"expires":"2100-01-01T00:00:00Z"}"#;
        assert_eq!(said(token(Kind::OAuth, Some(4_102_444_800))), (format!("{text}\n"), 0));
    }

    #[test]
    fn a_password_is_said_as_basic() {
        let text = r#"{"headers":{"Authorization":["Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="]}}"#;
        assert_eq!(said(found("Aladdin", "open sesame")).0, format!("{text}\n"));
    }

    #[test]
    fn nothing_is_a_success() {
        assert_eq!(said(failed(Code::NotFound)), (NOTHING.to_owned(), 0));
        for uri in ["file:///x", "https://u@a.example/", "a.example", "https://a.example//x"] {
            let said = asked(&format!("{{\"uri\":\"{uri}\"}}")).say(Answer::Done);
            assert_eq!((&**said.out, said.code), (NOTHING.as_bytes(), 0), "{uri}");
        }
    }

    #[test]
    fn where_a_login_would_help_it_fails() {
        for code in [Code::LoginRequired, Code::Locked, Code::Unavailable] {
            assert_eq!(said(failed(code)), (String::new(), 1));
        }
    }

    #[test]
    fn what_is_no_question_is_a_mistake() {
        for input in ["", "{}", r#"{"uri":"https://a.example","uri":"https://b.example"}"#] {
            assert_eq!(asked(input).say(Answer::Done).code, 1, "{input}");
        }
        assert_eq!(ask(parse, "bazel-credential-loom", &["set"], "").say(Answer::Done).code, 1);
    }
}
