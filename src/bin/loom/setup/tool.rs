//! What a tool has to say about its own configuration, and the table of all tools. A tool decides nothing: it reads and
//! writes a text, names the programs and the secrets that lie about.

use std::path::{Path, PathBuf};

use loom_credentials::base::ServerUrl;
use loom_credentials::client::Client;
use loom_credentials::wire::{Fault, reason};
use zeroize::Zeroizing;

use super::hunks::Kept;
use super::machine::Machine;
use super::{aws, bazel, cargo, docker, go, keyring, kubectl, pnpm, podman, python, terraform, vault};
use crate::Context;

/// Every tool, the most asked for first.
pub const TOOLS: [&dyn Tool; 14] = [
    &docker::Docker,
    &podman::Podman,
    &cargo::Cargo,
    &kubectl::Kubectl,
    &terraform::TERRAFORM,
    &terraform::TOFU,
    &bazel::Bazel,
    &go::Go,
    &python::Pip,
    &python::Uv,
    &keyring::Keyring,
    &pnpm::Pnpm,
    &vault::Vault,
    &aws::Aws,
];

/// Another program that loom can be the credential helper of.
pub trait Tool: Sync {
    fn name(&self) -> &'static str;

    /// The programs of which one has to be there for the tool to be.
    fn programs(&self) -> Vec<&'static str> {
        vec![self.name()]
    }

    /// The files that make it ask loom.
    fn files(&self, machine: &Machine) -> Vec<PathBuf>;

    /// Which servers it can be told to ask loom about.
    fn reach(&self) -> Reach;

    /// Whether it is told to ask loom about every server that loom has something for, where none is named.
    fn takes_known_servers(&self) -> bool {
        false
    }

    /// The names under which the tool starts loom's helper; none for a tool that starts `loom` itself.
    fn links(&self, _machine: &Machine, _wanted: &Wanted) -> Vec<Link> {
        Vec::new()
    }

    /// The text of a file that makes the tool ask loom, of one that does not yet.
    fn with(&self, file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble>;

    /// Files of loom's own that the tool reads, with their texts. They are there before the tool asks loom.
    fn beside(&self, _machine: &Machine) -> Vec<(PathBuf, String)> {
        Vec::new()
    }

    /// Has loom keep what the helpers have that give way, before they do. The error says what loom does not say again.
    fn copy_before(&self, _text: &str, _wanted: &Wanted, _machine: &Machine, _context: &Context) -> Result<(), Fault> {
        Ok(())
    }

    /// The text without what loom wrote, and with what it replaced.
    fn without(&self, file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble>;

    /// Loom's words in a file, where the tool writes every line of it anew: then no other line of it is shown, and none
    /// is remembered.
    fn blocks(&self, _kept: &Kept) -> Option<Vec<String>> {
        None
    }

    /// Whom a file makes the tool ask.
    fn uses(&self, file: &Path, text: &str) -> Vec<Uses>;

    /// The secrets that stand in clear text where the tool keeps them.
    fn clear(&self, _machine: &Machine) -> Vec<Clear> {
        Vec::new()
    }

    /// Whether a secret is for a server that the tool asks loom about.
    fn means(&self, clear: &Clear, wanted: &Wanted) -> bool {
        let of = ServerUrl::from_user(&clear.entry).map(|server| host(&server));
        wanted.everywhere || wanted.servers.iter().any(|server| of.as_ref() == Ok(&host(server)))
    }

    /// Brings a secret into loom. The error says why it is not there.
    fn keep(&self, _clear: &Clear, _wanted: &Wanted, _client: &Client) -> Result<(), String> {
        Err(String::new())
    }

    /// Whether loom says this secret where the tool will ask for it, and not another one. It is an error, in the
    /// helper's words, if it says none.
    fn is_said(&self, _clear: &Clear, _wanted: &Wanted) -> Result<bool, String> {
        Err(String::new())
    }

    /// The text of a file without a secret, as the tool wants to find it.
    fn cleared(&self, _clear: &Clear, text: &str) -> Result<String, Trouble> {
        Ok(text.to_owned())
    }
}

/// Which servers a tool can be told to ask a helper about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// All, or single ones.
    Any,
    /// All of them only.
    All,
    /// Single ones only.
    Named,
}

