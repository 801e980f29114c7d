//! AWS: a line in a profile of the user's settings, that of `AWS_PROFILE` or the default one. Keys in the file of
//! credentials go before that line in silence, so that they have to go over to loom.

use std::path::{Path, PathBuf};

use loom_credentials::base::{self, ServerUrl};
use loom_credentials::client::Client;
use serde_json::Value;
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Clear, Edit, Reach, Tool, Trouble, Uses, Wanted};

pub struct Aws;

const KEY: &str = "credential_process";
const ID: &str = "aws_access_key_id";
const SECRET: &str = "aws_secret_access_key";

/// A key that has this beside it ends soon, and whoever made it makes the next one.
const SESSION: &str = "aws_session_token";

impl Tool for Aws {
    fn name(&self) -> &'static str {
        "aws"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![machine.named("AWS_CONFIG_FILE").unwrap_or_else(|| machine.home(".aws/config"))]
    }

    fn reach(&self) -> Reach {
        Reach::Named
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (section, mut kept) = (section(&profile()), Kept::new());
        let Some(server) = wanted.servers.last() else { return Ok(Edit { text: text.to_owned(), kept }) };
        let ours = command(&wanted.loom, server);
        match lines::get(text, &section, KEY) {
            Some(there) if is_loom(there) => {}
            Some(there) if !wanted.force => return Err(Trouble::Taken { key: KEY.to_owned(), by: there.to_owned() }),
            Some(there) => drop(kept.insert(section.clone(), there.to_owned())),
            None => {}
        }
        Ok(Edit { text: lines::set(text, &section, KEY, &ours), kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let section = section(&profile());
        Ok(match (lines::get(text, &section, KEY), kept.get(&section)) {
            (Some(there), Some(old)) if is_loom(there) => lines::set(text, &section, KEY, old),
            (Some(there), None) if is_loom(there) => lines::remove(text, &section, KEY),
            _ => text.to_owned(),
        })
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let told = |(section, there): (&str, &str)| {
            if is_loom(there) { Uses::Loom(Some(profile_of(section))) } else { Uses::Other(there.to_owned()) }
        };
        lines::all(text, KEY).into_iter().map(told).collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let own = machine.named("AWS_SHARED_CREDENTIALS_FILE").unwrap_or_else(|| machine.home(".aws/credentials"));
        let files = [vec![own], self.files(machine)].concat();
        let found = |file: &PathBuf| {
            let text = helper::text_of(file)?;
            let clear = |(section, secret): (&str, &str)| {
                let secret = Zeroizing::new(secret.to_owned());
                let username = lines::get(&text, section, ID).unwrap_or_default().to_owned();
                Clear { file: file.clone(), entry: profile_of(section), username, literal: secret.clone(), secret }
            };
            Some(lines::all(&text, SECRET).into_iter().map(clear).collect::<Vec<_>>())
        };
        files.iter().filter_map(found).flatten().collect()
    }

    fn means(&self, clear: &Clear, _wanted: &Wanted) -> bool {
        let text = helper::text_of(&clear.file).unwrap_or_default();
        clear.entry == profile() && lines::get(&text, &section_in(&text, &clear.entry), SESSION).is_none()
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, client: &Client) -> Result<(), String> {
        let server = wanted.servers.last().ok_or_else(String::new)?;
        helper::kept_as_password(client, server, (base::Tool::Aws, &clear.username), &clear.secret)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let server = wanted.servers.last().ok_or_else(String::new)?;
        let said = helper::told(&wanted.loom, &["aws", "--server", &server.to_string()], &[], "")?;
        let said: Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
        Ok(said["SecretAccessKey"] == *clear.secret && said["AccessKeyId"] == clear.username)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let section = section_in(text, &clear.entry);
        Ok(lines::remove(&lines::remove(text, &section, SECRET), &section, ID))
    }
}

/// What the one line of a profile runs: the last server that was named holds the key.
fn command(loom: &Path, server: &ServerUrl) -> String {
    format!("{} aws --server {server}", helper::word(loom))
}

fn profile() -> String {
    let named = std::env::var("AWS_PROFILE").ok();
    let is_plain = |name: &String| !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "-_.".contains(c));
    named.filter(is_plain).unwrap_or_else(|| "default".to_owned())
}

/// How a profile is called in the file of settings.
fn section(profile: &str) -> String {
    if profile == "default" { profile.to_owned() } else { format!("profile {profile}") }
}

/// How it is called in this file: in that of credentials it has its bare name.
fn section_in(text: &str, profile: &str) -> String {
    let is_there = lines::all(text, SECRET).iter().any(|(section, _)| *section == profile);
    if is_there { profile.to_owned() } else { section(profile) }
}

fn profile_of(section: &str) -> String {
    section.strip_prefix("profile ").unwrap_or(section).to_owned()
}

fn is_loom(there: &str) -> bool {
    there.contains("loom") && there.contains(" aws --server ")
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn one_line_of_a_profile_comes_and_goes() {
        for text in
            ["", "[default]\nregion = x\n[profile a]\nregion = y\n", "[default]\ncredential_process = other x\n"]
        {
            comes_back(&Aws, text, &["sts.example"]);
        }
    }
}
