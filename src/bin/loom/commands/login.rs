//! `loom login`: shows a person the steps that the agent says. A page elsewhere than at the server is opened by nobody
//! but the person, who sees both names.

use std::io::{BufRead, IsTerminal, Read};

use indicatif::ProgressBar;
use loom_credentials::base::{Credential, Secret, TokenSource, printable};
use loom_credentials::msg;
use loom_credentials::os::session;
use loom_credentials::os::terminal::Hush;
use loom_credentials::wire::{self, Code, Fault, LoginEvent, LoginReply, Pasted, reason};
use zeroize::Zeroizing;

use crate::args::login::{Flow, Login};
use crate::{Context, secret_input, term};

/// The longest address that is read.
const MAX_INPUT: u64 = 64 * 1024;

pub fn run(args: Login, context: &Context) -> Result<u8, Fault> {
    let reply = if args.with_token { with_token(args, context)? } else { with_person(args, context)? };
    let locale = context.locale;
    term::say(locale, &msg!("logged-in", server = reply.server));
    let server = &reply.server;
    term::say(locale, &reply.stored_in.kept());
    if let Some(note) = reply.note {
        term::line(&note);
    }
    if reply.became_default {
        term::say(locale, &msg!("became-default", server = server));
    }
    Ok(0)
}

fn with_person(args: Login, context: &Context) -> Result<LoginReply, Fault> {
    let question = question(args, context)?;
    let mut talk = Talk { context, may_open: question.browser, waiting: None };
    let outcome = context.client()?.follow(&question, |event| talk.about(event));
    if let Some(spinner) = talk.waiting {
        spinner.finish_and_clear();
    }
    match outcome {
        // Git goes on asking after a failure, but not after a person said no.
        Err(fault) if question.for_git && fault.code() == Code::Denied => {
            term::fault(context.locale, &fault);
            Err(reason::Request::Cancelled.into())
        }
        other => other,
    }
}

fn question(args: Login, context: &Context) -> Result<wire::Login, Fault> {
    let flow = match args.flow {
        Flow::Auto => wire::Flow::Auto,
        Flow::Device => wire::Flow::Device,
        Flow::Browser => wire::Flow::Browser,
        Flow::Paste => wire::Flow::Paste,
        Flow::ClientCredentials => wire::Flow::ClientCredentials,
        Flow::Loom => wire::Flow::Loom,
    };
    Ok(wire::Login {
        server: context.server.clone(),
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
        paste: std::io::stdin().is_terminal() || flow == wire::Flow::Paste,
        for_git: args.for_git,
    })
}

/// What is shown to a person while they log in.
struct Talk<'a> {
    context: &'a Context,
    may_open: bool,
    waiting: Option<ProgressBar>,
}

impl Talk<'_> {
    fn about(&mut self, event: LoginEvent) -> Result<Option<Pasted>, Fault> {
        let locale = self.context.locale;
        match event {
            LoginEvent::Approve { verification_url, verification_url_complete, user_code, same_origin, .. } => {
                // URL and code stand alone in their lines, so that they can be copied in every language.
                term::say(locale, &msg!("please-visit"));
                term::line(&format!("    {}", printable(&verification_url)));
                term::say(locale, &msg!("enter-code"));
                term::line(&format!("    {}", printable(&user_code)));
                if let Some(picture) = verification_url_complete.as_deref().and_then(term::picture) {
                    term::say(locale, &msg!("scan-code"));
                    term::line(&picture);
                }
                self.open(&verification_url, same_origin);
                self.waiting = Some(term::spinner(locale, &msg!("waiting")));
            }
            LoginEvent::Browse { authorization_url, same_origin } => {
                term::say(locale, &msg!("log-in-at"));
                term::line(&format!("    {}", printable(&authorization_url)));
                self.open(&authorization_url, same_origin);
                self.waiting = Some(term::spinner(locale, &msg!("waiting")));
            }
            LoginEvent::Paste { authorization_url, again } => {
                if again {
                    term::say(locale, &msg!("paste-again"));
                } else {
                    term::say(locale, &msg!("log-in-anywhere"));
                    term::line(&format!("    {}", printable(&authorization_url)));
                    term::say(locale, &msg!("paste-here"));
                }
                return read_line().map(|redirect| Some(Pasted { redirect }));
            }
            LoginEvent::Again => {
                if let Some(spinner) = self.waiting.take() {
                    spinner.finish_and_clear();
                }
                term::say(locale, &msg!("login-again"));
            }
            LoginEvent::Beyond { scopes } => {
                term::say(locale, &msg!("granted-beyond", scopes = scopes.join(" ")));
            }
            LoginEvent::Waiting => term::say(locale, &msg!("login-elsewhere")),
            LoginEvent::Unknown => {}
            LoginEvent::Retrying => {
                let again = msg!("server-in-trouble");
                match &self.waiting {
                    Some(spinner) if term::is_interactive() => spinner.set_message(locale.render(&again)),
                    _ => term::say(locale, &again),
                }
            }
        }
        Ok(None)
    }

    /// A page elsewhere is opened by nobody but the person, who sees both names.
    fn open(&self, url: &str, same_origin: bool) {
        if !same_origin {
            let host = url::Url::parse(url).ok().map(|url| url.origin().ascii_serialization()).unwrap_or_default();
            term::say(self.context.locale, &msg!("page-elsewhere", url = host));
        } else if self.may_open {
            open(self.context, url);
        }
    }
}

/// A browser on this machine that the person sees: not over SSH.
fn has_browser() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    session::has_display() && !is_set("SSH_CONNECTION") && !is_set("CI")
}

fn open(context: &Context, url: &str) {
    // The agent let through http and https only. The opener gets the URL as one argument, never through a shell.
    let options = webbrowser::BrowserOptions::new().with_suppress_output(true).clone();
    if webbrowser::open_browser_with_options(webbrowser::Browser::Default, url, &options).is_err() {
        term::say(context.locale, &msg!("browser-failed"));
    }
}

fn with_token(args: Login, context: &Context) -> Result<LoginReply, Fault> {
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
    context.client()?.ask(&wire::Save { server: context.server.clone(), account: args.account, credential })
}

/// What a person pastes; it holds a code that is as good as a password until it is used.
fn read_line() -> Result<Secret, Fault> {
    let mut line = Zeroizing::new(String::new());
    let read = std::io::stdin().lock().take(MAX_INPUT).read_line(&mut line);
    match read {
        Ok(count) if count > 0 => Ok(Secret::new(line.trim().to_owned())),
        _ => Err(reason::Request::Cancelled.into()),
    }
}
