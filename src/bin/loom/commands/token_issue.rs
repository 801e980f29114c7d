//! `loom token` for tokens that others use: those of the agent, or with `--server` those of a server. Which of the two
//! is meant is decided before anything is asked.

use loom_credentials::base::{Config, Locale, Scopes, ServerPattern, ServerUrl, scopes_of_role};
use loom_credentials::msg;
use loom_credentials::wire::{self, Fault, IssuedInfo, reason};
use zeroize::Zeroizing;

use crate::args::token::{TokenAction, TokenGenerate, TokenRotate};
use crate::token_shown::{self, Shown};
use crate::{Context, grants, output, server_tokens, term};

/// The agent's own tokens: for scripts, jobs and containers, with rights of their own.
pub fn run(action: TokenAction, context: &Context) -> Result<u8, Fault> {
    if let Some(server) = context.named.as_ref().filter(|_| !is_for_agent(&action)) {
        return at_server(action, server, context);
    }
    match action {
        TokenAction::Generate(args) => generate(args, context),
        TokenAction::List(args) => {
            let wire::TokensReply { tokens } = context.client()?.ask(&wire::Tokens { all: args.all })?;
            if args.json {
                term::data_line(&serde_json::to_string(&tokens).unwrap_or_default())
            } else {
                token_shown::table(tokens.iter().map(|token| shown(token, context.locale)), context)
            }
            Ok(0)
        }
        TokenAction::Revoke(args) => {
            let reply = context.client()?.ask(&wire::RevokeToken { name: args.name, forget: false })?;
            for token in reply.revoked {
                term::say(context.locale, &msg!("token-revoked", name = token.name, id = token.id));
            }
            Ok(0)
        }
        TokenAction::Rotate(args) => rotate(&args, context),
    }
}

/// `--server` names the server whose own tokens are meant; beside what only the agent's tokens have, it says for which
/// servers.
fn is_for_agent(action: &TokenAction) -> bool {
    match action {
        TokenAction::Generate(args) => {
            let is_limited = args.max_uses.is_some() || args.max_age.is_some() || args.grants.are_named();
            !args.servers_for.is_empty() || is_limited || args.reveal
        }
        TokenAction::List(_) | TokenAction::Revoke(_) | TokenAction::Rotate(_) => false,
    }
}

/// Carries out the command for the tokens that a server issues.
fn at_server(action: TokenAction, server: &ServerUrl, context: &Context) -> Result<u8, Fault> {
    let server = Some(server.clone());
    match action {
        TokenAction::Generate(args) => {
            let scopes = match args.role.as_deref() {
                None => args.scopes.into_iter().collect(),
                Some(role) => role_scopes(role, context)?,
            };
            let TokenGenerate { name, role, expires, save, json, .. } = args;
            let wanted = server_tokens::Wanted { name, scopes, role, expires_days: expires, save };
            server_tokens::generate(wanted, json, server, context)
        }
        TokenAction::List(args) => server_tokens::list(args.all, args.json, server, context),
        TokenAction::Rotate(_) => Err(reason::Command::ServerUnused.into()),
        TokenAction::Revoke(args) => server_tokens::revoke(&args.name, server, context),
    }
}

fn role_scopes(role: &str, context: &Context) -> Result<Scopes, Fault> {
    let config = Config::load(&context.client()?.paths().config_file());
    let config = config.map_err(reason::Below::Settings)?;
    let unknown = || reason::Tokens::UnknownRole { role: role.to_owned() }.into();
    scopes_of_role(role, config.roles()).ok_or_else(unknown)
}

fn generate(args: TokenGenerate, context: &Context) -> Result<u8, Fault> {
    if args.save {
        return Err(reason::Command::UsageMissing { what: "--server".to_owned() }.into());
    }
    let scopes: Option<Scopes> = (!args.scopes.is_empty()).then(|| args.scopes.into_iter().collect());
    let question = wire::Generate {
        name: args.name,
        scopes,
        grants: grants::sentences(&args.grants)?,
        role: args.role,
        expires_days: args.expires,
        servers: args.servers_for.into_iter().chain(context.patterns.iter().cloned()).collect(),
        max_uses: args.max_uses,
        reveal: args.reveal,
        max_age_days: args.max_age,
    };
    let client = context.client()?;
    let reply = client.ask(&question)?;
    let has_grants = question.grants.is_none() || reply.about.grants.is_some();
    if !has_grants || question.max_age_days != reply.about.max_age_days {
        // It would allow more than was asked for, or for longer.
        client.ask(&wire::RevokeToken { name: reply.about.id.clone(), forget: false })?;
        return Err(reason::Command::AgentTooOld.into());
    }
    if args.json {
        term::data_line(&Zeroizing::new(serde_json::to_string(&reply).unwrap_or_default()))
    } else {
        token_shown::lines(&shown(&reply.about, context.locale), Some(&reply.token), context)
    }
    if !output::has_arrived() {
        let revoked = client.ask(&wire::RevokeToken { name: reply.about.id.clone(), forget: false });
        return Err(token_shown::unseen(&reply.about.id, revoked.is_ok()));
    }
    if !args.json {
        term::say(context.locale, &msg!("token-shown-once"));
        reply.tokens_gone.iter().for_each(|path| term::say(context.locale, &msg!("note-tokens-gone", path = path)));
    }
    Ok(0)
}

/// Another secret under the same name. One that nobody saw is taken back; the old one ends as it was told to.
fn rotate(args: &TokenRotate, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    let reply = client.ask(&wire::Rotate { name: args.name.clone(), overlap_seconds: args.overlap })?;
    if args.json {
        term::data_line(&Zeroizing::new(serde_json::to_string(&reply).unwrap_or_default()))
    } else {
        token_shown::lines(&shown(&reply.about, context.locale), Some(&reply.token), context)
    }
    if !output::has_arrived() {
        let revoked = client.ask(&wire::RevokeToken { name: reply.about.id.clone(), forget: false });
        return Err(token_shown::unseen(&reply.about.id, revoked.is_ok()));
    }
    if !args.json {
        term::say(context.locale, &msg!("token-shown-once"));
        let ends = reply.old.expires_at.map(|end| term::when(context.locale, end.as_unix())).unwrap_or_default();
        term::say(context.locale, &msg!("token-rotated", id = reply.old.id, ends = ends));
    }
    Ok(0)
}

fn shown(token: &IssuedInfo, locale: Locale) -> Shown {
    Shown {
        name: token.name.clone(),
        id: token.id.clone(),
        scopes: token.scopes.to_string(),
        grants: token.grants.as_ref().map(|grants| grants.iter().map(ToString::to_string).collect()),
        servers: (!token.servers.is_empty()).then(|| list(&token.servers)),
        expires: token.expires_at.map(|expiry| term::when(locale, expiry.as_unix())),
        last_used: token.last_used.map(|time| term::when(locale, time.as_second())),
        state: match (token.revoked, token.active) {
            (true, _) => msg!("token-state-revoked"),
            (false, true) => msg!("state-valid"),
            (false, false) => msg!("token-state-ended"),
        },
    }
}

fn list(servers: &[ServerPattern]) -> String {
    servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
