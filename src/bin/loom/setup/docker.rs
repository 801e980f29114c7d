//! Docker: one file of JSON says which helper is asked, for all registries (`credsStore`) or for one (`credHelpers`).
//! With a helper for all of them docker does not read any more what the same file holds in clear text, so that has to
//! go over to loom.

use std::path::{Path, PathBuf};

use loom_credentials::base::ServerUrl;
use loom_credentials::client::Client;
use loom_credentials::tools::name_in_settings;
use loom_credentials::wire::Fault;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::json::Document;
use super::machine::Machine;
use super::old_helper::OldHelper;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted, host};
use crate::Context;

pub struct Docker;

/// What docker puts behind `docker-credential-` to find the program.
const LOOM: &str = "loom";
pub const PROGRAM: &str = "docker-credential-loom";

impl Tool for Docker {
    fn name(&self) -> &'static str {
        "docker"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![file(machine)]
    }

    fn reach(&self) -> Reach {
        Reach::Any
    }

    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: PROGRAM.to_owned(), place: Place::Path }]
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (mut document, mut kept) = (Document::parse(text)?, Kept::new());
        if wanted.everywhere {
            put(&mut document, &["credsStore"], &mut kept, wanted.force)?;
        }
        if !wanted.servers.is_empty() && document.get(&["credHelpers"]).is_none() {
            kept.insert("credHelpers".to_owned(), String::new());
        }
        for server in &wanted.servers {
            put(&mut document, &["credHelpers", &name(server)], &mut kept, wanted.force)?;
        }
        Ok(Edit { text: document.text().to_owned(), kept })
    }

    fn copy_before(&self, text: &str, wanted: &Wanted, machine: &Machine, context: &Context) -> Result<(), Fault> {
        let Ok(document) = Document::parse(text) else { return Ok(()) };
        let old = |path: &[&str]| {
            let name = document.get(path).and_then(Value::as_str).filter(|name| !matches!(*name, LOOM | ""))?;
            OldHelper::find(name, machine)
        };
        let helper = wanted.helpers.first();
        let Some(helper) = helper.filter(|_| wanted.force) else { return Ok(()) };
        if let Some(old) = old(&["credsStore"]).filter(|_| wanted.everywhere) {
            for registry in old.registries()? {
                old.copy(&registry, helper, context)?;
            }
        }
        for name in wanted.servers.iter().map(name) {
            if let Some(old) = old(&["credHelpers", &name]) {
                old.copy(&name, helper, context)?;
            }
        }
        Ok(())
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let mut document = Document::parse(text)?;
        take_out(&mut document, &["credsStore"], kept)?;
        for registry in document.names(&["credHelpers"]) {
            take_out(&mut document, &["credHelpers", &registry], kept)?;
        }
        if kept.contains_key("credHelpers") && document.names(&["credHelpers"]).is_empty() {
            document.remove(&["credHelpers"])?;
        }
        Ok(document.text().to_owned())
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let Ok(document) = Document::parse(text) else { return Vec::new() };
        let told = |path: &[&str], server: Option<&str>| match document.get(path).and_then(Value::as_str) {
            Some(LOOM) => Some(Uses::Loom(server.map(str::to_owned))),
            Some("") | None => None,
            Some(other) => Some(Uses::Other(format!("docker-credential-{other}"))),
        };
        let single = document.names(&["credHelpers"]);
        let single = single.iter().filter_map(|registry| told(&["credHelpers", registry], Some(registry)));
        told(&["credsStore"], None).into_iter().chain(single).collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        clear_in(&file(machine))
    }

    fn means(&self, clear: &Clear, wanted: &Wanted) -> bool {
        let of = ServerUrl::from_user(&clear.entry).map(|server| name(&server));
        wanted.everywhere || wanted.servers.iter().any(|server| of.as_ref() == Ok(&name(server)))
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, _client: &Client) -> Result<(), String> {
        keep(clear, wanted)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        is_said(clear, wanted)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let mut document = Document::parse(text)?;
        // Docker leaves the entry without its secret, too: it lists what it is logged in to by them.
        document.set(&["auths", &clear.entry], &json!({}))?;
        Ok(document.text().to_owned())
    }
}

/// How docker names the registry when it looks for its helper.
fn name(server: &ServerUrl) -> String {
    name_in_settings(&host(server))
}

fn file(machine: &Machine) -> PathBuf {
    let named = machine.named("DOCKER_CONFIG");
    named.unwrap_or_else(|| machine.home(".docker")).join("config.json")
}

fn put(document: &mut Document, path: &[&str], kept: &mut Kept, force: bool) -> Result<(), Trouble> {
    match document.get(path) {
        Some(Value::String(helper)) if helper == LOOM => return Ok(()),
        // Empty, it means that there is none.
        Some(other) if *other != json!("") && !force => {
            let by = other.as_str().map_or_else(|| other.to_string(), |name| format!("docker-credential-{name}"));
            return Err(Trouble::Taken { key: path.join("."), by });
        }
        Some(other) => drop(kept.insert(path.join(" "), other.to_string())),
        None => {}
    }
    Ok(document.set(path, &json!(LOOM))?)
}

fn take_out(document: &mut Document, path: &[&str], kept: &Kept) -> Result<(), Trouble> {
    if document.get(path) != Some(&json!(LOOM)) {
        return Ok(());
    }
    match kept.get(&path.join(" ")).and_then(|old| serde_json::from_str(old).ok()) {
        Some(old) => Ok(document.set(path, &old)?),
        None => Ok(document.remove(path)?),
    }
}

/// The entries of a file of docker's that hold a secret: user and password in base64, or a token beside them.
pub fn clear_in(file: &Path) -> Vec<Clear> {
    let Some(text) = helper::text_of(file) else { return Vec::new() };
    let Ok(document) = Document::parse(&text) else { return Vec::new() };
    let entry = |name: String| {
        let text =
            |key: &str| document.get(&["auths", &name, key]).and_then(Value::as_str).filter(|text| !text.is_empty());
        let literal = text("identitytoken").or_else(|| text("auth"))?;
        let (username, secret) = match text("identitytoken") {
            Some(token) => ("<token>".to_owned(), Zeroizing::new(token.to_owned())),
            None => {
                let plain = helper::from_base64(literal)?;
                let (username, secret) = plain.split_once(':')?;
                (username.to_owned(), Zeroizing::new(secret.trim_end_matches('\0').to_owned()))
            }
        };
        let literal = Zeroizing::new(literal.to_owned());
        Some(Clear { file: file.to_owned(), entry: name, username, secret, literal })
    };
    document.names(&["auths"]).into_iter().filter_map(entry).collect()
}

/// Has the helper keep a registry's secret.
pub fn keep(clear: &Clear, wanted: &Wanted) -> Result<(), String> {
    let program = wanted.helpers.first().ok_or_else(String::new)?;
    let entry = json!({ "ServerURL": clear.entry, "Username": clear.username, "Secret": *clear.secret });
    helper::told(program, &["store"], &[], &Zeroizing::new(entry.to_string())).map(drop)
}

/// Whether the helper says this secret for the registry.
pub fn is_said(clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
    let program = wanted.helpers.first().ok_or_else(String::new)?;
    let said = helper::told(program, &["get"], &[], &clear.entry)?;
    let said: Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
    Ok(said["Secret"] == *clear.secret && said["Username"] == clear.username)
}
