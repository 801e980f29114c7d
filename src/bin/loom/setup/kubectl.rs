//! kubectl: the user of the current context is told to run loom. The block is written by kubectl itself, into a copy
//! beside the file that then takes its place, so that one step changes it.
//!
//! kubectl writes every line of the file anew, secrets of other users too. So nothing of it is shown or remembered but
//! which users loom's block was given, and what is undone is that block. Another way to log in stays: it could hold
//! secrets, and would have to be remembered to be brought back.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use loom_credentials::base::{self, ServerUrl, private_file};
use loom_credentials::client::Client;
use loom_credentials::wire::{Fault, reason};
use serde_json::Value;
use zeroize::Zeroizing;

use super::helper;
use super::hunks::Kept;
use super::machine::Machine;
use super::tool::{Clear, Edit, Reach, Tool, Trouble, Uses, Wanted};

pub struct Kubectl;

const API: &str = "--exec-api-version=client.authentication.k8s.io/v1";

impl Tool for Kubectl {
    fn name(&self) -> &'static str {
        "kubectl"
    }

    fn files(&self, machine: &Machine) -> Vec<PathBuf> {
        let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
        let listed: Vec<PathBuf> = std::env::split_paths(&listed).filter(|path| path.is_absolute()).collect();
        // The first file that names the user counts, and without one the first file.
        let has_user = |path: &&PathBuf| seen(path).is_ok_and(|config| user_of(&config).is_some());
        let chosen = listed.iter().find(has_user).or(listed.first()).cloned();
        vec![chosen.unwrap_or_else(|| machine.home(".kube/config"))]
    }

    fn reach(&self) -> Reach {
        Reach::All
    }

    fn with(&self, file: &Path, text: &str, wanted: &Wanted) -> Result<Edit, Trouble> {
        let copy = Copy::of(file, text)?;
        let config = seen(&copy.0)?;
        let (name, about) = user_of(&config).ok_or_else(|| Trouble::Broken("current-context: user?".to_owned()))?;
        let command = about["exec"]["command"].as_str();
        if command.is_some_and(is_loom) {
            return Ok(Edit { text: text.to_owned(), kept: Kept::new() });
        }
        if let Some(way) = ["exec", "auth-provider"].into_iter().find(|way| !about[way].is_null()) {
            let (path, key) = (file.to_owned(), format!("users.{name}.{way}"));
            return Err(Trouble::Other(reason::Setup::OtherLogin { path, key }.into()));
        }
        let loom = format!("--exec-command={}", wanted.loom.display());
        let words = [
            "config",
            "set-credentials",
            name,
            &loom,
            "--exec-arg=kube",
            API,
            "--exec-interactive-mode=IfAvailable",
            "--exec-provide-cluster-info=true",
        ];
        kubectl(&copy.0, &words)?;
        let kept = Kept::from([(name.to_owned(), wanted.loom.display().to_string())]);
        Ok(Edit { text: copy.text()?.to_string(), kept })
    }

    fn without(&self, file: &Path, text: &str, kept: &Kept) -> Result<String, Trouble> {
        let copy = Copy::of(file, text)?;
        // The current context may be another one by now. Without a record every block of loom's is meant.
        let ours = |config: &Value| {
            let is_meant = |name: &str| kept.is_empty() || kept.contains_key(name);
            let asks = |about: &Value| about["exec"]["command"].as_str().is_some_and(is_loom);
            let found = users(config).filter(|(name, about)| is_meant(name) && asks(about));
            found.map(|(name, _)| format!("users.{name}.exec")).collect::<Vec<_>>()
        };
        let blocks = ours(&seen(&copy.0)?);
        if blocks.is_empty() {
            return Ok(text.to_owned());
        }
        for block in blocks {
            kubectl(&copy.0, &["config", "unset", &block])?;
        }
        // Who has a dot in the name may be another one to kubectl.
        match ours(&seen(&copy.0)?).pop() {
            Some(block) => Err(Trouble::Broken(format!("kubectl config unset {block}?"))),
            None => Ok(copy.text()?.to_string()),
        }
    }

    fn blocks(&self, kept: &Kept) -> Option<Vec<String>> {
        Some(kept.iter().map(|(user, loom)| format!("users.{user}.exec: {loom} kube")).collect())
    }

    fn uses(&self, file: &Path, _text: &str) -> Vec<Uses> {
        let told = |(name, about): (&str, &Value)| match about["exec"]["command"].as_str()? {
            command if is_loom(command) => Some(Uses::Loom(Some(name.to_owned()))),
            other => Some(Uses::Other(other.to_owned())),
        };
        seen(file).map(|config| users(&config).filter_map(told).collect()).unwrap_or_default()
    }

    fn clear(&self, machine: &Machine) -> Vec<Clear> {
        let found = |file: PathBuf| {
            let config = seen(&file).ok()?;
            let clear = |(name, about): (&str, &Value)| {
                let provider = &about["auth-provider"]["config"];
                let own = ["token", "password", "client-key-data"].map(|key| about[key].as_str());
                let given =
                    ["access-token", "id-token", "refresh-token", "client-secret"].map(|key| provider[key].as_str());
                let secrets = own.into_iter().chain(given).flatten().filter(|text| !text.is_empty());
                let of_user = |secret: &str| {
                    let (entry, secret) = (name.to_owned(), Zeroizing::new(secret.to_owned()));
                    Clear { file: file.clone(), entry, username: String::new(), literal: secret.clone(), secret }
                };
                secrets.map(of_user).collect::<Vec<_>>()
            };
            Some(users(&config).flat_map(clear).collect::<Vec<_>>())
        };
        self.files(machine).into_iter().filter(|file| file.is_file()).filter_map(found).flatten().collect()
    }

    fn means(&self, clear: &Clear, _wanted: &Wanted) -> bool {
        // Passwords and keys are for kubectl only: loom's block has no place for them.
        let is_token = |about: &Value| about["token"].as_str() == Some(&*clear.secret);
        let is_meant = |(name, about): (&str, &Value)| name == clear.entry && is_token(about);
        seen(&clear.file).is_ok_and(|config| user_of(&config).is_some_and(is_meant))
    }

    fn keep(&self, clear: &Clear, _wanted: &Wanted, client: &Client) -> Result<(), String> {
        let server = cluster_of(&clear.file).ok_or_else(String::new)?;
        helper::kept_as_token(client, &server, (base::Tool::Kube, "kubernetes"), &clear.secret)
    }

    fn is_said(&self, clear: &Clear, wanted: &Wanted) -> Result<bool, String> {
        let server = cluster_of(&clear.file).ok_or_else(String::new)?;
        let said = helper::told(&wanted.loom, &["kube", "--server", &server.to_string()], &[], "")?;
        let said: Value = serde_json::from_str(&said).map_err(|error| error.to_string())?;
        Ok(said["status"]["token"] == *clear.secret)
    }

    fn cleared(&self, clear: &Clear, text: &str) -> Result<String, Trouble> {
        let copy = Copy::of(&clear.file, text)?;
        kubectl(&copy.0, &["config", "unset", &format!("users.{}.token", clear.entry)])?;
        Ok(copy.text()?.to_string())
    }
}

