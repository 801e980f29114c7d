//! Calls of the Secret Service, one after the other or several at once, and what an error of it means.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use dbus::arg::{AppendAll, ReadAll};
use dbus::channel::Channel;
use dbus::{Error, Message};

use super::super::super::StoreError;
use crate::base::StoredIn;
use crate::msg;

pub(super) const NAME: &str = "org.freedesktop.secrets";

/// How long one answer may take. A person is not asked anything, so nothing takes long that works.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(2);

pub(super) fn ask<R: ReadAll>(
    channel: &Channel,
    path: &str,
    interface: &str,
    method: &str,
    arguments: impl AppendAll,
) -> Result<R, Error> {
    let call = Message::call_with_args(NAME, path, interface, method, arguments);
    channel.send_with_reply_and_block(call, ANSWER_WITHIN)?.read_all()
}

/// Makes several calls at once: the service has the next one while it answers the one before. `None` is the answer
/// about an item that is gone.
pub(super) fn ask_each<R: ReadAll>(
    channel: &Channel,
    calls: impl Iterator<Item = Message>,
) -> Result<Vec<Option<R>>, StoreError> {
    let gone = |()| failed(Error::new_failed("the session bus is gone"));
    let serials = calls.map(|call| channel.send(call).map_err(gone)).collect::<Result<Vec<u32>, StoreError>>()?;
    let mut answers: HashMap<u32, Option<R>> = HashMap::new();
    let mut until = Instant::now() + ANSWER_WITHIN;
    while answers.len() < serials.len() {
        let left = until.checked_duration_since(Instant::now());
        let left = left.ok_or_else(|| failed(Error::new_failed("it does not answer")))?;
        let Some(mut message) = channel.blocking_pop_message(left).map_err(failed)? else { continue };
        let Some(serial) = message.get_reply_serial().filter(|serial| serials.contains(serial)) else { continue };
        let answer = message.as_result().and_then(|message| message.read_all());
        answers.insert(serial, found(answer)?);
        until = Instant::now() + ANSWER_WITHIN;
    }
    Ok(serials.iter().map(|serial| answers.remove(serial).flatten()).collect())
}

/// The answer about an item; `None` if somebody else removed the item meanwhile.
pub(super) fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, StoreError> {
    const GONE: [&str; 4] = [
        "org.freedesktop.Secret.Error.NoSuchObject",
        "org.freedesktop.DBus.Error.UnknownObject",
        "org.freedesktop.DBus.Error.UnknownMethod",
        "org.freedesktop.DBus.Error.UnknownInterface",
    ];
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.name().is_some_and(|name| GONE.contains(&name)) => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

pub(super) fn failed(error: Error) -> StoreError {
    match error.name() {
        Some("org.freedesktop.Secret.Error.IsLocked") => StoreError::Locked(StoredIn::Keyring),
        _ => StoreError::of_keyring(msg!("keyring-says", error = error.message().unwrap_or_default())),
    }
}
