//! The keyring of Linux and the BSDs: the Secret Service (freedesktop.org), version 0.2, on the session bus.
//!
//! By hand, over libdbus: the crates for it (`keyring`, `keyring-core` with its stores, `dbus-secret-service`) fix the
//! bus when the first call is made, change items in place, and take two items of one account for an error. Here are the
//! dozen calls that loom needs on the bus it is told; `transfer.rs` agrees on the key that seals secrets on their way,
//! with the randomness of the system.
//!
//! A service that hangs may do later what it was asked, when whoever asked was told that it was not done and something
//! else was kept meanwhile. An item that is made so late is removed by the connection that asked for it, and so is one
//! that could not be read back because the service hung.

mod buses;
mod calls;
mod signals;
mod transfer;
#[cfg(test)]
mod trial;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::{Duration, Instant};

use dbus::arg::{AppendAll, ReadAll, RefArg, Variant};
use dbus::channel::Channel;
use dbus::strings::Path;
use dbus::{Error, Message};
use zeroize::Zeroizing;

use super::super::StoreError;
use super::super::patience::SWIFT;
use crate::base::StoredIn;
use crate::msg;

pub use buses::bring_bus;
pub(in crate::store) use buses::known_buses;
use calls::{ANSWER_WITHIN, NAME, ask, ask_each, failed, found};
pub(in crate::store) use signals::Signals;
use transfer::{Offer, TransferKey};
#[cfg(test)]
pub(in crate::store) use trial::Trial;

/// What the system calls it.
pub const TITLE: &str = "Secret Service";

/// A connection to the Secret Service, with a key for the secrets that go over it.
pub(in crate::store) struct Platform {
    channel: Channel,
    session: Path<'static>,
    key: TransferKey,
    /// When the caller stops waiting for the present call.
    until: Cell<Instant>,
    /// The message by which the service was asked to make an item, until it answers.
    unanswered: Cell<Option<u32>>,
    /// The item that was made last, and when, until it was read back.
    unread: RefCell<Option<(Item, Instant)>>,
    /// It was made, and whoever asked was told that it is not kept.
    unwanted: RefCell<Option<Item>>,
}

/// An entry, by its path on the bus.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::store) struct Item(Path<'static>);

impl Item {
    pub(in crate::store) fn id(&self) -> &str {
        &self.0
    }
}

