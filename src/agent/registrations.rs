//! The clients that servers registered for loom (RFC 7591): issuer → client id, in a file of their own. No secrets.

use std::collections::BTreeMap;

use crate::base::{Paths, private_file};

/// The client id that this issuer gave.
pub(super) fn read(paths: &Paths, issuer: &str) -> Option<String> {
    all(paths).remove(issuer)
}

/// Remembers a client id, or forgets it. A file that cannot be written costs one more registration, no login.
pub(super) fn write(paths: &Paths, issuer: &str, client_id: Option<&str>) {
    let path = paths.registrations_file();
    let written = private_file::private_dir(paths.state_dir()).and_then(|()| {
        let _lock = private_file::lock(&paths.registrations_lock())?;
        let mut all = all(paths);
        match client_id {
            Some(id) => all.insert(issuer.to_owned(), id.to_owned()),
            None => all.remove(issuer),
        };
        private_file::replace(&path, &serde_json::to_vec_pretty(&all).unwrap_or_default())
    });
    if let Err(error) = written {
        tracing::warn!(error = error.message().id(), "a registration is not remembered");
    }
}

fn all(paths: &Paths) -> BTreeMap<String, String> {
    let bytes = private_file::read(&paths.registrations_file()).ok().flatten();
    bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
}
