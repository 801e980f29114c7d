//! Setting a tool up, and undoing it. Every change begins from what stood there before loom came: so what is wanted can
//! be said anew as often as one likes, and what is taken back is always all of it.
//!
//! What is about to be written is recorded first: a crash in between leaves a record of a text that is not there, by
//! which nothing is taken back but what is loom's.

use std::path::{Path, PathBuf};

use loom_credentials::base::{ServerUrl, private_file};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, Status, reason};
use zeroize::Zeroizing;

use super::hunks::{self, Kept};
use super::machine::Machine;
use super::record::{Mark, Record, Records};
use super::text_file::TextFile;
use super::tool::{Reach, Tool, Trouble, Wanted};
use super::{helper, shown, takeover};
use crate::{Context, term};

/// What stood in a file before loom came.
struct Base {
    text: Zeroizing<String>,
    was_there: bool,
    /// Whether it is that, byte for byte; else the file was changed since.
    is_exact: bool,
}

/// Tells the tool to ask loom.
pub fn set_up(tool: &dyn Tool, servers: &[ServerUrl], force: bool, context: &Context) -> Result<(), Fault> {
    let known = if servers.is_empty() && tool.takes_known_servers() { known(context)? } else { Vec::new() };
    let servers = if servers.is_empty() { &known } else { servers };
    match tool.reach() {
        Reach::Named if servers.is_empty() => {
            return Err(reason::Setup::NeedsServer { tool: tool.name().to_owned() }.into());
        }
        Reach::All if !servers.is_empty() => {
            return Err(reason::Setup::TakesNoServer { tool: tool.name().to_owned() }.into());
        }
        Reach::Any | Reach::All | Reach::Named => {}
    }
    let machine = Machine::from_environment()?;
    refuse_directories_of_another(&machine.paths)?;
    let mut records = Records::locked(&machine.paths)?;
    let mut wanted = Wanted {
        everywhere: servers.is_empty(),
        servers: servers.to_vec(),
        force,
        helpers: Vec::new(),
        loom: crate::helper_program::loom()?,
    };
    let files = tool.files(&machine);
    // What is refused is refused before anything is made.
    for file in &files {
        let current = TextFile::read(file)?;
        current.refuse_what_is_not_ours()?;
        wanted.helpers = tool.links(&machine, &wanted).iter().map(|link| PathBuf::from(&link.name)).collect();
        tool.with(file, current.text(), &wanted).map_err(|trouble| trouble.into_fault(file))?;
    }
    let mut is_new = false;
    for file in &files {
        let before = records.of(tool.name(), file).cloned();
        is_new |= write(tool, file, before.as_ref(), &mut wanted, &mut records, &machine, context)?;
    }
    if !is_new {
        term::say(context.locale, &msg!("setup-is-done", tool = tool.name()));
    }
    takeover::run(tool, &wanted, &mut records, &machine, context)
}

/// The servers that loom has something for, over TLS.
fn known(context: &Context) -> Result<Vec<ServerUrl>, Fault> {
    let accounts = context.client()?.ask(&Status::default())?.accounts;
    let mut servers: Vec<ServerUrl> = accounts.iter().map(|account| account.server.origin()).collect();
    servers.retain(|server| server.scheme() == "https");
    servers.dedup();
    Ok(servers)
}

/// Has the tool ask whom it asked before, about these servers or all.
pub fn undo(tool: &dyn Tool, servers: &[ServerUrl], context: &Context) -> Result<(), Fault> {
    if tool.reach() == Reach::All && !servers.is_empty() {
        return Err(reason::Setup::TakesNoServer { tool: tool.name().to_owned() }.into());
    }
    let machine = Machine::from_environment()?;
    refuse_directories_of_another(&machine.paths)?;
    let mut records = Records::locked(&machine.paths)?;
    let files = tool.files(&machine);
    // Another day's environment may have led to other files.
    let recorded = records.files_of(tool.name()).into_iter().filter(|file| !files.contains(file)).collect::<Vec<_>>();
    for file in files.into_iter().chain(recorded) {
        let before = records.of(tool.name(), &file).cloned();
        let left = before.as_ref().map(|record| left_without(record, servers, tool, &machine)).transpose()?;
        let left = left.filter(|left| !servers.is_empty() && (left.everywhere || !left.servers.is_empty()));
        match (left, before) {
            (Some(left), Some(before)) => {
                let loom = crate::helper_program::loom()?;
                let (everywhere, servers) = (left.everywhere, left.servers.clone());
                let mut wanted = Wanted { everywhere, servers, force: true, helpers: Vec::new(), loom };
                write(tool, &file, Some(&left), &mut wanted, &mut records, &machine, context)?;
                drop_links(&before, &mut records, &file, tool)?;
            }
            (_, before) => restore(tool, &file, before.as_ref(), &mut records, &machine, context)?,
        }
    }
    Ok(())
}

