//! Cargo: the user's own `config.toml` names the providers for all registries, of which the last one is asked first, or
//! the one for a registry. A project's `.cargo/config.toml` is the project's.
//!
//! Cargo's file of tokens is read only where loom has nothing, so what stays there for a reason still works.

use std::path::{Path, PathBuf};

use loom_credentials::base::ServerUrl;
use loom_credentials::client::Client;
use loom_credentials::msg;
use loom_credentials::wire::reason;
use serde_json::{Value, json};
use toml_edit::{Array, DocumentMut, Item, value};
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::machine::Machine;
use super::toml;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted, host};

pub struct Cargo;

const PROGRAM: &str = "cargo-credential-loom";
const PROVIDERS: [&str; 2] = ["registry", "global-credential-providers"];
const PROVIDER: &str = "credential-provider";

/// What cargo asks by itself where nobody set the list.
const OWN: &str = "cargo:token";

/// The index under which cargo names its default registry to helpers.
const DEFAULT_INDEX: &str = "https://github.com/rust-lang/crates.io-index";

impl Tool for Cargo {
    fn name(&self) -> &'static str {
        "cargo"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![settings(&dir(machine))]
    }

    fn reach(&self) -> Reach {
        Reach::Any
    }

    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: PROGRAM.to_owned(), place: Place::Path }]
    }

    fn with(&self, file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (document, mut kept) = (toml::parse(text)?, Kept::new());
        let program = wanted.helpers.first().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        let mut registries = Vec::new();
        for server in &wanted.servers {
            let of_server = registries_of(&document, server);
            if of_server.is_empty() {
                let (path, server) = (file.to_owned(), server.to_string());
                return Err(Trouble::Other(reason::Setup::UnknownServer { path, server }.into()));
            }
            registries.extend(of_server);
        }
        for name in &registries {
            // What the environment says goes before the file, so that nothing written there would count.
            let variable = variable_of(name);
            if let Some(by) = said_by(&document, &variable).filter(|by| !by.is_loom) {
                return Err(Trouble::Taken { key: variable, by: by.text });
            }
            let there = toml::get(&document, &["registries", name, PROVIDER]);
            if let Some(there) = there.filter(|item| !names_loom(&document, item)) {
                let by = there.to_string().trim().to_owned();
                if !wanted.force {
                    return Err(Trouble::Taken { key: format!("registries.{name}.{PROVIDER}"), by });
                }
                kept.insert(name.clone(), by);
            }
        }
        let wants_all = wanted.everywhere && !asks_loom(&document, &PROVIDERS);
        let text = toml::edited(text, |document| {
            if wants_all && let Some(registry) = toml::table(document, &["registry"]) {
                let list = registry.entry(PROVIDERS[1]).or_insert_with(|| value(Array::from_iter([OWN])));
                list.as_array_mut().iter_mut().for_each(|list| list.push(program.as_str()));
            }
            for name in &registries {
                let is_new = !asks_loom(document, &["registries", name, PROVIDER]);
                if is_new && let Some(table) = toml::table(document, &["registries", name]) {
                    table.insert(PROVIDER, value(Array::from_iter([program.as_str()])));
                }
            }
        })?;
        // Cargo reads some things that are no table or no list.
        let document = toml::parse(&text)?;
        let unset = registries.iter().find(|name| !asks_loom(&document, &["registries", name, PROVIDER]));
        match unset {
            Some(name) => Err(Trouble::Broken(format!("registries.{name}"))),
            None if wanted.everywhere && !asks_loom(&document, &PROVIDERS) => Err(Trouble::Broken(PROVIDERS.join("."))),
            None => Ok(Edit { text, kept }),
        }
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        Ok(toml::edited(text, |document| {
            if let Some(list) = document.get_mut("registry").and_then(|registry| registry.get_mut(PROVIDERS[1])) {
                list.as_array_mut().iter_mut().for_each(|list| list.retain(|name| !name.to_string().contains(PROGRAM)));
            }
            let is_own =
                |item: &Item| item.as_array().is_some_and(|list| list.iter().all(|name| name.as_str() == Some(OWN)));
            if let Some(registry) = document.get_mut("registry").and_then(|item| item.as_table_like_mut()) {
                if registry.get(PROVIDERS[1]).is_some_and(is_own) {
                    registry.remove(PROVIDERS[1]);
                }
                if registry.is_empty() {
                    document.remove("registry");
                }
            }
            for name in names(document) {
                // Somebody's name for loom is theirs.
                if !toml::get(document, &["registries", &name, PROVIDER]).is_some_and(is_ours) {
                    continue;
                }
                let Some(table) = toml::table(document, &["registries", &name]) else { continue };
                match kept.get(&name).and_then(|old| old.parse::<toml_edit::Value>().ok()) {
                    Some(old) => drop(table.insert(PROVIDER, value(old))),
                    None => drop(table.remove(PROVIDER)),
                }
            }
        })?)
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let Ok(document) = toml::parse(text) else { return Vec::new() };
        let list = toml::get(&document, &PROVIDERS).and_then(|item| item.as_array());
        let mut uses: Vec<Uses> = Vec::new();
        for name in list.into_iter().flatten().filter_map(|name| name.as_str()).filter(|name| *name != OWN) {
            uses.push(if is_loom(&document, name) { Uses::Loom(None) } else { Uses::Other(name.to_owned()) });
        }
        if let Some(said) = said_by(&document, FOR_ALL) {
            uses.push(if said.is_loom { Uses::Loom(None) } else { Uses::Other(said.text) });
        }
        for name in names(&document) {
            let variable = said_by(&document, &variable_of(&name));
            match (variable, toml::get(&document, &["registries", &name, PROVIDER])) {
                (Some(said), _) if said.is_loom => uses.push(Uses::Loom(Some(name))),
                (Some(said), _) => uses.push(Uses::Other(said.text)),
                (None, Some(item)) if names_loom(&document, item) => uses.push(Uses::Loom(Some(name))),
                (None, Some(item)) => uses.push(Uses::Other(item.to_string().trim().to_owned())),
                (None, None) => {}
            }
        }
        uses
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let dir = dir(machine);
        // Cargo reads a token in its settings as well, where its own file has none.
        let files = [dir.join("credentials.toml"), dir.join("credentials"), settings(&dir)];
        files.iter().flat_map(|file| clear_in(file)).collect()
    }

    fn means(&self, clear: &Clear, wanted: &Wanted) -> bool {
        let config = settings(clear.file.parent().unwrap_or(Path::new("/")));
        let index = index(&config, &clear.entry);
        let index = index.and_then(|index| ServerUrl::parse(index.trim_start_matches("sparse+")).ok());
        let named = |index: ServerUrl| wanted.servers.iter().any(|server| host(server) == host(&index));
        (wanted.everywhere || index.is_some_and(named)) && is_asked(&config, &clear.entry)
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, client: &Client) -> Result<(), String> {
        let config = settings(clear.file.parent().unwrap_or(Path::new("/")));
        if index(&config, &clear.entry).is_none() {
            return Err(client.locale().render(&msg!("setup-no-index", path = config.display())));
        }
        asked(clear, wanted, json!({ "kind": "login", "token": *clear.secret, "args": [] })).map(drop)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let said = asked(clear, wanted, json!({ "kind": "get", "operation": "read", "args": [] }))?;
        Ok(said["token"] == *clear.secret)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let path = path_of(&clear.entry);
        Ok(toml::edited(text, |document| {
            if let Some(table) = toml::table(document, &path) {
                table.remove("token");
            }
            for depth in (1..=path.len()).rev() {
                let (last, parents) = (path[depth - 1], &path[..depth - 1]);
                let Some(parent) = toml::table(document, parents) else { continue };
                if parent.get(last).and_then(|item| item.as_table_like()).is_some_and(|table| table.is_empty()) {
                    parent.remove(last);
                }
            }
        })?)
    }
}

