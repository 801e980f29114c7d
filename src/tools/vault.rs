//! The token helper of Vault and OpenBao: a verb in the arguments, the bare token on the streams.
//!
//! The server stands in the environment only, and not in it where the command line names another one. Where it is not
//! said, or said in two ways, there is no token: one server's token does not go to another.

use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Question, Said, ToolRequest};
use super::text::secret;
use super::url::Place;
use crate::base::Tool;
use crate::wire::{Proof, Store};

const USAGE: &str = "vault-token-loom <get|store|erase>, with VAULT_ADDR or BAO_ADDR";

/// The name under which `vault login` keeps a token.
const ACCOUNT: &str = "vault";

pub(super) const DIALECT: Dialect = Dialect {
    program: "vault-token-loom",
    tool: Tool::Vault,
    input: |args| match args {
        [verb] if verb == "store" => Input::Whole,
        _ => Input::None,
    },
    parse,
};

/// What Vault wants.
enum Request {
    Get(Place),
    Store(Box<Store>),
    Erase(Place),
    /// There is no server that could be meant.
    Nowhere,
    Usage,
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(request(call))
}

fn request(call: &Call<'_>) -> Request {
    match (call.args, place(call)) {
        ([verb], Some(place)) if verb == "get" => Request::Get(place),
        ([verb], None) if verb == "get" || verb == "erase" => Request::Nowhere,
        ([verb], Some(place)) if verb == "store" => match secret(call.input) {
            Some(token) => Request::Store(place.store(ACCOUNT, token)),
            None => Request::Usage,
        },
        ([verb], Some(place)) if verb == "erase" => Request::Erase(place),
        // A token that is kept for no server would be lost: Vault is told so.
        _ => Request::Usage,
    }
}

fn place(call: &Call<'_>) -> Option<Place> {
    let named = |name: &str| (call.variable)(name).filter(|address| !address.is_empty());
    let address = match (named("VAULT_ADDR"), named("BAO_ADDR")) {
        // Each of the two programs reads its own, and nobody says which of them asks.
        (Some(vault), Some(bao)) => Some(vault).filter(|vault| *vault == bao),
        (vault, bao) => vault.or(bao),
    }?;
    Place::parse(&address).filter(|_| address.contains("://"))
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get(place) => Question::Get(place.tokens(ACCOUNT)),
            Request::Store(store) => Question::Store(store.clone()),
            Request::Erase(place) => Question::Erase(place.credentials(Some(ACCOUNT))),
            Request::Nowhere | Request::Usage => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        match (self, answer) {
            (Request::Usage, _) => Said::default().beside(Beside::Usage(USAGE)).with_code(1),
            (Request::Get(_), Answer::Found(reply)) => match reply.proof {
                Proof::Header { credential: token, .. } | Proof::Password { password: token, .. } => {
                    Said::out(token.expose())
                }
                Proof::Refresh { .. } => Said::default(),
            },
            // What needs no token works without.
            (_, Answer::Failed(failure)) if failure.is_nothing() => Said::default().beside(Beside::Person(failure)),
            (_, Answer::Failed(failure)) => Said::default().beside(Beside::Anyone(failure)).with_code(1),
            (_, Answer::Done | Answer::Found(_) | Answer::Listed(_)) => Said::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Kind;
    use crate::tools::exchange::tests::{failed, token};
    use crate::wire::Code;

    fn asked(verb: &str, environment: &[(&str, &str)], input: &str) -> Request {
        let variable =
            |name: &str| environment.iter().find(|(own, _)| *own == name).map(|(_, value)| (*value).to_owned());
        let args = [verb.to_owned()];
        request(&Call { program: "vault-token-loom", args: &args, input: input.as_bytes(), variable: &variable })
    }

    const HERE: &[(&str, &str)] = &[("VAULT_ADDR", "https://vault.example:8200/")];

    #[test]
    fn the_server_of_the_environment_is_asked_for() {
        let Question::Get(all) = asked("get", HERE, "").question() else { panic!("no question") };
        assert!(all.iter().all(|get| get.wanted.protocol == "https" && get.wanted.host == "vault.example:8200"));
    }

    #[test]
    fn without_one_server_there_is_no_token() {
        let two = [("VAULT_ADDR", "https://a.example"), ("BAO_ADDR", "https://b.example")];
        for environment in [&[][..], &two, &[("VAULT_ADDR", "unix:///run/vault")], &[("BAO_ADDR", "a.example")]] {
            let request = asked("get", environment, "");
            assert!(matches!(request.question(), Question::Nothing), "{environment:?}");
            assert_eq!((request.say(Answer::Done).out.len(), request.say(Answer::Done).code), (0, 0));
        }
    }

    #[test]
    fn a_token_is_said_bare() {
        assert_eq!(*asked("get", HERE, "").say(token(Kind::Token, None)).out, b"tok");
    }

    #[test]
    fn what_a_login_brings_is_kept_for_this_server() {
        let Question::Store(store) = asked("store", HERE, "hvs.x\n").question() else { panic!("no store") };
        assert_eq!((store.secret.expose(), store.which.host.as_str()), ("hvs.x", "vault.example:8200"));
    }

    #[test]
    fn what_could_not_be_kept_is_said_so() {
        for (environment, input) in [(&[][..], "hvs.x"), (HERE, ""), (HERE, "a\nb")] {
            assert_eq!(asked("store", environment, input).say(Answer::Done).code, 1, "{input:?}");
        }
    }

    #[test]
    fn nothing_and_a_locked_agent_are_not_the_same() {
        for (code, expected) in [(Code::NotFound, 0), (Code::LoginRequired, 0), (Code::Locked, 1)] {
            assert_eq!(asked("get", HERE, "").say(failed(code)).code, expected, "{code:?}");
        }
    }
}
