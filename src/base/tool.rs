use serde::{Deserialize, Serialize};

/// A tool whose helper loom is, beside git: it brings credentials to keep, and is told which it brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
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
    /// One that this version does not know: a newer one wrote it.
    #[serde(other)]
    Other,
}

impl Tool {
    /// The tool's word, as messages and records have it.
    pub fn name(self) -> &'static str {
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
            Tool::Other => "other",
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

    /// The tool of this word; [`Tool::Other`] if it is not known.
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
        KNOWN.into_iter().find(|tool| tool.name() == name).unwrap_or(Tool::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_newer_version_is_some_tool_and_no_error() {
        let read = |text: &str| serde_json::from_str::<Tool>(text).unwrap();
        assert_eq!(read("\"later\""), Tool::Other);
        for name in ["docker", "cargo", "keyring", "terraform", "vault", "bazel", "npm", "kube", "go", "aws", "other"] {
            assert_eq!(read(&format!("{name:?}")).name(), name);
            assert_eq!(Tool::from_name(name).name(), name);
        }
    }
}
