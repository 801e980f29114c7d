use std::os::unix::process::CommandExt;
use std::process::Command;

use loom_credentials::base::printable;
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault};

use crate::Context;
use crate::args::Exec;

pub fn run(args: Exec, context: &Context) -> Result<u8, Fault> {
    let question = wire::Token { server: context.server.clone(), account: args.account, ..wire::Token::default() };
    let reply = context.client()?.ask(&question)?;
    let [program, arguments @ ..] = args.command.as_slice() else { return Ok(2) };
    // The one variable a person asked for; the command takes this process' place, signals and exit code included.
    let error = Command::new(program).args(arguments).env(&args.env, reply.token.expose()).exec();
    let program = printable(&program.to_string_lossy());
    Err(Fault::new(Code::Unavailable, msg!("command-not-run", program = program, error = error)))
}
