//! Where the server of a command stands: behind `--server`, or as a URL or a host behind the command itself. Both are
//! read by the same parser; a repository's URL means the origin that it is at.

use clap::{Args, CommandFactory};
use loom_credentials::base::{CloneUrl, server_from_user};

use super::token::{Token, TokenAction};
use super::{Command, Loom};

/// A server behind a command, in place of `--server`.
#[derive(Args)]
pub struct At {
    #[arg(value_name = "URL", value_parser = server_from_user, conflicts_with = "server")]
    pub url: Option<CloneUrl>,
}

/// What `--server` may say to a command.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Takes {
    Nothing,
    One,
    /// Several servers, and patterns such as `*.example`.
    Patterns,
}

/// The commands to which a server means nothing; in their help nothing of one is said.
const WITHOUT_SERVER: [&str; 13] = [
    "serve",
    "lock",
    "unlock",
    "agent",
    "store",
    "audit",
    "rule",
    "config",
    "completions",
    "demo",
    "credential-helper",
    "ask",
    "say",
];

/// The command line as clap reads it.
pub fn command() -> clap::Command {
    let mut command = Loom::command();
    let hidden = command.get_arguments().find(|arg| arg.get_id() == "server").map(|arg| arg.clone().hide(true));
    for name in WITHOUT_SERVER {
        command = command.mut_subcommand(name, |sub| sub.args(hidden.clone()));
    }
    command
}

/// Whether `--server` may be said to this command, and how often.
pub fn takes(command: &Command) -> Takes {
    match command {
        Command::Exec(args) if !args.takes_secrets() => Takes::Patterns,
        Command::Setup(args) if args.git.is_none() => Takes::Patterns,
        Command::Goauth(_) => Takes::Patterns,
        Command::Serve(_)
        | Command::Lock
        | Command::Unlock(_)
        | Command::Agent { .. }
        | Command::Store { .. }
        | Command::Audit { .. }
        | Command::Config { .. }
        | Command::Rule { .. }
        | Command::CredentialHelper { .. }
        | Command::Confined(_)
        | Command::Ask { .. }
        | Command::Say { .. }
        | Command::Completions { .. }
        | Command::Demo => Takes::Nothing,
        Command::Login(_)
        | Command::Logout(_)
        | Command::Status(_)
        | Command::Auth { .. }
        | Command::Switch(_)
        | Command::Token(_)
        | Command::Api(_)
        | Command::Why(_)
        | Command::Exec(_)
        | Command::Kube(_)
        | Command::Aws(_)
        | Command::Netrc
        | Command::Doctor(_)
        | Command::Setup(_) => Takes::One,
    }
}

impl Command {
    /// The command itself, where it was said by the name that gh has for it.
    pub fn by_its_own_name(self) -> Command {
        match self {
            Command::Auth { action } => action.into(),
            command => command,
        }
    }

    /// The server behind the command, taken out of its arguments. A user name in front of the host is the account, as
    /// for git, unless another one is named.
    pub fn take_url(&mut self) -> Option<CloneUrl> {
        let (at, account) = match self {
            Command::Login(args) => (&mut args.at, Some(&mut args.account)),
            Command::Logout(args) => (&mut args.at, Some(&mut args.account)),
            Command::Token(args) => (&mut args.at, Some(&mut args.account)),
            Command::Status(args) => (&mut args.at, None),
            Command::Doctor(args) => (&mut args.at, None),
            _ => return None,
        };
        let url = at.url.take()?;
        if let Some(account) = account.filter(|account| account.is_none()) {
            *account = url.user.clone().filter(|user| !user.is_empty());
        }
        Some(url)
    }

    /// The account that is named.
    pub fn account(&self) -> Option<&str> {
        let account = match self {
            Command::Login(args) => &args.account,
            Command::Logout(args) => &args.account,
            Command::Token(args) => &args.account,
            Command::Api(args) => &args.account,
            Command::Exec(args) => &args.account,
            Command::Kube(args) => &args.account,
            Command::Aws(args) => &args.account,
            _ => return None,
        };
        account.as_deref()
    }

    /// The word behind `loom token` that is read as a host, and the words that it could have been.
    pub fn mistaken_subcommand(&self) -> Option<(&CloneUrl, &'static [&'static str])> {
        match self {
            Command::Token(Token { action: None, at, .. }) => Some((at.url.as_ref()?, TokenAction::NAMES)),
            _ => None,
        }
    }
}
