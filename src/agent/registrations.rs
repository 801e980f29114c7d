//! The clients that servers registered for loom (RFC 7591): issuer → client id, in a file of their own. No secrets.

use std::collections::BTreeMap;

use super::blocking::{DISK_WITHIN, within};
use super::fault;
use crate::base::private_file::PrivateFileError;
use crate::base::{Paths, private_file};
use crate::store::StoreError;

/// The client id that this issuer gave.
pub(super) fn read(paths: &Paths, issuer: &str) -> Option<String> {
    all(paths).remove(issuer)
}

/// Remembers a client id, or forgets it. A file that cannot be written costs one more registration, no login.
pub(super) async fn write(paths: &Paths, issuer: &str, client_id: Option<&str>) {
    let (paths, issuer, client_id) = (paths.clone(), issuer.to_owned(), client_id.map(str::to_owned));
    let changed = move || change(&paths, issuer, client_id).map_err(|error| fault::from_store(StoreError::File(error)));
    if let Err(fault) = within(DISK_WITHIN, changed).await {
        tracing::warn!(fault = fault.id(), "a registration is not remembered");
    }
}

fn change(paths: &Paths, issuer: String, client_id: Option<String>) -> Result<(), PrivateFileError> {
    private_file::private_dir(paths.state_dir())?;
    let _lock = private_file::lock(&paths.registrations_lock())?;
    let mut all = match private_file::read(&paths.registrations_file())? {
        Some(bytes) => parse(&bytes).map_or_else(|| put_aside(paths, &bytes), Ok)?,
        None => BTreeMap::new(),
    };
    match client_id {
        Some(id) => all.insert(issuer, id),
        None => all.remove(&issuer),
    };
    private_file::replace(&paths.registrations_file(), &serde_json::to_vec_pretty(&all).unwrap_or_default())
}

/// What was registered is registered anew; what it was is kept for whoever wants to end it at the servers.
fn put_aside(paths: &Paths, bytes: &[u8]) -> Result<BTreeMap<String, String>, PrivateFileError> {
    let kept = private_file::keep_damaged(&paths.registrations_file(), bytes)?;
    tracing::warn!(kept = %kept.display(), "the registrations are damaged");
    Ok(BTreeMap::new())
}

fn all(paths: &Paths) -> BTreeMap<String, String> {
    let bytes = private_file::read(&paths.registrations_file()).ok().flatten();
    bytes.and_then(|bytes| parse(&bytes)).unwrap_or_default()
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    serde_json::from_slice(bytes).ok()
}
