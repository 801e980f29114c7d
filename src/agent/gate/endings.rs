//! How issued tokens end.

use crate::access::{Identity, IssuedToken, Ledger, LedgerError, Listed};
use crate::agent::gate::Gate;
use crate::agent::gate::viewer::{Viewer, one_of_name};
use crate::wire::Fault;

impl Gate {
    /// Somebody signed in; what rests on them and ends by what is said of them now.
    pub(crate) async fn signed_in(&self, identity: Identity, is_let_in: bool) -> Result<Vec<Listed>, Fault> {
        self.ending(move |ledger| ledger.signed_in(&identity, is_let_in)).await
    }

    /// Revokes by name or id what may be seen and is meant; from the moment this returns, it is worth nothing.
    pub(crate) async fn revoke_issued(
        &self,
        viewer: Viewer,
        name: String,
        is_meant: impl Fn(&IssuedToken) -> bool,
    ) -> Result<Vec<Listed>, Fault> {
        let mut visible = self.issued(viewer).await?;
        visible.retain(|token| is_meant(token));
        one_of_name(&visible, &name)?;
        let visible: Vec<String> = visible.iter().map(|token| token.id.clone()).collect();
        self.ending(move |ledger| ledger.revoke(&name, |token| visible.contains(&token.id))).await
    }

    /// Revokes the token with this id: whoever asks has shown it.
    pub(crate) async fn end_issued(&self, id: String) -> Result<(), Fault> {
        self.ending(move |ledger| ledger.revoke(&id, |token| token.id == id).map(drop)).await
    }

    /// Takes tokens out of the list.
    pub(crate) async fn forget_issued(&self, ids: Vec<String>) -> Result<(), Fault> {
        self.ending(move |ledger| ledger.forget(&ids)).await
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
