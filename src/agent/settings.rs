use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use crate::base::{Config, Message};

/// The config file as it is now. It is parsed again only after it changed, which one look at its metadata tells.
pub(super) struct Settings {
    path: PathBuf,
    parsed: Mutex<Option<(Stamp, Arc<Config>)>>,
}

/// What changes when a file is edited or replaced; `None` where there is no file.
type Stamp = Option<(Option<SystemTime>, u64)>;

impl Settings {
    pub(super) fn new(path: PathBuf) -> Self {
        Settings { path, parsed: Mutex::default() }
    }

    pub(super) fn path(&self) -> &std::path::Path {
        &self.path
    }

    pub(super) fn config(&self) -> Result<Arc<Config>, Message> {
        let stamp = std::fs::metadata(&self.path).ok().map(|found| (found.modified().ok(), found.len()));
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, config)) = parsed.as_ref().filter(|(of, _)| *of == stamp) {
            return Ok(config.clone());
        }
        let config = Arc::new(Config::load(&self.path)?);
        *parsed = Some((stamp, config.clone()));
        Ok(config)
    }
}
