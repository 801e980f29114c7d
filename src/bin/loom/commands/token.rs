use loom_credentials::tools::authorization;
use loom_credentials::wire::{self, Fault, Proof, TokenReply, reason};
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
        id_token: args.id_token,
    };
    let reply = context.client()?.ask(&question)?;
    let text = if args.json {
        Zeroizing::new(serde_json::to_string(&reply).unwrap_or_default())
    } else if args.header {
        let value = said(&reply, reply.authtype.as_deref().unwrap_or("Bearer"))?;
        Zeroizing::new(format!("Authorization: {}", *value))
    } else if args.bearer {
        said(&reply, "Bearer")?
    } else if args.basic {
        said(&reply, "Basic")?
    } else {
        Zeroizing::new(reply.token.expose().to_owned())
    };
    term::data_line(&text);
    Ok(0)
}

/// The secret as the value of an `Authorization` header of this scheme. What was kept as a header goes as it was kept.
fn said(reply: &TokenReply, scheme: &str) -> Result<Zeroizing<String>, Fault> {
    let credential = reply.token.clone();
    let is_own = reply.authtype.as_ref().is_none_or(|own| own.eq_ignore_ascii_case(scheme));
    let proof = match &reply.username {
        Some(username) if scheme == "Basic" => Proof::Password { username: username.clone(), password: credential },
        Some(_) | None => Proof::Header { authtype: scheme.to_owned(), credential, ephemeral: true },
    };
    let said = authorization(&proof).filter(|_| is_own || reply.username.is_some());
    said.ok_or_else(|| reason::Command::NoSuchHeader { server: reply.server.clone(), scheme: scheme.to_owned() }.into())
}
