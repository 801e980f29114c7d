//! The helper of every tool but git: standard input, the question to the agent, standard output. What is meant by
//! them, the tool's dialect says (`crate::tools`).
//!
//! A tool waits for its helper without end, and outlives it badly: whatever takes too long ends with the process.

use std::io::IsTerminal;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::input::{self, ALL_WITHIN, Lines};
use super::report::{beside, exit_code, report_through_loom, texts_through_loom};
use super::{Client, Place};
use crate::base::{Origin, Secret, Tool};
use crate::os::{alarm, terminal};
use crate::tools::{Answer, Beside, Call, Dialect, Failure, Input, Label, MAX_INPUT, Question, Said, ToolRequest};
use crate::wire::{Code, Erase, Fault, Get, GitCredential, Store, Verb, reason};

/// Does what a tool asks of its helper, on the standard streams of this process. Returns the exit code.
///
/// `program` is the name that the process was started under, `args` what stands after it.
pub fn run(dialect: &Dialect, program: &str, args: &[String]) -> u8 {
    converse(dialect, program, args).unwrap_or_else(|fault| {
        report_through_loom(&fault);
        exit_code(fault.code()).max(1)
    })
}

fn converse(dialect: &Dialect, program: &str, args: &[String]) -> Result<u8, Fault> {
    let answer = |input: Zeroizing<Vec<u8>>| {
        if input.len() > MAX_INPUT {
            return Err(input::refused(crate::msg!("git-too-long")));
        }
        alarm::end_after(ALL_WITHIN);
        let variable = |name: &str| std::env::var(name).ok();
        let request = dialect.parse(&Call { program, args, input: &input, variable: &variable });
        let late = request.say(Answer::Failed(Failure::late()));
        alarm::keep_last_words(&late.out, late.code);
        let said = request.say(ask(&*request, dialect.tool()));
        tell(&said)?;
        alarm::cancel();
        Ok(said.code)
    };
    match dialect.input(args) {
        Input::None => answer(Zeroizing::default()),
        Input::Whole => answer(input::read(MAX_INPUT, |_| false)?),
        Input::Lines { greeting } => {
            input::write(greeting.as_bytes())?;
            let mut lines = Lines::default();
            let mut code = 0;
            while let Some(line) = lines.next(MAX_INPUT)? {
                code = answer(line)?;
            }
            Ok(code)
        }
    }
}

/// Says to the tool what is to be said, and to the person beside it.
fn tell(said: &Said) -> Result<(), Fault> {
    // From here on it would be said twice.
    alarm::take_last_words();
    match &said.beside {
        Beside::Anyone(failure) => say(failure),
        // Of what is kept nowhere they hear nothing: a tool asks about every server that it visits.
        Beside::Person(failure) if failure.code == Code::LoginRequired && std::io::stderr().is_terminal() => {
            say(failure)
        }
        Beside::Usage(usage) => {
            report_through_loom(&reason::Git::ToolUsage { usage: (*usage).to_owned() }.into());
        }
        Beside::Person(_) | Beside::Nothing => {}
    }
    input::write(&said.out)
}

#[expect(clippy::print_stderr, reason = "what tools and people read there")]
fn say(failure: &Failure) {
    eprintln!("loom: {}", failure.message);
    failure.hint.iter().for_each(|hint| eprintln!("hint: {hint}"));
}

fn ask(request: &dyn ToolRequest, tool: Tool) -> Answer {
    let client = || Ok(Client::from_environment()?.for_git());
    let answer = match request.question() {
        Question::Nothing => Ok(Answer::Done),
        Question::Get(all) => client().and_then(|client| get(&client, all, tool)),
        Question::Store(store) => client().and_then(|client| keep(&client, *store, tool)),
        Question::Prompt { store, page } => client().and_then(|client| prompt(&client, *store, tool, page)),
        Question::Erase(all) => client().and_then(|client| erase(&client, all, tool)),
        Question::List => client().and_then(|client| list(&client, tool)),
    };
    answer.unwrap_or_else(|fault| {
        let (message, hint) = texts_through_loom(&fault);
        Answer::Failed(Failure { code: fault.code(), message, hint, is_kept: is_kept(&fault) })
    })
}

