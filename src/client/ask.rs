//! A front-end's way to the agent: where it listens, starting it where none runs, the question, the waiting, the
//! answer. All front-ends go this way, so that the checks before the first byte cannot be left out.

use std::cell::OnceCell;
use std::time::Duration;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use zeroize::Zeroizing;

use super::connection::{Connection, is_gone};
use super::start;
use super::tunnel::Tunnel;
use super::watch::{Manner, Says, Watch};
use crate::base::{Locale, Paths, Secret, Surroundings};
use crate::wire::{
    Code, Fault, Pasted, Reply, ReplyError, VERSION, Verb, note_beside, print_more, print_request_from, reason,
};

/// A front-end's way to the agent. Each question makes a connection of its own.
pub struct Client {
    paths: Paths,
    /// The paths of the agent to ask instead, once the first one said that it has other settings and another store.
    apart: OnceCell<Paths>,
    locale: Locale,
    /// `LOOM_TOKEN`: presented with every request, and then only its rights count.
    token: Option<Secret>,
    /// `LOOM_AUTOSTART=0` forbids starting an agent.
    autostart: bool,
    /// What decides where things are for who asks here.
    env: Option<Surroundings>,
    /// Whether git waits for the answers.
    is_for_git: bool,
    /// Tells a person what is waited for.
    says: Option<fn(Locale, &[String])>,
    /// Tells a person what the agent says beside an answer.
    notes: Option<fn(&str)>,
}

impl Client {
    /// A client for the agent that the environment means: `LOOM_AGENT_SOCK` or the usual socket, the language,
    /// `LOOM_TOKEN`, `LOOM_AUTOSTART`.
    ///
    /// Fails without a home directory, and where a variable holds a path that is relative or too long.
    pub fn from_environment() -> Result<Client, Fault> {
        let paths = Paths::from_environment().map_err(reason::Below::Place)?;
        let token = std::env::var("LOOM_TOKEN").ok().filter(|text| !text.is_empty()).map(Secret::new);
        let autostart = std::env::var_os("LOOM_AUTOSTART").is_none_or(|value| value != "0");
        let env = Surroundings::from_environment(&paths);
        let locale = Locale::from_environment();
        Ok(Client {
            env,
            apart: OnceCell::new(),
            paths,
            locale,
            token,
            autostart,
            is_for_git: false,
            says: None,
            notes: None,
        })
    }

    /// Sets the language of the texts in answers and faults.
    pub fn speaking(self, locale: Locale) -> Client {
        Client { locale, ..self }
    }

    /// Presents this token with every question, whatever `LOOM_TOKEN` says.
    pub fn presenting(self, token: Secret) -> Client {
        Client { token: Some(token), ..self }
    }

    /// Has no agent started: where none runs, a question fails with [`NotRunning`](reason::Agent::NotRunning).
    pub fn without_autostart(self) -> Client {
        Client { autostart: false, ..self }
    }

    /// Has an agent started where none runs, whatever `LOOM_AUTOSTART` says.
    pub fn with_autostart(self) -> Client {
        Client { autostart: true, ..self }
    }

    /// Ends this program where an answer does not come in time: git waits for it.
    pub(super) fn for_git(self) -> Client {
        Client { is_for_git: true, ..self }
    }

    /// Has `says` called while an answer takes long. It is given the language, and one sentence for each thing that the
    /// agent says it waits for.
    pub fn saying(self, says: fn(Locale, &[String])) -> Client {
        Client { says: Some(says), ..self }
    }

    /// Has `notes` called with the sentence beside an answer that a person should read, if there is one.
    pub fn noting(self, notes: fn(&str)) -> Client {
        Client { notes: Some(notes), ..self }
    }

    /// Where the agent's socket and the user's files are.
    pub fn paths(&self) -> &Paths {
        self.apart.get().unwrap_or(&self.paths)
    }

    /// The language of the texts in answers and faults.
    pub fn locale(&self) -> Locale {
        self.locale
    }

    /// Asks, and waits for the answer; events on the way to it are dropped.
    pub fn ask<V: Verb>(&self, question: &V) -> Result<V::Reply, Fault> {
        let manner = if self.is_for_git { Manner::Ends } else { self.manner(false) };
        self.converse_in(manner, question, |_: IgnoredAny| Ok(None::<Pasted>))
    }

    /// Asks something that takes time, and hands each event on the way to the answer to `seen`. What `seen` returns is
    /// sent to the agent as the answer to that event; an error of `seen` cancels the question.
    pub fn follow<V: Verb, E: DeserializeOwned>(
        &self,
        question: &V,
        seen: impl FnMut(E) -> Result<Option<Pasted>, Fault>,
    ) -> Result<V::Reply, Fault> {
        self.converse(question, seen)
    }

    /// Asks as [`follow`](Self::follow) does, with answers to events that are of any type.
    pub fn converse<V: Verb, E: DeserializeOwned, M: Serialize>(
        &self,
        question: &V,
        seen: impl FnMut(E) -> Result<Option<M>, Fault>,
    ) -> Result<V::Reply, Fault> {
        self.converse_in(self.manner(true), question, seen)
    }

