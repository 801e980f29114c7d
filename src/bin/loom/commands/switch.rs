//! `loom switch`: which account of a server is meant where none is named. It is written into the settings, so that it
//! can be read and taken back there.

use loom_credentials::base::{ServerUrl, printable, server_from_user, settings_file};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::msg;
use loom_credentials::wire::{self, AccountStatus, Fault, reason};

use crate::args::people::Switch;
use crate::{Context, near, pick, term};

pub fn run(args: &Switch, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    let status = client.ask(&wire::Status { server: None, check: false })?;
    if status.agent.locked {
        return Err(reason::Lock::AgentLocked.into());
    }
    let (server, account) = match (&context.named, &args.server_or_account, &args.account) {
        // Beside `--server` a word is the account there.
        (Some(_), Some(_), Some(_)) => return Err(reason::Command::OneServer.into()),
        (Some(server), word, None) => (Some(server.clone()), word.clone()),
        (None, ..) => named(args, &status.accounts)?,
        (Some(server), None, account) => (Some(server.clone()), account.clone()),
    };
    let server = match server {
        Some(server) => server,
        None => server_of_many(&status, context)?,
    };
    let here: Vec<&AccountStatus> = status.accounts.iter().filter(|known| known.server == server).collect();
    let names: Vec<&str> = here.iter().filter_map(|known| known.account.as_deref()).collect();
    let chosen = match (account, &here[..]) {
        (_, []) => return Err(reason::Login::NotLoggedIn { server, account: None }.into()),
        (Some(account), _) => match here.iter().find(|known| is_called(known, &account)) {
            Some(found) => found.account.clone().unwrap_or_default(),
            None => return Err(near::no_such_account(&server, &account, &names)),
        },
        (None, [only]) => only.account.clone().unwrap_or_default(),
        // Of two it is the other one.
        (None, [one, two]) => if one.default { two } else { one }.account.clone().unwrap_or_default(),
        (None, _) if pick::is_possible() => {
            let labels: Vec<String> = here.iter().map(|known| label(known)).collect();
            let place = pick::one(&msg!("switch-which", server = server), &labels, context)?;
            here.get(place).and_then(|chosen| chosen.account.clone()).unwrap_or_default()
        }
        (None, _) => return Err(reason::Command::SwitchWhich { server, known: printable(&names.join(", ")) }.into()),
    };
    let paths = client.paths();
    refuse_directories_of_another(paths)?;
    settings_file::set_default_account(&paths.config_file(), &server, &chosen).map_err(reason::Below::Settings)?;
    term::say(context.locale, &msg!("switched", server = server, account = printable(&chosen)));
    Ok(0)
}

/// What one or two words mean. One alone may be an account's name, where no login is at a server of that name.
fn named(args: &Switch, accounts: &[AccountStatus]) -> Result<(Option<ServerUrl>, Option<String>), Fault> {
    let Some(first) = args.server_or_account.as_deref() else { return Ok((None, None)) };
    let url = server_from_user(first);
    if args.account.is_none() {
        let is_server = url.as_ref().is_ok_and(|url| accounts.iter().any(|known| known.server == url.server_meant()));
        let mut called = accounts.iter().filter(|known| is_called(known, first));
        if let (false, Some(account), None) = (is_server, called.next(), called.next()) {
            return Ok((Some(account.server.clone()), Some(first.to_owned())));
        }
    }
    let bad = |error: loom_credentials::base::ServerUrlError| {
        let server = first.to_owned();
        Fault::from(reason::Command::BadServer { server, reason: Some(error.message()) })
    };
    let url = url.map_err(bad)?;
    let account = args.account.clone().or_else(|| url.user.clone().filter(|user| !user.is_empty()));
    Ok((Some(url.server_meant()), account))
}

/// By the name that the account is kept under, or by that of who logged in.
fn is_called(known: &AccountStatus, name: &str) -> bool {
    known.account.as_deref() == Some(name) || known.user.as_deref() == Some(name)
}

/// The one server with several accounts, else the default server.
fn server_of_many(status: &wire::StatusReply, context: &Context) -> Result<ServerUrl, Fault> {
    let many: Vec<ServerUrl> = {
        let mut many: Vec<_> = status.servers_of_many().into_iter().cloned().collect();
        many.sort();
        many
    };
    match (&many[..], &context.server.clone().or_else(|| status.default_server.clone())) {
        ([only], _) => Ok(only.clone()),
        ([], Some(default)) => Ok(default.clone()),
        ([], None) => Err(reason::Login::NoServer.into()),
        (_, _) if pick::is_possible() => {
            let labels: Vec<String> = many.iter().map(ToString::to_string).collect();
            let place = pick::one(&msg!("which-server"), &labels, context)?;
            many.get(place).cloned().ok_or_else(|| reason::Login::NoServer.into())
        }
        (_, Some(default)) => Ok(default.clone()),
        (_, None) => Err(reason::Login::NoServer.into()),
    }
}

/// An account as a person knows it.
pub fn label(known: &AccountStatus) -> String {
    let name = known.account.as_deref().unwrap_or("-");
    match &known.user {
        Some(user) if user != name => format!("{name} ({user})"),
        Some(_) | None => name.to_owned(),
    }
}
