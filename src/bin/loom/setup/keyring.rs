//! Python's package keyring, which twine and poetry import, and pip where it is told to: its settings name the backend
//! and a directory to find it in. So one file of settings and one module serve every environment of Python.

use std::path::{Path, PathBuf};

use loom_credentials::os::directories;

use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};

pub struct Keyring;

const SECTION: &str = "backend";
const NAMED: &str = "default-keyring";
const PATH: &str = "keyring-path";
const OURS: &str = "loom_keyring.LoomKeyring";

/// The module, in which the program stands by a name that any other keyring may have.
const MODULE: &str = include_str!("../../../../packaging/python/loom_keyring.py");
const PROGRAM: &str = "PROGRAM = \"keyring\"";

impl Tool for Keyring {
    fn name(&self) -> &'static str {
        "keyring"
    }

    fn programs(&self) -> Vec<&'static str> {
        vec!["twine", "poetry", "keyring"]
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let local = directories::state().filter(|_| std::env::consts::FAMILY == "windows");
        let dir = local.map_or_else(|| machine.config("python_keyring"), |local| local.join("Python Keyring"));
        vec![dir.join("keyringrc.cfg")]
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: "keyring".to_owned(), place: Place::Directory(machine.programs()) }]
    }

    fn beside(&self, machine: &Machine) -> Vec<(PathBuf, String)> {
        let program = machine.programs().join(format!("keyring{}", std::env::consts::EXE_SUFFIX));
        // A text of JSON is one of Python's, too.
        let program = serde_json::Value::from(program.to_string_lossy().into_owned());
        vec![(modules(machine).join("loom_keyring.py"), MODULE.replace(PROGRAM, &format!("PROGRAM = {program}")))]
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let mut kept = Kept::new();
        // Beside the programs, in the directory of loom's own.
        let dir = wanted.helpers.first().and_then(|helper| Some(helper.parent()?.with_file_name("python")));
        let dir = dir.unwrap_or_default().to_string_lossy().into_owned();
        let mut text = text.to_owned();
        for (key, ours) in [(NAMED, OURS), (PATH, dir.as_str())] {
            match lines::get(&text, SECTION, key).map(str::to_owned) {
                Some(there) if there == ours => {}
                Some(there) if !wanted.force => {
                    return Err(Trouble::Taken { key: format!("{SECTION}.{key}"), by: there });
                }
                Some(there) => drop(kept.insert(key.to_owned(), there)),
                None => {}
            }
            text = lines::set(&text, SECTION, key, ours);
        }
        Ok(Edit { text, kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        if lines::get(text, SECTION, NAMED) != Some(OURS) {
            return Ok(text.to_owned());
        }
        Ok([NAMED, PATH].into_iter().fold(text.to_owned(), |text, key| match kept.get(key) {
            Some(old) => lines::set(&text, SECTION, key, old),
            None => lines::remove(&text, SECTION, key),
        }))
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        match lines::get(text, SECTION, NAMED) {
            Some(OURS) => vec![Uses::Loom(None)],
            Some(other) => vec![Uses::Other(other.to_owned())],
            None => Vec::new(),
        }
    }
}

/// The directory in which Python finds the module.
fn modules(machine: &Machine) -> PathBuf {
    machine.programs().with_file_name("python")
}
