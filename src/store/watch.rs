//! What others do to the keyring, noticed without asking it: a connection to the session bus that only listens.
//!
//! Nobody waits on it. The bus writes its signals into the socket before whoever made a change has their answer; they
//! are read there when somebody wants to know, so an idle agent has neither a thread nor a wake-up for them.
//!
//! Whether something changed costs one system call. Where no signals can be had, or a change of our own went by without
//! one, what was read counts for two seconds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dbus::channel::Channel;
use dbus::{Error, Message, MessageType};

use super::buses;
use super::sign::{AGE, Mark, Sign, next_count};

/// The signals for which the bus is asked: what happens to items and collections, and who offers the keyring.
const RULES: [&str; 3] = [
    "type='signal',sender='org.freedesktop.secrets',interface='org.freedesktop.Secret.Collection'",
    "type='signal',sender='org.freedesktop.secrets',interface='org.freedesktop.Secret.Service'",
    "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',member='NameOwnerChanged',\
     arg0='org.freedesktop.secrets'",
];

const BUS: &str = "org.freedesktop.DBus";

/// How long the bus may take to note a rule.
const RULE_WITHIN: Duration = Duration::from_secs(2);

/// How long it may take until a change of this process is signalled, by a keyring that signals changes.
const HEARD_WITHIN: Duration = Duration::from_secs(1);

/// Listens for changes to the keyring. Clones share one connection.
#[derive(Clone, Default)]
pub(super) struct Watch(Arc<Mutex<State>>);

struct State {
    channel: Option<Channel>,
    bus: String,
    changes: u64,
    signs: u64,
    since: Instant,
    /// How many changes of items were heard.
    heard: u64,
    /// When this process made a change, and how many changes had been heard before.
    written: Option<(Instant, u64)>,
    /// Whether this keyring does not signal changes.
    is_silent: bool,
    /// Whether a keyring is waited for: then only the sign that there may be one counts, and no change.
    waits: bool,
}

impl Sign for Watch {
    fn now(&self) -> Mark {
        let waits = self.lock().waits;
        Mark::Count(if waits { self.signs().wrapping_add(buses::known()) } else { self.changes() })
    }
}

impl Watch {
    /// A number that differs after every change, as far as that can be known. It is read without waiting.
    fn changes(&self) -> u64 {
        let mut state = self.lock();
        state.listen();
        if state.is_old() {
            state.change();
        }
        state.changes
    }

    /// Notes whether a keyring is waited for.
    pub(super) fn await_one(&self, waits: bool) {
        self.lock().waits = waits;
    }

    /// A number that differs when somebody began to offer a keyring, or when nothing can be heard any more.
    fn signs(&self) -> u64 {
        let mut state = self.lock();
        state.listen();
        state.signs
    }

    /// Begins to listen on this bus, unless it already does. If it cannot, changes are assumed.
    pub(super) fn begin(&self, address: &str) {
        if self.lock().is_listening_on(address) {
            return;
        }
        // Not held meanwhile: the bus may hang.
        let channel = connect(address).ok();
        let mut state = self.lock();
        let (signs, waits) = (state.signs, state.waits);
        *state = State { channel, bus: address.to_owned(), signs, waits, ..State::default() };
    }

    /// How many changes of items were heard so far.
    pub(super) fn heard(&self) -> u64 {
        self.lock().heard
    }

    /// Notes that this process changed something when so many had been heard: this change should be heard too.
    pub(super) fn wrote(&self, heard: u64) {
        self.lock().written = Some((Instant::now(), heard));
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Reads the signals that have arrived.
    fn listen(&mut self) {
        let Some(channel) = self.channel.take() else { return };
        let is_open = channel.read_write(Some(Duration::ZERO)).is_ok() && channel.is_connected();
        while let Some(message) = channel.pop_message() {
            self.take_in(&message);
        }
        if is_open {
            self.channel = Some(channel)
        } else {
            self.signs += 1;
            self.change();
        }
    }

    fn take_in(&mut self, message: &Message) {
        if message.msg_type() != MessageType::Signal {
            return;
        }
        let (interface, member) = (message.interface(), message.member());
        // A keyring that goes takes nothing with it; one that comes may have something else.
        let appeared = |(_, _, owner): (&str, &str, &str)| !owner.is_empty();
        match (interface.as_deref(), member.as_deref()) {
            (Some(BUS), Some("NameOwnerChanged")) if message.read3().is_ok_and(appeared) => {
                self.signs += 1;
                self.change();
            }
            (Some(interface), _) if interface.starts_with("org.freedesktop.Secret.") => {
                (self.heard, self.is_silent) = (self.heard + 1, false);
                self.change();
            }
            _ => {}
        }
    }

    /// Whether the keyring may have changed without a signal since it was read.
    fn is_old(&mut self) -> bool {
        if let Some((at, heard)) = self.written
            && (heard != self.heard || at.elapsed() > HEARD_WITHIN)
        {
            self.is_silent = heard == self.heard;
            self.written = None;
        }
        (self.is_silent || self.channel.is_none()) && self.since.elapsed() >= AGE
    }

    fn change(&mut self) {
        (self.changes, self.since) = (next_count(), Instant::now());
    }

    fn is_listening_on(&self, bus: &str) -> bool {
        self.bus == bus && self.channel.as_ref().is_some_and(Channel::is_connected)
    }
}

impl Default for State {
    fn default() -> Self {
        State {
            channel: None,
            bus: String::new(),
            changes: next_count(),
            signs: 0,
            since: Instant::now(),
            heard: 0,
            written: None,
            is_silent: false,
            waits: false,
        }
    }
}

fn connect(address: &str) -> Result<Channel, Error> {
    let mut channel = Channel::open_private(address)?;
    channel.register()?;
    for rule in RULES {
        let add = Message::call_with_args(BUS, "/org/freedesktop/DBus", BUS, "AddMatch", (rule,));
        channel.send_with_reply_and_block(add, RULE_WITHIN)?;
    }
    Ok(channel)
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Child, Command, Stdio};

