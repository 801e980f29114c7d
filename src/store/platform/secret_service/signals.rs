//! What a keyring on the session bus tells of by itself: a connection to the bus that only listens.
//!
//! The bus writes its signals into the socket before whoever made a change has their answer. Whether there is one costs
//! one system call.

use std::time::Duration;

use dbus::channel::Channel;
use dbus::{Error, Message, MessageType};

use super::super::Signal;

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

/// A connection to a session bus that hears what happens to the keyring there.
pub(in crate::store) struct Signals {
    channel: Channel,
    bus: String,
}

impl Signals {
    /// Begins to listen on the bus with this address; `None` if that cannot be had.
    pub(in crate::store) fn listen(bus: &str) -> Option<Signals> {
        Some(Signals { channel: connect(bus).ok()?, bus: bus.to_owned() })
    }

    /// Whether they are those of the bus with this address, which has not ended.
    pub(in crate::store) fn are_of(&self, bus: &str) -> bool {
        self.bus == bus && self.channel.is_connected()
    }

    /// Reads those that have arrived, without waiting. `false` if there will be no more.
    pub(in crate::store) fn read(&mut self, mut each: impl FnMut(Signal)) -> bool {
        let goes_on = self.channel.read_write(Some(Duration::ZERO)).is_ok() && self.channel.is_connected();
        while let Some(message) = self.channel.pop_message() {
            meaning(&message).map(&mut each);
        }
        goes_on
    }
}

fn meaning(message: &Message) -> Option<Signal> {
    if message.msg_type() != MessageType::Signal {
        return None;
    }
    // A keyring that goes takes nothing with it; one that comes may have something else.
    let appeared = |(_, _, owner): (&str, &str, &str)| !owner.is_empty();
    match (message.interface().as_deref(), message.member().as_deref()) {
        (Some(BUS), Some("NameOwnerChanged")) if message.read3().is_ok_and(appeared) => Some(Signal::Appeared),
        (Some(interface), _) if interface.starts_with("org.freedesktop.Secret.") => Some(Signal::Changed),
        _ => None,
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

    use super::super::super::super::watch::Watch;
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
    fn every_change_a_coming_keyring_and_an_ending_bus_are_noticed() {
        let bus = Bus::start();
        let watch = Watch::default();
        watch.begin(&bus.1);
        let mut known = watch.changes();
        let mut changed = |what: &str| {
            let now = watch.changes();
            let changed = now != std::mem::replace(&mut known, now);
            watch.grow_old();
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
        watch.grow_old();
        assert_ne!(watch.changes(), known, "without a bus nobody says anything");
    }

    #[test]
    fn a_keyring_that_tells_of_no_change_is_not_relied_on_until_it_does() {
        let bus = Bus::start();
        let (watch, keyring) = (Watch::default(), bus.keyring());
        watch.begin(&bus.1);
        let later = |known: u64| {
            watch.grow_old();
            watch.changes() != known
        };
        watch.wrote(watch.heard());
        watch.hear_nothing();
        assert!(later(watch.changes()));
        let heard = watch.heard();
        say(&keyring, "ItemChanged");
        watch.wrote(heard);
        assert!(!later(watch.changes()));
    }
}
