//! pnpm: a line for each registry in the user's `.npmrc` names a program by its absolute path, which it starts without
//! arguments: what it is asked for stands in the program's name.
//!
//! npm reads the same file and knows no helper, so a token there is taken out only for the registries that are named.

use std::path::{Path, PathBuf};

use loom_credentials::base::{self, ServerUrl};
use loom_credentials::client::Client;
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted, host};

pub struct Pnpm;

const PROGRAM: &str = "npm-token-loom";
const KEY: &str = ":tokenHelper";
const TOKEN: &str = ":_authToken";

impl Tool for Pnpm {
    fn name(&self) -> &'static str {
        "pnpm"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let named = ["NPM_CONFIG_USERCONFIG", "npm_config_userconfig"].iter().find_map(|name| machine.named(name));
        vec![named.unwrap_or_else(|| machine.home(".npmrc"))]
    }

    fn reach(&self) -> Reach {
        Reach::Named
    }

    fn links(&self, machine: &Machine, wanted: &Wanted) -> Vec<Link> {
        let link = |server: &ServerUrl| {
            let name = format!("{PROGRAM}@{}", host(server));
            Link { name, place: Place::Directory(machine.programs()) }
        };
        wanted.servers.iter().map(link).collect()
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (mut text, mut kept) = (text.to_owned(), Kept::new());
        for (server, program) in wanted.servers.iter().zip(&wanted.helpers) {
            let key = key(server, KEY);
            match lines::get(&text, "", &key) {
                Some(there) if there.contains(PROGRAM) => continue,
                Some(there) if !wanted.force => return Err(Trouble::Taken { key, by: there.to_owned() }),
                Some(there) => drop(kept.insert(key.clone(), there.to_owned())),
                None => {}
            }
            text = lines::set(&text, "", &key, &program.to_string_lossy());
        }
        Ok(Edit { text, kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let mut text = text.to_owned();
        for (key, value) in entries(&text, KEY) {
            match kept.get(&key) {
                _ if !value.contains(PROGRAM) => {}
                Some(old) => text = lines::set(&text, "", &key, old),
                None => text = lines::remove(&text, "", &key),
            }
        }
        Ok(text)
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let told = |(key, value): (String, String)| {
            if value.contains(PROGRAM) { Uses::Loom(Some(registry(&key, KEY))) } else { Uses::Other(value) }
        };
        entries(text, KEY).into_iter().map(told).collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let found = |file: PathBuf| {
            let text = helper::text_of(&file)?;
            // A variable's name is no secret.
            let tokens = entries(&text, TOKEN).into_iter().filter(|(_, value)| !value.starts_with("${"));
            let clear = |(key, value): (String, String)| {
                let (entry, literal) = (registry(&key, TOKEN), Zeroizing::new(value));
                let secret = Zeroizing::new(meant(&literal)?.to_owned());
                Some(Clear { file: file.clone(), entry, username: String::new(), literal, secret })
            };
            Some(tokens.filter_map(clear).collect::<Vec<_>>())
        };
        self.files(machine).into_iter().filter_map(found).flatten().collect()
    }

    fn keep(&self, clear: &Clear, _wanted: &Wanted, client: &Client) -> Result<(), String> {
        let server = ServerUrl::from_user(&clear.entry).map_err(|error| error.to_string())?;
        helper::kept_as_token(client, &server, (base::Tool::Npm, "npm"), &clear.secret)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let server = ServerUrl::from_user(&clear.entry).map_err(|error| error.to_string())?;
        let at = wanted.servers.iter().position(|named| host(named) == host(&server)).ok_or_else(String::new)?;
        let program = wanted.helpers.get(at).ok_or_else(String::new)?;
        let said = helper::told(program, &[], &[], "")?;
        helper::is_same(said.trim().trim_start_matches("Bearer "), clear)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        Ok(lines::remove(text, "", &format!("//{}/{TOKEN}", clear.entry)))
    }
}

/// A setting of one registry, as npm's programs name it.
fn key(server: &ServerUrl, setting: &str) -> String {
    let path = server.path().trim_matches('/');
    let path = if path.is_empty() { String::new() } else { format!("{path}/") };
    format!("//{}/{path}{setting}", host(server))
}

fn registry(key: &str, setting: &str) -> String {
    key.trim_start_matches("//").trim_end_matches(setting).trim_end_matches('/').to_owned()
}

/// What a value says without its quotes or a comment behind it. Nothing where it takes more to read it.
fn meant(value: &str) -> Option<&str> {
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let plain = || value.split([';', '#']).next().map(str::trim_end);
    let meant = quoted('"').or_else(|| quoted('\'')).or_else(plain);
    meant.filter(|meant| !meant.is_empty() && !meant.contains(['\\', '"', '\'']))
}

/// The settings of this name, of all registries.
fn entries(text: &str, setting: &str) -> Vec<(String, String)> {
    let keys = text.lines().filter_map(|line| line.split_once('=')).map(|(key, _)| key.trim());
    let keys = keys.filter(|key| key.starts_with("//") && key.ends_with(setting));
    keys.filter_map(|key| Some((key.to_owned(), lines::get(text, "", key)?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn a_token_is_read_as_npm_reads_it() {
        for text in ["tok-1", "\"tok-1\"", "'tok-1'", "tok-1 ; of May", "tok-1#x"] {
            assert_eq!(meant(text), Some("tok-1"), "{text}");
        }
        for text in ["", "\"\"", "a\\;b", "\"a\\\"b\"", "\"a\" ; b"] {
            assert_eq!(meant(text), None, "{text}");
        }
    }

    #[test]
    fn a_line_for_each_registry_comes_and_goes() {
        let text = "registry=https://npm.example/\n//npm.example/:_authToken=${NPM_TOKEN}\n";
        let text = comes_back(&Pnpm, text, &["npm.example", "https://other.example:8443/npm/"]);
        assert!(text.contains("//npm.example/:tokenHelper=/opt/"), "{text}");
        assert!(text.contains("//other.example:8443/npm/:tokenHelper=/opt/"), "{text}");
    }
}
