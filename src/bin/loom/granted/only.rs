//! `loom exec --only`: the command in namespaces of its own, in which there is no network but the relay and nothing of
//! loom's. It never runs without: where there are no such namespaces it is not run.
//!
//! Three processes stand behind each other. The first has the lease and hands bytes from a private socket to the agent;
//! the second leaves the namespaces of the session; the third is the first one in the new ones, opens the port there,
//! and runs the command. Each ends with the one before it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use loom_credentials::os::confinement::{self, ConfineError};
use loom_credentials::os::process;
use loom_credentials::wire::{Fault, reason};

use super::not_run;
use super::relay::Relay;
use crate::args::exec::Confined;
use crate::{Context, term};

/// The port of the relay in the new namespace, where nobody else has any.
pub(super) const PORT: u16 = 8642;

/// This command, to be run in namespaces of its own. The relay is reached over this socket.
pub(super) fn confined(command: &Command, socket: &Path, context: &Context) -> Result<Command, Fault> {
    let program = std::env::current_exe().map_err(|error| not_run("loom", &error))?;
    let mut confined = Command::new(program);
    confined.arg("confined").arg("--socket").arg(socket);
    for path in hidden(context)? {
        // What leads to the relay is not hidden with what it lies in.
        if socket.starts_with(&path) {
            return Err(reason::Command::OnlyUnavailable.into());
        }
        confined.arg("--hide").arg(path);
    }
    confined.arg("--").arg(command.get_program()).args(command.get_args());
    Ok(confined)
}

/// What is not there for the command: loom's own directories, and where else something would act for the user.
fn hidden(context: &Context) -> Result<Vec<PathBuf>, Fault> {
    let client = context.client()?;
    let paths = client.paths();
    let socket = paths.socket().parent().map(Path::to_owned);
    let own = [Some(paths.config_dir().to_owned()), Some(paths.state_dir().to_owned()), socket];
    let named = std::env::var_os("SSH_AUTH_SOCK").map(PathBuf::from);
    let bus = std::env::var("DBUS_SESSION_BUS_ADDRESS").unwrap_or_default();
    let bus = bus.split([';', ',']).find_map(|part| part.strip_prefix("unix:path=").map(PathBuf::from));
    let all = own.into_iter().chain([named, bus]).flatten().chain(confinement::usual());
    Ok(all.filter(|path| path.is_absolute() && path.exists()).collect())
}

/// One of the two processes behind the first.
pub fn run(args: &Confined) -> Result<u8, Fault> {
    if !args.inner {
        confinement::begin().map_err(failed)?;
        // No thread may be there before.
        term::outlive_interrupt();
        let program = std::env::current_exe().map_err(|error| not_run("loom", &error))?;
        let rest: Vec<OsString> = std::env::args_os().skip(2).collect();
        let status = Command::new(program).arg("confined").arg("--inner").args(rest).status();
        return Ok(process::exit_code(status.map_err(|error| not_run("loom", &error))?));
    }
    let hidden: Vec<&Path> = args.hide.iter().map(PathBuf::as_path).collect();
    confinement::finish(&hidden).map_err(failed)?;
    term::outlive_interrupt();
    Relay::to_socket(PORT, args.socket.clone())?;
    let Some((program, arguments)) = args.command.split_first() else { return Ok(2) };
    let child = Command::new(program).args(arguments).spawn();
    let child = child.map_err(|error| not_run(&program.to_string_lossy(), &error))?;
    confinement::wait_for(child.id()).map_err(|error| not_run(&program.to_string_lossy(), &error))
}

fn failed(error: ConfineError) -> Fault {
    match error {
        ConfineError::Unsupported => reason::Command::OnlyUnavailable.into(),
        ConfineError::Step { step, error } => {
            reason::Command::OnlyFailed { step: step.to_owned(), error: error.to_string() }.into()
        }
    }
}
