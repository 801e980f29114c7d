use clap_complete::Shell;
use loom_credentials::wire::Fault;

use crate::{Context, args, help, term};

pub fn run(shell: Shell, context: &Context) -> Result<u8, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::localized(args::command(), context.locale), "loom", &mut script);
    term::data(&String::from_utf8_lossy(&script));
    Ok(0)
}
