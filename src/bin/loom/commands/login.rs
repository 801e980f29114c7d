use std::io::{IsTerminal, Read};

use loom_credentials::base::{Credential, Secret, TokenSource, printable};
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault, LoginEvent, LoginReply, StoredIn};
use zeroize::Zeroizing;

use crate::args::{Flow, Login};
use crate::{Context, term};

/// The longest token or password that is read from stdin.
const MAX_INPUT: u64 = 64 * 1024;

pub fn run(args: Login, context: &Context) -> Result<u8, Fault> {
    let reply = if args.with_token { with_token(args, context)? } else { with_person(args, context)? };
    let locale = context.locale;
    term::say(locale, &msg!("logged-in", server = reply.server));
    let server = &reply.server;
    match reply.stored_in {
        StoredIn::Keyring => term::say(locale, &msg!("kept-in-keyring")),
        StoredIn::File => term::say(locale, &msg!("kept-in-file")),
        StoredIn::Memory => term::say(locale, &msg!("kept-in-memory")),
    }
    if let Some(note) = reply.note {
        term::line(&note);
    }
    if reply.became_default {
        term::say(locale, &msg!("became-default", server = server));
    }
    Ok(0)
}

fn with_person(args: Login, context: &Context) -> Result<LoginReply, Fault> {
    let flow = match args.flow {
        Flow::Auto => wire::Flow::Auto,
        Flow::Loom => wire::Flow::Loom,
    };
    let question = wire::Login { server: context.server.clone(), account: args.account, flow, for_git: args.for_git };
    let mut waiting = None;
    let outcome = context.client()?.follow(&question, |event| match event {
        LoginEvent::Approve { verification_url, user_code, same_origin, .. } => {
            show(context, &verification_url, &user_code);
            if !same_origin {
                term::say(context.locale, &msg!("page-elsewhere", url = verification_url));
            } else if !args.no_browser && has_browser() {
                open(context, &verification_url);
            }
            waiting = Some(term::spinner(context.locale, &msg!("waiting")));
        }
        LoginEvent::Waiting => term::say(context.locale, &msg!("login-elsewhere")),
        LoginEvent::Unknown => {}
        LoginEvent::Retrying => {
            let again = msg!("server-in-trouble");
            match &waiting {
                Some(spinner) if term::is_interactive() => spinner.set_message(context.locale.render(&again)),
                _ => term::say(context.locale, &again),
            }
        }
    });
    if let Some(spinner) = waiting {
        spinner.finish_and_clear();
    }
    outcome
}

/// URL and code stand alone in their lines, so that they can be copied in every language.
fn show(context: &Context, url: &str, code: &str) {
    term::say(context.locale, &msg!("please-visit"));
    term::line(&format!("    {}", printable(url)));
    term::say(context.locale, &msg!("enter-code"));
    term::line(&format!("    {}", printable(code)));
}

/// A browser on this machine that the person sees: not over SSH, and on Linux only with a display.
fn has_browser() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let display = cfg!(any(target_os = "macos", windows)) || is_set("DISPLAY") || is_set("WAYLAND_DISPLAY");
    display && !is_set("SSH_CONNECTION") && !is_set("CI")
}

fn open(context: &Context, url: &str) {
    // The agent let through http and https only. The opener gets the URL as one argument, never through a shell.
    let options = webbrowser::BrowserOptions::new().with_suppress_output(true).clone();
    if webbrowser::open_browser_with_options(webbrowser::Browser::Default, url, &options).is_err() {
        term::say(context.locale, &msg!("browser-failed"));
    }
}

fn with_token(args: Login, context: &Context) -> Result<LoginReply, Fault> {
    let text = read_secret(context)?;
    let bad = || Fault::new(Code::BadRequest, msg!("bad-token")).hint(msg!("hint-bad-token"));
    let credential = match Secret::token(text.to_string()) {
        Some(token) => Credential::Token { token, source: TokenSource::Given },
        // A password may hold what a token may not, as long as it fits a line.
        None if args.account.is_some() => {
            let password = Secret::new(text.to_string());
            Some(()).filter(|()| password.is_one_line() && !text.is_empty()).ok_or_else(bad)?;
            Credential::Basic { password, expires: None, oauth_refresh_token: None }
        }
        None => return Err(bad()),
    };
    context.client()?.ask(&wire::Save { server: context.server.clone(), account: args.account, credential })
}

fn read_secret(context: &Context) -> Result<Zeroizing<String>, Fault> {
    let unreadable = |error| Fault::new(Code::BadRequest, msg!("stdin-unreadable", error = error));
    let mut text = if std::io::stdin().is_terminal() {
        let prompt = format!("{} ", context.locale.render(&msg!("token-prompt")));
        Zeroizing::new(rpassword::prompt_password(prompt).map_err(unreadable)?)
    } else {
        let mut text = Zeroizing::new(String::with_capacity(MAX_INPUT as usize));
        std::io::stdin().take(MAX_INPUT).read_to_string(&mut text).map_err(unreadable)?;
        text
    };
    if text.ends_with('\n') {
        text.pop();
    }
    if text.ends_with('\r') {
        text.pop();
    }
    Ok(text)
}
