//! What is shown to a person while they log in, and what they are asked.

use std::io::{BufRead, Read};
use std::process::{Command, Stdio};

use indicatif::ProgressBar;
use loom_credentials::base::{Secret, printable};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, LoginEvent, Pasted, reason};
use zeroize::Zeroizing;

use crate::{Context, pick, secret_input, term};

/// The longest address that is read.
const MAX_INPUT: u64 = 64 * 1024;

pub struct Talk<'a> {
    context: &'a Context,
    may_open: bool,
    waiting: Option<ProgressBar>,
    /// Whether the login of another program was offered, which is done once.
    offered: bool,
}

impl<'a> Talk<'a> {
    pub fn new(context: &'a Context, may_open: bool) -> Talk<'a> {
        Talk { context, may_open, waiting: None, offered: false }
    }

    pub fn end(self) {
        if let Some(spinner) = self.waiting {
            spinner.finish_and_clear();
        }
    }

    pub fn about(&mut self, event: LoginEvent) -> Result<Option<Pasted>, Fault> {
        let locale = self.context.locale;
        match event {
            LoginEvent::Approve { verification_url, verification_url_complete, user_code, same_origin, .. } => {
                // URL and code stand alone in their lines, so that they can be copied in every language.
                term::say(locale, &msg!("please-visit"));
                term::url(&printable(&verification_url));
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
                term::url(&printable(&authorization_url));
                self.open(&authorization_url, same_origin);
                self.waiting = Some(term::spinner(locale, &msg!("waiting")));
            }
            LoginEvent::Paste { authorization_url, again } => {
                if again {
                    term::say(locale, &msg!("paste-again"));
                } else {
                    term::say(locale, &msg!("log-in-anywhere"));
                    term::url(&printable(&authorization_url));
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
            LoginEvent::Token { page_url, same_origin, program, again } => {
                return self.token(&page_url, same_origin, program.as_deref(), again).map(Some);
            }
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

    /// Has a person make a token at the page, or take the one that another program has for the host.
    fn token(&mut self, page: &str, same_origin: bool, program: Option<&str>, again: bool) -> Result<Pasted, Fault> {
        let locale = self.context.locale;
        if again {
            term::say(locale, &msg!("token-again"));
        } else if let Some(program) = program.filter(|_| !self.offered)
            && let Some(token) = token_of(program, page)
        {
            self.offered = true;
            if pick::yes(&msg!("token-of-program", program = program), self.context) {
                return Ok(Pasted { redirect: token });
            }
        }
        if !again {
            term::say(locale, &msg!("make-token-at"));
            term::url(&printable(page));
            self.open(page, same_origin);
        }
        Ok(Pasted { redirect: secret_input::typed(&msg!("paste-token"), self.context)? })
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

/// The token that gh or glab has for the page's host, if it is logged in there.
fn token_of(program: &str, page: &str) -> Option<Secret> {
    let host = url::Url::parse(page).ok()?.host_str()?.to_owned();
    let arguments: &[&str] = match program {
        "gh" => &["auth", "token", "--hostname", &host],
        "glab" => &["config", "get", "token", "--host", &host],
        _ => return None,
    };
    let said = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    let said = Zeroizing::new(said.status.success().then_some(said.stdout)?);
    let text = std::str::from_utf8(&said).ok()?.trim();
    Secret::token(text.to_owned())
}
fn open(context: &Context, url: &str) {
    // The agent let through http and https only. The opener gets the URL as one argument, never through a shell.
    let options = webbrowser::BrowserOptions::new().with_suppress_output(true).clone();
    if webbrowser::open_browser_with_options(webbrowser::Browser::Default, url, &options).is_err() {
        term::say(context.locale, &msg!("browser-failed"));
    }
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
