//! The program `keyring` of Python's package of that name, as pip, uv and others start it, and as loom's own backend of
//! the package does (`packaging/python`).
//!
//! A service is a URL or a host; what is neither is nobody's. Options stand before or after the verb. Whatever is not
//! there is said by the exit code alone: no caller shows more, and each asks about every URL it visits.

use serde::Serialize;

use super::dialect::{Dialect, Input};
use super::exchange::{Answer, Beside, Call, Question, Said, ToolRequest};
use super::text::{print_json, secret};
use super::url::Place;
use crate::base::Tool;
use crate::wire::{Code, GetReply, Proof, Store};

const USAGE: &str = "keyring [--mode=password|creds] [--output=plain|json] <get|set|del> SERVICE [USERNAME]";

pub(super) const DIALECT: Dialect = Dialect {
    program: "keyring",
    tool: Tool::Keyring,
    input: |args| if args.iter().any(|arg| arg == "set") { Input::Whole } else { Input::None },
    parse,
};

/// What somebody wants of the keyring.
enum Request {
    Get {
        place: Place,
        username: Option<String>,
        form: Form,
    },
    Set(Box<Store>),
    Delete {
        place: Place,
        username: String,
    },
    /// The service is no place of a server.
    Nowhere,
    Usage,
}

/// How an answer is written.
#[derive(Clone, Copy, Default)]
struct Form {
    with_username: bool,
    is_json: bool,
}

fn parse(call: &Call<'_>) -> Box<dyn ToolRequest> {
    Box::new(request(call).unwrap_or(Request::Usage))
}

fn request(call: &Call<'_>) -> Option<Request> {
    let (words, form) = take_options(call.args)?;
    let (verb, rest) = words.split_first()?;
    let (service, username) = match rest {
        [service] => (*service, None),
        [service, username] => (*service, Some((*username).to_owned())),
        _ => return None,
    };
    let place = Place::parse(service).filter(|place| service.contains("://") || is_host(place.host()));
    let Some(place) = place else { return matches!(*verb, "get" | "set" | "del").then_some(Request::Nowhere) };
    match (*verb, username) {
        ("get", username) if form.with_username => {
            Some(Request::Get { place, username: username.filter(|username| !username.is_empty()), form })
        }
        ("get", Some(username)) => Some(Request::Get { place, username: Some(username), form }),
        ("set", Some(username)) => Some(Request::Set(place.store(&username, secret(call.input)?))),
        ("del", Some(username)) => Some(Request::Delete { place, username }),
        _ => None,
    }
}

/// A host without a scheme, and not the name of something else: of an application, most often.
fn is_host(host: &str) -> bool {
    host.contains(['.', ':']) || host == "localhost"
}

/// What stands in the command line besides the options, and what they say.
fn take_options(args: &[String]) -> Option<(Vec<&str>, Form)> {
    let (mut words, mut form, mut args) = (Vec::new(), Form::default(), args.iter().map(String::as_str));
    while let Some(arg) = args.next() {
        let (name, value) = arg.split_once('=').map_or((arg, None), |(name, value)| (name, Some(value)));
        match name {
            "--mode" | "--output" | "--keyring-backend" | "-b" | "--keyring-path" | "-p" => {
                match (name, value.or_else(|| args.next())?) {
                    ("--mode", "creds") => form.with_username = true,
                    ("--mode", "password") => form.with_username = false,
                    ("--output", "json") => form.is_json = true,
                    ("--output", "plain") => form.is_json = false,
                    ("--mode" | "--output", _) => return None,
                    // There is no other backend here.
                    _ => {}
                }
            }
            "--" => words.extend(args.by_ref()),
            _ if arg.starts_with('-') => return None,
            _ => words.push(arg),
        }
    }
    Some((words, form))
}

impl ToolRequest for Request {
    fn question(&self) -> Question {
        match self {
            Request::Get { place, username, .. } => Question::Get(place.passwords(username.as_deref())),
            Request::Set(store) => Question::Store(store.clone()),
            Request::Delete { place, username } => Question::Erase(place.credentials(Some(username))),
            Request::Nowhere | Request::Usage => Question::Nothing,
        }
    }

    fn say(&self, answer: Answer) -> Said {
        let nothing = || Said::default().with_code(1);
        match (self, answer) {
            // Callers tell an older keyring by this code.
            (Request::Usage, _) => Said::default().beside(Beside::Usage(USAGE)).with_code(2),
            (Request::Nowhere, _) => nothing(),
            (Request::Get { form, .. }, Answer::Found(reply)) => given(*reply, *form).unwrap_or_else(nothing),
            (_, Answer::Failed(failure)) if failure.is_nothing() || failure.code == Code::BadRequest => nothing(),
            (_, Answer::Failed(failure)) => nothing().beside(Beside::Anyone(failure)),
            (Request::Get { .. }, Answer::Done | Answer::Listed(_)) => nothing(),
            (_, Answer::Done | Answer::Found(_) | Answer::Listed(_)) => Said::default(),
        }
    }
}