/// What the helper answers as cargo's provider. The error is its own sentence.
fn asked(clear: &Clear, wanted: &Wanted, mut request: Value) -> Result<Value, String> {
    let program = wanted.helpers.first().ok_or_else(String::new)?;
    let config = settings(clear.file.parent().unwrap_or(Path::new("/")));
    let index = index(&config, &clear.entry).ok_or_else(String::new)?;
    request["v"] = json!(1);
    request["registry"] = json!({ "index-url": index, "name": clear.entry });
    let said = helper::told(program, &["--cargo-plugin"], &[], &Zeroizing::new(format!("{request}\n")))?;
    let said: Value = said.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    match said.get("Ok") {
        Some(said) => Ok(said.clone()),
        None => Err(said["Err"]["message"].as_str().unwrap_or_default().to_owned()),
    }
}

fn dir(machine: &Machine) -> PathBuf {
    machine.named("CARGO_HOME").unwrap_or_else(|| machine.home(".cargo"))
}

/// The name of older cargos goes first where both are there.
fn settings(dir: &Path) -> PathBuf {
    let old = dir.join("config");
    if old.is_file() { old } else { dir.join("config.toml") }
}

/// Where the token of a registry stands; the default one is in a table of its own.
fn path_of(registry: &str) -> Vec<&str> {
    if registry == "crates-io" { vec!["registry"] } else { vec!["registries", registry] }
}

