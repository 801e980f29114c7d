use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A tool whose helper loom is, beside git: it brings credentials to keep, and is told which it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tool {
    /// docker, and whatever else starts its helpers: podman, skopeo, buildah.
    Docker,
    /// Cargo.
    Cargo,
    /// Whatever asks the Python package keyring: pip, uv, twine, poetry.
    Keyring,
    /// Terraform and `OpenTofu`.
    Terraform,
    /// Vault and `OpenBao`.
    Vault,
    /// Bazel.
    Bazel,
    /// npm and pnpm.
    Npm,
    /// kubectl and other clients of Kubernetes.
    Kube,
    /// Go.
    Go,
    /// What reads the AWS configuration.
    Aws,
    /// One that this version does not know: a newer one wrote it. Each is another tool than every other one.
    Other(UnknownTool),
}

/// The word of a tool that this version does not know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UnknownTool {
    word: [u8; UnknownTool::MOST],
    length: u8,
}

impl UnknownTool {
    /// How long a word may be, in bytes.
    const MOST: usize = 31;

    /// What is longer, or no word, is some tool all the same; no program calls itself that.
    const NAMELESS: &'static str = "?";

    fn new(name: &str) -> UnknownTool {
        let is_word = |name: &str| name.len() <= Self::MOST && name.bytes().all(|byte| byte.is_ascii_graphic());
        let name = if is_word(name) { name } else { Self::NAMELESS };
        let (mut word, mut length) = ([0; Self::MOST], 0);
        for (to, from) in word.iter_mut().zip(name.bytes()) {
            (*to, length) = (from, length + 1);
        }
        UnknownTool { word, length }
    }

    fn as_str(&self) -> &str {
        self.word.get(..self.length.into()).and_then(|word| std::str::from_utf8(word).ok()).unwrap_or(Self::NAMELESS)
    }
}

impl fmt::Debug for UnknownTool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Tool {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Tool {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(Tool::from_name(&String::deserialize(from)?))
    }
}

impl Tool {
    /// The tool's word, as messages and records have it.
    pub fn name(&self) -> &str {
        match self {
            Tool::Docker => "docker",
            Tool::Cargo => "cargo",
            Tool::Keyring => "keyring",
            Tool::Terraform => "terraform",
            Tool::Vault => "vault",
            Tool::Bazel => "bazel",
            Tool::Npm => "npm",
            Tool::Kube => "kube",
            Tool::Go => "go",
            Tool::Aws => "aws",
            Tool::Other(unknown) => unknown.as_str(),
        }
    }

    /// The name of the account for what this tool brings of a user. Each tool has accounts of its own: what a registry
    /// takes of somebody, git's server may refuse, and neither shall take the other's place.
    pub fn account_of(self, user: &str) -> String {
        format!("{}:{user}", self.name())
    }

    /// The user of such an account.
    pub fn user_of(self, account: &str) -> &str {
        account.strip_prefix(self.name()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(account)
    }

    /// Whether what it brings is for exactly the URL that it names. An index of cargo's lies on a git host as often as
    /// not, and its token is another server's.
    pub fn brings_for_one_url(self) -> bool {
        self == Tool::Cargo
    }

    /// The tool of this word, which may be one that is not known here.
    pub fn from_name(name: &str) -> Tool {
        const KNOWN: [Tool; 10] = [
            Tool::Docker,
            Tool::Cargo,
            Tool::Keyring,
            Tool::Terraform,
            Tool::Vault,
            Tool::Bazel,
            Tool::Npm,
            Tool::Kube,
            Tool::Go,
            Tool::Aws,
        ];
        KNOWN.into_iter().find(|tool| tool.name() == name).unwrap_or_else(|| Tool::Other(UnknownTool::new(name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Tool {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_tools_word_is_read_as_it_is_written() {
        for name in ["docker", "cargo", "keyring", "terraform", "vault", "bazel", "npm", "kube", "go", "aws", "later"] {
            assert_eq!(read(&format!("{name:?}")).name(), name);
            assert_eq!(serde_json::to_string(&Tool::from_name(name)).unwrap(), format!("{name:?}"));
        }
    }

    #[test]
    fn two_tools_of_a_newer_version_are_not_one() {
        assert_ne!(read("\"later\""), read("\"latest\""));
        assert_eq!(read("\"later\""), read("\"later\""));
    }

    #[test]
    fn what_is_no_word_is_some_tool_and_no_error() {
        for text in ["\"\"", "\"a b\"", "\"a\\nb\""] {
            assert!(matches!(read(text), Tool::Other(_)), "{text}");
        }
        assert_eq!(Tool::from_name(&"x".repeat(32)).name(), "?");
    }
}
