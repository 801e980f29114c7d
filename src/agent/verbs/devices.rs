//! Tokens for other machines: a machine waits with a short code, and a person who knows the code approves or denies.
//! Approving gives at most the rights that the approving person has.

use std::time::Duration;

use crate::access::{IssuedToken, Standing};
use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::fault;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::devices::{INTERVAL, NoPlace, Polled};
use crate::agent::gate::endings::EndNoted;
use crate::agent::gate::guest::Guest;
use crate::agent::gate::issued;
use crate::agent::gate::new_token::NewToken;
use crate::agent::gate::viewer::Viewer;
use crate::agent::gate::waiting::{Asking, Granted, LIFE};
use crate::agent::life::auditing::Who;
use crate::base::{is_visible, printable};
use crate::wire::{
    Actor, Code, DeviceDecide, DeviceDecideReply, DeviceEnd, DeviceLook, DeviceLookReply, DevicePoll, DevicePollReply,
    DeviceStart, DeviceStartReply, Devices, Empty, Fault, Person, TokensReply, reason,
};

/// The longest name of a machine that is shown.
const MAX_NAME: usize = 80;

impl Handle for DeviceStart {
    const EVENT: Noted = Noted::Done("device.start");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<DeviceStartReply, Fault> {
        agent.gate.strangers_forget_old_devices().await;
        let name = self.name.map(|name| printable(name.trim().chars().take(MAX_NAME).collect::<String>().trim()));
        let address = caller.guest().map(|guest| guest.address());
        let asking = Asking::new(name.filter(|name| is_visible(name)), address, self.scopes);
        let started = agent.gate.devices.start(agent.gate.party_asking(caller.asker(), caller.authority()), asking);
        let (device_code, user_code) = started.map_err(|error| match error {
            NoPlace::TooMany => fault::too_many(LIFE.as_secs() / 10),
            NoPlace::NoRandom(error) => reason::Tokens::NoRandom { error: error.to_string() }.into(),
        })?;
        caller.notes_done();
        agent.gate.strangers_forget_old_devices().await;
        let (expires_in, interval) = (LIFE.as_secs(), INTERVAL.as_secs());
        Ok(DeviceStartReply { device_code, user_code, expires_in, interval })
    }
}

impl Handle for DevicePoll {
    const EVENT: Noted = Noted::OfAnother;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<DevicePollReply, Fault> {
        agent.gate.strangers_forget_old_devices().await;
        Ok(match agent.gate.devices.poll(&self.device_code) {
            Polled::Pending => DevicePollReply::Pending,
            Polled::SlowDown => DevicePollReply::SlowDown,
            Polled::Denied => DevicePollReply::Denied,
            Polled::Unknown => DevicePollReply::Expired,
            Polled::Granted(Granted { token, id, scopes, expires_at }) => {
                let guest = caller.guest();
                let address = guest.map(|guest| guest.address().to_string());
                let who = Who::from(Actor::Token { token_id: id, address });
                let who = who.at(guest.map_or(&Standing::default(), Guest::door));
                agent.audit.note("device.token", who, None, Ok(()));
                // It was approved, and that was noted.
                let _ = agent.audit.rights_noted().await;
                DevicePollReply::Completed { access_token: token, scopes, expires_at }
            }
        })
    }
}

impl Handle for DeviceLook {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<DeviceLookReply, Fault> {
        let (user_code, asking, left) = look(agent, caller, &self.user_code)?;
        Ok(DeviceLookReply {
            user_code,
            name: asking.name,
            address: asking.address.map_or("-".to_owned(), |address| address.to_string()),
            asked_at: asking.at,
            scopes: asking.scopes,
            expires_in: left.as_secs(),
            most_days: Some(agent.gate.most_days(caller.authority())?),
        })
    }
}

impl Handle for DeviceDecide {
    const EVENT: Noted = Noted::Done("device.decide");

    fn gives_rights(&self) -> bool {
        self.approval.is_some()
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<DeviceDecideReply, Fault> {
        let (user_code, asking, _) = look(agent, caller, &self.user_code)?;
        let party = agent.gate.party_asking(caller.asker(), caller.authority());
        let Some(approval) = self.approval else {
            agent.gate.devices.decide(&user_code, None, party).map_err(|_| reason::People::CodeUnknown)?;
            caller.notes_done();
            return Ok(DeviceDecideReply { granted: None });
        };
        if approval.scopes.is_empty() {
            return Err(reason::Tokens::ScopesOrRole.into());
        }
        let authority = caller.authority().clone();
        // Who may see some servers only means those, and who only looks lets the machine look.
        let servers = if approval.servers.is_empty() { authority.servers().to_vec() } else { approval.servers };
        // The code makes it a name that no other token has.
        let name = format!("{} {user_code}", asking.name.as_deref().unwrap_or("device"));
        let wanted = NewToken {
            servers,
            reveal: approval.reveal,
            expires_at: agent.gate.expiry(approval.expires_days, &authority)?,
            approved_by: caller.guest().and_then(|guest| guest.person()).cloned(),
            ..NewToken::handed_on(caller.asker(), &authority, name, approval.scopes)
        };
        let (token, issued) = agent.gate.delegate(&authority, wanted).await?;
        let about = issued::info(&issued);
        caller.gave(&issued).await?;
        let (id, scopes, expires_at) = (issued.id.clone(), issued.scopes.clone(), issued.expires_at);
        let granted = Granted { token, id: id.clone(), scopes, expires_at };
        if agent.gate.devices.decide(&user_code, Some(granted), party).is_err() {
            // Somebody else decided meanwhile, or its time was over.
            agent.gate.take_back(id).await;
            return Err(reason::People::CodeUnknown.into());
        }
        Ok(DeviceDecideReply { granted: Some(about) })
    }
}

impl Handle for Devices {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<TokensReply, Fault> {
        let own = agent.gate.issued(Viewer::new(caller.asker(), caller.authority())).await?;
        let shown = own.iter().filter(|token| token.approved_by.is_some() && token.active);
        Ok(TokensReply { tokens: shown.map(issued::info).collect() })
    }
}

impl Handle for DeviceEnd {
    const EVENT: Noted = Noted::Done("device.end");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let noted = EndNoted { event: "device.end", who: caller.actor() };
        let is_machine = |token: &IssuedToken| token.approved_by.is_some();
        let revoked = agent.gate.revoke_issued(viewer, self.id.clone(), is_machine, noted).await?;
        if revoked.all.is_empty() {
            return Err(fault::no_such_token(&self.id));
        }
        caller.ended(&revoked);
        Ok(Empty {})
    }
}

/// Who waits with this code. Codes are short, so who tries them gets few tries, and then no answer that tells a right
/// one from a wrong one.
fn look(agent: &Agent, caller: &Caller<'_>, user_code: &str) -> Result<(String, Asking, Duration), Fault> {
    let token = || caller.authority().token().map(str::to_owned);
    let who = match caller.asker() {
        Asker::Process { peer, .. } => token().unwrap_or_else(|| peer.pid.to_string()),
        // At a door that a token opened each person is one, and not the token.
        Asker::Guest(guest) => {
            let person = || guest.person().map(Person::lasting_name);
            guest.token().map(str::to_owned).or_else(person).unwrap_or_default()
        }
    };
    let guard = &agent.gate.issued.guard;
    if let Some(seconds) = guard.waits(&who) {
        return Err(fault::too_many(seconds));
    }
    agent.gate.devices.look(user_code).ok_or_else(|| {
        guard.tried_code(&who);
        agent.audit.note("auth.fail", caller.actor(), None, Err(Code::NotFound));
        reason::People::CodeUnknown.into()
    })
}
