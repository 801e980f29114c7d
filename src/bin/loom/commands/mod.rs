//! One command, one file. Each returns the exit code, or the fault that decides it.

mod agent;
mod api;
mod ask;
mod at_login;
mod audit;
mod aws;
mod completions;
mod config;
mod doctor;
mod exec;
mod goauth;
mod kube;
mod lock;
mod login;
mod login_next;
mod login_talk;
mod login_where;
mod logout;
mod netrc;
mod rule;
mod serve;
mod setup_git;
mod socket;
mod status;
mod status_short;
mod store;
mod switch;
mod token;
mod token_issue;
mod unlock;
mod why;
mod why_granted;

use loom_credentials::client::{helper_exit_code, run_git_helper};
use loom_credentials::wire::Fault;

use crate::args::Command;
use crate::args::setup::Git;
use crate::{Context, demo, granted, setup, term};

pub fn run(command: Command, context: &Context) -> Result<u8, Fault> {
    match command {
        Command::Login(args) => login::run(args, context),
        Command::Logout(args) => logout::run(args, context),
        Command::Status(args) => status::run(&args, context),
        Command::Auth { action } => run(action.into(), context),
        Command::Switch(args) => switch::run(&args, context),
        Command::Token(args) => token::run(args, context),
        Command::Api(args) => api::run(args, context),
        Command::Why(args) => why::run(args, context),
        Command::Exec(args) => exec::run(args, context),
        Command::Kube(args) => kube::run(args, context),
        Command::Aws(args) => aws::run(args, context),
        Command::Goauth(args) => goauth::run(&args, context),
        Command::Netrc => netrc::run(context),
        Command::Serve(args) => serve::run(args, context),
        Command::Lock => lock::run(context),
        Command::Unlock(args) => unlock::run(&args, context),
        Command::Agent { action } => agent::run(&action, context),
        Command::Doctor(args) => doctor::run(&args, context),
        Command::Store { action } => store::run(&action, context),
        Command::Audit { action } => audit::run(action, context),
        Command::Setup(args) => match &args.git {
            Some(Git::Git(args)) => setup_git::run(args, context),
            None => setup::run(&args, context),
        },
        Command::Rule { action } => rule::run(action, context),
        Command::Config { action } => config::run(&action, context),
        Command::CredentialHelper { operation } => Ok(run_git_helper(&[operation]).map_or_else(
            |fault| {
                term::fault(context.locale, &fault);
                helper_exit_code(fault.code())
            },
            |()| 0,
        )),
        Command::Confined(args) => granted::confined(&args),
        Command::Ask { place, page } => ask::run(place.as_deref(), page.as_deref(), context),
        // For the git helper, which has no texts: say this fault, and nothing else.
        Command::Say { fault } => match Fault::parse(&fault) {
            Some(fault) => Err(fault),
            None => Ok(2),
        },
        Command::Completions { shell } => completions::run(shell, context),
        Command::Demo => demo::run(context),
    }
}
