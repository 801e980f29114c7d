use std::pin::Pin;

use super::Agent;
use crate::access::Authority;
use crate::wire::Fault;

/// The end of what whoever asks may do, as far as they wait for something. It is looked for once, and comes once.
#[derive(Default)]
pub(super) enum Over<'a> {
    #[default]
    Unasked,
    Awaited(Pin<Box<dyn Future<Output = Fault> + Send + 'a>>),
    Come(Fault),
}

impl<'a> Over<'a> {
    /// Returns once it has come, and why. Dropped before, it can be gone on with.
    pub(super) async fn come(&mut self, agent: &'a Agent, authority: &Authority) -> Fault {
        if let Over::Unasked = self {
            let authority = authority.clone();
            *self = Over::Awaited(Box::pin(async move { agent.ended(&authority).await }));
        }
        match self {
            Over::Awaited(end) => {
                let fault = end.await;
                *self = Over::Come(fault.clone());
                fault
            }
            Over::Come(fault) => fault.clone(),
            Over::Unasked => std::future::pending().await,
        }
    }
}
