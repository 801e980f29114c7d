//! Which issued tokens and sessions somebody sees, and may end.

use crate::access::{Authority, IssuedToken, Ledger, Listed, Standing};
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::guest::Guest;
use crate::wire::{Fault, Person};

/// Who wants to see tokens, or to end them.
pub(crate) struct Viewer {
    authority: Authority,
    /// The token that they showed.
    own: Option<String>,
    /// Who stands behind the door they came through: none of theirs.
    door: Standing,
    person: Option<Person>,
}

impl Viewer {
    pub(crate) fn new(asker: Asker<'_>, authority: &Authority) -> Viewer {
        let (authority, guest) = (authority.clone(), asker.guest());
        let own = guest.map_or(authority.token(), Guest::token).map(str::to_owned);
        let door = guest.map(|guest| guest.door().clone()).unwrap_or_default();
        Viewer { authority, own, door, person: guest.and_then(Guest::person).cloned() }
    }

    fn sees(&self, token: &IssuedToken, ledger: &Ledger) -> bool {
        let own = self.own.as_deref();
        let is_shown = own == Some(&*token.id) || self.door.ids().any(|id| id == token.id);
        let approved = token.approved_by.as_ref().zip(self.person.as_ref());
        own.is_some_and(|own| ledger.descends(token, own))
            || approved.is_some_and(|(approver, person)| approver.is(person))
            || self.authority.oversees(&token.rights()) && !is_shown
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
}

/// Whoever sees those of several has to say which is meant where more than one of a name has rights.
pub(crate) fn one_of_name(tokens: &[Listed], name: &str) -> Result<(), Fault> {
    let is_id = tokens.iter().any(|token| token.id == name);
    if !is_id && tokens.iter().filter(|token| token.active && !token.leased && token.name == name).count() > 1 {
        Err(fault::name_of_several(name))
    } else {
        Ok(())
    }
}
