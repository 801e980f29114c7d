//! What is noted of one request: once, with its answer, or earlier by who did something whose answer may still be an
//! error.

use crate::agent::life::auditing::{About, Auditing, Author, Room, Who};
use crate::wire::{Code, Fault};

/// Nothing is noted of a request that has no event.
pub(crate) struct Noting<'a> {
    audit: &'a Auditing,
    event: Option<&'static str>,
    room: Option<Room<'a>>,
    is_noted: bool,
    pub(crate) about: About,
}

impl<'a> Noting<'a> {
    pub(crate) fn new(audit: &'a Auditing) -> Noting<'a> {
        Noting { audit, event: None, room: None, is_noted: false, about: About::default() }
    }

    /// A connection asks one thing after the other.
    pub(crate) fn begin(&mut self, event: Option<&'static str>) {
        *self = Noting { event, ..Noting::new(self.audit) };
    }

    /// What it is called from here on, for a verb that notes what it did by itself.
    pub(crate) fn is_called(&mut self, event: &'static str) {
        self.event = Some(event);
    }

    /// Takes room for the entry, or says how long they have to wait.
    pub(crate) fn take_room(&mut self, author: &Author, changes_rights: bool) -> Result<(), Fault> {
        self.room = Some(self.audit.room(author, changes_rights)?);
        Ok(())
    }

    /// Notes what was answered, unless something was noted before. What was not done needs no room.
    pub(crate) fn end(&mut self, who: Who, answered: Result<(), Code>) {
        if !self.is_noted {
            self.note(who, answered);
        }
        self.room = None;
    }

    pub(crate) fn note(&mut self, who: Who, outcome: Result<(), Code>) {
        let Some(event) = self.event else { return };
        self.is_noted = true;
        self.audit.note_in(self.room.as_mut(), event, who, self.about.clone(), outcome);
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
