use loom_credentials::tools::{netrc_question, print_netrc};
use loom_credentials::wire::{Fault, reason};

use crate::{Context, term};

/// A line for programs that read nothing but a netrc file: `curl --netrc-file <(loom netrc --server URL)`.
pub fn run(context: &Context) -> Result<u8, Fault> {
    let missing = || reason::Command::UsageMissing { what: "--server".to_owned() };
    let server = context.server.as_ref().ok_or_else(missing)?;
    let question = netrc_question(&server.to_string()).ok_or_else(missing)?;
    let reply = context.client()?.ask(&question)?;
    let line = print_netrc(&question, &reply.proof).ok_or(reason::Command::NetrcUnsayable)?;
    term::data(&String::from_utf8_lossy(&line));
    Ok(0)
}
