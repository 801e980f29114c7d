use loom_credentials::base::Tool;
use loom_credentials::tools::AwsKey;
use loom_credentials::wire::{Fault, Token, reason};

use crate::args::Aws;
use crate::{Context, term};

/// An access key for AWS' programs, kept as any account: its user name is the id of the key.
pub fn run(args: Aws, context: &Context) -> Result<u8, Fault> {
    let question = Token { server: context.server.clone(), account: args.account, ..Token::default() };
    let reply = context.client()?.ask(&question)?;
    let key = AwsKey::new(Tool::Aws.user_of(&reply.account), &reply.token, reply.expires_at);
    let key = key.ok_or(reason::Command::NoAccessKey { server: reply.server.clone() })?;
    term::data(&String::from_utf8_lossy(&key.print()));
    Ok(0)
}
