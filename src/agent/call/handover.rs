use crate::agent::call::caller::Caller;
use crate::agent::gate::lasting::Begun;
use crate::agent::life::auditing::Who;
use crate::base::Secret;
use crate::wire::{Fault, reason};

/// A connection that carries no frames any more, but the requests of a program that knows nothing of the agent, within
/// the rights of who handed it over.
pub struct Handover {
    pub(crate) begun: Begun,
    pub(crate) who: Who,
    /// What each of the requests has to show, where others could send some.
    pub(crate) token: Option<Secret>,
    /// The only server that was said to be meant, as its name and port.
    pub(crate) only: Option<String>,
}

/// What a connection has that may be handed over.
#[derive(Default)]
pub(super) struct Offer<'a> {
    /// The token that was presented.
    token: Option<Secret>,
    /// Where it is put, if the connection is one that can be.
    place: Option<&'a mut Option<Handover>>,
}

impl<'a> Caller<'a> {
    /// This caller, whose connection may carry something else than frames after the reply; then that is put here.
    pub fn handing_over(mut self, handover: &'a mut Option<Handover>) -> Self {
        self.offer.place = Some(handover);
        self
    }

    /// Notes the token that was presented, for whoever comes after it over the same connection.
    pub(crate) fn shows(&mut self, token: Option<Secret>) {
        self.offer.token = token;
    }

    /// From the reply on the connection carries other programs' requests, which show the presented token unless the
    /// connection is `guarded`.
    pub(crate) fn hands_over(&mut self, guarded: bool) -> Result<(), Fault> {
        let token = match (guarded, &self.offer.token) {
            (true, _) => None,
            (false, Some(token)) => Some(token.clone()),
            (false, None) => return Err(reason::Proxy::NothingShown.into()),
        };
        let handover = Handover { begun: self.begun.clone(), who: self.actor(), token, only: None };
        let place = self.offer.place.as_deref_mut().ok_or(reason::Proxy::NotOverFrames)?;
        *place = Some(handover);
        Ok(())
    }
}