fn names(document: &DocumentMut) -> Vec<String> {
    let registries = document.get("registries").and_then(|item| item.as_table_like());
    registries.map(|all| all.iter().map(|(name, _)| name.to_owned()).collect()).unwrap_or_default()
}

fn asks_loom(document: &DocumentMut, path: &[&str]) -> bool {
    toml::get(document, path).is_some_and(|item| names_loom(document, item))
}

/// Whether a provider, or a list with its arguments or of several, is loom's, perhaps under a name that the file gives
/// it.
fn names_loom(document: &DocumentMut, item: &Item) -> bool {
    texts(item).iter().any(|text| is_loom(document, text))
}

/// The same, by its own name.
fn is_ours(item: &Item) -> bool {
    texts(item).iter().any(|text| text.contains(PROGRAM))
}

/// Whether a provider is loom's, by its own name or by one that the file, or the environment, gives it.
fn is_loom(document: &DocumentMut, text: &str) -> bool {
    let alias = || toml::get(document, &["credential-alias", text]).is_some_and(is_ours);
    let named = || variable(&format!("CARGO_CREDENTIAL_ALIAS_{text}")).is_some_and(|value| value.contains(PROGRAM));
    text.contains(PROGRAM) || alias() || named()
}

fn texts(item: &Item) -> Vec<String> {
    let list = item.as_array().map(|list| list.iter().filter_map(|value| value.as_str()).map(str::to_owned).collect());
    list.unwrap_or_else(|| item.as_str().map(str::to_owned).into_iter().collect())
}

/// What a variable of cargo's says of providers.
struct SaidBy {
    text: String,
    is_loom: bool,
}

/// The variable of the list for all registries.
const FOR_ALL: &str = "CARGO_REGISTRY_GLOBAL_CREDENTIAL_PROVIDERS";

/// The variable of a registry's own provider.
fn variable_of(registry: &str) -> String {
    format!("CARGO_REGISTRIES_{}_CREDENTIAL_PROVIDER", registry.to_uppercase().replace(['-', '.'], "_"))
}

fn said_by(document: &DocumentMut, name: &str) -> Option<SaidBy> {
    let text = variable(name)?;
    let is_loom = text.split_whitespace().any(|word| is_loom(document, word));
    Some(SaidBy { text: format!("{name}={text}"), is_loom })
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Whether cargo asks loom about a registry: by the provider of its own, if it has one, and else by the list for all.
fn is_asked(config: &Path, registry: &str) -> bool {
    let text = helper::text_of(config).unwrap_or_default();
    let Ok(document) = toml::parse(&text) else { return false };
    let own: Vec<&str> = path_of(registry).into_iter().chain([PROVIDER]).collect();
    match (said_by(&document, &variable_of(registry)), toml::get(&document, &own)) {
        (Some(said), _) => said.is_loom,
        (None, Some(own)) => names_loom(&document, own),
        (None, None) => {
            asks_loom(&document, &PROVIDERS) || said_by(&document, FOR_ALL).is_some_and(|said| said.is_loom)
        }
    }
}

/// The index of a registry as cargo names it to a helper, by the user's settings.
fn index(config: &Path, registry: &str) -> Option<String> {
    if registry == "crates-io" {
        return Some(DEFAULT_INDEX.to_owned());
    }
    let document = toml::parse(&helper::text_of(config)?).ok()?;
    Some(toml::get(&document, &["registries", registry, "index"])?.as_str()?.to_owned())
}

/// The registries whose index lies at this server.
fn registries_of(document: &DocumentMut, server: &ServerUrl) -> Vec<String> {
    let lies_there = |name: &String| {
        let index = toml::get(document, &["registries", name, "index"]).and_then(|item| item.as_str());
        let index = index.map(|index| index.trim_start_matches("sparse+").trim_start_matches("git+"));
        index.and_then(|index| ServerUrl::parse(index).ok()).is_some_and(|index| host(&index) == host(server))
    };
    names(document).into_iter().filter(lies_there).collect()
}

fn clear_in(file: &Path) -> Vec<Clear> {
    let Some(text) = helper::text_of(file) else { return Vec::new() };
    let Ok(document) = toml::parse(&text) else { return Vec::new() };
    let all = names(&document).into_iter().chain(["crates-io".to_owned()]);
    let found = |entry: String| {
        let path: Vec<&str> = path_of(&entry).into_iter().chain(["token"]).collect();
        let secret = Zeroizing::new(toml::get(&document, &path)?.as_str()?.to_owned());
        let (literal, file) = (secret.clone(), file.to_owned());
        Some(Clear { file, entry, username: String::new(), secret, literal })
    };
    all.filter_map(found).collect()
}
