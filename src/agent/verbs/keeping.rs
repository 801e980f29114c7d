use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller};
use crate::wire::{Empty, Fault, Kept, Migrate, MigrateReply, Rekey, StoredIn, Stores, StoresReply};

impl Handle for Stores {
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<StoresReply, Fault> {
        let (first, fallback) = agent.first_store().await?;
        let count = |stored_in: StoredIn| {
            agent
                .look(|accounts| accounts.iter().filter(|held| held.stored_in() == stored_in).count())
                .unwrap_or_default()
        };
        let places = [StoredIn::Keyring, StoredIn::File, StoredIn::Memory];
        let kept = places.map(|stored_in| Kept { stored_in, count: count(stored_in) });
        Ok(StoresReply { first, kept: kept.to_vec(), fallback: fallback.map(|reason| caller.locale.render(&reason)) })
    }
}

impl Handle for Migrate {
    const EVENT: Option<&'static str> = Some("store.migrate");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<MigrateReply, Fault> {
        Ok(MigrateReply { count: agent.migrate(self.to).await? })
    }
}

impl Handle for Rekey {
    const EVENT: Option<&'static str> = Some("store.rekey");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.rekey().await.map(|()| Empty {})
    }
}