    /// Whether a person is told why nothing comes.
    fn manner(&self, is_followed: bool) -> Manner {
        let Some(says) = self.says else { return Manner::Patient };
        let (socket, token) = (self.paths().socket().to_owned(), self.token.clone());
        Manner::Says(Says { says, locale: self.locale, socket, token, is_followed })
    }

    fn converse_in<V: Verb, E: DeserializeOwned, M: Serialize>(
        &self,
        manner: Manner,
        question: &V,
        mut seen: impl FnMut(E) -> Result<Option<M>, Fault>,
    ) -> Result<V::Reply, Fault> {
        let (mut connection, mut line) = self.begin(question, manner)?;
        loop {
            match Reply::<V::Reply, E>::parse(&line).map_err(not_understood)? {
                Reply::Ok(answer) => {
                    if let Some(notes) = self.notes
                        && let Some(note) = note_beside(&line)
                    {
                        notes(&note);
                    }
                    return Ok(answer);
                }
                Reply::Error(fault) => return Err(fault),
                Reply::Event(event) => {
                    if let Some(more) = seen(event)? {
                        connection.send(&print_more(&more))?;
                    }
                }
            }
            line = connection.receive()?;
        }
    }

    /// Asks for something that lasts as long as the connection. Returns the first event, and the connection as a value
    /// to keep.
    pub fn hold<V: Verb, E: DeserializeOwned>(&self, question: &V) -> Result<(E, Held), Fault> {
        let (connection, line) = self.begin(question, self.manner(true))?;
        match Reply::<V::Reply, E>::parse(&line).map_err(not_understood)? {
            Reply::Event(event) => Ok((event, Held { _connection: connection })),
            Reply::Error(fault) => Err(fault),
            Reply::Ok(_) => Err(not_understood(ReplyError::Malformed)),
        }
    }

    /// Asks for something after whose reply the connection carries other bytes.
    pub fn open<V: Verb>(&self, question: &V) -> Result<Tunnel, Fault> {
        let (connection, line) = self.begin(question, Manner::Patient)?;
        match Reply::<V::Reply>::parse(&line).map_err(not_understood)? {
            Reply::Ok(_) => connection.into_tunnel(),
            Reply::Error(fault) => Err(fault),
            Reply::Event(_) => Err(not_understood(ReplyError::Malformed)),
        }
    }

    /// Asks something after which the agent goes, and waits until it is gone; `false` if it is not in time.
    pub(super) fn ask_last<V: Verb>(&self, question: &V, within: Duration) -> Result<bool, Fault> {
        let (connection, line) = self.begin(question, Manner::Patient)?;
        if let Ok(Reply::Error(fault)) = Reply::<V::Reply>::parse(&line) {
            return Err(fault);
        }
        Ok(connection.wait_for_end(within))
    }

    /// Asks, and waits for the first line of the answer. An agent with another store than is meant here says so; then
    /// the one beside it is asked, from now on.
    fn begin<V: Verb>(&self, question: &V, manner: Manner) -> Result<(Connection, Zeroizing<Vec<u8>>), Fault> {
        let watch = Watch::new(manner);
        let frame = print_request_from(self.env.as_ref(), question, self.locale, self.token.as_ref());
        let begun = self.exchange::<V>(&frame, &watch)?;
        if self.apart.get().is_some() || !is_elsewhere(&begun.1) {
            return Ok(begun);
        }
        self.apart.get_or_init(|| self.paths.apart());
        self.exchange::<V>(&frame, &watch)
    }

    /// Where the agent went away before it answered, and asking again changes nothing, the next agent is asked, once.
    fn exchange<V: Verb>(&self, frame: &[u8], watch: &Watch) -> Result<(Connection, Zeroizing<Vec<u8>>), Fault> {
        let mut connection = self.connect(watch)?;
        match connection.exchange(frame, watch) {
            Err(fault) if V::REPEATABLE && is_gone(&fault) => {
                connection.wait_for_death();
                connection = self.connect(watch)?;
                connection.exchange(frame, watch)
            }
            answered => answered,
        }
        .map(|line| (connection, line))
    }

    fn connect(&self, watch: &Watch) -> Result<Connection, Fault> {
        match Connection::open(self.paths().socket())? {
            Some(connection) => Ok(connection),
            None if self.autostart => {
                watch.begin();
                start::agent(self.paths(), self.locale)
            }
            None => Err(reason::Agent::NotRunning.into()),
        }
    }
}

/// A connection for whose life the agent does something: dropping it ends that.
pub struct Held {
    _connection: Connection,
}

fn is_elsewhere(line: &[u8]) -> bool {
    let reply = Reply::<IgnoredAny, IgnoredAny>::parse(line);
    matches!(reply, Ok(Reply::Error(fault)) if fault.code() == Code::Elsewhere)
}

/// Whether there is no agent, and none was to be started.
pub(super) fn is_absent(fault: &Fault) -> bool {
    fault.about() == Some(reason::Agent::NotRunning)
}

fn not_understood(error: ReplyError) -> Fault {
    match error {
        ReplyError::Version(version) => reason::Agent::SpeaksVersion { version, own: VERSION }.into(),
        ReplyError::Malformed => reason::Agent::SpeaksOtherwise.into(),
    }
}
