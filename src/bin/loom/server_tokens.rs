//! A server's own tokens, by the API that Loki's servers have for them. Scopes always go along: a server that is asked
//! for none gives all there are, whatever role it is told.

use std::io::Write;

use loom_credentials::base::{Credential, Expiry, Scopes, Secret, ServerUrl, TokenSource};
use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::wire::{self, ApiReply, Fault, reason};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::api::{self, Body, Head, Part};
use crate::token_shown::{self, Shown};
use crate::{Context, output, term};

const TOKENS: &str = "/api/enterprise/tokens";

/// The longest answer that is read.
const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// A token as the server describes it.
#[derive(Serialize, Deserialize)]
struct Described {
    name: String,
    id: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    role: Option<String>,
    #[serde(default)]
    expires_at: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    last_used: Option<String>,
    #[serde(default)]
    revoked: bool,
}

/// A token that a server shall issue.
pub struct Wanted {
    pub name: String,
    pub scopes: Scopes,
    /// Where the scopes come from, if anywhere.
    pub role: Option<String>,
    pub expires_days: Option<u32>,
    /// The agent keeps it as another account of that server, named like the token, and it is not shown.
    pub save: bool,
}

/// Has the server issue a token.
pub fn generate(wanted: Wanted, json: bool, server: Option<ServerUrl>, context: &Context) -> Result<u8, Fault> {
    let Wanted { name, scopes, role, expires_days, save } = wanted;
    let client = context.client()?;
    if save {
        is_free(&client, &server, &name)?;
    }
    let mut order = serde_json::json!({ "name": name, "scopes": scopes });
    if let Some(days) = expires_days {
        order["expires_days"] = days.into();
    }
    let body = Body::text(order.to_string().into_bytes());
    let (reply, answer) = ask(&client, server, "POST", TOKENS, body, context)?;
    let odd = || odd(&reply.server);
    let mut about: Described = serde_json::from_slice(&answer).map_err(|_| odd())?;
    let within = Scopes::from_names(about.scopes.iter().map(String::as_str)).is_ok_and(|given| scopes.cover(&given));
    // An end that was not asked for makes it no wider.
    if !within || expires_days.is_some() && about.expires_at.is_none() {
        return Err(take_back(&client, &reply, &about, context));
    }
    let Some(token) = token(&answer) else {
        take_back(&client, &reply, &about, context);
        return Err(odd());
    };
    about.role = role;
    if save {
        let expires = about.expires_at.as_deref().and_then(expiry);
        let credential = Credential::Token { token, source: TokenSource::Given, scopes: about.scopes.clone(), expires };
        let (server, account) = (Some(reply.server.clone()), Some(name.clone()));
        let question = wire::Save { server, account, credential, check: false, repository: None };
        if let Err(fault) = client.ask(&question) {
            take_back(&client, &reply, &about, context);
            return Err(fault);
        }
        show(&about, None, json, context);
        term::say(context.locale, &msg!("server-token-kept", account = name, server = reply.server));
    } else {
        show(&about, Some(&token), json, context);
        if !output::has_arrived() {
            let revoked = delete(&client, Some(reply.server.clone()), &about.id, context);
            return Err(token_shown::unseen(&about.id, revoked.is_ok()));
        }
        term::say(context.locale, &msg!("token-shown-once"));
    }
    Ok(0)
}

/// Shows the server's tokens; the revoked ones too with `all`.
pub fn list(all: bool, json: bool, server: Option<ServerUrl>, context: &Context) -> Result<u8, Fault> {
    let path = if all { format!("{TOKENS}?include_revoked=true") } else { TOKENS.to_owned() };
    let (reply, answer) = ask(&context.client()?, server, "GET", &path, Body::Nothing, context)?;
    let mut tokens: Vec<Described> = serde_json::from_slice(&answer).map_err(|_| odd(&reply.server))?;
    tokens.retain(|token| all || !token.revoked);
    if json {
        term::data_line(&serde_json::to_string(&tokens).unwrap_or_default());
    } else {
        token_shown::table(tokens.iter().map(Described::shown), context);
    }
    Ok(0)
}

/// Ends a token of the server by its name or id.
pub fn revoke(name: &str, server: Option<ServerUrl>, context: &Context) -> Result<u8, Fault> {
    let reply = delete(&context.client()?, server, name, context)?;
    term::say(context.locale, &msg!("server-token-revoked", name = name, server = reply.server));
    Ok(0)
}

