//! `loom status --short`: one line for a prompt. It starts no agent and says nothing where there is nothing to say,
//! since a prompt comes after every command.

use loom_credentials::base::printable;
use loom_credentials::client::exit_code;
use loom_credentials::wire::{self, AccountStatus, Code, Condition, Fault, reason};

use super::status::ends_soon;
use crate::{Context, term};

pub fn run(context: &Context) -> Result<u8, Fault> {
    let client = context.client()?.without_autostart();
    let status = match client.ask(&wire::Status { server: context.named.clone(), check: false }) {
        Ok(status) => status,
        Err(fault) if matches!(fault.about(), Some(reason::Agent::NotRunning)) => return Ok(1),
        Err(fault) => return Err(fault),
    };
    if status.agent.locked {
        return Err(reason::Lock::AgentLocked.into());
    }
    let at_default = |account: &&AccountStatus| Some(&account.server) == status.default_server.as_ref();
    let defaults = || status.accounts.iter().filter(|account| account.default);
    let Some(shown) = defaults().find(at_default).or_else(|| defaults().next()) else {
        return Ok(exit_code(Code::LoginRequired));
    };
    let name = shown.user.as_deref().or(shown.account.as_deref()).unwrap_or("-");
    let host = shown.server.to_string();
    let host = host.split_once("://").map_or(&*host, |(_, host)| host);
    let others = status.accounts.len() - 1;
    let needing = status.accounts.iter().filter(|account| needs_a_person(account)).count();
    let mut line = format!("{}@{host}", printable(name));
    if others > 0 {
        line += &format!(" +{others}");
    }
    if needing > 0 {
        line += &format!(" !{needing}");
    }
    term::data_line(&line);
    Ok(0)
}

/// Whether a person has to do something about it, now or soon.
fn needs_a_person(account: &AccountStatus) -> bool {
    account.state != Condition::Valid || ends_soon(account).is_some()
}