/// Whether a fault is about something that is kept: it is locked, or its server was asked in vain.
fn is_kept(fault: &Fault) -> bool {
    fault.code() == Code::Locked
        || fault.code() == Code::Unavailable
            && (fault.about::<reason::Upstream>().is_some() || fault.about::<reason::Login>().is_some())
}

/// The first answer counts; else the last fault that is more than that there is nothing.
fn get(client: &Client, all: Vec<Get>, tool: Tool) -> Result<Answer, Fault> {
    let Place { directory, named } = Place::here();
    let mut failed: Option<Fault> = None;
    for question in all {
        let (directory, named_directory, tool) = (directory.clone(), named.clone(), Some(tool));
        let question = Get { directory, named_directory, tool, ..question };
        match client.ask(&question) {
            Ok(reply) => return Ok(Answer::Found(Box::new(reply))),
            Err(fault) if fault.code() == Code::NotFound => failed = failed.or(Some(fault)),
            Err(fault) if fault.code() == Code::LoginRequired => failed = Some(fault),
            Err(fault) => return Err(fault),
        }
    }
    Err(failed.unwrap_or_else(|| reason::Git::Usage.into()))
}

fn keep(client: &Client, store: Store, tool: Tool) -> Result<Answer, Fault> {
    client.ask(&Store { tool: Some(tool), ..store }).map(|_| Answer::Done)
}

/// The program beside this one asks the person: here there are no texts. They take the time that they take.
fn prompt(client: &Client, store: Store, tool: Tool, page: Option<String>) -> Result<Answer, Fault> {
    let nobody = || Fault::from(reason::Git::NobodyToAsk);
    let terminal = std::env::var_os("CI").is_none().then(terminal::to_write).flatten();
    let (terminal, loom) = terminal.zip(beside("loom")).ok_or_else(nobody)?;
    alarm::cancel();
    let mut command = Command::new(loom);
    let GitCredential { protocol, host, path, .. } = &store.which;
    let path = path.as_deref().map(|path| format!("/{path}")).unwrap_or_default();
    command.arg("ask").arg(format!("--place={protocol}://{host}{path}"));
    command.args(page.map(|page| format!("--page={page}"))).stdin(Stdio::null());
    let output = command.stderr(terminal).output().map_err(|_| nobody())?;
    alarm::end_after(ALL_WITHIN);
    let said = Zeroizing::new(output.stdout);
    let secret = std::str::from_utf8(&said).map(str::trim).unwrap_or_default();
    if secret.is_empty() {
        return Err(nobody());
    }
    keep(client, Store { secret: Secret::new(secret.to_owned()), ..store }, tool)
}

fn erase(client: &Client, all: Vec<GitCredential>, tool: Tool) -> Result<Answer, Fault> {
    for which in all {
        match client.ask(&Erase { which, secret: None, tool: Some(tool) }) {
            Err(fault) if fault.code() != Code::NotFound => return Err(fault),
            _ => {}
        }
    }
    Ok(Answer::Done)
}

fn list(client: &Client, tool: Tool) -> Result<Answer, Fault> {
    let reply = client.ask(&Labels {})?;
    let user = |account: String| tool.user_of(&account).to_owned();
    let label = |held: LabelReply| Some(Label { server: held.server, username: user(held.account?) });
    let all = reply.accounts.into_iter().filter(|account| account.origin == Some(Origin::Tool(tool)));
    Ok(Answer::Listed(all.filter_map(label).collect()))
}

/// `status`, of which only the labels are read: a URL stays the text that it is.
#[derive(Deserialize, Serialize)]
struct Labels {}

#[derive(Deserialize, Serialize)]
struct LabelsReply {
    accounts: Vec<LabelReply>,
}

#[derive(Deserialize, Serialize)]
struct LabelReply {
    server: String,
    account: Option<String>,
    origin: Option<Origin>,
}

impl Verb for Labels {
    const NAME: &'static str = "status";
    const REPEATABLE: bool = true;
    type Reply = LabelsReply;
}
