//! `loom agent start --at-login` and `loom agent stop --at-login`: whether this system starts the agent when its user
//! logs in. Nothing takes it: the first command that wants an agent starts one.
//!
//! An agent that runs is left alone, with what is in its memory: then it counts from the next login on.

use std::path::PathBuf;

use loom_credentials::base::{Paths, private_file};
use loom_credentials::client::{agent_program, refuse_directories_of_another};
use loom_credentials::msg;
use loom_credentials::os::at_login::{self, AtLogin, AtLoginError};
use loom_credentials::os::local;
use loom_credentials::wire::{Fault, Hello, reason};

use crate::{Context, term};

/// What stands in every file that is written here. In a comment of XML no two hyphens may follow one another.
const MARK: &str = "Written by loom agent start with the option at-login; loom agent stop with it removes this. Without \
                    this line loom leaves it alone.";

/// The units of systemd, the one that listens first.
const UNITS: [(&str, &str); 2] = [
    ("loom-agent.socket", include_str!("../../../../packaging/systemd/loom-agent.socket")),
    ("loom-agent.service", include_str!("../../../../packaging/systemd/loom-agent.service")),
];

/// Has it started at each login.
pub fn add(context: &Context) -> Result<(), Fault> {
    let client = context.client()?.without_autostart();
    let paths = client.paths();
    refuse_directories_of_another(paths)?;
    // Whoever listens on the agent's behalf does so in a directory that is the user's alone.
    let made = local::directory(paths.socket()).map_or(Ok(()), private_file::private_dir);
    made.map_err(|error| reason::Below::Place(error.message()))?;
    let program = agent_program().ok_or(reason::Command::AgentMissing)?;
    let runs = client.ask(&Hello {}).is_ok();
    let place = at_login::add(&entry(paths, &program), !runs).map_err(fault)?;
    term::say(context.locale, &msg!("at-login-added", place = place.display()));
    Ok(())
}

/// Has it started no more.
pub fn remove(context: &Context) -> Result<(), Fault> {
    let client = context.client()?.without_autostart();
    // Whichever it is: what was written is found by its name.
    let program =
        agent_program().unwrap_or_else(|| PathBuf::from(NAME).with_extension(std::env::consts::EXE_EXTENSION));
    let Some(removed) = at_login::remove(&entry(client.paths(), &program)).map_err(fault)? else {
        term::say(context.locale, &msg!("at-login-absent"));
        return Ok(());
    };
    term::say(context.locale, &msg!("at-login-removed", place = removed.place.display()));
    if let Some(untold) = removed.untold {
        let error = fault(untold).message(context.locale);
        term::say(context.locale, &msg!("at-login-goes-on", error = error));
    }
    Ok(())
}

const NAME: &str = "loom-agent";

fn entry<'a>(paths: &'a Paths, program: &'a std::path::Path) -> AtLogin<'a> {
    AtLogin {
        name: NAME,
        program,
        socket: paths.socket(),
        usual_program: "/usr/bin/loom-agent",
        usual_sockets: &["%t/loom/agent.sock", "/Users/me/Library/Application Support/loom/agent.sock"],
        units: &UNITS,
        property_list: include_str!("../../../../packaging/launchd/loom-agent.plist"),
        mark: MARK,
    }
}

fn fault(error: AtLoginError) -> Fault {
    match error {
        AtLoginError::NotOurs(path) => reason::Command::AtLoginOfAnother { path }.into(),
        AtLoginError::NoHome => reason::Command::AtLoginNoHome.into(),
        AtLoginError::Refused { program, said } => reason::Command::AtLoginRefused { program, error: said }.into(),
        AtLoginError::Io { place, error } => {
            reason::Command::FileTrouble { path: place, error: error.to_string() }.into()
        }
    }
}
