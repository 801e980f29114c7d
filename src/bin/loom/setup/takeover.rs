//! What lies about in clear text goes over to loom, one secret after the other: first loom keeps it, then it is read
//! back as the tool will read it, and only then it leaves its file. What does not come back stays where it is.

use std::path::{Path, PathBuf};

use loom_credentials::msg;
use loom_credentials::wire::{Fault, Stores};
use zeroize::Zeroizing;

use super::change::safe_hunks;
use super::hunks;
use super::machine::Machine;
use super::record::{Mark, Records};
use super::text_file::TextFile;
use super::tool::{Clear, Tool, Wanted};
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
        match tool.take_over(clear, wanted, &client) {
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
        taken.iter().fold(start, |text, clear| text.and_then(|text| tool.cleared(clear, &text).map(Zeroizing::new)))
    };
    let current = TextFile::read(file)?;
    current.refuse_what_is_not_ours()?;
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
