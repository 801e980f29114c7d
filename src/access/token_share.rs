//! Whose a token is: who shares places and names, and for whom the log counts.

use super::identity::Identity;
use super::standing::Standing;
use super::token_list::TokenList;

impl TokenList {
    /// The share in which a token counts that rests on this person or was issued by these tokens. `None` is the user's
    /// own, which nobody else fills.
    pub(super) fn share(&self, rests_on: Option<Identity>, issued_by: &Standing) -> Option<String> {
        let line = self.line(issued_by).0;
        // Who came in with a token is that token; what a person handed on is theirs, however far it was handed.
        let person = line.iter().rev().find_map(|token| token.rests_on()).or(rests_on);
        let root = line.last().map(|root| root.id.clone());
        let issuer = || issued_by.ids().next().map(str::to_owned);
        person.map(|person| person.lasting_name()).or(root).or_else(issuer)
    }

    /// Who has the token with this id: the person on whom it rests, or the token that it came of.
    pub(super) fn who_has(&self, id: &str) -> String {
        self.share(None, &Standing::of_token(id)).unwrap_or_else(|| id.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::ledger::tests::{ledger, order};
    use super::super::{Identity, LedgerError, Order};
    use crate::wire::Person;

    #[test]
    fn machines_count_in_their_approvers_share_and_children_in_their_tokens() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let person =
            |name: &str| Person { name: name.to_owned(), subject: None, issuer: Some("https://id.example".to_owned()) };
        let machine = |name: &str, by: &str| Order { approved_by: Some(person(by)), ..order(name, &[]) };
        let (_, first) = ledger.issue(machine("a", "viewer"), 2).unwrap();
        ledger.issue(machine("b", "viewer"), 2).unwrap();
        assert!(matches!(ledger.issue(machine("c", "viewer"), 2), Err(LedgerError::TooMany(2))));
        assert!(matches!(ledger.issue(order("d", &[&first.id]), 2), Err(LedgerError::TooMany(2))));
        ledger.issue(machine("c", "other"), 2).unwrap();
        let (_, own) = ledger.issue(order("own", &[]), 2).unwrap();
        let (_, child) = ledger.issue(order("child", &[&own.id]), 2).unwrap();
        ledger.issue(order("grandchild", &[&child.id]), 2).unwrap();
        assert!(matches!(ledger.issue(order("more", &[&own.id]), 2), Err(LedgerError::TooMany(2))));
        ledger.issue(order("second", &[]), 2).unwrap();
        assert!(matches!(ledger.issue(order("third", &[]), 2), Err(LedgerError::TooMany(2))));
        assert_eq!(ledger.who_has(&child.id), own.id);
        assert_eq!(ledger.who_has(&first.id), person("viewer").lasting_name());
    }

    #[test]
    fn what_people_issue_takes_no_place_and_no_name_of_others() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let identity = |subject: &str| -> Identity {
            let said = serde_json::json!({ "issuer": "https://id.example", "subject": subject, "claims": {} });
            serde_json::from_value(said).unwrap()
        };
        let of = |subject: &str, name: &str, issued_by: &[&str]| Order {
            identity: Some(identity(subject)),
            ..order(name, issued_by)
        };
        let (_, door) = ledger.issue(order("door", &[]), 2).unwrap();
        let (_, ada) = ledger.issue(of("ada", "ci", &[]), 2).unwrap();
        // Also at a door that a token opened, and handed on once more.
        let (_, through) = ledger.issue(of("ada", "box", &[&door.id]), 2).unwrap();
        assert!(matches!(ledger.issue(of("ada", "more", &[]), 2), Err(LedgerError::TooMany(2))));
        assert!(matches!(ledger.issue(order("more", &[&through.id]), 2), Err(LedgerError::TooMany(2))));
        assert!(matches!(ledger.issue(of("ada", "ci", &[]), 10), Err(LedgerError::NameTaken)));
        for name in ["ci", "box"] {
            ledger.issue(of("bob", name, &[]), 2).unwrap();
            ledger.issue(order(name, &[&door.id]), 2).unwrap();
        }
        ledger.issue(order("ci", &[]), 2).unwrap();
        let ada = [&ada, &through].map(|token| ledger.who_has(&token.id));
        assert_eq!(ada, ["ada https://id.example", "ada https://id.example"]);
        assert_eq!(ledger.who_has(&door.id), door.id);
    }

    #[test]
    fn a_name_is_taken_only_for_who_has_it_themselves() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, own) = ledger.issue(order("own", &[]), 10).unwrap();
        ledger.issue(order("ci", &[&own.id]), 10).unwrap();
        assert!(matches!(ledger.issue(order("ci", &[&own.id]), 10), Err(LedgerError::NameTaken)));
        ledger.issue(order("ci", &[]), 10).unwrap();
        ledger.issue(order("own", &[&own.id]), 10).unwrap();
        for taken in ["ci", "own"] {
            assert!(matches!(ledger.issue(order(taken, &[]), 10), Err(LedgerError::NameTaken)));
        }
    }
}
