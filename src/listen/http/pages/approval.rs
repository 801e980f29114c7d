//! What a person may change about the rights of a machine that waits, before they approve it. The form begins with no
//! more than the machine asked for.

use crate::base::{Scope, Scopes, ServerPattern, ServerUrlError};
use crate::listen::http::form::Form;
use crate::wire::{DeviceApproval, DeviceLookReply, Fault, WhoAmIReply, reason};

/// How long a machine may keep its token where nobody says otherwise, in days.
const DAYS: u32 = 30;

/// What a person fills in to narrow what a machine gets; kept as it was typed, to be shown again.
#[derive(Debug)]
pub(super) struct Entered {
    pub(super) scopes: Scopes,
    pub(super) servers: String,
    pub(super) days: String,
    pub(super) reveal: bool,
}

impl Entered {
    /// What stands there at first: no more than was asked for, and only reading if nothing was.
    pub(super) fn proposed(look: &DeviceLookReply, who: &WhoAmIReply) -> Entered {
        let usual: Scopes = [Scope::Read].into_iter().collect();
        let asked = look.scopes.as_ref().unwrap_or(&usual).intersection(&who.scopes).simplified();
        let scopes = if asked.is_empty() { usual.intersection(&who.scopes) } else { asked };
        let days = look.most_days.map_or(DAYS, |most| DAYS.min(most)).to_string();
        Entered { scopes, servers: String::new(), days, reveal: false }
    }

    pub(super) fn read(form: &Form) -> Entered {
        let text = |name| form.text(name).unwrap_or_default().to_owned();
        Entered {
            scopes: Scope::EVERY.into_iter().filter(|scope| form.get(&field(*scope)).is_some()).collect(),
            servers: text("servers"),
            days: text("days"),
            reveal: form.get("reveal").is_some(),
        }
    }

    pub(super) fn approval(&self) -> Result<DeviceApproval, Fault> {
        let named =
            self.servers.split(|c: char| c.is_whitespace() || matches!(c, ',' | '،')).filter(|text| !text.is_empty());
        let servers = named.map(|text| {
            let bad = |error: ServerUrlError| {
                Fault::from(reason::Login::BadServer { server: text.to_owned(), reason: Some(error.message()) })
            };
            ServerPattern::from_user(text).map_err(bad)
        });
        let days = Some(self.days.trim()).filter(|days| !days.is_empty()).map(str::parse).transpose();
        Ok(DeviceApproval {
            scopes: self.scopes.clone(),
            servers: servers.collect::<Result<_, _>>()?,
            expires_days: days.map_err(|_| reason::Tokens::BadExpiry)?,
            reveal: self.reveal,
        })
    }
}

/// The name of a scope's box.
pub(super) fn field(scope: Scope) -> String {
    format!("scope-{}", if scope == Scope::All { "all" } else { scope.name() })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn proposed(asked: Option<&[Scope]>, has: &[Scope]) -> String {
        let look = DeviceLookReply {
            user_code: "A".to_owned(),
            name: None,
            address: "-".to_owned(),
            asked_at: Timestamp::UNIX_EPOCH,
            scopes: asked.map(|asked| asked.iter().copied().collect()),
            expires_in: 1,
            most_days: Some(7),
        };
        let scopes = has.iter().copied().collect();
        let who = WhoAmIReply { person: None, token_id: None, scopes, reveal: false, form_key: None };
        let proposed = Entered::proposed(&look, &who);
        assert_eq!(proposed.days, "7");
        proposed.scopes.to_string()
    }

    #[test]
    fn what_is_proposed_is_what_was_asked_for_as_far_as_the_person_has_it() {
        assert_eq!(proposed(None, &[Scope::All]), "read");
        assert_eq!(proposed(Some(&[Scope::Write, Scope::Audit]), &[Scope::All]), "write, audit");
        assert_eq!(proposed(Some(&[Scope::All]), &[Scope::Read]), "read");
        assert_eq!(proposed(Some(&[Scope::Audit]), &[Scope::Read]), "read");
        assert_eq!(proposed(Some(&[Scope::Audit]), &[]), "");
    }

    #[test]
    fn servers_are_read_however_separated_and_days_are_a_number_or_nothing() {
        let entered = |servers: &str, days: &str| {
            let (servers, days) = (servers.to_owned(), days.to_owned());
            Entered { scopes: Scopes::default(), servers, days, reveal: false }.approval()
        };
        let servers = entered("git.example, *.a.example،b.example\n", " ").unwrap();
        assert_eq!((servers.servers.len(), servers.expires_days), (3, None));
        assert_eq!(entered("", " 7 ").unwrap().expires_days, Some(7));
        assert_eq!(entered("", "-1").unwrap_err().about(), Some(reason::Tokens::BadExpiry));
        assert!(matches!(entered("a b@c", "").unwrap_err().about(), Some(reason::Login::BadServer { .. })));
    }
}
