//! `loom why --push` and `--call`: which grant allows something, or which is missing. The agent decides as it would if
//! it were done.

use loom_credentials::client::exit_code;
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault};

use crate::args::Why;
use crate::{Context, term};

pub fn run(args: &Why, context: &Context) -> Result<u8, Fault> {
    let (url, name, method) = match (args.push.as_slice(), args.call.as_slice()) {
        ([url, name], _) => (url.clone(), Some(name.clone()), None),
        (_, [method, url]) => (url.clone(), None, Some(method.clone())),
        _ => return Ok(2),
    };
    let question = wire::WhyGranted { url, name, method, token: args.token.clone() };
    let answer = context.client()?.ask(&question)?;
    let code = if answer.granted { 0 } else { exit_code(Code::LoginRequired) };
    if args.json {
        term::data_line(&serde_json::to_string(&answer).unwrap_or_default());
        return Ok(code);
    }
    term::data_line(answer.grant.as_deref().unwrap_or("-"));
    term::data_line(&answer.because);
    if !answer.changes.is_empty() {
        let changes = answer.changes.join(", ");
        term::data_line(&context.locale.render(&msg!("why-changes", changes = changes)));
    }
    Ok(code)
}
