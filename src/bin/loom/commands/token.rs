use loom_credentials::wire::{self, Fault};
use zeroize::Zeroizing;

use super::token_issue;
use crate::args::token::Token;
use crate::{Context, term};

pub fn run(args: Token, context: &Context) -> Result<u8, Fault> {
    if let Some(action) = args.action {
        return token_issue::run(action, context);
    }
    let question = wire::Token {
        server: context.server.clone(),
        account: args.account,
        min_validity: args.min_validity,
        scopes: args.scopes,
        resource: args.resource,
        audience: args.audience,
    };
    let reply = context.client()?.ask(&question)?;
    let text = if args.json {
        Zeroizing::new(serde_json::to_string(&reply).unwrap_or_default())
    } else {
        Zeroizing::new(reply.token.expose().to_owned())
    };
    term::data_line(&text);
    Ok(0)
}
