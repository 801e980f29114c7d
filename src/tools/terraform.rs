//! Terraform's and OpenTofu's credentials helpers ("Credentials Helper Protocol"): a verb and a host in the arguments,
//! JSON on the streams. Terraform sends the token to the registry that the host itself names.
//!
//! The public registry is asked for too, so that nothing to say is an empty object and a success.

use serde::{Deserialize, Serialize};

use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Question, Said, ToolRequest};
use super::text::{parse_json, print_json};
use super::url::Place;
use crate::base::{Secret, Tool, reveal};
use crate::wire::{Proof, Store};

const USAGE: &str = "terraform-credentials-loom <get|store|forget> HOST";

/// The name under which `terraform login` keeps a token: terraform knows no users.
const ACCOUNT: &str = "terraform";

pub(super) const DIALECT: Dialect = Dialect {
    program: "terraform-credentials-loom",
    tool: Tool::Terraform,
    input: |args| match args {
        [.., verb, _] if verb == "store" => Input::Whole,
        _ => Input::None,
    },
    parse,
};

/// What terraform wants.
enum Request {
    Get(Place),
    Store(Box<Store>),
    Forget(Place),
    Usage,
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(request(call).unwrap_or(Request::Usage))
}

fn request(call: &Call<'_>) -> Option<Request> {
    // What stands in `args` of terraform's settings comes first.
    let [.., verb, host] = call.args else { return None };
    // A host, perhaps with a port, which is always reached over TLS.
    let place = Place::parse(&format!("https://{host}")).filter(|place| place.path().is_empty())?;
    match verb.as_str() {
        "get" => Some(Request::Get(place)),
        "store" => {
            let Token { token } = parse_json(call.input)?;
            Some(Request::Store(place.store(ACCOUNT, token)))
        }
        "forget" => Some(Request::Forget(place)),
        _ => None,
    }
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get(place) => Question::Get(place.tokens(ACCOUNT)),
            Request::Store(store) => Question::Store(store.clone()),
            Request::Forget(place) => Question::Erase(place.credentials(Some(ACCOUNT))),
            Request::Usage => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        match (self, answer) {
            (Request::Usage, _) => Said::default().beside(Beside::Usage(USAGE)).with_code(1),
            (Request::Get(_), Answer::Found(reply)) => match reply.proof {
                Proof::Header { credential: token, .. } | Proof::Password { password: token, .. } => {
                    Said { out: print_json(&Token { token }), ..Said::default() }
                }
                Proof::Refresh { .. } => Said::out("{}\n"),
            },
            (Request::Get(_), Answer::Failed(failure)) if failure.is_not_found() => Said::out("{}\n"),
            (Request::Forget(_), Answer::Failed(failure)) if failure.is_nothing() => Said::default(),
            (_, Answer::Failed(failure)) => Said::default().beside(Beside::Anyone(failure)).with_code(1),
            (_, Answer::Done | Answer::Found(_) | Answer::Listed(_)) => Said::default(),
        }
    }
}

/// A host's credential. What else a newer terraform says of it would be lost, so that it is refused.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    #[serde(with = "reveal")]
    token: Secret,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;
    use crate::tools::exchange::tests::{ask, failed, found, token};
    use crate::wire::Code;

    fn asked(args: &[&str], input: &str) -> Box<dyn ToolRequest> {
        ask(parse, "terraform-credentials-loom", args, input)
    }

    fn said(request: &dyn ToolRequest, answer: Answer) -> (String, u8) {
        let said = request.say(answer);
        (String::from_utf8(said.out.to_vec()).unwrap(), said.code)
    }

    #[test]
    fn a_host_is_asked_for_over_tls_only() {
        let Question::Get(all) = asked(&["get", "localhost:8443"], "").question() else { panic!("no question") };
        assert!(all.iter().all(|get| get.wanted.protocol == "https" && get.wanted.host == "localhost:8443"));
    }

    #[test]
    fn a_token_is_said_whatever_it_is_kept_as() {
        let expected = ("{\"token\":\"tok\"}\n".to_owned(), 0);
        assert_eq!(said(&*asked(&["get", "a.example"], ""), found("terraform", "tok")), expected);
        assert_eq!(said(&*asked(&["get", "a.example"], ""), token(Kind::OAuth, None)), expected);
    }

    #[test]
    fn nothing_is_an_empty_object() {
        let request = asked(&["--some", "arg", "get", "a.example"], "");
        assert_eq!(said(&*request, failed(Code::NotFound)), ("{}\n".to_owned(), 0));
    }

    #[test]
    fn a_locked_agent_is_an_error() {
        for code in [Code::Locked, Code::LoginRequired] {
            assert_eq!(said(&*asked(&["get", "a.example"], ""), failed(code)), (String::new(), 1));
        }
    }

    #[test]
    fn what_terraform_login_brings_is_kept() {
        let Question::Store(store) = asked(&["store", "a.example"], "{\"token\":\"t\"}").question() else {
            panic!("no store")
        };
        assert_eq!((store.secret.expose(), store.which.username.as_deref()), ("t", Some(ACCOUNT)));
    }

    #[test]
    fn what_cannot_be_kept_whole_is_refused() {
        for input in ["{\"token\":\"t\",\"later\":1}", "{}", "", "{\"token\":\"a\",\"token\":\"b\"}"] {
            assert_eq!(said(&*asked(&["store", "a.example"], input), Answer::Done).1, 1, "{input}");
        }
    }

    #[test]
    fn to_forget_what_is_not_there_is_a_success() {
        assert_eq!(said(&*asked(&["forget", "a.example"], ""), failed(Code::NotFound)), (String::new(), 0));
    }

    #[test]
    fn another_verb_or_no_host_is_a_mistake() {
        for args in [&["list", "a.example"][..], &["get"], &[], &["get", "a.example/x"], &["get", "u@a.example"]] {
            assert_eq!(said(&*asked(args, ""), Answer::Done).1, 1, "{args:?}");
        }
    }
}