/// Writes one file so that the tool asks loom. Returns whether it was not so before.
fn write(
    tool: &dyn Tool,
    file: &Path,
    before: Option<&Record>,
    wanted: &mut Wanted,
    records: &mut Records,
    machine: &Machine,
    context: &Context,
) -> Result<bool, Fault> {
    if let Some(before) = before {
        // What is new was looked at; what loom replaced already gives way again.
        wanted.force = true;
        wanted.everywhere |= before.everywhere;
        let more = before.servers.iter().filter(|server| !wanted.servers.contains(server)).cloned();
        wanted.servers = more.collect::<Vec<_>>().into_iter().chain(wanted.servers.drain(..)).collect();
    }
    let current = TextFile::read(file)?;
    current.refuse_what_is_not_ours()?;
    let base = base_to_set_up(tool, file, &current, before)?;
    let links = tool.links(machine, wanted);
    let helpers = links.iter().map(|link| helper::named(link, machine, before, context));
    let named: Vec<(PathBuf, bool)> = helpers.collect::<Result<_, _>>()?;
    // What an installation brought is not ours to take away.
    let made = named.iter().filter(|(path, is_new)| *is_new || records.has_link(path));
    let links: Vec<PathBuf> = made.map(|(path, _)| path.clone()).collect();
    wanted.helpers = named.into_iter().map(|(path, _)| path).collect();
    let is_less = before != records.of(tool.name(), file);
    if !is_less && (!base.is_exact || before.is_none()) {
        // Where it says so already, it stays, wherever in the file that is.
        let same = tool.with(file, current.text(), wanted).is_ok_and(|edit| edit.text == current.text());
        if same && current.is_there() {
            return Ok(false);
        }
    }
    let edit = tool.with(file, &base.text, wanted).map_err(|trouble| trouble.into_fault(file))?;
    let (text, blocks) = (Zeroizing::new(edit.text), tool.blocks(&edit.kept));
    let mut record = Record {
        tool: tool.name().to_owned(),
        file: file.to_owned(),
        everywhere: wanted.everywhere,
        servers: wanted.servers.clone(),
        kept: kept(before, edit.kept, &base),
        was_there: base.was_there,
        made: before.map(|before| before.made.clone()).unwrap_or_default(),
        hunks: if blocks.is_some() { None } else { shown::safe_hunks(&base.text, &text, &tool.clear(machine)) },
        mark: Mark::of(&text),
        links,
    };
    if *text == current.text() {
        // Somebody wrote it by hand: then it is theirs, and there is nothing to take back.
        if before.is_some_and(|before| *before != record) {
            records.put(record)?;
        }
        return Ok(false);
    }
    let copied = tool.copy_before(current.text(), wanted, machine, context);
    if let Err(fault) = copied {
        // As if nobody had asked: whoever gave way still has what loom has not.
        let new = links_of(&record, before);
        new.iter().try_for_each(|link| helper::unnamed(link))?;
        return Err(fault);
    }
    records.put(record.clone())?;
    for (path, text) in tool.beside(machine) {
        helper::written(&path, &text)?;
    }
    let (old, clear) = (Zeroizing::new(current.text().to_owned()), tool.clear(machine));
    let made = current.write(&text)?;
    match blocks {
        Some(blocks) => shown::blocks(file, '+', &blocks),
        None => shown::change(file, &old, &text, &clear),
    }
    if !made.is_empty() {
        record.made = made;
        records.put(record)?;
    }
    Ok(true)
}

/// The names that the helper got just now.
fn links_of(record: &Record, before: Option<&Record>) -> Vec<PathBuf> {
    let known = |link: &PathBuf| before.is_some_and(|before| before.links.contains(link));
    record.links.iter().filter(|link| !known(link)).cloned().collect()
}

/// What was replaced at first counts, and what a person put there since.
fn kept(before: Option<&Record>, now: Kept, base: &Base) -> Kept {
    match before {
        Some(before) if !base.is_exact => before.kept.clone().into_iter().chain(now).collect(),
        _ => now,
    }
}

