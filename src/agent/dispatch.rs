use std::pin::Pin;

use zeroize::Zeroizing;

use super::{Agent, Caller};
use crate::msg;
use crate::wire::{self, Code, Fault, Request, RequestError, Verb, print_reply};

/// A verb as the agent carries it out.
pub(super) trait Handle: Verb + Send + Sync {
    /// What the audit log calls it; nothing where it says nothing of a credential.
    const EVENT: Option<&'static str> = None;

    fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> impl Future<Output = Result<Self::Reply, Fault>> + Send;
}

type Frame = Zeroizing<Vec<u8>>;
type Running<'a> = Pin<Box<dyn Future<Output = Frame> + Send + 'a>>;
type Run = for<'a> fn(&'a Agent, &'a Request<'a>, &'a mut Caller<'_>) -> Running<'a>;

/// Every verb there is.
const VERBS: &[(&str, Run)] = &[
    row::<wire::Get>(),
    row::<wire::Store>(),
    row::<wire::Erase>(),
    row::<wire::Token>(),
    row::<wire::Status>(),
    row::<wire::Why>(),
    row::<wire::Login>(),
    row::<wire::Save>(),
    row::<wire::Logout>(),
    row::<wire::Stores>(),
    row::<wire::Migrate>(),
    row::<wire::Rekey>(),
    row::<wire::Doctor>(),
    row::<wire::Audit>(),
    row::<wire::AuditVerify>(),
    row::<wire::Lock>(),
    row::<wire::Unlock>(),
    row::<wire::Hello>(),
    row::<wire::Stop>(),
];

/// Answers one request frame with one reply frame.
pub async fn answer(agent: &Agent, frame: &[u8], caller: &mut Caller<'_>) -> Frame {
    let request = match Request::parse(frame) {
        Ok(request) => request,
        Err(error) => return refuse(from_request(error), caller),
    };
    caller.locale = request.locale;
    if request.token.is_some() {
        agent.audit("auth.fail", caller.actor(), None, Err(Code::Denied));
        // No token was ever issued, so none is known.
        return refuse(Fault::new(Code::Denied, msg!("token-unknown")).hint(msg!("hint-token-unknown")), caller);
    }
    match VERBS.iter().find(|(name, _)| *name == request.verb()) {
        Some((name, run)) => {
            tracing::debug!(verb = name, "request");
            run(agent, &request, caller).await
        }
        // Most often the front-end is newer than this agent.
        None => {
            let fault = Fault::new(Code::BadRequest, msg!("unknown-verb", verb = request.verb()));
            refuse(fault.hint(msg!("hint-restart-agent")), caller)
        }
    }
}

const fn row<V: Handle + 'static>() -> (&'static str, Run)
where
    V::Reply: Send,
{
    (V::NAME, |agent, request, caller| Box::pin(run::<V>(agent, request, caller)))
}

async fn run<V: Handle>(agent: &Agent, request: &Request<'_>, caller: &mut Caller<'_>) -> Frame {
    agent.note_request(V::EVENT.is_some());
    // Looked up now: the program may be gone once it has its answer.
    let audited = V::EVENT.map(|event| (event, caller.actor()));
    let outcome = match request.params::<V>() {
        Ok(verb) => verb.handle(agent, caller).await,
        Err(error) => Err(from_request(error)),
    };
    if let Err(fault) = &outcome {
        tracing::debug!(verb = V::NAME, code = ?fault.code(), fault = fault.id(), "refused");
    }
    if let Some((event, actor)) = audited {
        agent.audit(event, actor, caller.take_about(), outcome.as_ref().map(|_| ()).map_err(Fault::code));
    }
    print_reply(&outcome, caller.locale)
}

fn refuse(fault: Fault, caller: &Caller<'_>) -> Frame {
    print_reply::<wire::Empty>(&Err(fault), caller.locale)
}

fn from_request(error: RequestError) -> Fault {
    match error {
        RequestError::Malformed => Fault::new(Code::BadRequest, msg!("not-a-request")),
        RequestError::Version(version) => {
            Fault::new(Code::BadRequest, msg!("unknown-version", version = version)).hint(msg!("hint-restart-agent"))
        }
    }
}
