//! Tokens that somebody who signed in handed on.

use super::ledger::Result;
use super::{Identity, IssuedToken, Ledger, Listed, Standing};

impl Ledger {
    /// On whose rights these tokens rest, and those that led to them.
    pub fn identities(&self, standing: &Standing) -> Vec<Identity> {
        self.known().line(standing).0.into_iter().filter_map(|token| token.identity.clone()).collect()
    }

    /// What was said of somebody when they signed in anew: what rests on them goes by that from now on, and ends if they were
    /// not let in. Says what ended.
    pub fn signed_in(&self, identity: &Identity, is_let_in: bool) -> Result<Vec<Listed>> {
        let rests = |token: &IssuedToken| {
            let own = token.identity.as_ref().filter(|own| own.is_of(identity));
            own.is_some_and(|own| own != identity || !is_let_in) && !token.revoked
        };
        // Most people handed on nothing, and most of the others are who they were.
        if !self.all()?.iter().any(|token| rests(token)) {
            return Ok(Vec::new());
        }
        let _lock = self.lock()?;
        let touched: Vec<Listed> = self.all()?.into_iter().filter(|token| rests(token)).collect();
        self.change(|tokens| {
            for token in tokens.iter_mut().filter(|token| rests(token)) {
                token.revoked |= !is_let_in;
                token.identity = Some(identity.clone());
            }
        })?;
        Ok(if is_let_in { Vec::new() } else { touched })
    }
}
