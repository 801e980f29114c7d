use clap::CommandFactory;
use clap_complete::Shell;
use loom_credentials::wire::Fault;

use crate::args::Loom;
use crate::{Context, help, term};

pub fn run(shell: Shell, context: &Context) -> Result<u8, Fault> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut help::localized(Loom::command(), context.locale), "loom", &mut script);
    term::data(&String::from_utf8_lossy(&script));
    Ok(0)
}
