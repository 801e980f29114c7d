use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::foreign::of_another;
use super::socket_path;
use crate::base::Message;
use crate::msg;
use crate::os::{directories, local};

/// Where loom keeps its things for this user; see loom.toml(5), FILES and ENVIRONMENT.
#[derive(Clone, Debug)]
pub struct Paths {
    config: PathBuf,
    state: PathBuf,
    socket: PathBuf,
    /// Somebody said where the socket is.
    is_socket_named: bool,
}

impl Paths {
    /// From `LOOM_CONFIG_DIR`, `LOOM_STATE_DIR` and `LOOM_AGENT_SOCK`, else the platform's conventions.
    ///
    /// Reads the environment only: nothing in a repository's git config can move the socket.
    pub fn from_environment() -> Result<Self, Message> {
        let config = match absolute_from("LOOM_CONFIG_DIR")? {
            Some(dir) => dir,
            None => directories::config().ok_or_else(|| msg!("no-home"))?.join("loom"),
        };
        let state = match absolute_from("LOOM_STATE_DIR")? {
            Some(dir) => dir,
            None => directories::state().ok_or_else(|| msg!("no-home"))?.join("loom"),
        };
        let named = absolute_from("LOOM_AGENT_SOCK")?;
        let is_socket_named = named.is_some();
        let socket = match named {
            Some(path) if local::fits(&path) => path,
            Some(path) => {
                let limit = local::MAX_PATH;
                return Err(msg!(
                    "variable-too-long",
                    variable = "LOOM_AGENT_SOCK",
                    path = path.display(),
                    limit = limit
                ));
            }
            None => socket_path::find(&state),
        };
        Ok(Paths { config, state, socket, is_socket_named })
    }

    /// All of it in one directory.
    #[cfg(test)]
    pub(crate) fn below(dir: &Path) -> Paths {
        let [config, state] = ["config", "state"].map(|name| dir.join(name));
        Paths { config, socket: state.join("agent.sock"), state, is_socket_named: true }
    }

    /// Whether somebody said where the socket is.
    pub fn is_socket_named(&self) -> bool {
        self.is_socket_named
    }

    /// The first of loom's directories, or of those that one would be made in, that is another user's: with their environment
    /// and not their rights, as `sudo -E` has it, whatever is made there locks them out.
    pub fn of_another(&self) -> Option<PathBuf> {
        let dirs = [local::directory(&self.socket), Some(&self.state), Some(&self.config)];
        dirs.into_iter().flatten().find_map(of_another)
    }

    /// Names the directories of settings and state, in few letters: two who share a socket's directory may mean others.
    pub fn tag(&self) -> String {
        // Part by part: `//` and `/./` are only spellings.
        let parts = self.config.components().chain(self.state.components());
        let bytes = parts.flat_map(|part| part.as_os_str().as_encoded_bytes().iter().chain(b"\0"));
        // FNV-1a: it tells apart what nobody made to look alike, and the git helper links no hash for it.
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        format!("{hash:016x}")
    }

    /// The same with the socket that only who means these directories uses, where the usual one is another's.
    pub fn apart(&self) -> Paths {
        Paths { socket: self.socket.with_file_name(format!("agent-{}.sock", self.tag())), ..self.clone() }
    }

    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    pub fn credentials_file(&self) -> PathBuf {
        self.config.join("credentials.json")
    }

    /// The copy of the credentials file, in case the disk spoils it.
    pub fn previous_credentials_file(&self) -> PathBuf {
        self.config.join("credentials.json.previous")
    }

    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The key that seals the credentials file.
    pub fn key_file(&self) -> PathBuf {
        self.state.join("store.key")
    }

    /// The clients that servers registered for loom.
    pub fn registrations_file(&self) -> PathBuf {
        self.state.join("clients.json")
    }

    pub fn registrations_lock(&self) -> PathBuf {
        self.state.join("clients.lock")
    }

    /// The tokens that the agent issued, hashed.
    pub fn tokens_file(&self) -> PathBuf {
        self.state.join("tokens.json")
    }

    pub fn tokens_lock(&self) -> PathBuf {
        self.state.join("tokens.lock")
    }

    /// The sockets that have a token of their own.
    pub fn sockets_file(&self) -> PathBuf {
        self.state.join("sockets.json")
    }

    /// Who asked for what.
    pub fn audit_log(&self) -> PathBuf {
        self.state.join("audit.log")
    }

    /// The same for what changes rights.
    pub fn audit_rights(&self) -> PathBuf {
        self.state.join("audit-rights.log")
    }

    pub fn audit_rights_lock(&self) -> PathBuf {
        self.state.join("audit-rights.lock")
    }

    pub fn audit_lock(&self) -> PathBuf {
        self.state.join("audit.lock")
    }

    /// Held while the login with this name is renewed: several agents may share one store.
    pub fn renewal_lock(&self, name: &str) -> PathBuf {
        self.state.join("renewals").join(format!("{name}.lock"))
    }

    /// The key that is about to take its place.
    pub fn new_key_file(&self) -> PathBuf {
        self.state.join("store.key.new")
    }

    /// Held while the credentials file is read and replaced.
    pub fn store_lock(&self) -> PathBuf {
        self.state.join("store.lock")
    }

    /// There as long as every agent of these stores is locked.
    pub fn lock_note(&self) -> PathBuf {
        self.state.join("locked")
    }

    /// What the agent logs when it runs in the background and `LOOM_LOG` is set.
    pub fn log_file(&self) -> PathBuf {
        self.state.join("agent.log")
    }

    /// The variable that decides where this file or directory of ours lies.
    pub fn variable_behind(&self, path: &Path) -> &'static str {
        let variables: &[&str] = match path {
            path if path.starts_with(&self.config) => &["LOOM_CONFIG_DIR", "XDG_CONFIG_HOME"],
            path if path.starts_with(&self.state) => &["LOOM_STATE_DIR", "XDG_STATE_HOME"],
            _ => return socket_path::socket_variable(),
        };
        socket_path::deciding(variables).unwrap_or("HOME")
    }

    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Held by the agent that owns the socket for as long as it lives.
    pub fn agent_lock(&self) -> PathBuf {
        self.beside_socket(".lock")
    }

    /// Held by the front-end that is starting an agent, so that two at once start one.
    pub fn start_lock(&self) -> PathBuf {
        self.beside_socket(".start")
    }

    /// Held by the front-end that asks a person for the passphrase, so that they are asked once.
    pub fn unlock_lock(&self) -> PathBuf {
        self.beside_socket(".unlock")
    }

    /// A file that belongs to the socket: in its directory, so that all who use it find the same one.
    fn beside_socket(&self, suffix: &str) -> PathBuf {
        let mut name = self.socket.file_name().unwrap_or_else(|| OsStr::new("agent")).to_owned();
        name.push(suffix);
        local::directory(&self.socket).unwrap_or(&self.state).join(name)
    }
}

fn absolute_from(variable: &str) -> Result<Option<PathBuf>, Message> {
    match std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from) {
        Some(path) if path.is_absolute() => Ok(Some(path)),
        Some(path) => Err(msg!("path-not-absolute", variable = variable, path = path.display())),
        None => Ok(None),
    }
}
