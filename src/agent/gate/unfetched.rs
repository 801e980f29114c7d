//! Tokens for machines that wait for an approval, until they are fetched.

use crate::agent::gate::Gate;
use crate::wire::Fault;

impl Gate {
    /// Whose time is over waits no more.
    pub(crate) async fn forget_old_devices(&self) -> Result<(), Fault> {
        self.revoke_unfetched(self.devices.forget_old()).await
    }

    /// Nobody waits any more, since the agent ends or is locked.
    pub async fn forget_devices(&self) {
        if let Err(fault) = self.revoke_unfetched(self.devices.forget_all()).await {
            tracing::warn!(fault = %fault.id(), "tokens that nobody fetched are not taken back");
        }
    }

    /// Tokens that no machine fetched are worth nothing.
    pub(crate) async fn revoke_unfetched(&self, ids: Vec<String>) -> Result<(), Fault> {
        if ids.is_empty() { Ok(()) } else { self.forget_issued(ids).await }
    }
}
