//! `loom setup` alone: which tools are here, whom they ask, and where secrets of theirs stand in clear text. Where, and
//! for which server; never what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loom_credentials::base::printable;
use loom_credentials::msg;
use loom_credentials::wire::Fault;
use serde::Serialize;

use super::helper::text_of;
use super::machine::Machine;
use super::tool::{TOOLS, Tool, Uses};
use crate::git_program::{configuration, is_loom};
use crate::{Context, term};

/// A tool, as the JSON says it.
#[derive(Serialize)]
struct Seen {
    tool: &'static str,
    /// The program, if it is there.
    program: Option<PathBuf>,
    /// The helpers that it asks, in its own words.
    uses: Vec<String>,
    /// Whether loom is asked about every server.
    loom: bool,
    /// The servers that loom is asked about besides.
    loom_for: Vec<String>,
    clear_text: Vec<InClear>,
}

/// A file that holds secrets in clear text, and for what.
#[derive(Serialize)]
struct InClear {
    path: PathBuf,
    entries: Vec<String>,
}

pub fn run(json: bool, context: &Context) -> Result<u8, Fault> {
    let machine = Machine::from_environment()?;
    let seen: Vec<Seen> =
        std::iter::once(git(&machine)).chain(TOOLS.iter().map(|tool| look(*tool, &machine))).collect();
    if json {
        term::data_line(&serde_json::to_string_pretty(&seen).unwrap_or_default());
        return Ok(0);
    }
    let text = |message| context.locale.render(&message);
    let heads =
        [msg!("setup-head-tool"), msg!("setup-head-program"), msg!("setup-head-asks"), msg!("setup-head-clear")];
    let mut rows = vec![heads.into_iter().map(text).collect::<Vec<_>>()];
    // What is neither here nor has left anything is of no interest.
    let shown =
        seen.iter().filter(|seen| seen.program.is_some() || !seen.clear_text.is_empty() || !seen.uses.is_empty());
    rows.extend(shown.map(row));
    term::table(rows);
    if seen.iter().any(|seen| !seen.clear_text.is_empty()) {
        term::say(context.locale, &msg!("setup-take-over"));
    }
    Ok(0)
}

/// The tools that are here, do not ask loom, and have secrets in clear text.
pub fn unserved() -> Vec<&'static str> {
    let Ok(machine) = Machine::from_environment() else { return Vec::new() };
    let seen = TOOLS.iter().map(|tool| look(*tool, &machine));
    let is_unserved = |seen: &Seen| seen.program.is_some() && !seen.loom && !seen.clear_text.is_empty();
    seen.filter(is_unserved).map(|seen| seen.tool).collect()
}

fn row(seen: &Seen) -> Vec<String> {
    let path = |path: &Path| printable(&path.display().to_string());
    let nothing = || "-".to_owned();
    let mut asks: Vec<String> = Vec::new();
    asks.extend(seen.loom.then(|| "loom".to_owned()));
    asks.extend(seen.loom_for.iter().map(|server| format!("loom ({})", printable(server))));
    asks.extend(seen.uses.iter().filter(|other| *other != "loom").map(|other| printable(other)));
    let in_clear = |found: &InClear| format!("{} ({})", path(&found.path), printable(&found.entries.join(", ")));
    let clear: Vec<String> = seen.clear_text.iter().map(in_clear).collect();
    let or_nothing = |all: Vec<String>| if all.is_empty() { nothing() } else { all.join(", ") };
    let program = seen.program.as_deref().map_or_else(nothing, path);
    vec![seen.tool.to_owned(), program, or_nothing(asks), or_nothing(clear)]
}

fn look(tool: &dyn Tool, machine: &Machine) -> Seen {
    let uses = tool
        .files(machine)
        .into_iter()
        .flat_map(|file| text_of(&file).map(|text| tool.uses(&file, &text)).unwrap_or_default());
    let uses: Vec<Uses> = uses.collect();
    let name = |uses: &Uses| if let Uses::Other(name) = uses { name.clone() } else { "loom".to_owned() };
    let mut names: Vec<String> = uses.iter().map(name).collect();
    names.dedup();
    let mut clear: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for found in tool.clear(machine) {
        let entries = clear.entry(found.file.clone()).or_default();
        if !entries.contains(&found.entry) {
            entries.push(found.entry.clone());
        }
    }
    Seen {
        tool: tool.name(),
        program: tool.programs().iter().find_map(|name| machine.program(name)),
        loom: uses.contains(&Uses::Loom(None)),
        loom_for: uses
            .iter()
            .filter_map(|uses| if let Uses::Loom(server) = uses { server.clone() } else { None })
            .collect(),
        uses: names,
        clear_text: clear.into_iter().map(|(path, entries)| InClear { path, entries }).collect(),
    }
}

/// Git, which is set up by a command of its own.
fn git(machine: &Machine) -> Seen {
    let configuration = configuration().ok();
    let helpers = configuration.as_ref().map(|configuration| configuration.common_helpers().asked).unwrap_or_default();
    let name = |helper: &&str| if is_loom(helper) { "loom".to_owned() } else { (*helper).to_owned() };
    let store = machine.home(".git-credentials");
    let kept = text_of(&store).map(|text| {
        let host = |line: &str| line.rsplit_once('@').map(|(_, host)| host.to_owned());
        text.lines().filter_map(host).collect::<Vec<_>>()
    });
    Seen {
        tool: "git",
        program: machine.program("git"),
        uses: helpers.iter().map(name).collect(),
        loom: helpers.iter().any(|helper| is_loom(helper)),
        loom_for: Vec::new(),
        clear_text: kept
            .filter(|all| !all.is_empty())
            .map(|entries| InClear { path: store, entries })
            .into_iter()
            .collect(),
    }
}
