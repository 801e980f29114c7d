//! Where the directories of rules lead: a person may write a path with a symbolic link in it, or the path behind it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::timeout;

use crate::agent::accounts::Accounts;
use crate::base::lock;
use crate::base::{AccountRule, Config, ServerUrl};
use crate::os::file::resolve;

/// How long a request waits for a look at a directory. Where the disk hangs longer nobody can be running git there: it
/// would hang as well.
const DISK_WITHIN: Duration = Duration::from_secs(1);

/// The looks that are under way, each once however many wait. What they find is not kept: a link can change at any
/// time.
#[derive(Default)]
pub(crate) struct Links(Arc<Mutex<HashMap<PathBuf, Look>>>);

#[derive(Clone)]
struct Look {
    begun: Instant,
    found: watch::Receiver<Option<PathBuf>>,
}

impl Accounts {
    /// The first rule that speaks of this server, asked for in this place; the second path is another name of it.
    pub(crate) async fn rule<'a>(
        &self,
        config: &'a Config,
        server: &ServerUrl,
        place: [Option<&str>; 2],
    ) -> Option<&'a AccountRule> {
        let names = place.map(|name| name.map(Path::new));
        for rule in config.rules().iter().filter(|rule| rule.speaks_of(server)) {
            let Some(directory) = rule.directory() else { return Some(rule) };
            let lies_below = |own: &Path| names.iter().flatten().any(|name| name.starts_with(own));
            if lies_below(&directory) || self.links.real(&directory).await.is_some_and(|real| lies_below(&real)) {
                return Some(rule);
            }
        }
        None
    }
}

impl Links {
    /// The path without links; `None` if there is no such directory, or a disk does not answer.
    async fn real(&self, directory: &Path) -> Option<PathBuf> {
        let mut look = self.look(directory)?;
        let left = DISK_WITHIN.checked_sub(look.begun.elapsed())?;
        let _ = timeout(left, look.found.changed()).await;
        look.found.borrow().clone()
    }

    fn look(&self, directory: &Path) -> Option<Look> {
        // A relative path would be looked for in the directory in which the agent runs.
        if !directory.is_absolute() {
            return None;
        }
        let mut looks = lock(&self.0);
        if let Some(look) = looks.get(directory) {
            return Some(look.clone());
        }
        let (sender, found) = watch::channel(None);
        let look = Look { begun: Instant::now(), found };
        looks.insert(directory.to_owned(), look.clone());
        let (looks, directory) = (self.0.clone(), directory.to_owned());
        tokio::task::spawn_blocking(move || {
            let real = resolve(&directory).ok();
            lock(&looks).remove(&directory);
            let _ = sender.send(real);
        });
        Some(look)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_on_a_disk_that_hangs_keeps_only_the_first_waiting() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let links = Links::default();
        // A look at this path never returns.
        let (_looking, found) = watch::channel(None);
        let hanging = Path::new("/hanging");
        lock(&links.0).insert(hanging.to_owned(), Look { begun: Instant::now(), found });
        runtime.block_on(async {
            assert_eq!(timeout(DISK_WITHIN * 20, links.real(hanging)).await, Ok(None));
            let waited = Instant::now();
            for _ in 0..1000 {
                assert_eq!(links.real(hanging).await, None);
            }
            assert!(waited.elapsed() < DISK_WITHIN * 20);
            assert_eq!(links.real(dir.path()).await, resolve(dir.path()).ok());
            assert_eq!(links.real(Path::new("relative")).await, None);
        });
        assert_eq!(lock(&links.0).len(), 1, "what was found is not kept");
    }
}
