//! `loom setup TOOL`: makes another tool ask loom, and takes over what it has in clear text. Only the user's own files
//! are written, never a project's; nothing in them changes but what has to; and what stood there comes back.

mod aws;
mod bazel;
mod cargo;
mod change;
mod docker;
mod go;
mod helper;
mod hunks;
mod json;
mod keyring;
mod kubectl;
mod lines;
mod machine;
mod old_helper;
mod overview;
mod pnpm;
mod podman;
mod python;
mod record;
mod shown;
mod takeover;
mod terraform;
mod text_file;
mod toml;
mod tool;
mod vault;

pub use overview::unserved;

use loom_credentials::wire::{Fault, reason};

use crate::Context;
use crate::args::setup::Setup;

pub fn run(args: &Setup, context: &Context) -> Result<u8, Fault> {
    let Some(tool) = tool::TOOLS.iter().find(|tool| args.tool.as_deref() == Some(tool.name())) else {
        return overview::run(args.json, context);
    };
    let servers = context.patterns.iter().map(|pattern| pattern.server().cloned());
    let servers = servers.collect::<Option<Vec<_>>>().ok_or(reason::Command::OneServer)?;
    if args.remove {
        change::undo(*tool, &servers, context)?;
    } else {
        change::set_up(*tool, &servers, args.force, context)?;
    }
    Ok(0)
}
