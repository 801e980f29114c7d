//! Which issued tokens and sessions somebody sees, and may end.

use crate::access::{Authority, Identity, IssuedToken, Ledger, Listed, Standing};
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::guest::Guest;
use crate::agent::gate::people::{Basis, Session};
use crate::wire::{Fault, Person};

/// Who wants to see tokens, or to end them.
pub(crate) struct Viewer {
    authority: Authority,
    /// The token that they showed.
    own: Option<String>,
    /// Who stands behind the door they came through: none of theirs.
    door: Standing,
    person: Option<Person>,
    /// The same, if an issuer says who they are.
    identity: Option<Identity>,
}

impl Viewer {
    pub(crate) fn new(asker: Asker<'_>, authority: &Authority) -> Viewer {
        let (authority, guest) = (authority.clone(), asker.guest());
        let own = guest.map_or(authority.token(), Guest::token).map(str::to_owned);
        let door = guest.map(|guest| guest.door().clone()).unwrap_or_default();
        let (person, identity) = (guest.and_then(Guest::person).cloned(), guest.and_then(Guest::identity).cloned());
        Viewer { authority, own, door, person, identity }
    }

    /// Whether they may see the token with this id, and end it: what came of theirs, and what they oversee but for
    /// their own and what is the door's.
    fn sees(&self, token: &IssuedToken, ledger: &Ledger) -> bool {
        let own = self.own.as_deref();
        let approved = token.approved_by.as_ref().zip(self.person.as_ref());
        own.is_some_and(|own| ledger.descends(token, own))
            || approved.is_some_and(|(approver, person)| approver.is(person))
            || self.identity.as_ref().is_some_and(|identity| token.rests_upon(identity))
            || self.authority.oversees(&token.rights())
                && own != Some(&*token.id)
                && !ledger.is_of(&token.id, &self.door)
    }
}

impl Gate {
    /// The issued tokens that may be seen: those that the presented one led to, those of machines that the person
    /// approved, and those that they oversee. A token does not see itself.
    pub(crate) async fn issued(&self, viewer: Viewer) -> Result<Vec<Listed>, Fault> {
        let ledger = &self.issued.ledger;
        let all = ledger.all().map_err(fault::from_ledger)?;
        let mut seen: Vec<Listed> = all.into_iter().filter(|token| viewer.sees(token, ledger)).collect();
        for token in seen.iter_mut().filter(|token| token.active) {
            // Whoever handed it on may have no rights any more by the settings as they are.
            token.active = self.rights_of_people_behind(&Standing::of_token(&token.id))?.is_some();
        }
        Ok(seen)
    }

    /// Whether they may set up something that acts as this token: the user as any, a token as what came of it. Who
    /// oversees one sees and ends it; its uses, its places and its name in the log are not theirs.
    pub(crate) fn may_act_as(&self, authority: &Authority, token: &IssuedToken) -> bool {
        let is_users = authority.standing().is_users();
        is_users || authority.token().is_some_and(|own| self.issued.ledger.descends(token, own))
    }

    /// Whether they may see this session, and end it: what somebody began with the door's token is the door's, unless
    /// that token rests on who asks.
    pub(crate) fn may_see(&self, viewer: &Viewer, session: &Session) -> bool {
        let Basis::Token(id) = &session.basis else { return true };
        let (ledger, of) = (&self.issued.ledger, Standing::of_token);
        let is_theirs = |own: &String| ledger.leads_to(&of(own), &of(id)).unwrap_or_default();
        viewer.own.as_ref().is_some_and(is_theirs)
            || viewer.identity.as_ref().is_some_and(|identity| ledger.rests_upon(id, identity))
            || !ledger.is_of(id, &viewer.door)
    }
}

/// Whoever sees those of several has to say which is meant where more than one of a name has rights.
pub(crate) fn one_of_name(tokens: &[Listed], name: &str) -> Result<(), Fault> {
    let is_id = tokens.iter().any(|token| token.id == name);
    // One whose place another has taken is the same to whoever names it.
    let is_replaced = |id: &String| tokens.iter().any(|token| token.active && token.instead_of.as_ref() == Some(id));
    let is_meant = |token: &&Listed| token.active && !token.leased && token.name == name && !is_replaced(&token.id);
    if !is_id && tokens.iter().filter(is_meant).count() > 1 { Err(fault::name_of_several(name)) } else { Ok(()) }
}
