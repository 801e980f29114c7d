use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dbus::Message;
use dbus::arg::{PropMap, RefArg, Variant};
use dbus::channel::Channel;
use dbus::strings::Path;

use super::Session;

const SERVICE: &str = "/org/freedesktop/secrets";
const COLLECTION: &str = "/org/freedesktop/secrets/collection/login";
const PROMPT: &str = "/org/freedesktop/secrets/prompt/1";

/// What it does that no real one should.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub enum Manner {
    #[default]
    Honest,
    /// It never answers this call.
    Hangs(&'static str),
    /// Every answer takes so long.
    Slow(Duration),
    /// It does what this call wants so long after it came.
    Late(&'static str, Duration),
    /// It answers this call with an error.
    Refuses(&'static str),
    /// It fails once at each of these calls, in this order.
    Fails(&'static [(&'static str, Fails)]),
    /// It keeps something else than the next secret that it is given, and says that all is well.
    Spoils,
    /// It finds everything, whatever it was asked for.
    FindsAll,
    /// It wants to ask a person before it makes an item.
    Prompts { dismissed: bool },
}

/// What becomes of a call that is answered with an error.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fails {
    NotDone,
    Done,
}

/// A Secret Service that behaves as a test wants. It ends with the session.
pub struct SecretService {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    manner: Manner,
    calls: Vec<String>,
    items: BTreeMap<String, Item>,
    /// The paths of the items that have this user: a test may have many, and looks for each of them.
    of_user: HashMap<String, BTreeSet<String>>,
}

struct Item {
    attributes: HashMap<String, String>,
    /// As it came, encrypted, with the vector that it begins with.
    secret: (Vec<u8>, Vec<u8>),
}

impl SecretService {
    /// Takes the name of the keyring on this session's bus.
    pub fn start(session: &Session) -> SecretService {
        let mut channel = Channel::open_private(session.address()).unwrap();
        channel.register().unwrap();
        let bus = ("org.freedesktop.DBus", "/org/freedesktop/DBus");
        let name = Message::new_method_call(bus.0, bus.1, bus.0, "RequestName").unwrap();
        let name = name.append2("org.freedesktop.secrets", 0_u32);
        channel.send_with_reply_and_block(name, super::SOON).unwrap();
        let state = Arc::new(Mutex::new(State::default()));
        let service = SecretService { state: state.clone() };
        std::thread::spawn(move || {
            while channel.read_write(None).is_ok() {
                while let Some(message) = channel.pop_message() {
                    let manner = state.lock().unwrap().manner;
                    let is = |call: &str| message.member().is_some_and(|member| *member == *call);
                    match manner {
                        Manner::Slow(pause) => std::thread::sleep(pause),
                        Manner::Late(call, pause) if is(call) => std::thread::sleep(pause),
                        _ => {}
                    }
                    for answer in state.lock().unwrap().answers(&message) {
                        channel.send(answer).unwrap();
                    }
                }
            }
        });
        service
    }

    pub fn set(&self, manner: Manner) {
        self.state.lock().unwrap().manner = manner;
    }

    /// How often this was called; a property counts as `Get NAME`, and everything as the empty name.
    pub fn calls(&self, name: &str) -> usize {
        self.state.lock().unwrap().calls.iter().filter(|call| name.is_empty() || *call == name).count()
    }

    /// How many items it has.
    pub fn items(&self) -> usize {
        self.state.lock().unwrap().items.len()
    }

    /// Lets all items belong to another application.
    pub fn give_away(&self) {
        for item in self.state.lock().unwrap().items.values_mut() {
            item.attributes.insert("service".to_owned(), "other".to_owned());
        }
    }
}

impl State {
    fn answers(&mut self, message: &Message) -> Vec<Message> {
        let (Some(member), Some(path)) = (message.member(), message.path()) else { return Vec::new() };
        let mut call = member.to_string();
        if let (true, Ok((_, property))) = (call == "Get", message.read2::<&str, &str>()) {
            call = format!("Get {property}");
        }
        self.calls.push(call.clone());
        let error = || message.error(&"org.freedesktop.DBus.Error.Failed".into(), c"not today");
        match self.manner {
            Manner::Hangs(hangs) if hangs == call => Vec::new(),
            Manner::Refuses(refuses) if refuses == call => vec![error()],
            Manner::Fails([(fails, how), rest @ ..]) if *fails == call => {
                self.manner = if rest.is_empty() { Manner::Honest } else { Manner::Fails(rest) };
                if *how == Fails::NotDone {
                    return vec![error()];
                }
                let mut answers = self.carry_out(message, &call, &path);
                answers.pop();
                answers.push(error());
                answers
            }
            _ => self.carry_out(message, &call, &path),
        }
    }

