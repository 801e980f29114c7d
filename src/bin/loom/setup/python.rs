//! pip and uv: both start the first program called `keyring` in PATH once a setting says so. Loom's has a directory of
//! its own, which a person puts into PATH, so that it never takes the place of another keyring by accident.

use std::path::{Path, PathBuf};

use loom_credentials::client::Client;
use percent_encoding::percent_decode_str;
use toml_edit::value;
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::toml;
use super::tool::{Clear, Edit, Link, Place, Reach, Tool, Trouble, Uses, Wanted};

pub struct Pip;
pub struct Uv;

const KEY: &str = "keyring-provider";
const PROVIDER: &str = "subprocess";

fn keyring(machine: &Machine) -> Vec<Link> {
    vec![Link { name: "keyring".to_owned(), place: Place::OwnPath(machine.programs()) }]
}

fn told(there: Option<&str>) -> Vec<Uses> {
    match there {
        Some(PROVIDER) => vec![Uses::Loom(None)],
        // What is used where nothing is said, or by pip itself.
        Some("auto" | "disabled" | "") | None => Vec::new(),
        Some(other) => vec![Uses::Other(format!("{KEY} {other}"))],
    }
}

/// What may be replaced: nothing, and what says that nobody is asked.
fn check(there: Option<&str>, force: bool, kept: &mut Kept) -> Result<(), Trouble> {
    match there {
        Some(PROVIDER) | None => return Ok(()),
        Some(other) if !force && !matches!(other, "auto" | "disabled") => {
            return Err(Trouble::Taken { key: KEY.to_owned(), by: other.to_owned() });
        }
        Some(other) => kept.insert(KEY.to_owned(), other.to_owned()),
    };
    Ok(())
}

impl Tool for Pip {
    fn name(&self) -> &'static str {
        "pip"
    }

    fn programs(&self) -> Vec<&'static str> {
        vec!["pip", "pip3"]
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let own = machine.config("pip/pip.conf");
        let old = Some(machine.home(".pip/pip.conf")).filter(|old| old.is_file() && !own.is_file());
        vec![machine.named("PIP_CONFIG_FILE").or(old).unwrap_or(own)]
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        keyring(machine)
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (text, mut kept) = (&with_equals_sign(text), Kept::new());
        check(lines::get(text, "global", KEY), wanted.force, &mut kept)?;
        Ok(Edit { text: lines::set(text, "global", KEY, PROVIDER), kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        Ok(match (lines::get(text, "global", KEY), kept.get(KEY)) {
            (Some(PROVIDER), Some(old)) => lines::set(text, "global", KEY, old),
            (Some(PROVIDER), None) => lines::remove(text, "global", KEY),
            _ => text.to_owned(),
        })
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        told(lines::get(text, "global", KEY))
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let found = |file: PathBuf| {
            let text = helper::text_of(&file)?;
            let urls = text.lines().flat_map(str::split_whitespace).filter_map(password_in);
            let clear = |(entry, username, secret): (String, &str, &str)| {
                let (username, literal) = (username.to_owned(), Zeroizing::new(secret.to_owned()));
                let secret = percent_decode_str(secret).decode_utf8().ok()?.into_owned();
                Some(Clear { file: file.clone(), entry, username, secret: Zeroizing::new(secret), literal })
            };
            Some(urls.filter_map(clear).collect::<Vec<_>>())
        };
        self.files(machine).into_iter().filter_map(found).flatten().collect()
    }

    fn keep(&self, clear: &Clear, wanted: &Wanted, _client: &Client) -> Result<(), String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        helper::told(program, &["set", &clear.entry, &clear.username], &[], &clear.secret).map(drop)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let program = wanted.helpers.first().ok_or_else(String::new)?;
        let said = helper::told(program, &["get", &clear.entry, &clear.username], &[], "")?;
        helper::is_same(said.trim_end_matches(['\r', '\n']), clear)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        // The user stays: pip asks for whom it is then.
        let (user, literal) = (&clear.username, &*clear.literal);
        Ok(text.replace(&format!("://{user}:{literal}@"), &format!("://{user}@")))
    }
}

/// Pip reads `key: value` as well, and nothing at all of a file in which a key stands twice.
fn with_equals_sign(text: &str) -> String {
    let written = |line: &str| match line.split_once(':') {
        Some((key, value)) if key.trim() == KEY => format!("{KEY} = {}", value.trim_start_matches([' ', '\t'])),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(written).collect()
}

/// The URL without user and password, the user, and the password, as they stand there.
fn password_in(word: &str) -> Option<(String, &str, &str)> {
    let (scheme, rest) = word.split_once("://")?;
    let scheme = scheme.rsplit('=').next().unwrap_or(scheme);
    let end = rest.find('/').unwrap_or(rest.len());
    let (user, host) = rest[..end].rsplit_once('@')?;
    let (user, password) = user.split_once(':')?;
    // A variable's name is no secret.
    let is_secret = !password.is_empty() && !password.starts_with("${");
    is_secret.then(|| (format!("{scheme}://{host}{}", &rest[end..]), user, password))
}

impl Tool for Uv {
    fn name(&self) -> &'static str {
        "uv"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![machine.named("UV_CONFIG_FILE").unwrap_or_else(|| machine.config("uv/uv.toml"))]
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn links(&self, machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        keyring(machine)
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let (document, mut kept) = (toml::parse(text)?, Kept::new());
        let there = document.get(KEY).and_then(|item| item.as_str());
        check(there, wanted.force, &mut kept)?;
        if there == Some(PROVIDER) {
            return Ok(Edit { text: text.to_owned(), kept });
        }
        Ok(Edit { text: toml::edited(text, |document| document[KEY] = value(PROVIDER))?, kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        if toml::parse(text)?.get(KEY).and_then(|item| item.as_str()) != Some(PROVIDER) {
            return Ok(text.to_owned());
        }
        Ok(toml::edited(text, |document| match kept.get(KEY) {
            Some(old) => document[KEY] = value(old),
            None => drop(document.remove(KEY)),
        })?)
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let document = toml::parse(text).ok();
        told(document.as_ref().and_then(|document| document.get(KEY)).and_then(|item| item.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::tool::tests::*;
    use super::*;

    #[test]
    fn pips_line_comes_and_goes() {
        for text in
            ["", "[install]\nno-deps = yes\n", "[global]\r\nindex-url = x\r\n", "[global]\nkeyring-provider = import\n"]
        {
            comes_back(&Pip, text, &[]);
        }
        assert!(set_up(&Pip, "[global]\nkeyring-provider = import\n", &[], false).is_none());
    }

    #[test]
    fn uvs_line_comes_and_goes() {
        for text in ["", "# mine\nnative-tls = true\n\n[[index]]\nurl = \"x\"\n", "keyring-provider = \"disabled\"\n"] {
            let text = comes_back(&Uv, text, &[]);
            assert_eq!(Uv.uses(Path::new("/"), &text), [Uses::Loom(None)]);
        }
    }
}
