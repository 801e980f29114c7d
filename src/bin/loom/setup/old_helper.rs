//! A helper of docker's that gives way to loom: what it has is copied first, and read back from loom as docker will
//! read it. It keeps what it has: whoever goes back to it finds that again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};
use serde_json::Value;
use zeroize::Zeroizing;

use super::helper;
use super::machine::Machine;
use crate::{Context, term};

pub struct OldHelper {
    program: PathBuf,
    name: String,
}

/// What is compared of a registry's credential: whose it is, and the secret.
#[derive(PartialEq, Eq)]
struct Entry {
    username: String,
    secret: Zeroizing<String>,
}

impl OldHelper {
    /// The helper of this name in docker's settings. One that is not there has nothing that docker could read.
    pub fn find(name: &str, machine: &Machine) -> Option<OldHelper> {
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c));
        let name = format!("docker-credential-{name}");
        let program = is_plain.then(|| machine.program(&name)).flatten()?;
        Some(OldHelper { program, name })
    }

    /// The registries that it has something for.
    pub fn registries(&self) -> Result<Vec<String>, Fault> {
        let said = helper::told(&self.program, &["list"], &[], "unused").map_err(|error| self.failed("list", error))?;
        let listed: BTreeMap<String, Value> =
            serde_json::from_str(&said).map_err(|error| self.failed("list", error.to_string()))?;
        Ok(listed.into_keys().collect())
    }

    /// Has loom keep what it has for a registry. What loom has there already stays: a person gave it to loom.
    pub fn copy(&self, registry: &str, loom: &Path, context: &Context) -> Result<(), Fault> {
        let failed = |error: String| self.failed(registry, error);
        let said = match helper::told(&self.program, &["get"], &[], registry) {
            Ok(said) => said,
            // The sentence for that there is nothing.
            Err(error) if error.trim() == "credentials not found in native keychain" => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let had = read(&said).ok_or_else(|| failed(String::new()))?;
        let now = || helper::told(loom, &["get"], &[], registry).ok().and_then(|said| read(&said));
        if let Some(there) = now() {
            if there != had {
                let (entry, path) = (registry.to_owned(), self.program.display());
                let why = context.locale.render(&msg!("setup-other-kept"));
                term::say(context.locale, &msg!("setup-left-since", entry = entry, path = path, error = why));
            }
            return Ok(());
        }
        let entry = serde_json::json!({ "ServerURL": registry, "Username": had.username, "Secret": *had.secret });
        helper::told(loom, &["store"], &[], &Zeroizing::new(entry.to_string())).map_err(failed)?;
        if now().as_ref() != Some(&had) {
            return Err(failed(String::new()));
        }
        term::say(context.locale, &msg!("setup-copied", entry = registry.to_owned(), helper = self.name.clone()));
        Ok(())
    }

    fn failed(&self, entry: &str, error: String) -> Fault {
        reason::Setup::NotCopied { entry: entry.to_owned(), helper: self.name.clone(), error }.into()
    }
}

fn read(said: &str) -> Option<Entry> {
    let said: Value = serde_json::from_str(said).ok()?;
    let text = |key: &str| Some(said[key].as_str()?.to_owned());
    Some(Entry { username: text("Username")?, secret: Zeroizing::new(text("Secret")?) })
}
