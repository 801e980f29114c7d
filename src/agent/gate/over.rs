use std::pin::Pin;

use crate::agent::gate::Gate;
use crate::agent::gate::lasting::Begun;
use crate::wire::Fault;

/// The end of what whoever asks may do, as far as they wait for something. It is looked for once, and comes once.
#[derive(Default)]
pub(crate) enum Over<'a> {
    #[default]
    Unasked,
    Awaited(Pin<Box<dyn Future<Output = Fault> + Send + 'a>>),
    Come(Fault),
}

impl<'a> Over<'a> {
    /// Returns once it has come, and why. Dropped before, it can be gone on with.
    pub(crate) async fn come(&mut self, gate: &'a Gate, begun: &Begun) -> Fault {
        if let Over::Unasked = self {
            let begun = begun.clone();
            *self = Over::Awaited(Box::pin(async move { gate.ended(&begun).await }));
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
