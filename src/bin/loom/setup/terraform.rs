//! Terraform and OpenTofu: one block in the user's settings names the helper, which lies in their directory of plugins.
//! What their own file of tokens holds goes before the helper, so that it has to go over to loom.

use std::path::{Path, PathBuf};

use loom_credentials::client::Client;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::json::Document;
use super::lines;
use super::machine::Machine;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};

/// One of the two programs.
pub struct Terraform {
    name: &'static str,
    /// The files of settings, of which the first one that is there counts.
    settings: &'static [&'static str],
}

pub const TERRAFORM: Terraform = Terraform { name: "terraform", settings: &[".terraformrc"] };

/// A new `.tofurc` would hide the other file, which OpenTofu reads as well.
pub const TOFU: Terraform = Terraform { name: "tofu", settings: &[".tofurc", ".terraformrc"] };

const PROGRAM: &str = "terraform-credentials-loom";
const BLOCK: &str = "credentials_helper \"loom\" {\n  args = []\n}";

impl Tool for Terraform {
    fn name(&self) -> &'static str {
        self.name
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let named = machine.named("TF_CLI_CONFIG_FILE").or_else(|| machine.named("TERRAFORM_CONFIG"));
        let own = self.settings.iter().map(|name| machine.home(name));
        let there = own.clone().find(|path| path.is_file());
        named.or(there).or_else(|| own.clone().next()).into_iter().collect()
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: PROGRAM.to_owned(), place: Place::Directory(machine.home(".terraform.d/plugins")) }]
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let mut kept = Kept::new();
        let text = match block(text) {
            Some((_, "loom", _)) => return Ok(Edit { text: text.to_owned(), kept }),
            Some((_, other, _)) if !wanted.force => {
                let (key, by) = ("credentials_helper".to_owned(), format!("terraform-credentials-{other}"));
                return Err(Trouble::Taken { key, by });
            }
            // Of two blocks neither would count.
            Some((start, _, end)) => {
                kept.insert("credentials_helper".to_owned(), text[start..end].to_owned());
                lines::with_paragraph(&format!("{}{}", &text[..start], &text[end..]), BLOCK)
            }
            None => lines::with_paragraph(text, BLOCK),
        };
        Ok(Edit { text, kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let ours = lines::paragraph(text);
        let text = lines::without_paragraph(text);
        let before = kept.get("credentials_helper").filter(|_| ours.is_some() && block(&text).is_none());
        Ok(before.map_or(text.clone(), |block| format!("{text}{block}{}", lines::line_end(&text))))
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let told = |(_, name, _): (usize, &str, usize)| match name {
            "loom" => Uses::Loom(None),
            other => Uses::Other(format!("terraform-credentials-{other}")),
        };
        block(text).map(told).into_iter().collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let file = machine.home(".terraform.d/credentials.tfrc.json");
        let Some(text) = helper::text_of(&file) else { return Vec::new() };
        let Ok(document) = Document::parse(&text) else { return Vec::new() };
        let found = |entry: String| {
            let secret = document.get(&["credentials", &entry, "token"]).and_then(Value::as_str)?;
            let secret = Zeroizing::new(secret.to_owned());
            Some(Clear { file: file.clone(), entry, username: String::new(), literal: secret.clone(), secret })
        };
        document.names(&["credentials"]).into_iter().filter_map(found).collect()
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, _client: &Client) -> Result<(), String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        let token = Zeroizing::new(json!({ "token": *clear.secret }).to_string());
        helper::told(program, &["store", &clear.entry], &[], &token).map(drop)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        let said = helper::told(program, &["get", &clear.entry], &[], "")?;
        let said: Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
        helper::is_same(said["token"].as_str().unwrap_or_default(), clear)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let mut document = Document::parse(text)?;
        document.remove(&["credentials", &clear.entry])?;
        Ok(document.text().to_owned())
    }
}

/// The block that names a helper: where it begins, whom it names, where it ends. Comments and texts hold none.
fn block(text: &str) -> Option<(usize, &str, usize)> {
    let mut at = 0;
    let start = text.split_inclusive('\n').find_map(|line| {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        line.trim_start().starts_with("credentials_helper").then_some(start)
    })?;
    let name = text[start..].split('"').nth(1)?;
    let end = text[start..].find('}').map(|end| start + end + 1)?;
    Some((start, name, end))
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn a_block_is_found_and_no_comment() {
        let text = "# credentials_helper \"no\" {}\n  credentials_helper \"x\" {\n  args = []\n}\n";
        assert_eq!(block(text), Some((31, "x", text.len() - 1)));
    }

    #[test]
    fn the_block_comes_and_goes() {
        for text in ["", "# mine\nplugin_cache_dir = \"/a\"\n", "a = 1\r\n"] {
            let text = comes_back(&TERRAFORM, text, &[]);
            assert_eq!(TERRAFORM.uses(Path::new("/"), &text), [Uses::Loom(None)]);
        }
    }

    #[test]
    fn another_block_stays_or_makes_room() {
        let text = "credentials_helper \"x\" {\n  args = []\n}\n";
        assert!(set_up(&TERRAFORM, text, &[], false).is_none());
        let text = comes_back(&TERRAFORM, text, &[]);
        assert_eq!(text.matches("credentials_helper").count(), 1);
    }
}
