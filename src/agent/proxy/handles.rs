//! Where large files are: links of the servers', and what has to be shown there, each behind a random name of the
//! agent's own. A name is good for the token for which it was made, for as long as the link is, and in this memory
//! only.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use http::{HeaderMap, Method};
use tokio::time::Instant;
use url::Url;

use crate::access::Standing;
use crate::base::{AccountKey, ServerUrl, hex, lock};
use crate::git::LfsObject;

/// The longest that a link is kept.
const MAX_LIFE: Duration = Duration::from_secs(3600);

/// How many are kept of one token, and of all.
const MAX_OF_ONE: usize = 10_000;
const MAX_OF_ALL: usize = 50_000;

/// How many random bytes are in a name.
const RANDOM: usize = 16;

/// The links that are kept.
#[derive(Default)]
pub(super) struct Handles(Mutex<HashMap<String, Handle>>);

/// What is behind a name. The URL and the headers may be secrets.
#[derive(Clone)]
pub(super) struct Handle {
    pub(super) standing: Standing,
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) object: LfsObject,
    /// The account, where the link lies at the server and shows nothing of its own.
    pub(super) account: Option<AccountKey>,
    /// The server that named it.
    pub(super) named_by: ServerUrl,
    pub(super) until: Instant,
}

impl Handles {
    /// Keeps a link, and says its name; `None` if there is no room.
    pub(super) fn keep(&self, handle: Handle) -> Option<String> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random).ok()?;
        let mut all = lock(&self.0);
        let now = Instant::now();
        all.retain(|_, kept| kept.until > now);
        let of_one = all.values().filter(|kept| kept.standing == handle.standing).count();
        if all.len() >= MAX_OF_ALL || of_one >= MAX_OF_ONE {
            return None;
        }
        let name = hex(&random);
        all.insert(name.clone(), handle);
        Some(name)
    }

    /// What is behind this name for this token.
    pub(super) fn get(&self, name: &str, standing: &Standing, method: &Method) -> Option<Handle> {
        let all = lock(&self.0);
        let found = all.get(name).filter(|kept| kept.until > Instant::now());
        found.filter(|kept| kept.standing == *standing && kept.method == *method).cloned()
    }

    /// Forgets all of them.
    pub(super) fn forget(&self) {
        lock(&self.0).clear();
    }
}

/// For how long a link is kept of which the server says this.
pub(super) fn life(expires_in: Option<u64>) -> Duration {
    expires_in.map_or(MAX_LIFE, Duration::from_secs).min(MAX_LIFE)
}
