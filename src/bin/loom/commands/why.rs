//! `loom why`: which account git would get, and why. It adds what only this side knows, the helpers that git asks
//! first, and goes to where git would ask from.

use loom_credentials::base::{CloneUrl, Config, Message, ServerUrl, printable};
use loom_credentials::client::{Place, exit_code};
use loom_credentials::git::Configuration;
use loom_credentials::msg;
use loom_credentials::wire::{self, Code, Fault, PassedOver, WhyReply, reason};
use serde_json::json;

use crate::args::Why;
use crate::commands::why_granted;
use crate::git_program::{configuration, git, is_loom};
use crate::{Context, term};

pub fn run(args: Why, context: &Context) -> Result<u8, Fault> {
    let Some(url) = &args.url else { return why_granted::run(&args, context) };
    let whole = with_path(&args, url)?;
    let asked = Git::look(&args, url, &whole);
    let server = if asked.names_path || args.path.is_some() { whole } else { whole.origin() };
    let client = context.client()?;
    to_the_top();
    let Place { directory, named } = Place::here();
    let question = wire::Why { server: server.clone(), user: asked.user.clone(), directory, named_directory: named };
    let mut answer = client.ask(&question)?;
    if let Some(reason) = asked.asks_nobody(url) {
        pass_over(&mut answer, &context.locale.render(&reason));
    }
    let found = answer.chosen.is_some();
    if args.json {
        let mut document = serde_json::to_value(&answer).unwrap_or_default();
        document["git"] = asked.to_json();
        term::data_line(&document.to_string());
        return Ok(code(found));
    }
    match &answer.chosen {
        Some(chosen) => term::data_line(&format!("{}  {}", chosen.server, printable(&chosen.account))),
        None => term::data_line("-"),
    }
    term::data_line(&answer.because);
    asked.notes().iter().for_each(|note| term::data_line(&context.locale.render(note)));
    for other in &answer.passed_over {
        term::data_line(&format!("  {}  {}: {}", other.server, printable(&other.account), other.because));
    }
    if server.path().is_empty() && asks_for_path(context, &server) {
        term::say(context.locale, &msg!("why-needs-path", server = server));
    }
    if !asked.asks_loom() && found {
        term::say(context.locale, &msg!("why-not-set-up"));
    }
    Ok(code(found))
}

/// To where git goes before it asks: the top of the work tree, if there is one.
fn to_the_top() {
    let top = git(&["rev-parse", "--show-toplevel"]).ok().filter(|said| said.status.success());
    let top = top.and_then(|said| String::from_utf8(said.stdout).ok());
    // Without it the question is about where this runs.
    let _ = top.map(|top| std::env::set_current_dir(top.trim_end_matches('\n')));
}

fn code(found: bool) -> u8 {
    if found { 0 } else { exit_code(Code::LoginRequired) }
}

/// What git's configuration does with a question before loom hears of it.
struct Git {
    /// In git's order; nothing where git cannot be asked.
    helpers: Option<Vec<String>>,
    /// The list was emptied somewhere.
    emptied: bool,
    /// The user that git names, in the URL or by its configuration.
    user: Option<String>,
    user_is_configured: bool,
    names_path: bool,
}

impl Git {
    fn look(args: &Why, typed: &CloneUrl, url: &ServerUrl) -> Git {
        let named = args.account.clone().or_else(|| typed.user.clone());
        let Ok(configuration) = configuration() else {
            let nothing =
                Git { helpers: None, emptied: false, user: None, user_is_configured: false, names_path: true };
            return Git { user: named, ..nothing };
        };
        let user = named.clone().or_else(|| configuration.username(url).map(str::to_owned));
        let helpers = configuration.helpers(url, named.as_deref());
        Git {
            emptied: helpers.emptied.is_some(),
            helpers: Some(helpers.asked.into_iter().map(str::to_owned).collect()),
            user_is_configured: named.is_none() && user.is_some(),
            names_path: Configuration::names_path(&configuration, url, named.as_deref()),
            user,
        }
    }

    fn asks_loom(&self) -> bool {
        self.helpers.as_ref().is_none_or(|helpers| helpers.iter().any(|helper| is_loom(helper)))
    }

    /// The helpers that are asked before loom.
    fn before(&self) -> Vec<&str> {
        let helpers = self.helpers.iter().flatten().map(String::as_str);
        let before = helpers.take_while(|helper| !is_loom(helper)).collect();
        if self.asks_loom() { before } else { Vec::new() }
    }

    /// Why loom is not even asked.
    fn asks_nobody(&self, url: &CloneUrl) -> Option<Message> {
        let emptied = || msg!("why-none-emptied", server = url.server.origin());
        if url.has_password {
            Some(msg!("why-none-password"))
        } else {
            (self.emptied && !self.asks_loom()).then(emptied)
        }
    }

    fn notes(&self) -> Vec<Message> {
        let before: Vec<String> = self.before().into_iter().map(printable).collect();
        let user = self.user.as_deref().filter(|_| self.user_is_configured);
        let user = user.map(|user| msg!("why-configured-user", user = printable(user)));
        let before = (!before.is_empty()).then(|| msg!("why-asked-before", helpers = before.join(", ")));
        user.into_iter().chain(before).collect()
    }

    fn to_json(&self) -> serde_json::Value {
        let Some(helpers) = &self.helpers else { return serde_json::Value::Null };
        json!({
            "helpers": helpers,
            "before": self.before(),
            "asks_loom": self.asks_loom(),
            "user": self.user,
            "names_path": self.names_path,
        })
    }
}

/// What loom would say is not what git gets.
fn pass_over(answer: &mut WhyReply, because: &str) {
    if let Some(chosen) = answer.chosen.take() {
        let other = PassedOver { server: chosen.server, account: chosen.account, because: answer.because.clone() };
        answer.passed_over.insert(0, other);
    }
    answer.because = because.to_owned();
}

fn with_path(args: &Why, url: &CloneUrl) -> Result<ServerUrl, Fault> {
    let server = &url.server;
    let Some(path) = &args.path else { return Ok(server.clone()) };
    let url = format!("{server}/{}", path.trim_start_matches('/'));
    ServerUrl::parse(&url)
        .map_err(|error| reason::Command::BadServer { server: url, reason: Some(error.message()) }.into())
}

/// Whether a rule for this server depends on a path, which git names only when it is told to.
fn asks_for_path(context: &Context, server: &ServerUrl) -> bool {
    let config = context.client().ok().and_then(|client| Config::load(&client.paths().config_file()).ok());
    let rules = config.as_ref().map(Config::rules).unwrap_or_default();
    rules.iter().filter_map(|rule| rule.needs_path()).any(|url| url.same_origin(server))
}
