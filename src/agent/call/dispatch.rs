//! From a frame to a reply: the one table of verbs, each with what it takes to ask it. Rights are compared before a
//! handler sees the question, and what changes rights is answered only once that is noted; so a verb cannot forget
//! either.

use std::pin::Pin;

use zeroize::Zeroizing;

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::noting::Noted;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::needs::{ISSUES, NOTHING, Needs, OPEN, SECRET, SETTINGS, at_server, everywhere};
use crate::agent::life::auditing::Auditing;
use crate::agent::life::auditing::Author;
use crate::base::Scope;
use crate::wire::{self, Fault, Request, RequestError, Verb, print_noted_reply, print_reply, reason};

/// A verb as the agent carries it out.
pub(crate) trait Handle: Verb + Send + Sync {
    /// What the audit log says of it, and what it is called there.
    const EVENT: Noted;

    /// Whether it changes an account: that is noted with its name. Who did too much has to wait for it.
    const CHANGES_ACCOUNT: bool = false;

    /// Whether it uses what is kept: whoever asks for that keeps the agent from locking itself.
    const USES_WHAT_IS_KEPT: bool = false;

    /// Whether it gives somebody rights: that is not done where the log could not say so. Their own accounts the user
    /// changes in any case.
    fn gives_rights(&self) -> bool {
        false
    }

    fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> impl Future<Output = Result<Self::Reply, Fault>> + Send;
}

type Frame = Zeroizing<Vec<u8>>;
type Running<'a> = Pin<Box<dyn Future<Output = Frame> + Send + 'a>>;
type Run = for<'a> fn(&'a Agent, &'a Request<'a>, &'a mut Caller<'_>, Needs) -> Running<'a>;

