//! Explains what `get` would answer to the same question, and why. It decides by the very functions that `get` uses, so
//! that the explanation cannot differ from what happens.

use std::collections::HashSet;

use crate::agent::Agent;
use crate::agent::accounts::held::Held;
use crate::agent::accounts::seen::Seen;
use crate::agent::accounts::select;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::base::{AccountKey, AccountRule, Config, Locale, Message};
use crate::msg;
use crate::oauth::known_hosts;
use crate::wire::{Chosen, Condition, Fault, PassedOver, Why, WhyReply};

impl Handle for Why {
    const EVENT: Noted = Noted::Never;

    /// Decides as `get` does, and says what `get` keeps to itself.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<WhyReply, Fault> {
        caller.is_about(&self.server, self.user.as_deref())?;
        let config = agent.settings.config()?;
        let place = [self.directory.as_deref(), self.named_directory.as_deref()];
        let rule = agent.accounts.rule(&config, &self.server, place).await;
        let rule = rule.filter(|_| self.user.is_none() || known_hosts::user_is_organization(&self.server));
        // A rule may name an account that is not there for the one who asks.
        let authority = caller.authority();
        let told = rule.filter(|_| authority.sees_everything());
        let asked = Asked { why: &self, config: &config, rule, told, locale: caller.locale };
        agent
            .accounts
            .with(|accounts| asked.answer(accounts.seen_by(authority).for_git().and_lent_to(&self.server, &config)))
            .await
    }
}

struct Asked<'a> {
    why: &'a Why,
    config: &'a Config,
    rule: Option<&'a AccountRule>,
    /// The rule, if this caller may be told of it.
    told: Option<&'a AccountRule>,
    locale: Locale,
}

impl Asked<'_> {
    fn user(&self) -> Option<&str> {
        self.why.user.as_deref().or(self.rule.map(AccountRule::user))
    }

    fn is_organization(&self) -> bool {
        self.why.user.is_some() && known_hosts::user_is_organization(&self.why.server)
    }

    fn answer(&self, accounts: Seen<'_>) -> WhyReply {
        let found = if self.config.permits(&self.why.server) {
            let (named, of_rule) = (self.why.user.as_deref(), self.rule.map(AccountRule::user));
            select::for_git(accounts, &self.why.server, named, of_rule, self.is_organization())
        } else {
            Vec::new()
        };
        let usable: Vec<&&Held> = found.iter().filter(|held| held.is_of_use()).collect();
        let chosen = usable.first().copied().copied();
        let because = match chosen {
            Some(first) => self.because(accounts, first, usable.len()),
            None => self.because_none(accounts, &found),
        };
        let fitting: HashSet<&AccountKey> = found.iter().map(|held| held.key()).collect();
        let others = accounts.at_origin(&self.why.server).chain(accounts.lent());
        let others = others.filter(|held| chosen.is_none_or(|chosen| chosen.key() != held.key()));
        WhyReply {
            chosen: chosen.map(|held| Chosen {
                server: held.key().server().clone(),
                account: held.key().user().to_owned(),
                username: accounts.sent_user(held).to_owned(),
                kind: held.credential().kind(),
                stored_in: held.stored_in(),
            }),
            because: self.locale.render(&because),
            passed_over: others.map(|held| self.passed_over(accounts, held, fitting.contains(held.key()))).collect(),
        }
    }

    fn because(&self, accounts: Seen<'_>, chosen: &Held, usable: usize) -> Message {
        if let Some(second) = accounts.lent_by(chosen) {
            return msg!("why-second-origin", server = second.login(), url = second.url());
        }
        match (&self.why.user, self.told) {
            (Some(user), told) if chosen.key().user() != user && chosen.git_user() != user => {
                if let Some(rule) = told {
                    msg!("why-rule", subject = rule.subject(), user = rule.user())
                } else if self.is_organization()
                    && chosen.person().is_none_or(|person| !person.starts_with(user.as_str()))
                {
                    msg!("why-organization", user = user)
                } else {
                    msg!("why-person", user = user)
                }
            }
            (Some(user), _) => msg!("why-user", user = user),
            (None, Some(rule)) => msg!("why-rule", subject = rule.subject(), user = rule.user()),
            (None, None) if !chosen.key().server().path().is_empty() && usable > 1 => {
                msg!("why-path", path = chosen.key().server().path())
            }
            (None, None) if usable > 1 => msg!("why-oldest", count = usable),
            (None, None) => msg!("why-only"),
        }
    }

    fn because_none(&self, accounts: Seen<'_>, found: &[&Held]) -> Message {
        let server = &self.why.server;
        let user = self.user();
        match (&self.why.user, self.told) {
            _ if !self.config.permits(server) => msg!("why-none-cleartext", server = server),
            _ if !found.is_empty() => msg!("why-none-usable"),
            _ if user.is_some_and(|user| select::is_shared(accounts, server, user)) => {
                msg!("why-none-shared", user = user.unwrap_or_default())
            }
            (Some(user), None) => msg!("why-none-user", user = user),
            (Some(_) | None, Some(rule)) => msg!("why-none-rule", subject = rule.subject(), user = rule.user()),
            (None, None) => match accounts.second() {
                Some(second) => msg!("why-none-second-origin", server = second.login(), url = second.url()),
                None => msg!("why-none"),
            },
        }
    }

    fn passed_over(&self, accounts: Seen<'_>, held: &Held, fits: bool) -> PassedOver {
        let condition = if held.is_of_use() { Condition::Valid } else { held.condition(0) };
        let because = match condition {
            Condition::Refused => msg!("why-not-refused"),
            Condition::Expired => msg!("why-not-expired"),
            Condition::Valid if fits => msg!("why-not-first"),
            Condition::Valid if accounts.lent_by(held).is_some() => msg!("why-not-user"),
            Condition::Valid if !held.key().server().covers(&self.why.server) && !self.why.server.path().is_empty() => {
                msg!("why-not-path", path = held.key().server().path())
            }
            Condition::Valid => msg!("why-not-user"),
        };
        PassedOver {
            server: held.key().server().clone(),
            account: held.key().user().to_owned(),
            because: self.locale.render(&because),
        }
    }
}
