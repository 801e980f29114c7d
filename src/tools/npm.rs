//! pnpm's `tokenHelper`: a program without arguments that prints the value of the header `Authorization`. The registry
//! is a part of the program's name, after an `@`: there is a link for each.

use super::authorization::authorization;
use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Question, Said, ToolRequest};
use super::url::Place;
use crate::base::Tool;
use crate::wire::Code;

const USAGE: &str = "npm-token-loom@HOST, a link of that name";

pub(super) const DIALECT: Dialect =
    Dialect { program: "npm-token-loom", tool: Tool::Npm, input: |_| Input::None, parse };

/// What pnpm wants: the registry's header; `None` where the name says no registry.
struct Request(Option<Place>);

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    let host = call.program.split_once('@').map(|(_, host)| host);
    Box::new(Request(host.filter(|_| call.args.is_empty()).and_then(Place::parse)))
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        self.0.as_ref().map_or(Question::Nothing, |place| Question::Get(place.headers()))
    }

    fn say(&self, answer: Answer) -> Said {
        match (&self.0, answer) {
            (Some(_), Answer::Found(reply)) => match authorization(&reply.proof) {
                Some(header) => Said::out([header.as_bytes(), b"\n"].concat()),
                None => Said::default().with_code(1),
            },
            (Some(_), Answer::Failed(failure)) => {
                let code = if failure.code == Code::LoginRequired { 4 } else { 1 };
                Said::default().beside(Beside::Anyone(failure)).with_code(code)
            }
            (_, _) => Said::default().beside(Beside::Usage(USAGE)).with_code(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;
    use crate::tools::exchange::tests::{ask, failed, found, token};

    fn said(answer: Answer) -> (String, u8) {
        let said = ask(parse, "npm-token-loom@npm.example:4873", &[], "").say(answer);
        (String::from_utf8(said.out.to_vec()).unwrap(), said.code)
    }

    #[test]
    fn the_registry_is_the_one_of_the_programs_name() {
        let Question::Get(all) = ask(parse, "npm-token-loom@npm.example:4873", &[], "").question() else {
            panic!("no question")
        };
        assert_eq!(all[0].wanted.host, "npm.example:4873");
    }

    #[test]
    fn a_token_is_said_with_its_scheme() {
        assert_eq!(said(token(Kind::Token, None)), ("Bearer tok\n".to_owned(), 0));
    }

    #[test]
    fn a_password_is_said_as_basic() {
        assert_eq!(said(found("Aladdin", "open sesame")).0, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\n");
    }

    #[test]
    fn without_a_token_it_fails() {
        for (code, expected) in [(Code::NotFound, 1), (Code::LoginRequired, 4), (Code::Locked, 1)] {
            assert_eq!(said(failed(code)), (String::new(), expected));
        }
    }

    #[test]
    fn without_a_registry_it_says_how_it_is_used() {
        for program in ["npm-token-loom", "npm-token-loom@", "npm-token-loom@a b"] {
            assert_eq!(ask(parse, program, &[], "").say(Answer::Done).code, 1, "{program}");
        }
    }
}
