//! What changes the ledger: tokens are issued, revoked and taken off the list.

use super::Ledger;
use super::issued_token::{IssuedToken, Order};
use super::ledger::Result;
use super::ledger_error::LedgerError;
use super::standing::Standing;
use super::token_list::{Listed, Revoked, active, with_what_came_of};
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

    /// Issues another secret in the place of the token with this id, with its name and no more rights than it has. The
    /// old one ends after so many seconds, in which both share the uses that are left; one whose place it had taken
    /// before ends now. One whose place another has is not rotated again: a name has one secret, and for a while the
    /// one before. `None` if there is no such token that has rights. The second is the old one.
    pub fn rotate(&self, id: &str, overlap: u32) -> Result<Option<(Secret, Listed, Listed)>> {
        let _lock = self.lock()?;
        let all = self.all()?;
        let has_rights = all.iter().any(|token| token.id == id && token.active);
        let new = all.iter().find(|token| token.active && token.instead_of.as_deref() == Some(id));
        if let Some(new) = new.filter(|_| has_rights) {
            return Err(LedgerError::Replaced(new.id.clone()));
        }
        let Some(old) = all.into_iter().find(|token| token.id == id && token.active && !token.leased) else {
            return Ok(None);
        };
        let (secret, mut token) = old.token.renewed().map_err(LedgerError::NoRandom)?;
        token.expires_at = [token.expires_at, self.ends(&token.issued_by)?].into_iter().flatten().min();
        self.change(|tokens| {
            for known in tokens.iter_mut() {
                if known.id == id {
                    known.end_within(overlap);
                } else if Some(&known.id) == old.instead_of.as_ref() {
                    known.end_within(0);
                }
            }
            tokens.push(token.clone());
        })?;
        let mut old = old;
        old.token.end_within(overlap);
        Ok(Some((secret, Listed { token, active: true }, old)))
    }

    /// Revokes the tokens with this name or id for which `may` is true.
    pub fn revoke(&self, name_or_id: &str, may: impl Fn(&IssuedToken) -> bool) -> Result<Revoked> {
        let _lock = self.lock()?;
        let is_meant = |token: &IssuedToken| (token.name == name_or_id || token.id == name_or_id) && may(token);
        // As they were before: the oldest of those that ended may be on the list no longer.
        let mut all: Vec<Listed> = self.all()?.into_iter().filter(|token| is_meant(token)).collect();
        let now = self.those_that_hold(&all)?;
        if all.iter().any(|token| !token.revoked) {
            self.change(|tokens| {
                tokens.iter_mut().filter(|token| is_meant(token)).for_each(|token| token.revoked = true);
            })?;
        }
        all.iter_mut().for_each(Listed::is_revoked);
        Ok(Revoked { all, now })
    }

    /// Removes tokens from the list for good, and what came of them, whose share nobody could tell any more. They are
    /// refused as revoked ones are. Returns the ids of those that had not ended before.
    pub fn forget(&self, ids: &[String]) -> Result<Vec<String>> {
        let _lock = self.lock()?;
        let mut gone = self.all()?;
        let all = with_what_came_of(&self.current()?.tokens, ids.iter().cloned().collect());
        gone.retain(|token| all.contains(&token.id));
        let now = self.those_that_hold(&gone)?;
        if !gone.is_empty() {
            self.change(|tokens| tokens.retain(|token| !all.contains(&token.id)))?;
            self.known().tokens.retain(|token| !(token.leased && all.contains(&token.id)));
        }
        Ok(now)
    }

    /// The ids of those that have not ended: what was begun with them may go on.
    pub(super) fn those_that_hold(&self, tokens: &[Listed]) -> Result<Vec<String>> {
        let known = self.current()?;
        let ids = tokens.iter().map(|token| &token.id);
        Ok(ids.filter(|id| known.holds(&Standing::of_token(id))).cloned().collect())
    }

    /// Ends a leased token.
    pub fn end_lease(&self, id: &str) {
        self.known().tokens.retain(|token| !(token.leased && token.id == id));
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::{ledger, order, rights};
    use super::super::ledger_file::MAX_INACTIVE;
    use super::*;
    use crate::base::Expiry;

    #[test]
    fn who_revokes_by_a_name_is_told_which_of_many_ended_now() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let mut all = Vec::new();
        for before in 0..3 {
            let (_, token) = ledger.issue(order("ci", &[]), 10).unwrap();
            all.push(token.id.clone());
            let revoked = ledger.revoke("ci", |_| true).unwrap();
            assert_eq!(revoked.now, [token.id.as_str()], "{before} were revoked before");
            assert_eq!(revoked.all.iter().map(|token| &token.id).collect::<Vec<_>>(), all.iter().collect::<Vec<_>>());
            assert!(revoked.all.iter().all(|token| token.revoked && !token.active));
        }
        assert!(ledger.revoke("ci", |_| true).unwrap().now.is_empty(), "the second time nothing changes");
        let (_, token) = ledger.issue(order("box", &[]), 10).unwrap();
        all.push(token.id.clone());
        assert_eq!(ledger.forget(&all).unwrap(), [token.id.as_str()]);
        assert!(ledger.forget(&all).unwrap().is_empty());
    }

    #[test]
    fn a_rotated_token_has_no_more_rights_and_the_old_one_ends() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let until = |seconds| Expiry::from_unix(crate::base::clock::now().as_second() + seconds);
        let wanted = Order { expires_at: until(1_000_000), max_uses: Some(5), ..order("ci", &[]) };
        let (first, old) = ledger.issue(wanted, 1).unwrap();
        assert_eq!(rights(&ledger, &first), Some(1));
        let (second, new, ending) = ledger.rotate(&old.id, 3600).unwrap().unwrap();
        assert_eq!((new.name.as_str(), new.expires_at, new.max_uses), ("ci", old.expires_at, Some(4)));
        assert!(ending.expires_at.unwrap() < until(3700).unwrap());
        assert!(rights(&ledger, &first).is_some() && rights(&ledger, &second).is_some(), "both, for a while");
        let (third, ..) = ledger.rotate(&new.id, 0).unwrap().unwrap();
        for ended in [&first, &second] {
            assert!(rights(&ledger, ended).is_none());
        }
        assert!(rights(&ledger, &third).is_some());
        assert!(ledger.rotate(&new.id, 0).unwrap().is_none(), "it has ended");
        ledger.revoke("ci", |_| true).unwrap();
        assert!(rights(&ledger, &third).is_none());
    }

    #[test]
    fn a_rotated_token_and_its_successor_share_the_uses_that_are_left() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (first, old) = ledger.issue(Order { max_uses: Some(5), ..order("ci", &[]) }, 1).unwrap();
        rights(&ledger, &first).unwrap();
        let (second, new, _) = ledger.rotate(&old.id, 3600).unwrap().unwrap();
        for secret in [&first, &second, &first, &second] {
            rights(&ledger, secret).unwrap();
        }
        assert!(rights(&ledger, &first).is_none() && rights(&ledger, &second).is_none(), "five in all");
        assert!(ledger.rotate(&new.id, 0).unwrap().is_none());
    }

    #[test]
    fn a_token_whose_place_another_has_is_not_rotated_again() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (first, old) = ledger.issue(order("ci", &[]), 1).unwrap();
        let (_, new, _) = ledger.rotate(&old.id, 3600).unwrap().unwrap();
        assert!(rights(&ledger, &first).is_some());
        assert!(matches!(ledger.rotate(&old.id, 3600), Err(LedgerError::Replaced(id)) if id == new.id));
        ledger.revoke(&new.id, |_| true).unwrap();
        assert!(ledger.rotate(&old.id, 3600).unwrap().is_some(), "its place is free");
    }

    #[test]
    fn a_secret_ends_by_its_age_and_the_token_when_it_was_to_end() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let until = |days: i64| Expiry::from_unix(crate::base::clock::now().as_second() + days * 86_400);
        let wanted = Order { expires_at: until(100), max_age_days: Some(30), ..order("ci", &[]) };
        let (_, old) = ledger.issue(wanted, 10).unwrap();
        assert!(old.expires_at <= until(30) && old.ends_at == until(100).max(old.ends_at), "{old:?}");
        let (_, new, _) = ledger.rotate(&old.id, 0).unwrap().unwrap();
        assert!(new.expires_at <= until(30) && new.ends_at == old.ends_at, "{new:?}");
    }

    #[test]
    fn what_came_of_a_token_is_off_the_list_with_it_and_nobody_elses() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let issue = |name: &str, by: &[&str]| ledger.issue(order(name, by), 100).unwrap().1.id.clone();
        let (root, other) = (issue("root", &[]), issue("other", &[]));
        let child = issue("child", &[&root]);
        let grandchild = issue("grandchild", &[&child]);
        let lease = Order { leased: true, ..order("lease", &[&child]) };
        ledger.issue(lease, 100).unwrap();
        issue("others", &[&other]);
        let left = || ledger.all().unwrap().iter().map(|token| token.name.clone()).collect::<Vec<_>>();
        ledger.revoke(&child, |_| true).unwrap();
        assert_eq!(ledger.forget(std::slice::from_ref(&root)).unwrap(), [root.as_str()], "the others had ended");
        assert_eq!(left(), ["other", "others"]);
        assert!(ledger.forget(&[root, child, grandchild]).unwrap().is_empty());
        // Nor does any stay where a full list drops the oldest.
        ledger.revoke(&other, |_| true).unwrap();
        let _lock = ledger.lock().unwrap();
        ledger
            .change(|tokens| {
                let old = tokens[0].clone();
                let mut more = vec![old; MAX_INACTIVE - 1];
                more.iter_mut().enumerate().for_each(|(n, token)| token.id = n.to_string());
                tokens.extend(more);
            })
            .unwrap();
        assert!(ledger.all().unwrap().len() == MAX_INACTIVE - 1, "both went, and not one only");
        assert!(ledger.all().unwrap().iter().all(|token| token.issued_by.is_users()));
    }

    #[test]
    fn what_had_ended_before_does_not_end_again() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, root) = ledger.issue(order("root", &[]), 10).unwrap();
        let (_, child) = ledger.issue(order("child", &[&root.id]), 10).unwrap();
        let past = Expiry::from_unix(1);
        let (_, expired) = ledger.issue(Order { expires_at: past, ..order("expired", &[]) }, 10).unwrap();
        let (used_up, used) = ledger.issue(Order { max_uses: Some(1), ..order("used", &[]) }, 10).unwrap();
        rights(&ledger, &used_up).unwrap();
        ledger.revoke(&root.id, |_| true).unwrap();
        for gone in [&child, &expired] {
            let revoked = ledger.revoke(&gone.id, |_| true).unwrap();
            assert!(revoked.now.is_empty(), "{}", gone.name);
            assert!(revoked.all[0].revoked, "{}", gone.name);
        }
        assert!(ledger.all().unwrap().iter().filter(|token| token.id != used.id).all(|token| token.revoked));
        assert_eq!(
            ledger.revoke(&used.id, |_| true).unwrap().now,
            [used.id.as_str()],
            "what was begun with it went on"
        );
        let (_, late) = ledger.issue(Order { expires_at: past, ..order("late", &[]) }, 10).unwrap();
        assert!(ledger.forget(std::slice::from_ref(&late.id)).unwrap().is_empty());
        assert!(ledger.all().unwrap().iter().all(|token| token.id != late.id));
    }

    #[test]
    fn who_revokes_the_oldest_of_a_full_list_is_told_that_it_ended() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, first) = ledger.issue(order("first", &[]), 10).unwrap();
        let (_, other) = ledger.issue(order("other", &[]), 10).unwrap();
        let _lock = ledger.lock().unwrap();
        ledger
            .change(|tokens| {
                let mut old = tokens[1].clone();
                old.revoked = true;
                let old = (0..MAX_INACTIVE).map(|n| {
                    old.id = n.to_string();
                    old.clone()
                });
                let old: Vec<IssuedToken> = old.collect();
                tokens.extend(old);
            })
            .unwrap();
        drop(_lock);
        let revoked = ledger.revoke(&first.id, |_| true).unwrap();
        assert_eq!((revoked.all.len(), revoked.now), (1, vec![first.id.clone()]));
        let left = ledger.all().unwrap();
        assert!(left.iter().all(|token| token.id != first.id) && left.iter().any(|token| token.id == other.id));
    }
}
