use loom_credentials::base::{Config, Locale, Message, Scopes, ServerPattern, ServerUrl, printable, scopes_of_role};
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault, IssuedInfo};
use zeroize::Zeroizing;

use crate::args::token::{TokenAction, TokenGenerate};
use crate::{Context, server_tokens, term};

/// The agent's own tokens: for scripts, jobs and containers, with rights of their own.
pub fn run(action: TokenAction, context: &Context) -> Result<u8, Fault> {
    if let Some(server) = context.named.as_ref().filter(|_| !is_for_agent(&action)) {
        return at_server(action, server, context);
    }
    match action {
        TokenAction::Generate(args) => generate(args, context),
        TokenAction::List(args) => {
            let wire::TokensReply { tokens } = context.client()?.ask(&wire::Tokens { all: args.all })?;
            match args.json {
                true => term::data_line(&serde_json::to_string(&tokens).unwrap_or_default()),
                false => show(context.locale, &tokens),
            }
            Ok(0)
        }
        TokenAction::Revoke(args) => {
            let reply = context.client()?.ask(&wire::RevokeToken { name: args.name })?;
            for token in reply.revoked {
                term::say(context.locale, &msg!("token-revoked", name = token.name, id = token.id));
            }
            Ok(0)
        }
    }
}

/// `--server` names the server whose own tokens are meant; beside what only the agent's tokens have, it says for which
/// servers.
fn is_for_agent(action: &TokenAction) -> bool {
    match action {
        TokenAction::Generate(args) => !args.servers_for.is_empty() || args.max_uses.is_some() || args.reveal,
        TokenAction::List(_) | TokenAction::Revoke(_) => false,
    }
}

/// The same for the tokens of a server.
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
        TokenAction::Revoke(args) => server_tokens::revoke(&args.name, server, context),
    }
}

fn usage(message: Message) -> Fault {
    Fault::new(Code::Usage, message).hint(msg!("hint-usage"))
}

fn role_scopes(role: &str, context: &Context) -> Result<Scopes, Fault> {
    let config = Config::load(&context.client()?.paths().config_file());
    let config = config.map_err(|message| Fault::new(Code::BadRequest, message).hint(msg!("hint-config")))?;
    let unknown = || Fault::new(Code::BadRequest, msg!("unknown-role", role = role)).hint(msg!("hint-unknown-role"));
    scopes_of_role(role, config.roles()).ok_or_else(unknown)
}

fn generate(args: TokenGenerate, context: &Context) -> Result<u8, Fault> {
    if args.save {
        return Err(usage(msg!("usage-missing", what = "--server")));
    }
    let scopes: Option<Scopes> = (!args.scopes.is_empty()).then(|| args.scopes.into_iter().collect());
    let question = wire::Generate {
        name: args.name,
        scopes,
        role: args.role,
        expires_days: args.expires,
        servers: args.servers_for.into_iter().chain(context.patterns.iter().cloned()).collect(),
        max_uses: args.max_uses,
        reveal: args.reveal,
    };
    let reply = context.client()?.ask(&question)?;
    if args.json {
        term::data_line(&Zeroizing::new(serde_json::to_string(&reply).unwrap_or_default()));
        return Ok(0);
    }
    let text = |id: &str| context.locale.render(&loom_credentials::base::Message::new(id.to_owned()));
    let line = |label: &str, value: &str| term::data_line(&Zeroizing::new(format!("{} {value}", text(label))));
    let about = &reply.about;
    line("field-name", &printable(&about.name));
    line("field-id", &about.id);
    line("field-token", reply.token.expose());
    line("field-scopes", &about.scopes.to_string());
    if !about.servers.is_empty() {
        line("field-servers", &list(&about.servers));
    }
    line("field-expires", &about.expires_at.map_or("-".to_owned(), |expiry| expiry.to_string()));
    term::say(context.locale, &msg!("token-shown-once"));
    Ok(0)
}

fn show(locale: Locale, tokens: &[IssuedInfo]) {
    if tokens.is_empty() {
        return term::say(locale, &msg!("no-tokens"));
    }
    let heads = [
        msg!("head-name"),
        msg!("head-id"),
        msg!("head-scopes"),
        msg!("head-expires"),
        msg!("head-used"),
        msg!("head-state"),
    ];
    let heads = heads.map(|head| locale.render(&head)).to_vec();
    let row = |token: &IssuedInfo| {
        let state = match (token.revoked, token.active) {
            (true, _) => msg!("token-state-revoked"),
            (false, true) => msg!("state-valid"),
            (false, false) => msg!("token-state-ended"),
        };
        vec![
            printable(&token.name),
            token.id.clone(),
            token.scopes.to_string(),
            token.expires_at.map_or("-".to_owned(), |expiry| expiry.to_string()),
            token.last_used.map_or("-".to_owned(), |time| time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()),
            locale.render(&state),
        ]
    };
    term::table(std::iter::once(heads).chain(tokens.iter().map(row)).collect());
}

fn list(servers: &[ServerPattern]) -> String {
    servers.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
