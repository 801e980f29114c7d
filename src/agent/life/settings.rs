use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::agent::blocking::{DISK_WITHIN, within};
use crate::base::{Config, Message, Setting, Stamp};
use crate::msg;
use crate::wire::{Code, Fault};

/// How old a look at the file may be. Less than any program takes to start, so nobody who edits and then asks notices; but
/// a crowd of requests shares one look.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// The config file as it is now. It is parsed again only after it changed, which one look at its metadata tells.
pub(crate) struct Settings {
    path: PathBuf,
    parsed: Mutex<Option<Parsed>>,
    /// They were changed, and nobody noted it yet.
    is_news: AtomicBool,
    /// Held while the file is looked at and changed.
    pub(crate) changing: tokio::sync::Mutex<()>,
}

struct Parsed {
    looked: Instant,
    stamp: Stamp,
    config: Arc<Config>,
}

impl Settings {
    pub(crate) fn new(path: PathBuf) -> Self {
        Settings {
            path,
            parsed: Mutex::default(),
            is_news: AtomicBool::default(),
            changing: tokio::sync::Mutex::default(),
        }
    }

    /// Whether they were changed since somebody asked this.
    pub(crate) fn were_changed(&self) -> bool {
        self.is_news.load(Ordering::Relaxed) && self.is_news.swap(false, Ordering::Relaxed)
    }

    /// Writes a value into the file.
    pub(crate) async fn set(&self, setting: Setting, value: String) -> Result<(), Fault> {
        let path = self.path.clone();
        let not_set = |message| Fault::new(Code::Unavailable, message).hint(msg!("hint-config"));
        within(DISK_WITHIN, move || setting.set(&path, &value).map_err(not_set)).await
    }

    pub(crate) fn config(&self) -> Result<Arc<Config>, Message> {
        let looked = Instant::now();
        let mut parsed = self.parsed.lock().unwrap_or_else(PoisonError::into_inner);
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