    /// The signals that come of it, and the answer.
    fn carry_out(&mut self, message: &Message, call: &str, path: &str) -> Vec<Message> {
        let answer = message.method_return();
        let none = || Path::from("/");
        let answer = match call {
            // With 1 as our half of the key the whole is the same in every session: what came encrypted goes as it is.
            "OpenSession" if message.get1() == Some("plain") => answer.append2(Variant(""), Path::from(SERVICE)),
            "OpenSession" => answer.append2(Variant(vec![1_u8]), Path::from(SERVICE)),
            "ReadAlias" => answer.append1(Path::from(COLLECTION)),
            "Get Locked" => answer.append1(Variant(false)),
            "SearchItems" => answer.append2(self.found(message.get1().unwrap()), Vec::<Path>::new()),
            "CreateItem" if matches!(self.manner, Manner::Prompts { .. }) => answer.append2(none(), Path::from(PROMPT)),
            "CreateItem" => {
                let path = self.create(message);
                return vec![said("ItemCreated", &path), answer.append2(Path::from(path), none())];
            }
            "Prompt" if self.manner == (Manner::Prompts { dismissed: true }) => {
                let signal = Message::new_signal(PROMPT, "org.freedesktop.Secret.Prompt", "Completed").unwrap();
                return vec![answer, signal.append2(true, Variant(""))];
            }
            "Prompt" => answer,
            "Delete" | "Get Attributes" | "GetSecret" if !self.items.contains_key(path) => {
                return vec![message.error(&"org.freedesktop.Secret.Error.NoSuchObject".into(), c"it is gone")];
            }
            "Delete" => {
                self.items.remove(path);
                return vec![said("ItemDeleted", path), answer.append1(none())];
            }
            "Get Attributes" => answer.append1(Variant(self.items[path].attributes.clone())),
            "GetSecret" => {
                let (vector, secret) = self.items[path].secret.clone();
                answer.append1((Path::from(SERVICE), vector, secret, "application/octet-stream"))
            }
            _ => return dbus::channel::default_reply(message).into_iter().collect(),
        };
        vec![answer]
    }

    fn found(&self, wanted: HashMap<String, String>) -> Vec<Path<'static>> {
        let fits = |item: &Item| wanted.iter().all(|(name, value)| item.attributes.get(name) == Some(value));
        let path = |path: &String| Path::from(path.clone());
        match wanted.get("username") {
            _ if self.manner == Manner::FindsAll => self.items.keys().map(path).collect(),
            Some(user) => {
                let of_user = self.of_user.get(user).into_iter().flatten();
                of_user.filter(|path| self.items.get(*path).is_some_and(fits)).map(path).collect()
            }
            None => self.items.iter().filter(|(_, item)| fits(item)).map(|(name, _)| path(name)).collect(),
        }
    }

    fn create(&mut self, message: &Message) -> String {
        let (properties, secret) = message.read2::<PropMap, _>().unwrap();
        let names_and_values = properties["org.freedesktop.Secret.Item.Attributes"].0.as_iter().unwrap();
        let texts: Vec<String> = names_and_values.filter_map(|text| text.as_str().map(str::to_owned)).collect();
        let attributes: HashMap<_, _> = texts.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
        let path = format!("{COLLECTION}/{}", super::unique());
        let user = attributes.get("username").cloned().unwrap_or_default();
        self.of_user.entry(user).or_default().insert(path.clone());
        let item = Item { attributes, secret: self.taken(secret) };
        self.items.insert(path.clone(), item);
        path
    }

    fn taken(&mut self, (_, mut vector, secret, _): (Path, Vec<u8>, Vec<u8>, &str)) -> (Vec<u8>, Vec<u8>) {
        if self.manner == Manner::Spoils {
            // The first letter of what it decrypts to becomes another one.
            vector[0] ^= 1;
            self.manner = Manner::Honest;
        }
        (vector, secret)
    }
}

/// What it says of an item to whoever listens.
fn said(member: &str, item: &str) -> Message {
    let signal = Message::new_signal(COLLECTION, "org.freedesktop.Secret.Collection", member).unwrap();
    signal.append1(Path::from(item.to_owned()))
}
