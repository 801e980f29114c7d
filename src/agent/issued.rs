//! Tokens that the agent issues: who presents one, and who may issue, see and revoke them.

use std::sync::{Arc, Mutex};

use super::guard::{Guard, Verdict};
use super::state::lock;
use super::{Agent, Caller, fault};
use crate::access::{Authority, IssuedToken, Ledger, LedgerError, Order};
use crate::base::{Paths, Secret};
use crate::msg;
use crate::wire::{Code, Fault, IssuedInfo};

/// The ledger, and the failures of those who are not in it.
pub(super) struct Issued {
    ledger: Arc<Mutex<Ledger>>,
    guard: Guard,
}

impl Issued {
    pub(super) fn new(paths: &Paths) -> Self {
        Issued { ledger: Arc::new(Mutex::new(Ledger::new(paths))), guard: Guard::default() }
    }
}

impl Agent {
    /// What whoever presents this token at this door may do. A door with a token of its own lets nobody do more than that.
    pub(super) fn authority(&self, presented: Option<&Secret>, caller: &Caller<'_>) -> Result<Authority, Fault> {
        let mut authority = Authority::owner();
        if let Some(token) = presented {
            let rights = lock(&self.issued.ledger).authenticate(token).map_err(fault::from_ledger)?;
            authority = authority.within(rights.ok_or_else(|| self.wrong_token(token, caller))?);
        }
        if let Some(id) = caller.door() {
            let rights = lock(&self.issued.ledger).rights_of(id).map_err(fault::from_ledger)?;
            authority = authority.within(rights.ok_or_else(fault::token_unknown)?);
        }
        Ok(authority)
    }

    /// Whether whoever began with this authority still has it: what lasts is asked again.
    pub(super) fn still_holds(&self, authority: &Authority) -> Result<(), Fault> {
        let mut ledger = lock(&self.issued.ledger);
        for id in authority.tokens() {
            ledger.rights_of(id).map_err(fault::from_ledger)?.ok_or_else(fault::token_unknown)?;
        }
        Ok(())
    }

    /// Notes who presents a token, once in a while for each process.
    pub(super) fn note_token(&self, caller: &Caller<'_>) {
        if caller.authority().token().is_some_and(|id| self.issued.guard.is_news(caller.pid(), id)) {
            self.audit("auth.ok", caller.actor(), None, Ok(()));
        }
    }

    fn wrong_token(&self, token: &Secret, caller: &Caller<'_>) -> Fault {
        let note = |code| self.audit("auth.fail", caller.actor(), None, Err(code));
        match self.issued.guard.failed(caller.pid(), token.expose()) {
            Verdict::Wrong => note(Code::Denied),
            Verdict::LimitReached => note(Code::Unavailable),
            Verdict::TooMany(seconds) => {
                return Fault::new(Code::Denied, msg!("too-many-wrong-tokens", seconds = seconds))
                    .hint(msg!("hint-token-unknown"));
            }
        }
        fault::token_unknown()
    }

    /// Issues a token, unless it would be more than who asks has.
    pub(super) async fn issue(&self, authority: &Authority, order: Order) -> Result<(Secret, IssuedToken), Fault> {
        if !authority.may_issue(&order.rights) {
            return Err(Fault::new(Code::Denied, msg!("token-too-wide")).hint(msg!("hint-token-too-wide")));
        }
        let order = Order { issued_by: authority.token().map(str::to_owned), ..order };
        let most = self.config()?.max_active_tokens();
        self.with_ledger(move |ledger| ledger.issue(order, most)).await
    }

    /// The issued tokens that may be seen: all, or those that the presented one led to.
    pub(super) async fn issued(&self, authority: &Authority) -> Result<Vec<IssuedToken>, Fault> {
        let own = authority.token().map(str::to_owned);
        let look = move |ledger: &mut Ledger| {
            let all = ledger.all()?.to_vec();
            Ok(all.into_iter().filter(|token| own.as_ref().is_none_or(|own| ledger.descends(token, own))).collect())
        };
        self.with_ledger(look).await
    }

    /// Revokes by name or id what may be seen; from the moment this returns, it is worth nothing.
    pub(super) async fn revoke_issued(&self, authority: &Authority, name: String) -> Result<Vec<IssuedToken>, Fault> {
        let visible: Vec<String> = self.issued(authority).await?.into_iter().map(|token| token.id).collect();
        self.with_ledger(move |ledger| ledger.revoke(&name, |token| visible.contains(&token.id))).await
    }

    /// Ends a lease. In memory only, so it cannot fail and need not wait.
    pub(super) fn end_lease(&self, id: &str) {
        lock(&self.issued.ledger).end_lease(id);
    }

    async fn with_ledger<R: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Ledger) -> Result<R, LedgerError> + Send + 'static,
    ) -> Result<R, Fault> {
        let ledger = self.issued.ledger.clone();
        let done = tokio::task::spawn_blocking(move || call(&mut lock(&ledger))).await;
        done.map_err(|_| fault::internal())?.map_err(fault::from_ledger)
    }
}

/// What is said of a token.
pub(super) fn info(token: &IssuedToken) -> IssuedInfo {
    IssuedInfo {
        name: token.name.clone(),
        id: token.id.clone(),
        scopes: token.scopes.clone(),
        role: token.role.clone(),
        expires_at: token.expires_at,
        created_at: token.created_at,
        last_used: token.last_used,
        revoked: token.revoked,
        active: token.is_active(),
        servers: token.servers.clone(),
        reveal: token.reveal,
        uses: token.uses,
        max_uses: token.max_uses,
    }
}
