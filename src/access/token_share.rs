//! Whose a token is: who shares places and names, and for whom the log counts.

use super::identity::Identity;
use super::issued_token::IssuedToken;
use super::standing::Standing;
use super::token_list::TokenList;

impl TokenList {
    /// The share in which a token counts that rests on this person or was issued by these tokens. `None` is the user's
    /// own, which nobody else fills.
    pub(super) fn share(&self, rests_on: Option<Identity>, issued_by: &Standing) -> Option<String> {
        // Who came in with a token is that token, and who signed in is that person: those that stand behind the door
        // they came through are everybody's there. What a person handed on is theirs, however far it was handed.
        let (mut person, mut root, mut issuer) = (rests_on, None, issued_by.ids().next());
        // Whatever the file says, that has an end.
        for _ in 0..=self.tokens.len() {
            let Some(id) = issuer.filter(|_| person.is_none()) else { break };
            let token = self.tokens.iter().find(|token| token.id == id);
            person = token.and_then(IssuedToken::rests_on);
            (root, issuer) = (Some(id), token.and_then(|token| token.issued_by.ids().next()));
        }
        person.map(|person| person.lasting_name()).or_else(|| root.map(str::to_owned))
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
    fn what_a_token_issues_at_the_door_of_another_counts_as_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let vera = Person { name: "vera".into(), subject: None, issuer: Some("https://id.example".into()) };
        let (_, door) = ledger.issue(order("door", &[]), 3).unwrap();
        let (_, machine) = ledger.issue(Order { approved_by: Some(vera.clone()), ..order("box", &[]) }, 3).unwrap();
        let (_, root) = ledger.issue(order("root", &[]), 3).unwrap();
        let (_, child) = ledger.issue(order("child", &[&root.id]), 3).unwrap();
        for (n, (door, places)) in [(&door, 2), (&machine, 3)].into_iter().enumerate() {
            // The doors' own names and places are as many as before, whatever is issued there.
            for shown in [&root, &child] {
                let name = format!("{} {n}", shown.name);
                let (_, through) = ledger.issue(order(&name, &[&shown.id, &door.id]), 100).unwrap();
                let (_, more) = ledger.issue(order(&format!("{name} more"), &[&through.id]), 100).unwrap();
                assert_eq!([&through, &more].map(|token| ledger.who_has(&token.id)), [&*root.id, &*root.id]);
                assert!(matches!(ledger.issue(order(&name, &[&root.id]), 100), Err(LedgerError::NameTaken)));
                assert!(ledger.descends(&more, &door.id), "and yet it ends with the door");
            }
            for name in ["root 0", "root 1"] {
                ledger.issue(order(name, &[&door.id]), places).unwrap();
            }
            assert!(matches!(ledger.issue(order("more", &[&door.id]), places), Err(LedgerError::TooMany(_))));
        }
        assert_eq!(ledger.who_has(&door.id), door.id);
        assert_eq!(ledger.who_has(&machine.id), vera.lasting_name());
    }

    #[test]
    fn what_a_person_hands_on_at_another_persons_door_is_theirs() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let of = |name: &str| Person { name: name.into(), subject: None, issuer: Some("https://id.example".into()) };
        let machine = |name: &str, by: &str, at: &[&str]| Order { approved_by: Some(of(by)), ..order(name, at) };
        let (_, veras) = ledger.issue(machine("box", "vera", &[]), 2).unwrap();
        let (_, bobs) = ledger.issue(machine("box", "bob", &[&veras.id]), 2).unwrap();
        let (_, more) = ledger.issue(order("more", &[&bobs.id]), 2).unwrap();
        assert_eq!(
            [&veras, &bobs, &more].map(|token| ledger.who_has(&token.id)),
            ["vera", "bob", "bob"].map(|name| of(name).lasting_name())
        );
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
