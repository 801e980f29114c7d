use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::wire::{Empty, Fault, Proxy, reason};

impl Handle for Proxy {
    const EVENT: Noted = Noted::Asked("proxy.open");
    const USES_WHAT_IS_KEPT: bool = true;

    /// Whoever asks has grants: what a person may do without, programs that are led here are not to.
    async fn handle(self, _: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        if !caller.authority().has_grants() {
            return Err(reason::Proxy::NoGrants.into());
        }
        caller.hands_over(self.guarded)?;
        Ok(Empty {})
    }
}
