//! Settings take effect at once.
//!
//! With each request that needs the file, its time and size are looked at, and it is parsed anew only if one of them
//! changed. A `get` costs one look, no parsing.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::agent::blocking::{DISK_WITHIN, within};
use crate::agent::life::auditing::{Auditing, Who};
use crate::base::{Config, Message, Paths, ServerUrl, Setting, Stamp, StoreChoice, lock};
use crate::wire::{Fault, reason};

/// How old a look at the file may be. Less than any program takes to start, so nobody who edits and then asks notices;
/// but a crowd of requests shares one look.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The config file as it is now. It is parsed again only after it changed, which one look at its metadata tells.
pub(crate) struct Settings {
    path: PathBuf,
    /// From `LOOM_STORE`: it beats the file.
    fixed_store: Option<StoreChoice>,
    audit: Arc<Auditing>,
    parsed: Mutex<Option<Parsed>>,
    /// Whether the settings changed and the audit log does not say so yet.
    is_news: AtomicBool,
    /// Held while the file is looked at and changed.
    changing: tokio::sync::Mutex<()>,
}

struct Parsed {
    looked: Instant,
    stamp: Stamp,
    config: Arc<Config>,
}

impl Settings {
    pub(crate) fn new(paths: &Paths, fixed_store: Option<StoreChoice>, audit: Arc<Auditing>) -> Self {
        Settings {
            path: paths.config_file(),
            fixed_store,
            audit,
            parsed: Mutex::default(),
            is_news: AtomicBool::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// The settings as they are now: a person may have edited them.
    pub(crate) fn config(&self) -> Result<Arc<Config>, Fault> {
        let config = self.look();
        if self.is_news.load(Ordering::Relaxed) && self.is_news.swap(false, Ordering::Relaxed) {
            // The log cannot say who changed the file, but from when on the change counts.
            self.audit.note("settings", Who::agent(), None, Ok(()));
        }
        config.map_err(|message| reason::Below::Settings(message).into())
    }

    /// Which store to use: `LOOM_STORE`, else the settings.
    pub(crate) fn store_choice(&self) -> Result<StoreChoice, Fault> {
        self.fixed_store.map_or_else(|| Ok(self.config()?.store()), Ok)
    }

    /// Whether no setting says which store to use.
    pub(crate) fn is_store_fixed(&self) -> bool {
        self.fixed_store.is_some()
    }

    /// Makes the server the default if there is none. `true` if it did.
    pub(crate) async fn default_to(&self, server: &ServerUrl) -> Result<bool, Fault> {
        let _change = self.changing.lock().await;
        if self.config()?.default_server().is_some() {
            return Ok(false);
        }
        self.write(Setting::DefaultServer, server.to_string()).await.map(|()| true)
    }

    /// Writes a value into the file.
    pub(crate) async fn set(&self, setting: Setting, value: String) -> Result<(), Fault> {
        let _change = self.changing.lock().await;
        self.write(setting, value).await
    }

    /// Where the settings are: the directory, and the name in it.
    pub(crate) fn place(&self) -> Option<(PathBuf, OsString)> {
        place_of(&self.path)
    }

    async fn write(&self, setting: Setting, value: String) -> Result<(), Fault> {
        let path = self.path.clone();
        let not_set = |message| reason::Below::SettingsUnwritten(message).into();
        within(DISK_WITHIN, move || setting.set(&path, &value).map_err(not_set)).await
    }

    fn look(&self) -> Result<Arc<Config>, Message> {
        let looked = Instant::now();
        let mut parsed = lock(&self.parsed);
        if let Some(known) = parsed.as_ref().filter(|known| looked.duration_since(known.looked) < LOOK_AGAIN) {
            return Ok(known.config.clone());
        }
        let stamp = Stamp::of(&self.path);
        let config = match parsed.as_ref().filter(|known| known.stamp == stamp) {
            Some(known) => known.config.clone(),
            None => {
                let config = Arc::new(Config::load(&self.path)?);
                self.is_news.fetch_or(parsed.is_some(), Ordering::Relaxed);
                config
            }
        };
        *parsed = Some(Parsed { looked, stamp, config: config.clone() });
        Ok(config)
    }
}

/// The directory of a file, and its name there.
pub(crate) fn place_of(file: &Path) -> Option<(PathBuf, OsString)> {
    Some((file.parent()?.to_owned(), file.file_name()?.to_owned()))
}
