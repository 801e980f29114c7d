//! What lies about in clear text goes over to loom, one secret after the other: first loom keeps it, then it is read
//! back as the tool will read it, and only then it leaves its file. What does not come back stays where it is, and so
//! does what loom has another secret for: that one may be newer.

use std::path::{Path, PathBuf};

use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, Stores, reason};
use zeroize::Zeroizing;

use super::hunks;
use super::machine::Machine;
use super::record::{Mark, Records};
use super::shown::safe_hunks;
use super::text_file::TextFile;
use super::tool::{Clear, Tool, Trouble, Wanted};
use crate::{Context, term};

/// Takes over what the tool has in clear text for the servers that it asks loom about.
pub fn run(
    tool: &dyn Tool,
    wanted: &Wanted,
    records: &mut Records,
    machine: &Machine,
    context: &Context,
) -> Result<(), Fault> {
    let clear: Vec<Clear> = tool.clear(machine).into_iter().filter(|clear| tool.means(clear, wanted)).collect();
    if clear.is_empty() {
        return Ok(());
    }
    let left = |clear: &Clear, why: &str| {
        let path = clear.file.display();
        match why {
            "" => term::say(context.locale, &msg!("setup-left", entry = clear.entry, path = path)),
            why => term::say(context.locale, &msg!("setup-left-since", entry = clear.entry, path = path, error = why)),
        }
    };
    // One question finds out whether there is an agent at all.
    let client = context.client()?;
    if let Err(fault) = client.ask(&Stores {}) {
        let why = fault.message(context.locale);
        clear.iter().for_each(|clear| left(clear, &why));
        term::say(context.locale, &msg!("setup-run-again", tool = tool.name()));
        return Ok(());
    }
    let mut taken: Vec<&Clear> = Vec::new();
    for clear in &clear {
        match take_over(tool, clear, wanted, &client) {
            Ok(()) => taken.push(clear),
            Err(why) => left(clear, &why),
        }
    }
    let mut files: Vec<PathBuf> = taken.iter().map(|clear| clear.file.clone()).collect();
    files.dedup();
    for file in files {
        let of_file: Vec<&Clear> = taken.iter().filter(|clear| clear.file == file).copied().collect();
        clean(tool, &file, &of_file, records, machine)?;
        for clear in of_file {
            term::say(context.locale, &msg!("setup-taken-over", entry = clear.entry, path = file.display()));
        }
    }
    Ok(())
}

/// Has loom keep a secret, and looks whether it says the same again. The error says why it does not.
fn take_over(tool: &dyn Tool, clear: &Clear, wanted: &Wanted, client: &Client) -> Result<(), String> {
    match tool.is_said(clear, wanted) {
        Ok(true) => return Ok(()),
        Ok(false) => return Err(client.locale().render(&msg!("setup-other-kept"))),
        Err(_) => tool.keep(clear, wanted, client)?,
    }
    if tool.is_said(clear, wanted)? { Ok(()) } else { Err(String::new()) }
}

/// Writes a file without these secrets. If loom has a record of it, what the record takes back is without them, too.
fn clean(
    tool: &dyn Tool,
    file: &Path,
    taken: &[&Clear],
    records: &mut Records,
    machine: &Machine,
) -> Result<(), Fault> {
    let without = |text: &str| {
        let start = Ok(Zeroizing::new(text.to_owned()));
        taken.iter().fold(start, |text, clear| text.and_then(|text| cleared(tool, clear, &text)))
    };
    let current = TextFile::read(file)?;
    current.refuse_what_is_not_ours()?;
    // Another secret may stand there by now.
    let now = tool.clear(machine);
    let stands = |clear: &Clear| now.iter().any(|now| now.is_same(clear));
    if !taken.iter().all(|clear| stands(clear)) {
        return Err(reason::Setup::ChangedMeanwhile { path: file.to_owned() }.into());
    }
    let text = without(current.text()).map_err(|trouble| trouble.into_fault(file))?;
    if let Some(mut record) = records.of(tool.name(), file).cloned() {
        let hunks = record.hunks.filter(|_| record.mark == Mark::of(current.text()));
        let base = hunks.and_then(|hunks| hunks::taken_back(current.text(), &hunks));
        let base = base.and_then(|base| without(&base).ok());
        record.hunks = base.and_then(|base| safe_hunks(&base, &text, &tool.clear(machine)));
        record.mark = Mark::of(&text);
        records.put(record)?;
    }
    current.write(&text)?;
    Ok(())
}

/// The text without a secret. It is an error if that still stands there.
fn cleared(tool: &dyn Tool, clear: &Clear, text: &str) -> Result<Zeroizing<String>, Trouble> {
    let without = Zeroizing::new(tool.cleared(clear, text)?);
    let count = |text: &str| text.matches(&**clear.literal).count();
    if count(text) > 0 && count(&without) >= count(text) {
        return Err(Trouble::Broken(clear.entry.clone()));
    }
    Ok(without)
}
