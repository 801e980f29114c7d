//! What is noted of something that is sent to a server: once, and in any case. Room for it is taken before, and it is
//! noted with what came of it, also where the client went, or its rights ended, before that was known.

use http::Response;

use super::body::Reply;
use super::visit::Visit;
use crate::agent::life::auditing::{About, Auditing, Outcome, Room, Who};
use crate::wire::{Code, Fault};

/// Something that is sent to a server; noted when dropped.
pub(super) struct Deed<'a> {
    audit: &'a Auditing,
    event: &'static str,
    who: Who,
    about: Vec<(About, Option<Room<'a>>)>,
    outcome: Outcome,
}

impl<'a> Visit<'a> {
    /// To be held while it is sent.
    pub(super) fn deed(&self, event: &'static str, about: About) -> Deed<'a> {
        self.noted();
        let (audit, who) = (&*self.proxy.audit, self.client.who.clone());
        Deed { audit, event, who, about: vec![(about, None)], outcome: Outcome::Refused(Code::Cancelled) }
    }

    /// To be held while a push is sent, of which each ref is noted by itself; else the client has to wait.
    pub(super) fn push_deed(&self, refs: impl Iterator<Item = About>) -> Result<Deed<'a>, Fault> {
        let (audit, who) = (&*self.proxy.audit, self.client.who.clone());
        let with_room = |about| Ok((about, Some(audit.room_for_push(&who.author)?)));
        let about = refs.map(with_room).collect::<Result<_, Fault>>()?;
        self.noted();
        Ok(Deed { audit, event: "git.push", who, about, outcome: Outcome::Refused(Code::Cancelled) })
    }
}

impl Deed<'_> {
    /// This is what the server said of it.
    pub(super) fn answered(mut self, back: Result<Response<Reply>, Fault>) -> Result<Response<Reply>, Fault> {
        self.outcome = match &back {
            Ok(back) if back.status().as_u16() < 400 => Outcome::Done,
            Ok(_) => Outcome::Refused(Code::Unavailable),
            Err(fault) => Outcome::Refused(fault.code()),
        };
        back
    }

    /// This came of it, whatever the server said.
    pub(super) fn came_to<T>(mut self, result: Result<T, Fault>) -> Result<T, Fault> {
        self.outcome = result.as_ref().map(|_| ()).map_err(Fault::code).into();
        result
    }
}

impl Drop for Deed<'_> {
    fn drop(&mut self) {
        for (about, mut room) in std::mem::take(&mut self.about) {
            self.audit.note_in(room.as_mut(), self.event, self.who.clone(), about, self.outcome);
        }
    }
}
