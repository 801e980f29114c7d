//! `loom login`: shows a person the steps that the agent says, and leads on from there. A page elsewhere than at the
//! server is opened by nobody but the person, who sees both names.

use std::io::IsTerminal;

use loom_credentials::base::{Credential, Secret, ServerUrl, TokenSource, printable};
use loom_credentials::msg;
use loom_credentials::os::session;
use loom_credentials::os::terminal::Hush;
use loom_credentials::wire::{self, Checked, Code, Fault, LoginReply, reason};

use super::login_talk::Talk;
use super::{login_next, login_where};
use crate::args::login::{Flow, Login};
use crate::{Context, secret_input, term};

pub fn run(args: Login, context: &Context) -> Result<u8, Fault> {
    let picked = match (&context.server, args.for_git) {
        (None, false) => login_where::picked(context)?,
        _ => None,
    };
    let server = picked.or_else(|| context.server.clone());
    let by_token = args.with_token;
    let for_git = args.for_git;
    let here = Here { server, repository: context.repository.clone() };
    let reply = if by_token { with_token(args, &here, context)? } else { with_person(args, &here, context)? };
    say(&reply, by_token, context);
    if !for_git {
        login_next::offer(&reply, context);
    }
    Ok(0)
}

/// Where the login is to be made.
struct Here {
    server: Option<ServerUrl>,
    /// The repository whose URL named the server.
    repository: Option<ServerUrl>,
}

fn say(reply: &LoginReply, by_token: bool, context: &Context) {
    let (locale, server) = (context.locale, &reply.server);
    let who = reply.user.as_deref().unwrap_or(&reply.account);
    match (by_token, reply.checked) {
        (true, None | Some(Checked::Unknown | Checked::Refused)) => {
            term::say(locale, &msg!("kept-unchecked", server = server))
        }
        (true, Some(Checked::Accepted)) | (false, _) if NOBODY.contains(&who) => {
            term::say(locale, &msg!("logged-in", server = server));
        }
        (true, Some(Checked::Accepted)) | (false, _) => {
            term::say(locale, &msg!("logged-in-as", server = server, user = printable(who)));
        }
    }
    term::say(locale, &reply.stored_in.kept());
    if let Some(note) = &reply.note {
        term::line(note);
    }
    if let Some(end) = reply.expires_at.filter(|_| by_token || reply.checked.is_some()) {
        term::say(locale, &msg!("token-ends", end = end));
    }
    if reply.became_default {
        term::say(locale, &msg!("became-default", server = server));
    }
}

/// Names under which tokens are sent, and which are nobody's.
const NOBODY: [&str; 3] = ["oauth2", "x-access-token", "x-token-auth"];

fn with_person(args: Login, here: &Here, context: &Context) -> Result<LoginReply, Fault> {
    let question = question(args, here, context)?;
    let mut talk = Talk::new(context, question.browser);
    let outcome = context.client()?.follow(&question, |event| talk.about(event));
    talk.end();
    match outcome {
        // Git goes on asking after a failure, but not after a person said no.
        Err(fault) if question.for_git && fault.code() == Code::Denied => {
            term::fault(context.locale, &fault);
            Err(reason::Request::Cancelled.into())
        }
        other => other,
    }
}

fn question(args: Login, here: &Here, context: &Context) -> Result<wire::Login, Fault> {
    let flow = match args.flow {
        Flow::Auto => wire::Flow::Auto,
        Flow::Device => wire::Flow::Device,
        Flow::Browser => wire::Flow::Browser,
        Flow::Paste => wire::Flow::Paste,
        Flow::ClientCredentials => wire::Flow::ClientCredentials,
        Flow::Loom => wire::Flow::Loom,
    };
    let is_at_terminal = std::io::stdin().is_terminal();
    Ok(wire::Login {
        server: here.server.clone(),
        account: args.account,
        flow,
        issuer: args.issuer,
        client_id: args.client_id,
        client_secret: args
            .client_secret_file
            .as_deref()
            .map(|path| secret_input::of_file(path, &msg!("token-prompt"), context))
            .transpose()?,
        scopes: args.scopes,
        resource: args.resource,
        browser: !args.no_browser && has_browser(),
        paste: is_at_terminal || flow == wire::Flow::Paste,
        // Git's person has a terminal too, from which it is read.
        token: is_at_terminal || args.for_git,
        for_git: args.for_git,
    })
}

/// A browser on this machine that the person sees: not over SSH.
fn has_browser() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    session::has_display() && !is_set("SSH_CONNECTION") && !is_set("CI")
}

fn with_token(args: Login, here: &Here, context: &Context) -> Result<LoginReply, Fault> {
    let _hush = std::io::stdin().is_terminal().then(Hush::begin);
    let text = secret_input::read(&msg!("token-prompt"), context)?;
    let credential = match Secret::token(text.expose().to_owned()) {
        Some(token) => Credential::token(token, TokenSource::Given),
        // A password may hold what a token may not, as long as it fits a line.
        None if args.account.is_some() && text.is_one_line() && !text.expose().is_empty() => {
            Credential::Basic { password: text, expires: None, oauth_refresh_token: None, given: true, tool: None }
        }
        None => return Err(reason::Login::BadToken.into()),
    };
    let server = here.server.clone();
    let repository = here.repository.clone();
    let question = wire::Save { server, account: args.account, credential, check: !args.no_check, repository };
    context.client()?.ask(&question)
}
