//! What all dialects have in common: a tool calls, its call is one request, the request asks the agent something, and
//! what the agent answered is said in the tool's words. In between stands nothing that a dialect could decide.

use zeroize::Zeroizing;

use crate::wire::{Code, Get, GetReply, GitCredential, Store};

/// How many bytes a tool may say at once.
pub const MAX_INPUT: usize = 64 * 1024;

/// How a tool started its helper, and what it said to it.
pub struct Call<'a> {
    /// The name that the program was started under, without its directory.
    pub program: &'a str,
    /// The arguments.
    pub args: &'a [String],
    /// What came on standard input: all of it, or one line, as [`Input`](super::Input) says.
    pub input: &'a [u8],
    /// Reads a variable of the environment.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
}

/// One request of a tool.
pub trait ToolRequest {
    /// What the agent is asked.
    fn question(&self) -> Question;

    /// What the tool is told. Only an answer to [`question`](Self::question) makes sense here.
    fn say(&self, answer: Answer) -> Said;
}

/// What the agent is asked for a tool.
pub enum Question {
    /// What may be shown to the first of these places that something is kept for.
    Get(Vec<Get>),
    /// Keep this.
    Store(Box<Store>),
    /// Keep this, with a secret that the person at the terminal is asked for.
    Prompt {
        /// What is kept, without the secret.
        store: Box<Store>,
        /// The page where the person finds the secret, as the tool named it.
        page: Option<String>,
    },
    /// Forget what a tool brought for these places.
    Erase(Vec<GitCredential>),
    /// What a tool brought, without secrets.
    List,
    /// Nothing.
    Nothing,
}

/// What came of it.
pub enum Answer {
    /// To [`Question::Get`].
    Found(Box<GetReply>),
    /// To [`Question::List`].
    Listed(Vec<Label>),
    /// Done, or there was nothing to do.
    Done,
    /// No answer.
    Failed(Failure),
}

/// Where something is kept, and for whom.
pub struct Label {
    /// The server's URL, as the agent spells it.
    pub server: String,
    /// The user name.
    pub username: String,
}

/// Why there is no answer.
pub struct Failure {
    /// What is to be done about it.
    pub code: Code,
    /// What went wrong, in one sentence for a person.
    pub message: String,
    /// What a person can do.
    pub hint: Option<String>,
    /// Whether something is known to be kept for what was asked about, which cannot be had now.
    pub is_kept: bool,
}

/// What a tool is told.
#[derive(Default)]
pub struct Said {
    /// Goes to standard output.
    pub out: Zeroizing<Vec<u8>>,
    /// Goes to standard error.
    pub beside: Beside,
    /// The exit code.
    pub code: u8,
}

/// What stands beside an answer, on standard error.
#[derive(Default)]
pub enum Beside {
    /// Nothing.
    #[default]
    Nothing,
    /// What a person may read who sits at the terminal, where they could log in; a tool that runs by itself is not
    /// bothered.
    Person(Failure),
    /// What the tool shows, or writes into its own message.
    Anyone(Failure),
    /// How the program is used.
    Usage(&'static str),
}

impl Failure {
    /// That there is no answer in time.
    pub fn late() -> Failure {
        let message = "the agent does not answer in time".to_owned();
        Failure { code: Code::Unavailable, message, hint: None, is_kept: false }
    }

    /// Whether nothing is kept that could be meant.
    pub fn is_not_found(&self) -> bool {
        self.code == Code::NotFound
    }

    /// Whether there is nothing for this tool here: nothing is kept, or it is of no use until a person logs in.
    pub fn is_nothing(&self) -> bool {
        matches!(self.code, Code::NotFound | Code::LoginRequired)
    }
}

impl Said {
    /// This text on standard output, and success.
    pub fn out(text: impl Into<Vec<u8>>) -> Said {
        Said { out: Zeroizing::new(text.into()), ..Said::default() }
    }

    /// The same with an exit code.
    pub fn with_code(self, code: u8) -> Said {
        Said { code, ..self }
    }

    /// The same with something beside it.
    pub fn beside(self, beside: Beside) -> Said {
        Said { beside, ..self }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::base::{Kind, Secret};
    use crate::wire::Proof;

    /// The request that a call makes.
    pub(in crate::tools) fn ask(
        parse: fn(&Call<'_>) -> Box<dyn ToolRequest>,
        program: &str,
        args: &[&str],
        input: &str,
    ) -> Box<dyn ToolRequest> {
        let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
        parse(&Call { program, args: &args, input: input.as_bytes(), variable: &|_| None })
    }

    /// A user name and a password.
    pub(in crate::tools) fn found(username: &str, password: &str) -> Answer {
        let (username, password) = (username.to_owned(), Secret::new(password.to_owned()));
        reply(Proof::Password { username, password })
    }

    fn reply(proof: Proof) -> Answer {
        Answer::Found(Box::new(GetReply {
            proof,
            password_expiry_utc: None,
            oauth_refresh_token: None,
            state: None,
            kind: Some(Kind::Basic),
            may_change: Some(true),
        }))
    }

    /// A token, in the form in which tools have it.
    pub(in crate::tools) fn token(kind: Kind, ends: Option<i64>) -> Answer {
        let (authtype, credential) = ("Bearer".to_owned(), Secret::new("tok".to_owned()));
        let Answer::Found(mut found) = reply(Proof::Header { authtype, credential, ephemeral: true }) else {
            unreachable!("it is found")
        };
        (found.kind, found.password_expiry_utc) = (Some(kind), ends);
        Answer::Found(found)
    }

    /// A failure for this reason.
    pub(in crate::tools) fn failed(code: Code) -> Answer {
        let (message, hint) = ("what happened".to_owned(), Some("what to do".to_owned()));
        Answer::Failed(Failure { code, message, hint, is_kept: code == Code::Locked })
    }
}
