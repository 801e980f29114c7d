//! `loom unlock`: asks for the passphrase. However many gits wait for it, a person is asked one time; a mistyped
//! passphrase is asked for again, any other failure is not.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, Instant};

use loom_credentials::base::private_file::{self, PrivateFileError};
use loom_credentials::base::{Config, Secret};
use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::os::terminal::Hush;
use loom_credentials::wire::{self, Fault, reason};

use crate::args::Unlock;
use crate::{Context, secret_input, term};

/// How often a person may mistype.
const TRIES: usize = 3;

/// How long a person may take to type.
const TYPED_WITHIN: Duration = Duration::from_secs(2 * 60);

pub fn run(args: &Unlock, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    if args.for_git {
        return for_git(&client, context);
    }
    let is_typed = std::io::stdin().is_terminal();
    let _hush = is_typed.then(Hush::begin);
    if is_needed(&client)? {
        let prompt = msg!("passphrase-prompt");
        let tries = if is_typed { TRIES } else { 1 };
        try_passphrases(&client, context, tries, || secret_input::read(&prompt, context))?;
    }
    term::say(context.locale, &msg!("now-unlocked"));
    Ok(0)
}

/// Git waits: whoever runs it is asked on the terminal, once for all gits that wait.
fn for_git(client: &Client, context: &Context) -> Result<u8, Fault> {
    let config = Config::load(&client.paths().config_file()).map_err(reason::Below::Settings)?;
    if !config.autologin() {
        return Err(reason::Lock::AgentLocked.into());
    }
    let _lock = wait_for_prompt(&client.paths().unlock_lock())?;
    if is_needed(client)? {
        let _hush = Hush::begin();
        term::say(context.locale, &msg!("git-needs-unlock"));
        try_passphrases(client, context, TRIES, || secret_input::typed(&msg!("passphrase-prompt"), context))?;
    }
    Ok(0)
}

/// Waits while another `loom` asks, as long as a person may take; nobody else is waited for that long.
fn wait_for_prompt(path: &Path) -> Result<File, Fault> {
    let until = Instant::now() + TYPED_WITHIN;
    loop {
        match private_file::lock(path) {
            Err(PrivateFileError::Held { holder, .. }) if holder.is("loom") && Instant::now() < until => {}
            taken => return taken.map_err(|error| reason::Below::Place(error.message()).into()),
        }
    }
}

/// Unlocks what takes no passphrase, or says that it takes one.
fn is_needed(client: &Client) -> Result<bool, Fault> {
    match client.ask(&wire::Unlock::default()) {
        Err(fault) if fault.about() == Some(reason::Lock::PassphraseNeeded) => Ok(true),
        other => other.map(|_| false),
    }
}

/// Whether another passphrase may be the right one.
fn is_mistyped(fault: &Fault) -> bool {
    matches!(fault.about(), Some(reason::Lock::WrongPassphrase | reason::Lock::OtherPassphrase))
}

fn try_passphrases(
    client: &Client,
    context: &Context,
    tries: usize,
    read: impl Fn() -> Result<Secret, Fault>,
) -> Result<(), Fault> {
    for left in (0..tries).rev() {
        match client.ask(&wire::Unlock { passphrase: Some(read()?) }) {
            Err(fault) if left > 0 && is_mistyped(&fault) => {
                term::fault(context.locale, &fault);
            }
            other => return other.map(|_| ()),
        }
    }
    Ok(())
}