/// What the tool is to do.
pub struct Wanted {
    /// Whether it is to ask loom about every server.
    pub everywhere: bool,
    /// The servers besides.
    pub servers: Vec<ServerUrl>,
    /// Whether another helper gives way.
    pub force: bool,
    /// The helper, under the names of [`Tool::links`], in their order.
    pub helpers: Vec<PathBuf>,
    /// `loom` itself.
    pub loom: PathBuf,
}

/// A name that the helper is to be started under.
pub struct Link {
    pub name: String,
    pub place: Place,
}

/// Where the tool looks for the helper.
pub enum Place {
    /// In PATH.
    Path,
    /// In PATH, of which a directory of loom's own has to be a part: the name is one that others use, too.
    OwnPath(PathBuf),
    /// In this directory, or wherever its settings say.
    Directory(PathBuf),
}

/// A text that was changed.
pub struct Edit {
    pub text: String,
    pub kept: Kept,
}

/// Why a text was not changed.
pub enum Trouble {
    /// It is not what the tool reads.
    Broken(String),
    /// Another helper stands there, and nobody said that it gives way.
    Taken { key: String, by: String },
    /// Something else.
    Other(Fault),
}

/// Whom a tool asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Uses {
    /// Loom, about this server or about all.
    Loom(Option<String>),
    /// Another helper.
    Other(String),
}

/// A secret in clear text.
pub struct Clear {
    pub file: PathBuf,
    /// For which server or account, in the tool's words.
    pub entry: String,
    /// The user it is for, where that stands beside it.
    pub username: String,
    pub secret: Zeroizing<String>,
    /// What stands in the file of it.
    pub literal: Zeroizing<String>,
}

impl Clear {
    /// Whether it is the same secret at the same place.
    pub fn is_same(&self, other: &Clear) -> bool {
        (&self.file, &self.entry, &self.literal) == (&other.file, &other.entry, &other.literal)
    }
}

/// A server in the words of tools that know no scheme.
pub fn host(server: &ServerUrl) -> String {
    let text = server.origin().to_string();
    text.split_once("://").map_or(text.as_str(), |(_, host)| host).trim_end_matches('/').to_owned()
}

impl Trouble {
    pub fn into_fault(self, file: &Path) -> Fault {
        let path = file.to_owned();
        match self {
            Trouble::Broken(error) => reason::Setup::Broken { path, error }.into(),
            Trouble::Taken { key, by } => reason::Setup::OtherHelper { path, key, helper: by }.into(),
            Trouble::Other(fault) => fault,
        }
    }
}

impl From<String> for Trouble {
    fn from(error: String) -> Trouble {
        Trouble::Broken(error)
    }
}

impl From<Fault> for Trouble {
    fn from(fault: Fault) -> Trouble {
        Trouble::Other(fault)
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// The text of a file in which this tool asks loom.
    pub fn set_up(tool: &dyn Tool, text: &str, servers: &[&str], force: bool) -> Option<Edit> {
        let servers: Vec<ServerUrl> = servers.iter().map(|server| ServerUrl::from_user(server).unwrap()).collect();
        // Every name of the helper in one, as each tool looks for its own.
        let names = "vault-token-loom,npm-token-loom,bazel-credential-loom";
        let helpers = vec![PathBuf::from(format!("/opt/a b/{names}")); servers.len().max(1)];
        let everywhere = servers.is_empty();
        let wanted = Wanted { everywhere, servers, force, helpers, loom: PathBuf::from("/opt/a b/loom") };
        tool.with(Path::new("/home/a/file"), text, &wanted).ok()
    }

    /// Asserts that what stood there is there again, also if the rest of the file was changed meanwhile.
    pub fn comes_back(tool: &dyn Tool, text: &str, servers: &[&str]) -> String {
        let edit = set_up(tool, text, servers, true).unwrap();
        assert_ne!(edit.text, text);
        let without = tool.without(Path::new("/home/a/file"), &edit.text, &edit.kept).unwrap_or_default();
        assert_eq!(without.trim(), text.trim(), "after {:?}", edit.text);
        edit.text
    }
}