/// The record as it would be without these servers, and without those that somebody gave another helper since.
fn left_without(record: &Record, servers: &[ServerUrl], tool: &dyn Tool, machine: &Machine) -> Result<Record, Fault> {
    let (mut left, current, loom) = (record.clone(), TextFile::read(&record.file)?, crate::helper_program::loom()?);
    let is_taken = |everywhere: bool, servers: Vec<ServerUrl>| {
        let mut wanted = Wanted { everywhere, servers, force: false, helpers: Vec::new(), loom: loom.clone() };
        wanted.helpers = tool.links(machine, &wanted).iter().map(|link| PathBuf::from(&link.name)).collect();
        matches!(tool.with(&record.file, current.text(), &wanted), Err(Trouble::Taken { .. }))
    };
    left.servers.retain(|server| !servers.contains(server) && !is_taken(false, vec![server.clone()]));
    left.everywhere &= !is_taken(true, Vec::new());
    Ok(left)
}

/// Names of the helper that nothing needs any more.
fn drop_links(before: &Record, records: &mut Records, file: &Path, tool: &dyn Tool) -> Result<(), Fault> {
    let now = records.of(tool.name(), file).map(|record| record.links.clone()).unwrap_or_default();
    let mut unused = before.links.iter().filter(|link| !now.contains(link) && !records.is_shared(link, before));
    unused.try_for_each(|link| helper::unnamed(link))
}

fn restore(
    tool: &dyn Tool,
    file: &Path,
    before: Option<&Record>,
    records: &mut Records,
    machine: &Machine,
    context: &Context,
) -> Result<(), Fault> {
    let current = TextFile::read(file)?;
    current.refuse_what_is_not_ours()?;
    let base = base(tool, file, &current, before)?;
    let path = file.display();
    if *base.text != current.text() || (current.is_there() && !base.was_there) {
        let (old, clear) = (Zeroizing::new(current.text().to_owned()), tool.clear(machine));
        if base.was_there {
            current.write(&base.text)?;
        } else {
            current.delete()?;
        }
        let blocks = tool.blocks(&before.map(|before| before.kept.clone()).unwrap_or_default());
        let said = match &blocks {
            Some(_) => msg!("setup-block-taken-out", tool = tool.name(), path = path),
            None if base.is_exact => msg!("setup-restored", path = path),
            None => msg!("setup-taken-out", path = path),
        };
        match blocks {
            Some(blocks) => shown::blocks(file, '-', &blocks),
            None => shown::change(file, &old, &base.text, &clear),
        }
        term::say(context.locale, &said);
    } else {
        term::say(context.locale, &msg!("setup-not-there", tool = tool.name(), path = path));
    }
    let Some(before) = before else { return Ok(()) };
    if !base.was_there {
        // Whatever somebody else put there since stays, and the directory with it.
        before.made.iter().rev().for_each(|dir| drop(std::fs::remove_dir(dir)));
    }
    records.remove(tool.name(), file)?;
    for (path, _) in tool.beside(machine) {
        private_file::remove(&path)?;
        // What else lies there stays, and the directory with it.
        path.parent().map(std::fs::remove_dir);
    }
    drop_links(before, records, file, tool)
}

/// What a tool is set up from: without a record, whatever stands there is the user's. What the tool writes anew each
/// time is changed as it stands.
fn base_to_set_up(tool: &dyn Tool, file: &Path, current: &TextFile, before: Option<&Record>) -> Result<Base, Fault> {
    match before {
        Some(record) if tool.blocks(&record.kept).is_none() => base(tool, file, current, before),
        _ => {
            let text = Zeroizing::new(current.text().to_owned());
            Ok(Base { text, was_there: current.is_there(), is_exact: before.is_none() })
        }
    }
}

fn base(tool: &dyn Tool, file: &Path, current: &TextFile, before: Option<&Record>) -> Result<Base, Fault> {
    let text = current.text();
    if let Some(before) = before.filter(|before| current.is_there() && before.mark == Mark::of(text)) {
        let exact = before.hunks.as_ref().and_then(|hunks| hunks::taken_back(text, hunks));
        if let Some(exact) = exact {
            return Ok(Base { text: Zeroizing::new(exact), was_there: before.was_there, is_exact: true });
        }
    }
    let without = |kept: &Kept| tool.without(file, text, kept).map_err(|trouble| trouble.into_fault(file));
    let text = match before {
        _ if !current.is_there() => String::new(),
        Some(before) => without(&before.kept)?,
        None => without(&Kept::new())?,
    };
    Ok(Base { text: Zeroizing::new(text), was_there: current.is_there(), is_exact: before.is_none() })
}