/// The account of a saved token takes nobody's place.
fn is_free(client: &Client, server: &Option<ServerUrl>, name: &str) -> Result<(), Fault> {
    let question = wire::Status { server: server.clone(), check: false };
    let reply = client.ask(&question)?;
    let server = server.as_ref().or(reply.default_server.as_ref());
    let is_it =
        |account: &wire::AccountStatus| account.account.as_deref() == Some(name) && server == Some(&account.server);
    match reply.accounts.iter().find(|account| is_it(account)) {
        Some(taken) => {
            Err(reason::Command::AccountTaken { server: taken.server.clone(), account: name.to_owned() }.into())
        }
        None => Ok(()),
    }
}

/// Revokes a token that is not what was asked for, and says so.
fn take_back(client: &Client, reply: &ApiReply, about: &Described, context: &Context) -> Fault {
    let (server, scopes) = (reply.server.clone(), about.scopes.join(", "));
    match delete(client, Some(reply.server.clone()), &about.id, context) {
        Ok(_) => reason::Command::ServerTokenOther { server, scopes }.into(),
        Err(_) => reason::Command::ServerTokenOtherKept { server, scopes, id: about.id.clone() }.into(),
    }
}

fn odd(server: &ServerUrl) -> Fault {
    reason::Command::ServerTokenOdd { server: server.clone() }.into()
}

fn delete(client: &Client, server: Option<ServerUrl>, name: &str, context: &Context) -> Result<ApiReply, Fault> {
    let encode = |byte: u8| match byte {
        byte if byte.is_ascii_alphanumeric() || b"-_~.".contains(&byte) => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    let path = format!("{TOKENS}/{}", name.bytes().map(encode).collect::<String>());
    ask(client, server, "DELETE", &path, Body::Nothing, context).map(|(reply, _)| reply)
}

/// One call, with its whole answer. What the server refuses is a fault.
fn ask(
    client: &Client,
    server: Option<ServerUrl>,
    method: &str,
    path: &str,
    mut body: Body,
    context: &Context,
) -> Result<(ApiReply, Zeroizing<Vec<u8>>), Fault> {
    let headers = match body {
        Body::Nothing => Vec::new(),
        _ => vec![("content-type".to_owned(), "application/json".to_owned())],
    };
    let question = wire::Api {
        server,
        method: method.to_owned(),
        path: path.to_owned(),
        headers,
        body: body.about(),
        ..wire::Api::default()
    };
    let mut head: Option<Head> = None;
    let mut answer = Zeroizing::new(Vec::with_capacity(4096));
    let reply = api::call(client, &question, &mut body, context, |part| {
        match part {
            Part::Head(begun) => head = Some(begun),
            Part::Data(data) if answer.len() + data.len() > MAX_ANSWER => {
                return Err(reason::Command::AnswerTooLong.into());
            }
            Part::Data(data) => answer.write_all(&Zeroizing::new(data)).unwrap_or_default(),
        }
        Ok(())
    })?;
    match head {
        Some(head) if (200..300).contains(&head.status) => Ok((reply, answer)),
        Some(head) => Err(api::refused(&reply.server, &head, &answer)),
        None => Err(odd(&reply.server)),
    }
}

/// The new token in an answer.
fn token(answer: &[u8]) -> Option<Secret> {
    #[derive(Deserialize)]
    struct New {
        token: Secret,
    }
    let New { token } = serde_json::from_slice(answer).ok()?;
    Secret::token(token.expose().to_owned())
}

fn expiry(text: &str) -> Option<Expiry> {
    // Without an offset it is UTC, as such servers mean it.
    let time = text.parse::<jiff::Timestamp>().or_else(|_| format!("{text}Z").parse());
    Expiry::from_unix(time.ok()?.as_second())
}

fn show(about: &Described, token: Option<&Secret>, json: bool, context: &Context) {
    let shown = token.map(Secret::expose);
    if json {
        let Described { name, id, scopes, role, expires_at, .. } = about;
        #[derive(Serialize)]
        struct Document<'a> {
            name: &'a str,
            id: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            token: Option<&'a str>,
            scopes: &'a [String],
            role: Option<&'a str>,
            expires_at: Option<&'a str>,
        }
        let (role, expires_at) = (role.as_deref(), expires_at.as_deref());
        let document = Document { name, id, token: shown, scopes, role, expires_at };
        return term::data_line(&Zeroizing::new(serde_json::to_string(&document).unwrap_or_default()));
    }
    token_shown::lines(&about.shown(), token, context);
}

impl Described {
    fn shown(&self) -> Shown {
        Shown {
            name: self.name.clone(),
            id: self.id.clone(),
            scopes: self.scopes.join(", "),
            grants: None,
            servers: None,
            expires: self.expires_at.clone(),
            last_used: self.last_used.clone(),
            state: if self.revoked { msg!("token-state-revoked") } else { msg!("state-valid") },
        }
    }
}
