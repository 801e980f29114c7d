//! What changes the ledger: tokens are issued, revoked and taken off the list.

use super::Ledger;
use super::issued_token::{IssuedToken, Order};
use super::ledger::Result;
use super::ledger_error::LedgerError;
use super::token_list::{Listed, active};
use crate::base::Secret;

impl Ledger {
    /// Issues a token. At most `most` may be active in one share, which is what rests on one person or came of one
    /// token.
    pub fn issue(&self, mut order: Order, most: usize) -> Result<(Secret, Listed)> {
        let lock = (!order.leased).then(|| self.lock()).transpose()?;
        // It would end with them anyway; so it says when.
        order.expires_at = [order.expires_at, self.ends(&order.issued_by)?].into_iter().flatten().min();
        if lock.is_some() {
            let known = self.current()?;
            let active = active(&known.tokens);
            // Names are told apart in each share: nobody learns or takes those of others.
            let share = known.share(order.rests_on(), &order.issued_by);
            let is_in_it = |token: &&IssuedToken| {
                let is_active = active.contains(&token.id) && !token.leased;
                is_active && known.share(token.rests_on(), &token.issued_by) == share
            };
            let rivals = || known.tokens.iter().filter(is_in_it);
            if rivals().any(|token| token.name == order.name) {
                return Err(LedgerError::NameTaken);
            }
            if rivals().count() >= most {
                return Err(LedgerError::TooMany(most));
            }
        }
        let (secret, token) = IssuedToken::issue(order).map_err(LedgerError::NoRandom)?;
        match lock {
            Some(_) => self.change(|tokens| tokens.push(token.clone()))?,
            None => self.current()?.tokens.push(token.clone()),
        }
        Ok((secret, Listed { token, active: true }))
    }

    /// Revokes the tokens with this name or id for which `may` is true. Returns them, also those that were revoked
    /// before.
    pub fn revoke(&self, name_or_id: &str, may: impl Fn(&IssuedToken) -> bool) -> Result<Vec<Listed>> {
        let _lock = self.lock()?;
        let is_meant = |token: &IssuedToken| (token.name == name_or_id || token.id == name_or_id) && may(token);
        let meant =
            || Ok::<_, LedgerError>(self.all()?.into_iter().filter(|token| is_meant(token)).collect::<Vec<_>>());
        if meant()?.iter().any(|token| !token.revoked) {
            self.change(|tokens| {
                tokens.iter_mut().filter(|token| is_meant(token)).for_each(|token| token.revoked = true);
            })?;
        }
        meant()
    }

    /// Removes tokens from the list for good. They are refused as revoked ones are.
    pub fn forget(&self, ids: &[String]) -> Result<()> {
        let _lock = self.lock()?;
        self.change(|tokens| tokens.retain(|token| !ids.contains(&token.id)))
    }

    /// Ends a leased token.
    pub fn end_lease(&self, id: &str) {
        self.known().tokens.retain(|token| !(token.leased && token.id == id));
    }
}