/// A verb: its name, what it takes to ask it, and how it is carried out.
type Row = (&'static str, Needs, Run);

/// Every verb there is.
const VERBS: &[Row] = &[
    row::<wire::Get>(SECRET),
    row::<wire::Store>(at_server(Scope::Write)),
    row::<wire::Erase>(at_server(Scope::Write)),
    row::<wire::Token>(SECRET),
    row::<wire::Status>(at_server(Scope::Read)),
    row::<wire::Why>(at_server(Scope::Read)),
    // Whoever has grants may ask about them.
    row::<wire::WhyGranted>(NOTHING),
    row::<wire::Login>(at_server(Scope::Control)),
    row::<wire::Save>(at_server(Scope::Write)),
    row::<wire::Logout>(at_server(Scope::Control)),
    row::<wire::Stores>(everywhere(Scope::Read)),
    row::<wire::Migrate>(SETTINGS),
    row::<wire::Rekey>(everywhere(Scope::All)),
    row::<wire::Doctor>(everywhere(Scope::All)),
    row::<wire::Audit>(everywhere(Scope::Audit)),
    row::<wire::AuditVerify>(everywhere(Scope::Audit)),
    row::<wire::Generate>(ISSUES),
    row::<wire::Lease>(ISSUES),
    row::<wire::Tokens>(at_server(Scope::All)),
    row::<wire::RevokeToken>(at_server(Scope::All)),
    row::<wire::Rotate>(at_server(Scope::All)),
    row::<wire::EndToken>(OPEN),
    // What it needs depends on what is called, and is checked once that is known.
    row::<wire::Api>(NOTHING),
    // What may be asked over it, each request's grant says.
    row::<wire::Proxy>(NOTHING),
    row::<wire::SocketAdd>(everywhere(Scope::All)),
    row::<wire::SocketRemove>(everywhere(Scope::All)),
    row::<wire::Sockets>(everywhere(Scope::All)),
    row::<wire::Lock>(everywhere(Scope::Control)),
    row::<wire::Unlock>(everywhere(Scope::Control)),
    row::<wire::Hello>(NOTHING),
    row::<wire::Start>(at_server(Scope::Control)),
    row::<wire::Stop>(everywhere(Scope::Control)),
    row::<wire::Serve>(everywhere(Scope::All)),
    row::<wire::ServeEnd>(everywhere(Scope::All)),
    row::<wire::Issuers>(OPEN),
    row::<wire::SignIn>(OPEN),
    row::<wire::SignInFinish>(OPEN),
    row::<wire::SignInToken>(OPEN),
    row::<wire::SignOut>(NOTHING),
    row::<wire::WhoAmI>(OPEN),
    row::<wire::Sessions>(everywhere(Scope::All)),
    row::<wire::SessionEnd>(everywhere(Scope::All)),
    row::<wire::DeviceStart>(OPEN),
    row::<wire::DevicePoll>(OPEN),
    row::<wire::DeviceLook>(at_server(Scope::Read)),
    // Nobody grants more than they have.
    row::<wire::DeviceDecide>(at_server(Scope::Read)),
    // Such a token does not see or end what others approved either, unless it may do everything.
    row::<wire::Devices>(at_server(Scope::Read)),
    row::<wire::DeviceEnd>(at_server(Scope::Read)),
];

/// Answers one request frame with one reply frame.
pub async fn answer(agent: &Agent, frame: &[u8], caller: &mut Caller<'_>) -> Frame {
    let mut request = match Request::parse(frame) {
        Ok(request) => request,
        Err(error) => return refuse(from_request(error), caller),
    };
    caller.locale = request.locale;
    let env = request.env.take().filter(|_| caller.guest().is_none());
    if env.as_ref().and_then(|env| env.home.as_ref()).is_some_and(|home| *home != agent.paths.tag()) {
        return refuse(reason::Request::Elsewhere.into(), caller);
    }
    if let Err(fault) = agent.disk.answers().await {
        // Whoever may end the agent does not wait for its disk.
        let is_owner = matches!(caller.asker(), Asker::Process { door: None, .. }) && request.token.is_none();
        return if is_owner && request.verb() == wire::Stop::NAME {
            run::<wire::Stop>(agent, &request, caller, NOTHING).await
        } else {
            refuse(fault, caller)
        };
    }
    agent.accounts.lock_if_due();
    match agent.gate.authority(&request, caller.asker()).await {
        Ok(authority) => {
            caller.acts_within(authority);
            caller.shows(request.token.take());
            agent.gate.note_token(caller.asker(), caller.authority());
        }
        Err(fault) => return refuse(fault, caller),
    }
    match VERBS.iter().find(|(name, ..)| *name == request.verb()) {
        Some((name, needs, run)) => {
            tracing::debug!(verb = name, "request");
            if let Err(fault) = needs.check(caller.authority()) {
                agent.audit.note("auth.fail", caller.actor(), None, Err(fault.code()));
                return refuse(fault, caller);
            }
            caller.takes(*needs);
            match env.filter(|_| caller.is_owner()) {
                Some(env) => agent.network.on_behalf(env, run(agent, &request, caller, *needs)).await,
                None => run(agent, &request, caller, *needs).await,
            }
        }
        // Most often the front-end is newer than this agent.
        None => refuse(reason::Request::UnknownVerb { verb: request.verb().to_owned() }.into(), caller),
    }
}

/// Whether this is the question that asks for nothing but an answer.
pub fn is_hello(frame: &[u8]) -> bool {
    Request::parse(frame).is_ok_and(|request| request.verb() == wire::Hello::NAME)
}

const fn row<V: Handle + 'static>(needs: Needs) -> Row
where
    V::Reply: Send,
{
    (V::NAME, needs, |agent, request, caller, needs| Box::pin(run::<V>(agent, request, caller, needs)))
}

async fn run<V: Handle>(agent: &Agent, request: &Request<'_>, caller: &mut Caller<'_>, needs: Needs) -> Frame {
    // Whoever shows nothing does not keep the agent from locking itself.
    agent.lock.note_request(V::USES_WHAT_IS_KEPT && !caller.authority().is_nobody());
    caller.noting().begin(V::EVENT);
    let changes_rights = Auditing::changes_rights(V::EVENT.event());
    let (gives_rights, mut outcome) = match request.params::<V>() {
        Ok(verb) => {
            let author = caller.author();
            let gives_rights = verb.gives_rights() && !(V::CHANGES_ACCOUNT && author == Author::Owner);
            let takes_room = gives_rights || V::CHANGES_ACCOUNT;
            let room = if takes_room { caller.noting().take_room(&author, changes_rights) } else { Ok(()) };
            let may = match room {
                Ok(()) if gives_rights => agent.audit.can_note().await,
                room => room,
            };
            match may {
                Ok(()) => (gives_rights, verb.handle(agent, caller).await),
                Err(fault) => (gives_rights, Err(fault)),
            }
        }
        Err(error) => (false, Err(from_request(error))),
    };
    // A server may have been waited for: who lost the right to a secret meanwhile does not get it.
    if outcome.is_ok()
        && needs.is_for_a_secret()
        && let Err(fault) = caller.still_may()
    {
        outcome = Err(fault);
    }
    if let Err(fault) = &outcome {
        tracing::debug!(verb = V::NAME, code = ?fault.code(), fault = %fault.id(), "refused");
    }
    let who = caller.actor();
    caller.noting().end(who, outcome.as_ref().map(|_| ()).map_err(Fault::code));
    if changes_rights
        && let Err(fault) = agent.audit.rights_noted().await
        && gives_rights
        && outcome.is_ok()
    {
        outcome = Err(fault);
    }
    // Whoever asks for a credential hears nothing of it: that is git, most often. Some answers say it themselves.
    let is_daily = V::EVENT.event().is_some() && !changes_rights;
    let says_itself = is_daily || V::NAME == wire::AuditVerify::NAME;
    let note = if says_itself || !caller.is_owner() { None } else { agent.audit.trouble_in_words(caller.locale) };
    print_noted_reply(&outcome, note, caller.locale)
}

fn refuse(fault: Fault, caller: &Caller<'_>) -> Frame {
    print_reply::<wire::Empty>(&Err(fault), caller.locale)
}

fn from_request(error: RequestError) -> Fault {
    match error {
        RequestError::Malformed => reason::Request::NotARequest.into(),
        RequestError::Version(version) => reason::Request::UnknownVersion { version }.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::access::Standing;
    use crate::agent::gate::guest::Shown;
    use crate::base::{Paths, StoreChoice, StoredIn, moment};

    #[tokio::test]
    async fn strangers_do_not_keep_the_agent_from_locking_itself() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths::below(dir.path());
        std::fs::create_dir(paths.config_dir()).unwrap();
        std::fs::write(paths.config_file(), "lock_after = '30m'").unwrap();
        let agent = Agent::new(paths, Some(StoreChoice::In(StoredIn::File)), false);
        let stranger = agent.gate.admit([192, 0, 2, 1].into(), &Standing::default(), Shown::Nothing).await.unwrap();
        let (mut input, mut output) = (tokio::io::empty(), tokio::io::sink());
        let mut caller = Caller::new(&mut input, &mut output, Asker::Guest(&stranger), &agent);
        agent.lock.note_request(true);
        for _ in 0..3 {
            moment::sleep(Duration::from_secs(15 * 60));
            let answer = answer(&agent, br#"{"v":1,"verb":"device_start","params":{}}"#, &mut caller).await;
            assert!(answer.windows(4).any(|word| word == b"\"ok\""), "{}", String::from_utf8_lossy(&answer));
        }
        assert!(agent.lock.is_overdue());
    }
}
