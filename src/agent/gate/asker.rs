//! Who is at the other end, as the kernel or the gate found out and never as a request says. Only the functions here
//! make the proof that it is the user themselves who asks.

use crate::access::{Authority, Standing};
use crate::agent::gate::guest::Guest;
use crate::agent::life::auditing::{Author, Who};
use crate::os::user::UserId;
use crate::wire::Actor;

/// Who is at the other end.
#[derive(Clone, Copy)]
pub enum Asker<'a> {
    /// A process of this user, at a socket that may have a token of its own.
    Process {
        /// The process at the other end.
        peer: &'a Peer,
        /// The tokens on which the socket rests, if it has one of its own.
        door: Option<&'a Standing>,
    },
    /// Somebody who was let in through the HTTP door.
    Guest(&'a Guest),
}

/// The process at the other end, as the kernel named it when it connected.
#[derive(Clone, Debug)]
pub struct Peer {
    /// The user as whom it runs.
    pub user: UserId,
    /// Its process id.
    pub pid: u32,
    /// The path of its program at that time. `None` if it may be another process's.
    pub exe: Option<String>,
}

/// That it is the user who asks, without anybody's token: what only they and their settings may say is heard of nobody
/// else.
#[derive(Clone, Copy)]
pub(crate) struct TheUser(());

impl TheUser {
    /// The proof of that: a process of this user that shows no token, at a socket that has none.
    pub(crate) fn proof(asker: Asker<'_>, authority: &Authority) -> Option<TheUser> {
        let is_user = matches!(asker, Asker::Process { door: None, .. }) && authority.is_owner();
        is_user.then_some(TheUser(()))
    }
}

impl<'a> Asker<'a> {
    pub(crate) fn guest(self) -> Option<&'a Guest> {
        match self {
            Asker::Guest(guest) => Some(guest),
            Asker::Process { .. } => None,
        }
    }

    /// The program that connected, and the token that it presented.
    pub(crate) fn who(self, authority: &Authority) -> Who {
        let token_id = authority.token().map(str::to_owned);
        let actor = match self {
            Asker::Process { peer: Peer { user, pid, exe }, .. } => {
                Actor::Process { uid: (*user).into(), pid: *pid, exe: exe.clone(), token_id }
            }
            Asker::Guest(guest) => return guest.who(),
        };
        let who = Who::from(actor).counted_for(self.author(authority));
        match self {
            Asker::Process { door: Some(door), .. } => who.at(door),
            Asker::Process { door: None, .. } | Asker::Guest(_) => who,
        }
    }

    /// Whom the audit log counts the asker's entries for.
    pub(crate) fn author(self, authority: &Authority) -> Author {
        match (Author::of(authority, None), self) {
            (_, Asker::Guest(guest)) => guest.who().author,
            (Some(author), _) => author,
            (None, Asker::Process { door: Some(door), .. }) => {
                Author::Restricted(door.ids().next().unwrap_or_default().to_owned())
            }
            (None, Asker::Process { door: None, .. }) if authority.is_nobody() => Author::Processes,
            (None, Asker::Process { door: None, .. }) => Author::Owner,
        }
    }
}
