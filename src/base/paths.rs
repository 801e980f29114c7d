use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::foreign::of_another;
use super::socket_path;
use crate::base::Message;
use crate::msg;
use crate::os::{directories, local};

/// Where loom keeps its files for this user; see FILES and ENVIRONMENT in loom.toml(5).
#[derive(Clone, Debug)]
pub struct Paths {
    config: PathBuf,
    state: PathBuf,
    socket: PathBuf,
    /// Whether `LOOM_AGENT_SOCK` says where the socket is.
    is_socket_named: bool,
}

impl Paths {
    /// Finds the directories and the socket: `LOOM_CONFIG_DIR`, `LOOM_STATE_DIR` and `LOOM_AGENT_SOCK`, else the
    /// platform's conventions. Fails if a variable is not an absolute path, if the socket's path is too long, or if
    /// there is no home directory.
    ///
    /// Only the environment counts: nothing in a repository's git configuration can move the socket.
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

    /// Paths for a test, all of them below one directory.
    #[cfg(test)]
    pub(crate) fn below(dir: &Path) -> Paths {
        let [config, state] = ["config", "state"].map(|name| dir.join(name));
        Paths { config, socket: state.join("agent.sock"), state, is_socket_named: true }
    }

    /// Whether `LOOM_AGENT_SOCK` says where the socket is.
    pub fn is_socket_named(&self) -> bool {
        self.is_socket_named
    }

    /// The first of loom's directories that belongs to another user, or would be made in a directory that does; `None`
    /// if all is well. `sudo -E` leads to this: it keeps the environment of a user and gives the rights of another, and
    /// what is made there then locks the first one out.
    pub fn of_another(&self) -> Option<PathBuf> {
        let dirs = [local::directory(&self.socket), Some(&self.state), Some(&self.config)];
        dirs.into_iter().flatten().find_map(of_another)
    }

    /// A hash of the directories of settings and state, in 16 hexadecimal digits. It tells apart processes that share a
    /// socket's directory and mean different settings.
    pub fn tag(&self) -> String {
        // Part by part: `//` and `/./` are only spellings.
        let parts = self.config.components().chain(self.state.components());
        let bytes = parts.flat_map(|part| part.as_os_str().as_encoded_bytes().iter().chain(b"\0"));
        // FNV-1a: it tells apart what nobody made to look alike, and the git helper links no hash for it.
        let hash =
            bytes.fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3));
        format!("{hash:016x}")
    }

    /// These paths with another socket, whose name has [`Paths::tag`] in it. It is used where the agent at the usual
    /// socket works with other directories.
    pub fn apart(&self) -> Paths {
        Paths { socket: self.socket.with_file_name(format!("agent-{}.sock", self.tag())), ..self.clone() }
    }

    /// The directory of the settings and the credentials file.
    pub fn config_dir(&self) -> &Path {
        &self.config
    }

    /// The settings file, `config.toml`.
    pub fn config_file(&self) -> PathBuf {
        self.config.join("config.toml")
    }

    /// The sealed file of credentials.
    pub fn credentials_file(&self) -> PathBuf {
        self.config.join("credentials.json")
    }

    /// A copy of the credentials file, in case the disk damages it.
    pub fn previous_credentials_file(&self) -> PathBuf {
        self.config.join("credentials.json.previous")
    }

    /// The directory of everything that is neither settings nor credentials.
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The key that seals the credentials file.
    pub fn key_file(&self) -> PathBuf {
        self.state.join("store.key")
    }

    /// The clients that servers registered for loom (RFC 7591).
    pub fn registrations_file(&self) -> PathBuf {
        self.state.join("clients.json")
    }

    /// The lock that whoever changes [`Paths::registrations_file`] holds.
    pub fn registrations_lock(&self) -> PathBuf {
        self.state.join("clients.lock")
    }

    /// The tokens that the agent issued, hashed.
    pub fn tokens_file(&self) -> PathBuf {
        self.state.join("tokens.json")
    }

    /// The lock that whoever changes [`Paths::tokens_file`] holds.
    pub fn tokens_lock(&self) -> PathBuf {
        self.state.join("tokens.lock")
    }

    /// The sockets that have a token of their own.
    pub fn sockets_file(&self) -> PathBuf {
        self.state.join("sockets.json")
    }

    /// The lock that whoever changes [`Paths::sockets_file`] holds.
    pub fn sockets_lock(&self) -> PathBuf {
        self.state.join("sockets.lock")
    }

    /// What `loom setup` wrote into the files of other tools.
    pub fn setup_file(&self) -> PathBuf {
        self.state.join("setup.json")
    }

    /// The lock that whoever changes [`Paths::setup_file`], or what it tells of, holds.
    pub fn setup_lock(&self) -> PathBuf {
        self.state.join("setup.lock")
    }

    /// The audit log: who asked for what.
    pub fn audit_log(&self) -> PathBuf {
        self.state.join("audit.log")
    }

    /// The part of the audit log that says what changed anybody's rights.
    pub fn audit_rights(&self) -> PathBuf {
        self.state.join("audit-rights.log")
    }

    /// The lock that whoever writes or closes [`Paths::audit_rights`] holds.
    pub fn audit_rights_lock(&self) -> PathBuf {
        self.state.join("audit-rights.lock")
    }

    /// The lock that whoever writes or closes [`Paths::audit_log`] holds.
    pub fn audit_lock(&self) -> PathBuf {
        self.state.join("audit.lock")
    }

    /// The lock that an agent holds while it renews the login with this name: several agents may share one store.
    pub fn renewal_lock(&self, name: &str) -> PathBuf {
        self.state.join("renewals").join(format!("{name}.lock"))
    }

    /// The key that is about to replace [`Paths::key_file`].
    pub fn new_key_file(&self) -> PathBuf {
        self.state.join("store.key.new")
    }

    /// The lock that is held while the credentials file is read and replaced.
    pub fn store_lock(&self) -> PathBuf {
        self.state.join("store.lock")
    }

    /// A file that exists as long as every agent of these stores is locked.
    pub fn lock_note(&self) -> PathBuf {
        self.state.join("locked")
    }

    /// What the agent logs when it runs in the background and `LOOM_LOG` is set.
    pub fn log_file(&self) -> PathBuf {
        self.state.join("agent.log")
    }

    /// The environment variable that decides where `path`, one of loom's files or directories, lies.
    pub fn variable_behind(&self, path: &Path) -> &'static str {
        let variables: &[&str] = match path {
            path if path.starts_with(&self.config) => &["LOOM_CONFIG_DIR", "XDG_CONFIG_HOME"],
            path if path.starts_with(&self.state) => &["LOOM_STATE_DIR", "XDG_STATE_HOME"],
            _ => return socket_path::socket_variable(),
        };
        socket_path::deciding(variables).unwrap_or("HOME")
    }

    /// The agent's socket.
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The lock that the agent behind the socket holds for as long as it lives.
    pub fn agent_lock(&self) -> PathBuf {
        self.beside_socket(".lock")
    }

    /// The lock that a front-end holds while it starts an agent, so that two front-ends start only one.
    pub fn start_lock(&self) -> PathBuf {
        self.beside_socket(".start")
    }

    /// The lock that a front-end holds while it asks a person for the passphrase, so that they are asked only once.
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
