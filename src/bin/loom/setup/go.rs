//! Go: `GOAUTH` in its file of variables is a list of commands, of which the first one goes first. What stands there
//! goes on being asked; where nothing does, that is `netrc`.

use std::path::{Path, PathBuf};

use super::helper;
use super::hunks::Kept;
use super::lines;
use super::machine::Machine;
use super::tool::{Edit, Reach, Tool, Trouble, Uses, Wanted};

pub struct Go;

const KEY: &str = "GOAUTH";

/// What go asks where nothing is said.
const OWN: &str = "netrc";

impl Tool for Go {
    fn name(&self) -> &'static str {
        "go"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        vec![machine.named("GOENV").unwrap_or_else(|| machine.system_config("go/env"))]
    }

    fn reach(&self) -> Reach {
        Reach::Any
    }

    fn with(&self, _file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let there = lines::get(text, "", KEY).unwrap_or(OWN);
        // Whoever turned it off meant it.
        if there.split(';').any(|entry| entry.trim() == "off") && !wanted.force {
            return Err(Trouble::Taken { key: KEY.to_owned(), by: there.to_owned() });
        }
        let loom = helper::word(&wanted.loom);
        let servers: String = wanted.servers.iter().map(|server| format!(" --server {server}")).collect();
        let ours = format!("{loom} goauth{servers}");
        let others = others(there);
        let list: Vec<&str> = [ours.as_str(), &others].into_iter().filter(|entry| !entry.is_empty()).collect();
        let kept = Kept::from([(KEY.to_owned(), lines::get(text, "", KEY).unwrap_or_default().to_owned())]);
        Ok(Edit { text: lines::set(text, "", KEY, &list.join("; ")), kept })
    }

    fn without(&self, _file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let Some(there) = lines::get(text, "", KEY).filter(|there| there.split(';').any(|entry| is_loom(entry.trim())))
        else {
            return Ok(text.to_owned());
        };
        let left = others(there);
        // Nobody changed the rest since; what stood there may have said `off`, too.
        let kept =
            kept.get(KEY).filter(|kept| others(kept) == left && !kept.split(';').any(|entry| is_loom(entry.trim())));
        Ok(match (kept.map_or("", String::as_str), left.as_str()) {
            ("", "" | OWN) => lines::remove(text, "", KEY),
            ("", left) => lines::set(text, "", KEY, left),
            (kept, _) => lines::set(text, "", KEY, kept),
        })
    }

    fn uses(&self, _file: &Path, text: &str) -> Vec<Uses> {
        let list = lines::get(text, "", KEY).unwrap_or_default().split(';').map(str::trim);
        let told = |entry: &str| if is_loom(entry) { Uses::Loom(None) } else { Uses::Other(entry.to_owned()) };
        list.filter(|entry| !entry.is_empty() && *entry != OWN).map(told).collect()
    }
}

/// A list without loom, and without what turns all of it off.
fn others(list: &str) -> String {
    let others = list.split(';').map(str::trim).filter(|entry| !is_loom(entry) && *entry != "off" && !entry.is_empty());
    others.collect::<Vec<_>>().join("; ")
}

fn is_loom(entry: &str) -> bool {
    let (program, rest) = match entry.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        Some(split) => split,
        None => entry.split_once(' ').unwrap_or((entry, "")),
    };
    let name = Path::new(program).file_stem().is_some_and(|name| name == "loom");
    name && rest.split_whitespace().next() == Some("goauth")
}

#[cfg(test)]
mod tests {
    use super::is_loom;

    #[test]
    fn loom_is_known_among_the_commands() {
        for ours in ["loom goauth", "/opt/a/loom goauth --server https://a.example", "\"/home/a b/loom\" goauth"] {
            assert!(is_loom(ours), "{ours}");
        }
        for other in ["netrc", "git /home/a", "loom token", "bloom goauth"] {
            assert!(!is_loom(other), "{other}");
        }
    }
}
