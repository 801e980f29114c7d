//! Podman, skopeo and buildah: the only line that makes them ask a helper for everything, writing too, is one in a
//! drop-in of their registries' settings. It is a file of loom's own, so that nobody else's is changed.
//!
//! Their own files of secrets are looked into before the helper is, by name: what lies there goes over to loom.

use std::path::{Path, PathBuf};

use super::docker::{self, clear_in, is_said, keep};
use super::helper::text_of;
use super::hunks::Kept;
use super::json::Document;
use super::machine::Machine;
use super::toml;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};
use loom_credentials::client::Client;
use loom_credentials::msg;

pub struct Podman;

const TEXT: &str = "# Written by \"loom setup podman\"; \"loom setup podman --remove\" takes it away.\n\
                    credential-helpers = [\"loom\"]\n";

impl Tool for Podman {
    fn name(&self) -> &'static str {
        "podman"
    }

    fn programs(&self) -> Vec<&'static str> {
        vec!["podman", "skopeo", "buildah"]
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        // These programs go by the home directory here, whatever XDG's variables say.
        vec![machine.home(".config/containers/registries.conf.d/50-loom.conf")]
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: docker::PROGRAM.to_owned(), place: Place::Path }]
    }

    fn with(&self, file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        if !wanted.force
            && let Some((key, by)) = others(file).into_iter().next()
        {
            return Err(Trouble::Taken { key, by });
        }
        let text = if asks_loom(text) { text.to_owned() } else { format!("{text}{TEXT}") };
        Ok(Edit { text, kept: Kept::new() })
    }

    fn without(&self, _file: &Path, text: &str, _kept: &Kept) -> Result<String, Trouble> {
        Ok(text.replace(TEXT, ""))
    }

    fn uses(&self, file: &Path, text: &str) -> Vec<Uses> {
        let loom = asks_loom(text).then_some(Uses::Loom(None));
        loom.into_iter().chain(others(file).into_iter().map(|(_, by)| Uses::Other(by))).collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let named = machine.named("REGISTRY_AUTH_FILE");
        let running = machine.named("XDG_RUNTIME_DIR").map(|dir| dir.join("containers/auth.json"));
        let kept = [machine.config("containers/auth.json"), machine.home(".config/containers/auth.json")];
        let mut files: Vec<PathBuf> = named.into_iter().chain(running).chain(kept).collect();
        files.dedup();
        files.iter().flat_map(|file| clear_in(file)).collect()
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, client: &Client) -> Result<(), String> {
        // A helper is asked for a host only, so that what is kept for a part of one would not be found.
        if clear.entry.contains('/') {
            return Err(client.locale().render(&msg!("setup-part-of-registry")));
        }
        keep(clear, wanted)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        if clear.entry.contains('/') { Err(String::new()) } else { is_said(clear, wanted) }
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let mut document = Document::parse(text)?;
        document.remove(&["auths", &clear.entry])?;
        Ok(document.text().to_owned())
    }
}

fn asks_loom(text: &str) -> bool {
    helpers(text).iter().any(|helper| helper == "loom")
}

/// The helpers that other files of the user name.
fn others(file: &Path) -> Vec<(String, String)> {
    let dir = file.parent().unwrap_or(Path::new("/"));
    let dropped = std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let all = dropped.filter(|other| other != file).chain([dir.with_extension("")]);
    let named = |file: PathBuf| {
        let helpers = text_of(&file).map(|text| helpers(&text)).unwrap_or_default();
        let key = format!("credential-helpers ({})", file.display());
        helpers.into_iter().filter(|helper| helper != "loom").map(move |helper| (key.clone(), helper))
    };
    all.flat_map(named).collect()
}

fn helpers(text: &str) -> Vec<String> {
    let Ok(document) = toml::parse(text) else { return Vec::new() };
    let helpers = toml::get(&document, &["credential-helpers"]).and_then(|item| item.as_array());
    // The word for their own file is no helper.
    let is_program = |name: &String| name != "containers-auth.json";
    let names = helpers.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned));
    names.filter(is_program).collect()
}
