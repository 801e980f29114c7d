//! The clients that servers registered for loom (RFC 7591), in a file of their own: by issuer, with the address at
//! which the browser of their logins comes back. No secrets.
//!
//! Registrations are remembered, secrets are not: `clients.json` holds issuer, client ids and the addresses they come
//! back to, in clear, since all are public. A client that came with a secret is kept with its login only, and found
//! there by the next.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::agent::blocking::{DISK_WITHIN, within};
use crate::agent::fault;
use crate::base::private_file::PrivateFileError;
use crate::base::{Paths, private_file};
use crate::store::StoreError;

/// How many are remembered of one issuer: as many logins there may be under way at once without another.
const MAX_OF_ISSUER: usize = 8;

/// A client that loom registered at an issuer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Registration {
    pub(crate) client_id: String,
    /// The address to which a browser comes back; `None` for a client that may come back to any port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) redirect_uri: Option<String>,
    /// The only way of logging in for which the client is good; `None` if it is good for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) only: Option<Way>,
}

/// What a client may be registered for, where a server gives it no more than one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Way {
    Code,
    Device,
}

/// What the file has for one issuer. Older versions wrote only the id of one client.
#[derive(Deserialize)]
#[serde(untagged)]
enum Kept {
    Id(String),
    Several(Vec<Registration>),
}

type All = BTreeMap<String, Vec<Registration>>;

/// The clients of this issuer, oldest first.
pub(crate) fn read(paths: &Paths, issuer: &str) -> Vec<Registration> {
    let bytes = private_file::read(&paths.registrations_file()).ok().flatten();
    bytes.and_then(|bytes| parse(&bytes)).and_then(|mut all| all.remove(issuer)).unwrap_or_default()
}

/// Remembers a client. A file that cannot be written costs one more registration, no login.
pub(crate) async fn remember(paths: &Paths, issuer: &str, registration: Registration) {
    change(paths, issuer, move |known| {
        known.push(registration);
        known.drain(..known.len().saturating_sub(MAX_OF_ISSUER));
    })
    .await;
}

/// Forgets a client that its issuer does not know any more.
pub(crate) async fn forget(paths: &Paths, issuer: &str, client_id: &str) {
    let client_id = client_id.to_owned();
    change(paths, issuer, move |known| known.retain(|known| known.client_id != client_id)).await;
}

async fn change(paths: &Paths, issuer: &str, how: impl FnOnce(&mut Vec<Registration>) + Send + 'static) {
    let (paths, issuer) = (paths.clone(), issuer.to_owned());
    let changed = move || write(&paths, issuer, how).map_err(|error| fault::from_store(StoreError::File(error)));
    if let Err(fault) = within(DISK_WITHIN, changed).await {
        tracing::warn!(fault = %fault.id(), "a registration is not remembered");
    }
}

fn write(paths: &Paths, issuer: String, how: impl FnOnce(&mut Vec<Registration>)) -> Result<(), PrivateFileError> {
    private_file::private_dir(paths.state_dir())?;
    let _lock = private_file::lock(&paths.registrations_lock())?;
    let mut all = match private_file::read(&paths.registrations_file())? {
        Some(bytes) => parse(&bytes).map_or_else(|| put_aside(paths, &bytes), Ok)?,
        None => All::new(),
    };
    how(all.entry(issuer).or_default());
    all.retain(|_, known| !known.is_empty());
    private_file::replace(&paths.registrations_file(), &serde_json::to_vec_pretty(&all).unwrap_or_default())
}

/// What was registered is registered anew; what it was is kept for whoever wants to end it at the servers.
fn put_aside(paths: &Paths, bytes: &[u8]) -> Result<All, PrivateFileError> {
    let kept = private_file::keep_damaged(&paths.registrations_file(), bytes)?;
    tracing::warn!(kept = %kept.display(), "the registrations are damaged");
    Ok(All::new())
}

fn parse(bytes: &[u8]) -> Option<All> {
    let kept: BTreeMap<String, Kept> = serde_json::from_slice(bytes).ok()?;
    let several = |kept| match kept {
        Kept::Id(client_id) => vec![Registration { client_id, redirect_uri: None, only: None }],
        Kept::Several(several) => several,
    };
    Some(kept.into_iter().map(|(issuer, kept)| (issuer, several(kept))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_older_loom_remembered_is_read() {
        let all = parse(br#"{"https://a.example":"id","https://b.example":[{"client_id":"b","redirect_uri":"u"}]}"#);
        let all = all.unwrap();
        assert_eq!(all["https://a.example"], [Registration { client_id: "id".into(), redirect_uri: None, only: None }]);
        assert_eq!(all["https://b.example"][0].redirect_uri.as_deref(), Some("u"));
        assert!(parse(b"{\"a\":7}").is_none());
    }
}