fn given(reply: GetReply, form: Form) -> Option<Said> {
    let Proof::Password { username, password } = reply.proof else { return None };
    let out = match form {
        Form { is_json: true, with_username } => {
            print_json(&Entry { username: with_username.then_some(username.as_str()), password: password.expose() })
        }
        // Each is a line.
        _ if username.contains(char::is_control) || !password.is_one_line() => return None,
        Form { with_username: true, .. } => {
            return Some(Said::out([username.as_bytes(), b"\n", password.expose().as_bytes(), b"\n"].concat()));
        }
        Form { .. } => return Some(Said::out([password.expose().as_bytes(), b"\n"].concat())),
    };
    Some(Said { out, ..Said::default() })
}

#[derive(Serialize)]
struct Entry<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    username: Option<&'a str>,
    password: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tools::exchange::tests::{ask, failed, found};

    fn asked(args: &[&str]) -> Box<dyn ToolRequest> {
        ask(parse, "keyring", args, "")
    }

    fn said(args: &[&str], answer: Answer) -> (String, u8) {
        let said = asked(args).say(answer);
        (String::from_utf8(said.out.to_vec()).unwrap(), said.code)
    }

    const URL: &str = "https://pypi.example/simple";

    #[test]
    fn pip_is_given_user_and_password_as_json() {
        let expected = ("{\"username\":\"alice\",\"password\":\"p\\\"w\"}\n".to_owned(), 0);
        for args in [["--mode=creds", "--output=json", "get", URL], ["get", "--output=json", "--mode=creds", URL]] {
            assert_eq!(said(&args, found("alice", "p\"w")), expected, "{args:?}");
        }
    }

    #[test]
    fn an_older_pip_and_uv_are_given_the_password_of_a_user() {
        assert_eq!(said(&["get", URL, "alice"], found("alice", "pw")), ("pw\n".to_owned(), 0));
        let Question::Get(all) = asked(&["get", URL, "alice"]).question() else { panic!("no question") };
        assert_eq!(all[0].wanted.username.as_deref(), Some("alice"));
    }

    #[test]
    fn uv_is_given_two_lines() {
        assert_eq!(said(&["get", URL, "--mode", "creds"], found("alice", "pw")), ("alice\npw\n".to_owned(), 0));
    }

    #[test]
    fn what_is_not_there_is_said_by_the_code_alone() {
        for code in [Code::NotFound, Code::LoginRequired, Code::BadRequest] {
            assert_eq!(said(&["get", URL, "alice"], failed(code)), (String::new(), 1));
        }
    }

    #[test]
    fn what_is_no_server_has_nothing() {
        for service in ["poetry-repository-x", "a b", "https://u@a.example/", "ftp://a.example", ""] {
            assert!(matches!(asked(&["--mode=creds", "get", service]).question(), Question::Nothing), "{service}");
            assert_eq!(said(&["get", service, "u"], Answer::Done), (String::new(), 1), "{service}");
            assert_eq!(ask(parse, "keyring", &["set", service, "u"], "pw\n").say(Answer::Done).code, 1, "{service}");
        }
    }

    #[test]
    fn a_host_with_its_port_is_a_server() {
        for service in ["pypi.example:8443", "localhost", "127.0.0.1:8080"] {
            assert!(matches!(asked(&["get", service, "u"]).question(), Question::Get(_)), "{service}");
        }
    }

    #[test]
    fn a_password_is_kept_for_the_url() {
        let Question::Store(store) = ask(parse, "keyring", &["set", URL, "alice"], "pw\n").question() else {
            panic!("no store")
        };
        assert_eq!((store.secret.expose(), store.which.path.as_deref()), ("pw", Some("simple")));
    }

    #[test]
    fn what_would_be_another_line_is_not_said_in_lines() {
        assert_eq!(said(&["get", "--mode=creds", URL], found("a\nb", "pw")), (String::new(), 1));
    }

    #[test]
    fn a_command_line_of_a_newer_keyring_is_a_mistake() {
        for args in [&["get"][..], &["--later", "get", URL, "u"], &["get", URL], &["set", URL], &["--mode"], &[]] {
            assert_eq!(said(args, Answer::Done), (String::new(), 2), "{args:?}");
        }
    }
}
