//! Floor 3: the helper protocols of other tools than git, as parsing and printing of bytes: no streams, no agent, no
//! decision. One file per dialect, and a table of the names that the small program is started under.
//!
//! Every dialect becomes the questions that git asks too: `get`, `store`, `erase`. What a tool learns where there is
//! nothing for it follows its own convention: a person's public downloads go on, whatever loom holds.

mod authorization;
mod aws;
mod bazel;
mod cargo;
mod cargo_words;
mod dialect;
mod docker;
mod exchange;
mod goauth;
mod keyring;
mod kube;
mod names;
mod netrc;
mod npm;
mod registry;
mod terraform;
mod text;
mod url;
mod vault;

pub use authorization::authorization;
pub use aws::AwsKey;
pub use dialect::{Dialect, Input};
pub use exchange::{Answer, Beside, Call, Failure, Label, MAX_INPUT, Question, Said, ToolRequest};
pub use goauth::{GoRequest, challenges};
pub use kube::{KubeRequest, print_credential};
pub use names::{dialect_of, programs};
pub use netrc::{netrc_question, print_netrc};
pub use registry::name_in_settings;