    use super::*;

    /// A session bus; it ends with the test.
    struct Bus(Child, String);

    impl Bus {
        fn start() -> Bus {
            let mut command = Command::new("dbus-daemon");
            command.args(["--session", "--nofork", "--print-address"]).stdout(Stdio::piped()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap();
            let mut address = String::new();
            BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
            Bus(child, address.trim().to_owned())
        }

        /// Somebody on it who calls themselves the keyring.
        fn keyring(&self) -> Channel {
            let mut channel = Channel::open_private(&self.1).unwrap();
            channel.register().unwrap();
            let name = ("org.freedesktop.secrets", 0_u32);
            call(&channel, "RequestName", name);
            // The bus is through with one call before it takes up the next.
            call(&channel, "GetId", ());
            channel
        }
    }

    impl Drop for Bus {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn call(channel: &Channel, method: &str, arguments: impl dbus::arg::AppendAll) {
        let call = Message::call_with_args(BUS, "/org/freedesktop/DBus", BUS, method, arguments);
        channel.send_with_reply_and_block(call, Duration::from_secs(20)).unwrap();
    }

    /// Says something of an item, and returns when the bus has passed it on.
    fn say(keyring: &Channel, member: &str) {
        let collection = "/org/freedesktop/secrets/collection/login";
        keyring.send(Message::new_signal(collection, "org.freedesktop.Secret.Collection", member).unwrap()).unwrap();
        call(keyring, "GetId", ());
    }

    #[test]
    fn what_nobody_watches_counts_as_changed_after_a_while() {
        let watch = Watch::default();
        let before = watch.changes();
        assert_eq!(watch.changes(), before);
        watch.lock().since -= AGE;
        assert_ne!(watch.changes(), before);
        assert_ne!(Watch::default().changes(), watch.changes(), "two keyrings have no number in common");
    }

    #[test]
    fn every_change_a_coming_keyring_and_an_ending_bus_are_noticed() {
        let bus = Bus::start();
        let watch = Watch::default();
        watch.begin(&bus.1);
        let mut known = watch.changes();
        let mut changed = |what: &str| {
            let now = watch.changes();
            let changed = now != std::mem::replace(&mut known, now);
            watch.lock().since -= AGE;
            assert_eq!(watch.changes(), now, "after {what} time alone is a change");
            changed
        };
        let keyring = bus.keyring();
        assert!(changed("a keyring that comes"));
        for member in ["ItemCreated", "ItemChanged", "ItemDeleted"] {
            say(&keyring, member);
            assert!(changed(member), "{member}");
        }
        call(&keyring, "RequestName", ("org.example.other", 0_u32));
        call(&keyring, "GetId", ());
        assert!(!changed("another name"));
        drop(keyring);
        let _keyring = bus.keyring();
        assert!(changed("a keyring that was started anew"));
        drop(bus);
        let known = watch.changes();
        watch.lock().since -= AGE;
        assert_ne!(watch.changes(), known, "without a bus nobody says anything");
    }

    #[test]
    fn a_keyring_that_tells_of_no_change_is_not_relied_on_until_it_does() {
        let bus = Bus::start();
        let (watch, keyring) = (Watch::default(), bus.keyring());
        watch.begin(&bus.1);
        let later = |known: u64| {
            watch.lock().since -= AGE;
            watch.changes() != known
        };
        watch.wrote(watch.heard());
        if let Some((at, _)) = &mut watch.lock().written {
            *at -= HEARD_WITHIN * 2;
        }
        assert!(later(watch.changes()));
        let heard = watch.heard();
        say(&keyring, "ItemChanged");
        watch.wrote(heard);
        assert!(!later(watch.changes()));
    }
}
