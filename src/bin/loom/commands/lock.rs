use loom_credentials::msg;
use loom_credentials::wire::{self, Fault};

use crate::{Context, term};

pub fn run(context: &Context) -> Result<u8, Fault> {
    let reply = context.client()?.ask(&wire::Lock {})?;
    let said = if reply.everywhere { msg!("now-locked") } else { msg!("now-locked-here") };
    term::say(context.locale, &said);
    if !reply.passphrase {
        term::say(context.locale, &msg!("now-locked-without-passphrase"));
    }
    Ok(0)
}
