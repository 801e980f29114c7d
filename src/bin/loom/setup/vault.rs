//! Vault and OpenBao: one line names the helper by its absolute path. Each of the two has a file of its own.
//!
//! The file that they keep a token in by themselves does not say for which address it is: that is the one of the
//! environment at the time, so that only where it is set the token goes over.

use std::path::{Path, PathBuf};

use loom_credentials::client::Client;
use loom_credentials::msg;
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};

pub struct Vault;

const KEY: &str = "token_helper";
const PROGRAM: &str = "vault-token-loom";

impl Tool for Vault {
    fn name(&self) -> &'static str {
        "vault"
    }

    fn programs(&self) -> Vec<&'static str> {
        vec!["vault", "bao"]
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let of = |variable: &str, own: &str| machine.named(variable).unwrap_or_else(|| machine.home(own));
        let (vault, bao) = (of("VAULT_CONFIG_PATH", ".vault"), of("BAO_CONFIG_PATH", ".bao"));
        let is_used = |program: &str, file: &PathBuf| machine.program(program).is_some() || file.is_file();
        let bao = Some(bao).filter(|file| is_used("bao", file));
        let vault = Some(vault).filter(|file| bao.is_none() || is_used("vault", file));
        vault.into_iter().chain(bao).collect()
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        vec![Link { name: PROGRAM.to_owned(), place: Place::Path }]
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let mut kept = Kept::new();
        match lines::get(text, "", KEY) {
            Some(there) if is_loom(there) => return Ok(Edit { text: text.to_owned(), kept }),
            Some(there) if !wanted.force => {
                return Err(Trouble::Taken { key: KEY.to_owned(), by: there.to_owned() });
            }
            Some(there) => drop(kept.insert(KEY.to_owned(), there.to_owned())),
            None => {}
        }
        let program = wanted.helpers.first().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        // As JSON quotes a text, HCL does.
        let program = serde_json::Value::from(program).to_string();
        Ok(Edit { text: spaced(lines::set(text, "", KEY, &program)), kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        Ok(match (lines::get(text, "", KEY), kept.get(KEY)) {
            (Some(there), Some(old)) if is_loom(there) => lines::set(text, "", KEY, old),
            (Some(there), None) if is_loom(there) => lines::remove(text, "", KEY),
            _ => text.to_owned(),
        })
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let told = |there: &str| if is_loom(there) { Uses::Loom(None) } else { Uses::Other(there.to_owned()) };
        lines::get(text, "", KEY).map(told).into_iter().collect()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let file = machine.home(".vault-token");
        let text = helper::text_of(&file).filter(|text| !text.trim().is_empty());
        let found = |text: Zeroizing<String>| {
            let secret = Zeroizing::new(text.trim().to_owned());
            let entry = address().map_or_else(|| "VAULT_ADDR".to_owned(), |(_, address)| address);
            Clear { file, entry, username: String::new(), literal: secret.clone(), secret }
        };
        text.map(found).into_iter().collect()
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, client: &Client) -> Result<(), String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        let (variable, address) = address().ok_or_else(|| client.locale().render(&msg!("setup-no-address")))?;
        helper::told(program, &["store"], &[(variable, &address)], &clear.secret).map(drop)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        let (variable, address) = address().ok_or_else(String::new)?;
        let said = helper::told(program, &["get"], &[(variable, &address)], "")?;
        helper::is_same(said.trim(), clear)
    }

    fn cleared(&self, _clear: &Clear, _text: &str) -> Result<String, Trouble> {
        Ok(String::new())
    }
}

fn address() -> Option<(&'static str, String)> {
    let set = |variable| Some((variable, std::env::var(variable).ok().filter(|value| !value.is_empty())?));
    set("VAULT_ADDR").or_else(|| set("BAO_ADDR"))
}

fn is_loom(there: &str) -> bool {
    there.contains(PROGRAM)
}

/// With spaces around the sign, as its manual has it.
fn spaced(text: String) -> String {
    let bare = format!("{KEY}=");
    if text.contains(&bare) { text.replacen(&bare, &format!("{KEY} = "), 1) } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn the_line_comes_and_goes() {
        comes_back(&Vault, "", &[]);
        comes_back(&Vault, "token_helper = \"/opt/other\"\n", &[]);
        assert!(set_up(&Vault, "token_helper = \"/opt/other\"\n", &[], false).is_none());
    }
}
