//! How issued tokens end, and that it is noted.

use crate::access::{Identity, IssuedToken, Ledger, LedgerError, Revoked};
use crate::agent::gate::Gate;
use crate::agent::gate::viewer::{Viewer, one_of_name};
use crate::agent::life::auditing::{About, Auditing, Who};
use crate::wire::Fault;

/// As what it is noted that tokens ended, and as whose doing: by whoever ends them, when they have, whether or not
/// anybody still waits for it.
pub(crate) struct EndNoted {
    pub(crate) event: &'static str,
    pub(crate) who: Who,
}

impl EndNoted {
    /// The agent revokes them of its own accord.
    pub(crate) fn by_agent() -> EndNoted {
        EndNoted { event: "token.revoke", who: Who::agent() }
    }

    fn note(&self, audit: &Auditing, ids: &[String]) {
        ids.iter().for_each(|id| audit.note(self.event, self.who.clone(), About::right(id), Ok(())));
    }
}

impl Gate {
    /// Somebody signed in; whether anything that rests on them ended by what is said of them now.
    pub(crate) async fn signed_in(&self, identity: Identity, is_let_in: bool, noted: EndNoted) -> Result<bool, Fault> {
        let audit = self.audit.clone();
        self.ending(move |ledger| {
            let ended = ledger.signed_in(&identity, is_let_in)?;
            noted.note(&audit, &ended);
            Ok(!ended.is_empty())
        })
        .await
    }

    /// Revokes by name or id what may be seen and is meant; from the moment this returns, it is worth nothing. What
    /// ended by that is noted as such, one by one.
    pub(crate) async fn revoke_issued(
        &self,
        viewer: Viewer,
        name: String,
        is_meant: impl Fn(&IssuedToken) -> bool,
        noted: EndNoted,
    ) -> Result<Revoked, Fault> {
        let mut visible = self.issued(viewer).await?;
        visible.retain(|token| is_meant(token));
        one_of_name(&visible, &name)?;
        let visible: Vec<String> = visible.iter().map(|token| token.id.clone()).collect();
        let audit = self.audit.clone();
        self.ending(move |ledger| {
            let revoked = ledger.revoke(&name, |token| visible.contains(&token.id))?;
            noted.note(&audit, &revoked.now);
            Ok(revoked)
        })
        .await
    }

    /// Revokes the token with this id: whoever asks has shown it. Whether it ended by that.
    pub(crate) async fn end_issued(&self, id: String, noted: EndNoted) -> Result<bool, Fault> {
        let audit = self.audit.clone();
        self.ending(move |ledger| {
            let revoked = ledger.revoke(&id, |token| token.id == id)?;
            noted.note(&audit, &revoked.now);
            Ok(!revoked.now.is_empty())
        })
        .await
    }

    /// Takes tokens out of the list.
    pub(crate) async fn forget_issued(&self, ids: Vec<String>, noted: EndNoted) -> Result<(), Fault> {
        let audit = self.audit.clone();
        self.ending(move |ledger| {
            noted.note(&audit, &ledger.forget(&ids)?);
            Ok(())
        })
        .await
    }

    /// Ends a lease. In memory only, so it cannot fail and need not wait.
    pub(crate) fn end_lease(&self, id: &str) {
        self.issued.ledger.end_lease(id);
        self.rights_may_have_ended();
    }

    /// A change that ends tokens: what lasts hears of it.
    async fn ending<R: Send + 'static>(
        &self,
        call: impl FnOnce(&Ledger) -> Result<R, LedgerError> + Send + 'static,
    ) -> Result<R, Fault> {
        let done = self.with_ledger(call).await;
        self.rights_may_have_ended();
        done
    }
}
