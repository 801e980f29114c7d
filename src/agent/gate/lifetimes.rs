use crate::access::Authority;
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::base::{Expiry, Scope, clock};
use crate::wire::{Fault, reason};

/// A day in seconds.
const DAY: i64 = 24 * 60 * 60;

impl Gate {
    /// When a token ends that is to live for this many days or, without a number, as long as the settings say. A number
    /// that is out of range is an error and not brought into it.
    pub(crate) fn expiry(&self, days: Option<u32>, authority: &Authority) -> Result<Option<Expiry>, Fault> {
        let most = self.most_days(authority)?;
        let days = match days {
            Some(0) => return Err(reason::Tokens::BadExpiry.into()),
            Some(days) if days > most => return Err(fault::lives_too_long(most)),
            Some(days) => days,
            None => self.settings.config()?.token_days(),
        };
        Ok(Expiry::from_unix(clock::now().as_second() + i64::from(days) * DAY))
    }

    /// How many days a token may live that somebody hands on: who may not issue tokens gives none more than the usual
    /// time.
    pub(crate) fn most_days(&self, authority: &Authority) -> Result<u32, Fault> {
        let config = self.settings.config()?;
        Ok(if authority.allows(Scope::All) { config.max_token_days() } else { config.token_days() })
    }
}
