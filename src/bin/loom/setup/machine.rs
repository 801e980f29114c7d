//! Where the tools of this user keep things: their home, what the environment says, the programs that PATH finds.

use std::ffi::OsString;
use std::path::PathBuf;

use loom_credentials::base::Paths;
use loom_credentials::msg;
use loom_credentials::os::directories;
use loom_credentials::wire::{Fault, reason};

/// The user's machine, as a tool sees it that they start here.
pub struct Machine {
    home: PathBuf,
    config: PathBuf,
    system_config: PathBuf,
    pub paths: Paths,
}

impl Machine {
    pub fn from_environment() -> Result<Machine, Fault> {
        let paths = Paths::from_environment().map_err(reason::Below::Place)?;
        let home = directories::home().ok_or_else(|| reason::Below::Place(msg!("no-home")))?;
        // Most tools go by XDG's directory wherever they run, also where programs of that system have another one.
        let config = absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let system_config = directories::config().unwrap_or_else(|| config.clone());
        Ok(Machine { home, config, system_config, paths })
    }

    /// A path below the user's home.
    pub fn home(&self, below: &str) -> PathBuf {
        self.home.join(below)
    }

    /// A path below the directory of settings.
    pub fn config(&self, below: &str) -> PathBuf {
        self.config.join(below)
    }

    /// A path below the directory of settings as this system has it, for who goes by that.
    pub fn system_config(&self, below: &str) -> PathBuf {
        self.system_config.join(below)
    }

    /// The directory of loom's own for programs that must not be found by accident.
    pub fn programs(&self) -> PathBuf {
        self.paths.state_dir().join("bin")
    }

    /// A path that the environment names; one that is relative would mean another file in each directory.
    pub fn named(&self, variable: &str) -> Option<PathBuf> {
        absolute(variable)
    }

    /// The first program of this name in PATH.
    pub fn program(&self, name: &str) -> Option<PathBuf> {
        let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
        path().into_iter().map(|dir| dir.join(&name)).find(|path| path.is_file())
    }
}

fn path() -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).filter(|dir| dir.is_absolute()).collect()
}

fn absolute(variable: &str) -> Option<PathBuf> {
    let value: Option<OsString> = std::env::var_os(variable);
    value.map(PathBuf::from).filter(|path| path.is_absolute())
}