/// The file while kubectl changes it: in the same directory, by which it finds what the file names. Its name is that of
/// a temporary file, so that the next change sweeps away what a crash left.
struct Copy(PathBuf);

impl Copy {
    fn of(file: &Path, text: &str) -> Result<Copy, Fault> {
        let dir = file.canonicalize().ok().and_then(|file| file.parent().map(Path::to_owned));
        let dir = dir.ok_or_else(|| failed("kubeconfig?".to_owned()))?;
        let copy = Copy(dir.join(format!(".loom-{}.kubeconfig.tmp", std::process::id())));
        private_file::create(&copy.0, text.as_bytes())?;
        Ok(copy)
    }

    fn text(&self) -> Result<Zeroizing<String>, Fault> {
        helper::text_of(&self.0).ok_or_else(|| failed("kubeconfig?".to_owned()))
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = private_file::remove(&self.0);
    }
}

/// The file as kubectl reads it, secrets too.
fn seen(file: &Path) -> Result<Value, Fault> {
    let said = kubectl(file, &["config", "view", "--raw", "--output=json"])?;
    serde_json::from_str(&said).map_err(|error| failed(error.to_string()))
}

/// Runs kubectl on one file; it asks no cluster for that.
fn kubectl(file: &Path, words: &[&str]) -> Result<Zeroizing<String>, Fault> {
    let mut command = Command::new("kubectl");
    command.arg("--kubeconfig").arg(file).args(words).env_remove("KUBECONFIG").stdin(Stdio::null());
    let done = command.output().map_err(|error| failed(error.to_string()))?;
    if done.status.success() {
        return Ok(Zeroizing::new(String::from_utf8_lossy(&done.stdout).into_owned()));
    }
    Err(failed(String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().to_owned()))
}

fn failed(error: String) -> Fault {
    reason::Setup::ToolFailed { tool: "kubectl".to_owned(), error }.into()
}

fn users(config: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = config["users"].as_array().into_iter().flatten();
    all.filter_map(|user| Some((user["name"].as_str()?, &user["user"])))
}

/// The user of the current context.
fn user_of(config: &Value) -> Option<(&str, &Value)> {
    let name = current(config)?["user"].as_str()?;
    users(config).find(|(user, _)| *user == name)
}

/// The server of the current context.
fn cluster_of(file: &Path) -> Option<ServerUrl> {
    let config = seen(file).ok()?;
    let cluster = current(&config)?["cluster"].as_str()?;
    let found = config["clusters"].as_array()?.iter().find(|found| found["name"] == cluster)?;
    ServerUrl::from_user(found["cluster"]["server"].as_str()?).ok()
}

fn current(config: &Value) -> Option<&Value> {
    let name = config["current-context"].as_str()?;
    let context = config["contexts"].as_array()?.iter().find(|context| context["name"] == name)?;
    Some(&context["context"])
}

fn is_loom(command: &str) -> bool {
    Path::new(command).file_stem().is_some_and(|name| name == "loom")
}
