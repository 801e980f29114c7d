//! `loom agent`: starts and ends the agent, and says how it is. After an update the running agent may be older than
//! this program; that is said, since the two understand one another in most things only.

use loom_credentials::base::{Config, Locale};
use loom_credentials::client::Ended;
use loom_credentials::msg;
use loom_credentials::wire::{AgentStatus, Fault, Hello, HelloReply, reason};

use super::{at_login, socket};
use crate::args::AgentAction;
use crate::{Context, say_what_is_awaited, term};

pub fn run(action: &AgentAction, context: &Context) -> Result<u8, Fault> {
    match action {
        AgentAction::Start(args) => {
            if args.at_login {
                at_login::add(context)?;
            }
            start(context)
        }
        AgentAction::Stop(args) => {
            if args.at_login {
                at_login::remove(context)?;
            }
            stop(context)
        }
        AgentAction::Status(args) => status(args.json, context),
        AgentAction::Socket { action } => socket::run(action, context),
        AgentAction::Restart => stop(context).and_then(|_| start(context)),
    }
}

fn start(context: &Context) -> Result<u8, Fault> {
    let HelloReply { agent, .. } = context.client()?.with_autostart().ask(&Hello {})?;
    term::say(context.locale, &msg!("agent-runs", pid = agent.pid, version = agent.version));
    Ok(0)
}

fn stop(context: &Context) -> Result<u8, Fault> {
    let said = match context.client()?.without_autostart().end_agent()? {
        Ended::Itself => msg!("agent-stopped"),
        Ended::ByForce(pid) => msg!("agent-ended-anyway", pid = pid),
        Ended::Absent => msg!("agent-not-running"),
    };
    term::say(context.locale, &said);
    Ok(0)
}

fn status(json: bool, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?.without_autostart();
    match client.ask(&Hello {}) {
        Ok(HelloReply { agent, .. }) if json => term::data_line(&serde_json::to_string(&agent).unwrap_or_default()),
        Ok(HelloReply { agent, waits }) => {
            let text = msg!("agent-runs", pid = agent.pid, version = agent.version);
            term::data_line(&context.locale.render(&text));
            if agent.locked {
                term::data_line(&context.locale.render(&msg!("now-locked")));
            }
            match &agent.http {
                Some(url) => term::data_line(&context.locale.render(&msg!("agent-serves", url = url))),
                None if wants_http(context) => term::say(context.locale, &msg!("http-not-open")),
                None => {}
            }
            if !agent.memory_locked {
                term::say(context.locale, &msg!("memory-not-locked"));
            }
            if !waits.is_empty() {
                say_what_is_awaited(context.locale, &waits);
            }
            compare(&agent, context.locale);
        }
        Err(fault) if is_absent(&fault) => {
            if json {
                term::data_line("{\"running\":false}")
            } else {
                term::data_line(&context.locale.render(&msg!("agent-not-running")))
            }
            if let Some(owner) = client.lock_owner() {
                let lock = client.paths().agent_lock();
                let (pid, host) = (owner.pid, &owner.machine.host);
                term::say(context.locale, &msg!("agent-unreachable", pid = pid, host = host, path = lock.display()));
            }
            return Ok(1);
        }
        Err(fault) => return Err(fault),
    }
    Ok(0)
}

/// Whether the settings open the HTTP door.
fn wants_http(context: &Context) -> bool {
    let config = context.client().ok().and_then(|client| Config::load(&client.paths().config_file()).ok());
    config.is_some_and(|config| config.http().is_some())
}

/// After an update the old agent still runs; it and a newer program understand one another in most things only.
pub(super) fn compare(agent: &AgentStatus, locale: Locale) {
    let own = env!("CARGO_PKG_VERSION");
    if agent.version != own {
        term::say(locale, &msg!("agent-other-version", version = agent.version, own = own));
    }
}

fn is_absent(fault: &Fault) -> bool {
    fault.about() == Some(reason::Agent::NotRunning)
}
