//! What is noted of one request: once, with its answer, or earlier by who did something whose answer may still be an
//! error.

use crate::agent::life::auditing::{About, Auditing, Author, Outcome, Room, Who};
use crate::wire::{Code, Fault};

/// What the audit log says of a verb. None is there by default: whoever adds a verb decides it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Noted {
    /// Nothing: it changes nothing, and gives out nothing that is kept.
    Never,
    /// That it was asked, and what came of it.
    Asked(&'static str),
    /// Each thing that it changed, at once when that was done (`Caller::notes_done`), whatever is answered in the end;
    /// else why it was refused. One that was answered and said nothing of the kind changed nothing.
    Done(&'static str),
    /// What it did, under the name of somebody else than who asks: of who signed in, of who held a token. It notes by
    /// itself, also what it refuses.
    OfAnother,
}

impl Noted {
    pub(crate) fn event(self) -> Option<&'static str> {
        match self {
            Noted::Asked(event) | Noted::Done(event) => Some(event),
            Noted::Never | Noted::OfAnother => None,
        }
    }
}

/// Nothing is noted of a request that has no event.
pub(crate) struct Noting<'a> {
    audit: &'a Auditing,
    noted: Noted,
    room: Option<Room<'a>>,
    is_noted: bool,
    pub(crate) about: About,
}

impl<'a> Noting<'a> {
    pub(crate) fn new(audit: &'a Auditing) -> Noting<'a> {
        Noting { audit, noted: Noted::Never, room: None, is_noted: false, about: About::default() }
    }

    /// A connection asks one thing after the other.
    pub(crate) fn begin(&mut self, noted: Noted) {
        *self = Noting { noted, ..Noting::new(self.audit) };
    }

    /// Takes room for the entry, or says how long they have to wait.
    pub(crate) fn take_room(&mut self, author: &Author, changes_rights: bool) -> Result<(), Fault> {
        self.room = Some(self.audit.room(author, changes_rights)?);
        Ok(())
    }

    /// Notes what was answered, unless something was noted before. What was not done needs no room.
    pub(crate) fn end(&mut self, who: Who, answered: Result<(), Code>) {
        if !self.is_noted {
            let outcome = match (self.noted, answered) {
                (Noted::Done(_), Ok(())) => Outcome::Unchanged,
                (_, answered) => answered.into(),
            };
            self.note(who, outcome);
        }
        self.room = None;
    }

    /// What it changed was noted by who changed it.
    pub(crate) fn was_noted(&mut self) {
        self.is_noted = true;
    }

    pub(crate) fn note(&mut self, who: impl Into<Who>, outcome: impl Into<Outcome>) {
        let Some(event) = self.noted.event() else { return };
        self.is_noted = true;
        self.audit.note_in(self.room.as_mut(), event, who.into(), self.about.clone(), outcome.into());
    }

    /// Notes what the agent did by itself.
    pub(crate) fn note_of_agent(&self, event: &str, about: About, outcome: Result<(), Code>) {
        self.audit.note(event, Who::agent(), about, outcome);
    }

    /// Returns once what changed rights is on the disk, or says why it is not.
    pub(crate) async fn is_on_disk(&self) -> Result<(), Fault> {
        self.audit.rights_noted().await
    }
}
