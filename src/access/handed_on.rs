//! Tokens that somebody who signed in handed on.

use super::ledger::Result;
use super::{Identity, IssuedToken, Ledger, Standing};

impl Ledger {
    /// The people on whom these tokens rest, and on whom those rest that issued them.
    pub fn identities(&self, standing: &Standing) -> Result<Vec<Identity>> {
        if standing.is_users() {
            return Ok(Vec::new());
        }
        Ok(self.current()?.line(standing).0.into_iter().filter_map(IssuedToken::rests_on).collect())
    }

    /// Records what the issuer said of somebody who signed in again. Tokens that rest on this person follow the new
    /// claims from now on, or are revoked if the person was not let in. Returns the ids of those that
    /// ended by that.
    pub fn signed_in(&self, identity: &Identity, is_let_in: bool) -> Result<Vec<String>> {
        let rests = |token: &IssuedToken| {
            let own = token.rests_on().filter(|own| own.is_of(identity));
            own.is_some_and(|own| own != *identity || !is_let_in) && !token.revoked
        };
        // Most people handed on nothing, and most of the others are who they were.
        if !self.all()?.iter().any(|token| rests(token)) {
            return Ok(Vec::new());
        }
        let _lock = self.lock()?;
        let mut touched = self.all()?;
        touched.retain(|token| rests(token));
        let ended = if is_let_in { Vec::new() } else { self.those_that_hold(&touched)? };
        self.change(|tokens| {
            for token in tokens.iter_mut().filter(|token| rests(token)) {
                token.revoked |= !is_let_in;
                token.identity = Some(identity.clone());
            }
        })?;
        Ok(ended)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::ledger::tests::{ledger, order};
    use super::super::{Order, Refused};
    use super::*;
    use crate::base::{IssuerConfig, Role};
    use crate::wire::Person;

    #[test]
    fn what_was_approved_before_its_approver_was_kept_waits_for_a_sign_in() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        // The slash was added to names then.
        let issuer = Some("https://id.example/".to_owned());
        let vera = Person { name: "vera".to_owned(), subject: Some("00u1".to_owned()), issuer };
        let (_, token) = ledger.issue(Order { approved_by: Some(vera), ..order("box", &[]) }, 10).unwrap();
        let config: IssuerConfig =
            serde_json::from_value(json!({ "issuer": "https://id.example", "client_id": "loom" })).unwrap();
        let role = || ledger.identities(&Standing::of_token(&token.id)).unwrap()[0].role(&config);
        assert_eq!(role(), Err(Refused::NoRole));
        let said = json!({ "issuer": "https://id.example", "subject": "00u1", "claims": { "roles": ["viewer"] } });
        ledger.signed_in(&serde_json::from_value(said).unwrap(), true).unwrap();
        assert_eq!(role(), Ok(Role::Viewer));
        let (_, own) = ledger.issue(order("own", &[]), 10).unwrap();
        assert!(ledger.identities(&Standing::of_token(&own.id)).unwrap().is_empty());
    }

    #[test]
    fn on_whom_a_token_rests_a_new_agent_knows_with_its_first_answer() {
        let dir = tempfile::tempdir().unwrap();
        let said = json!({ "issuer": "https://id.example", "subject": "00u1", "claims": {} });
        let identity: Identity = serde_json::from_value(said).unwrap();
        let order = Order { identity: Some(identity.clone()), ..order("box", &[]) };
        let (_, token) = ledger(&dir).issue(order, 10).unwrap();
        assert_eq!(ledger(&dir).identities(&Standing::of_token(&token.id)).unwrap(), [identity]);
    }

    #[test]
    fn a_refused_sign_in_ends_what_rests_on_that_person_only() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let identity = |subject: &str| -> Identity {
            let said = json!({ "issuer": "https://id.example", "subject": subject, "claims": {} });
            serde_json::from_value(said).unwrap()
        };
        let ids = ["00u1", "00u2"].map(|subject| {
            ledger.issue(Order { identity: Some(identity(subject)), ..order(subject, &[]) }, 10).unwrap().1.id.clone()
        });
        assert!(ledger.signed_in(&identity("00u1"), true).unwrap().is_empty());
        let ended = ledger.signed_in(&identity("00u1"), false).unwrap();
        assert_eq!(ended, ids[..1]);
        let revoked = || ledger.all().unwrap().into_iter().map(|token| token.revoked).collect::<Vec<_>>();
        assert_eq!(revoked(), [true, false]);
        let past = crate::base::Expiry::from_unix(1);
        let expired = Order { identity: Some(identity("00u1")), expires_at: past, ..order("expired", &[]) };
        ledger.issue(expired, 10).unwrap();
        assert!(ledger.signed_in(&identity("00u1"), false).unwrap().is_empty(), "it had ended before");
        assert_eq!(revoked(), [true, false, true]);
    }
}