/// A secret on the bus: its session, the vector, the sealed text, and what kind of text it is.
type Sealed = (Path<'static>, Vec<u8>, Vec<u8>, String);

type Result<T> = std::result::Result<T, StoreError>;

const PATH: &str = "/org/freedesktop/secrets";
const SERVICE: &str = "org.freedesktop.Secret.Service";
const COLLECTION: &str = "org.freedesktop.Secret.Collection";
const ITEM: &str = "org.freedesktop.Secret.Item";
const PROMPT: &str = "org.freedesktop.Secret.Prompt";
const PROPERTIES: &str = "org.freedesktop.DBus.Properties";

/// How long it is waited for an item that is made when nobody waits any more.
const LATE_WITHIN: Duration = Duration::from_secs(10 * 60);

/// How long a person may take, if the keyring wants to ask one all the same.
const PROMPT_WITHIN: Duration = Duration::from_secs(5);

/// Connects to the keyring on the first bus that has one. `listen` is told each bus before anything is read there, so
/// that no change falls between. An error means that there is no keyring here.
pub(in crate::store) fn connect(listen: impl Fn(&str)) -> Result<Platform> {
    let buses = buses::all();
    let mut failed = None;
    for bus in &buses {
        listen(bus);
        match Platform::connect(bus) {
            Ok(platform) => return Ok(platform),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    // Where one would appear first.
    buses.first().inspect(|bus| listen(bus));
    Err(failed.unwrap_or_else(|| StoreError::of_keyring(msg!("no-session-bus"))))
}

impl Platform {
    /// Connects on this bus. An error means that there is no such service on it.
    pub(in crate::store) fn connect(bus: &str) -> Result<Platform> {
        let mut channel = Channel::open_private(bus).map_err(failed)?;
        channel.register().map_err(failed)?;
        let offer = Offer::new()?;
        let open = (transfer::ALGORITHM, Variant(offer.public()));
        let (theirs, session): (Variant<Vec<u8>>, Path) =
            ask(&channel, PATH, SERVICE, "OpenSession", open).map_err(failed)?;
        let key = offer.agree(&theirs.0).ok_or_else(refused)?;
        Ok(Platform {
            channel,
            session,
            key,
            until: Cell::new(Instant::now()),
            unanswered: Cell::default(),
            unread: RefCell::default(),
            unwanted: RefCell::default(),
        })
    }

    /// Sets when the caller stops waiting for the calls that follow.
    pub(in crate::store) fn awaited_until(&self, until: Instant) {
        self.until.set(until);
    }

    /// Fails if a change could be made after the caller has stopped waiting and was told that it was not.
    fn begin_change(&self) -> Result<()> {
        if Instant::now() + ANSWER_WITHIN > self.until.get() {
            Err(StoreError::of_keyring(msg!("keyring-hangs")))
        } else {
            Ok(())
        }
    }

    /// Fails if the default collection is locked. Nothing prompts for this.
    pub(in crate::store) fn look(&self) -> Result<()> {
        let default = self.default_collection()?;
        let (Variant(is_locked),): (Variant<bool>,) = self.call(&default, PROPERTIES, "Get", (COLLECTION, "Locked"))?;
        if is_locked { Err(StoreError::Locked(StoredIn::Keyring)) } else { Ok(()) }
    }

    /// The items that, according to the service, have these attributes, in every collection. Fails if one of them is
    /// locked. Nothing prompts for this.
    pub(in crate::store) fn items(&self, attributes: &[(&str, &str)]) -> Result<Vec<Item>> {
        let wanted: HashMap<&str, &str> = attributes.iter().copied().collect();
        let (open, locked): (Vec<Path>, Vec<Path>) = self.call(PATH, SERVICE, "SearchItems", (wanted,))?;
        if !locked.is_empty() {
            return Err(StoreError::Locked(StoredIn::Keyring));
        }
        Ok(open.into_iter().map(Item).collect())
    }

    /// The secret of an item; `None` if it is gone.
    pub(in crate::store) fn secret(&self, item: &Item) -> Result<Option<Zeroizing<Vec<u8>>>> {
        let get = ask::<(Sealed,)>(&self.channel, &item.0, ITEM, "GetSecret", (self.session.clone(),));
        let Some(((_, vector, sealed, _),)) = self.read_back(item, found(get))? else { return Ok(None) };
        self.key.open(&vector, &sealed).map(Some).ok_or_else(refused)
    }

    /// The attributes of each of these items; `None` for one that is gone.
    pub(in crate::store) fn attributes(&self, items: &[Item]) -> Result<Vec<Option<HashMap<String, String>>>> {
        let get = |item: &Item| Message::call_with_args(NAME, &item.0, PROPERTIES, "Get", (ITEM, "Attributes"));
        let all = ask_each::<(Variant<HashMap<String, String>>,)>(&self.channel, items.iter().map(get))?;
        Ok(all.into_iter().map(|found| found.map(|(found,)| found.0)).collect())
    }

    /// The secret of each of these items; `None` for one that is gone.
    pub(in crate::store) fn secrets(&self, items: &[Item]) -> Result<Vec<Option<Zeroizing<Vec<u8>>>>> {
        let get = |item: &Item| Message::call_with_args(NAME, &item.0, ITEM, "GetSecret", (self.session.clone(),));
        let open = |((_, vector, sealed, _),): (Sealed,)| self.key.open(&vector, &sealed).ok_or_else(refused);
        ask_each(&self.channel, items.iter().map(get))?.into_iter().map(|found| found.map(open).transpose()).collect()
    }

    /// Minds what became of reading an item that was made just now. After an answer that failed quickly the call may be
    /// made anew and find the item; one that hung ends it.
    fn read_back<T>(&self, item: &Item, answer: Result<T>) -> Result<T> {
        if let Some((made, at)) = self.unread.borrow_mut().take_if(|(made, _)| made == item)
            && matches!(answer, Err(StoreError::Unavailable { .. }))
            && at.elapsed() >= SWIFT
        {
            self.unwanted.replace(Some(made));
        }
        answer
    }

    /// Makes a new item in the default collection, whatever there is already.
    pub(in crate::store) fn create(&self, label: &str, attributes: &[(&str, &str)], secret: &[u8]) -> Result<Item> {
        let collection = self.default_collection()?;
        let named: HashMap<String, String> =
            attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let properties: HashMap<&str, Variant<Box<dyn RefArg>>> = HashMap::from([
            ("org.freedesktop.Secret.Item.Label", Variant(Box::new(label.to_owned()) as Box<dyn RefArg>)),
            ("org.freedesktop.Secret.Item.Attributes", Variant(Box::new(named) as Box<dyn RefArg>)),
        ]);
        let (vector, sealed) = self.key.seal(secret)?;
        let secret = (self.session.clone(), vector, sealed, "application/octet-stream");
        self.begin_change()?;
        let (item, prompt) = self.make(&collection, (properties, secret, false)).map_err(failed)?;
        let item = if is_none(&item) { self.prompt(&prompt)?.map(Item).ok_or_else(refused)? } else { Item(item) };
        self.unread.replace(Some((item.clone(), Instant::now())));
        Ok(item)
    }

    /// Removes an item; one that is gone already is no error.
    pub(in crate::store) fn delete(&self, item: &Item) -> Result<()> {
        self.begin_change()?;
        self.delete_now(item)
    }

    fn delete_now(&self, item: &Item) -> Result<()> {
        match found(ask(&self.channel, &item.0, ITEM, "Delete", ()))? {
            Some((prompt,)) if !is_none(&prompt) => self.prompt(&prompt).map(|_| ()),
            Some(_) | None => Ok(()),
        }
    }

    /// Asks for an item, and remembers that for as long as the answer does not come.
    fn make(
        &self,
        collection: &str,
        arguments: impl AppendAll,
    ) -> std::result::Result<(Path<'static>, Path<'static>), Error> {
        let call = Message::call_with_args(NAME, collection, COLLECTION, "CreateItem", arguments);
        let serial = self.channel.send(call).map_err(|()| Error::new_failed("the session bus is gone"))?;
        self.unanswered.set(Some(serial));
        self.answer(serial, ANSWER_WITHIN)
    }

    /// Waits so long for what was made by the message with this number.
    fn answer(&self, serial: u32, within: Duration) -> std::result::Result<(Path<'static>, Path<'static>), Error> {
        let until = Instant::now() + within;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let Some(mut message) = self.channel.blocking_pop_message(left)? else { continue };
            if message.get_reply_serial() == Some(serial) {
                self.unanswered.set(None);
                return message.as_result()?.read_all();
            }
        }
        Err(Error::new_failed("it does not answer"))
    }

    fn default_collection(&self) -> Result<Path<'static>> {
        let (path,): (Path,) = self.call(PATH, SERVICE, "ReadAlias", ("default",))?;
        if is_none(&path) { Err(StoreError::of_keyring(msg!("keyring-empty"))) } else { Ok(path) }
    }

    /// Lets the keyring ask a person, and says what came of it: the path of what was made, if something was.
    fn prompt(&self, prompt: &Path<'static>) -> Result<Option<Path<'static>>> {
        let rule = format!("type='signal',sender='{NAME}',interface='{PROMPT}',path='{prompt}'");
        let bus = "org.freedesktop.DBus";
        let add = Message::call_with_args(bus, "/org/freedesktop/DBus", bus, "AddMatch", (rule,));
        self.channel.send_with_reply_and_block(add, ANSWER_WITHIN).map_err(failed)?;
        let () = self.call(prompt, PROMPT, "Prompt", ("",))?;
        let until = Instant::now() + PROMPT_WITHIN;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            let Some(message) = self.channel.blocking_pop_message(left).map_err(failed)? else { continue };
            if message.interface().as_deref() != Some(PROMPT) || message.path().as_ref() != Some(prompt) {
                continue;
            }
            let (dismissed, made) = message.get2::<bool, Variant<Box<dyn RefArg>>>();
            if dismissed.unwrap_or(true) {
                return Err(StoreError::Locked(StoredIn::Keyring));
            }
            let path = made.and_then(|made| made.0.as_str().and_then(|path| Path::new(path.to_owned()).ok()));
            return Ok(path.filter(|path| !is_none(path)));
        }
        // Else it would stay on the screen with nobody behind it.
        let () = self.call(prompt, PROMPT, "Dismiss", ())?;
        Err(StoreError::of_keyring(msg!("keyring-hangs")))
    }

    fn call<R: ReadAll>(&self, path: &str, interface: &str, method: &str, arguments: impl AppendAll) -> Result<R> {
        ask(&self.channel, path, interface, method, arguments).map_err(failed)
    }
}

impl Drop for Platform {
    /// Takes back what the service makes when nobody waits for it any more: whoever wanted it was told that it is not
    /// kept. This is on the thread that was left behind.
    fn drop(&mut self) {
        if let Some(item) = self.unwanted.take() {
            let _ = self.delete_now(&item);
        }
        let Some(serial) = self.unanswered.take() else { return };
        if let Ok((item, _)) = self.answer(serial, LATE_WITHIN)
            && !is_none(&item)
        {
            let _ = self.delete_now(&Item(item));
        }
    }
}

/// Whether the path is `/`, which stands for no object.
fn is_none(path: &Path) -> bool {
    &**path == "/"
}

fn refused() -> StoreError {
    StoreError::of_keyring(msg!("keyring-refused"))
}
