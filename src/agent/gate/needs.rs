//! What a verb takes of somebody's authority. The needs of a verb stand in its row of the table of verbs, and are
//! compared with what somebody has in one place for all of them.

use crate::access::{Authority, Need};
use crate::agent::fault;
use crate::base::Scope;
use crate::wire::{Fault, reason};

/// What a presented token must allow.
#[derive(Clone, Copy)]
pub(crate) struct Needs {
    scope: Option<Scope>,
    /// It is a call, of which grants say more than scopes do.
    call: bool,
    /// It issues a token, which whoever has grants does too.
    issues: bool,
    /// It uses what is kept, and hands back what the server answers.
    used: bool,
    /// It hands out a server's own secret.
    secret: bool,
    /// It concerns all servers.
    everywhere: bool,
    /// Anybody may ask, also who has shown nothing.
    open: bool,
}

/// Any active token is enough.
pub(crate) const NOTHING: Needs =
    Needs { scope: None, call: false, issues: false, used: false, secret: false, everywhere: false, open: false };
/// Nothing has to be shown: for signing in, for machines that wait for an approval, and for ending what one has.
pub(crate) const OPEN: Needs = Needs { open: true, ..NOTHING };
pub(crate) const SECRET: Needs = Needs { secret: true, ..USED };
/// A stored credential is shown to its own server.
pub(crate) const USED: Needs = Needs { used: true, ..at_server(Scope::Read) };
/// Rights are handed on, and never more than one has.
pub(crate) const ISSUES: Needs = Needs { issues: true, ..at_server(Scope::All) };
/// What is written into the user's settings, which count for everything.
pub(crate) const SETTINGS: Needs = everywhere(Scope::All);

/// What concerns one server.
pub(crate) const fn at_server(scope: Scope) -> Needs {
    Needs { scope: Some(scope), ..NOTHING }
}

/// What concerns the agent as a whole.
pub(crate) const fn everywhere(scope: Scope) -> Needs {
    Needs { everywhere: true, ..at_server(scope) }
}

impl Needs {
    /// What a call of a server's API takes.
    pub(crate) fn of_call(need: Need) -> Needs {
        Needs { call: true, used: true, secret: need.reveals, ..at_server(need.scope) }
    }

    /// Whether the answer is a server's own secret.
    pub(crate) fn is_for_a_secret(&self) -> bool {
        self.secret
    }

    /// The one place where rights are compared with what is asked.
    pub(crate) fn check(&self, authority: &Authority) -> Result<(), Fault> {
        match self.scope {
            _ if self.open => Ok(()),
            _ if authority.is_nobody() => Err(reason::Rights::Unauthenticated.into()),
            Some(scope) if !self.has_scope(scope, authority) => Err(fault::scope_missing(scope)),
            _ if self.used && !authority.uses_what_is_kept() => Err(reason::Rights::StatusOnly.into()),
            _ if self.secret && !authority.reveals() => Err(reason::Rights::RevealMissing.into()),
            _ if self.everywhere && !authority.sees_everything() => Err(reason::Rights::SomeServers.into()),
            _ => Ok(()),
        }
    }

    fn has_scope(&self, scope: Scope, authority: &Authority) -> bool {
        match (self.call, self.issues) {
            (true, _) => authority.allows_calls_of(scope),
            (false, true) => authority.issues(),
            (false, false) => authority.allows(scope),
        }
    }
}
