//! What a locked agent says of what it does not have in memory: whether a server is one of those that something is kept
//! for.
//!
//! A tool that asks for every server that it visits takes "locked" for a failure, also where it needs nothing: a public
//! image is not pulled because the agent is locked. So the stores are asked whether they name the server at all. The
//! names of servers are no secret there, and locked still means empty: they are read when somebody asks, compared, and
//! dropped; no key is opened and no secret read. Where the names cannot be read, that is the answer to a tool. To who
//! sees some servers only, nothing is kept at any other, locked or not; of one of whose paths they see a part they do
//! not learn what is kept beside it, so that there it stays "locked".

use crate::access::Authority;
use crate::agent::accounts::Accounts;
use crate::agent::accounts::stores::STORE_WITHIN;
use crate::agent::blocking::{in_time, within};
use crate::agent::fault;
use crate::base::{Config, ServerUrl};
use crate::wire::Fault;

impl Accounts {
    /// Whether the stores are known to keep nothing that could be given out at this server to who asks.
    pub(crate) async fn has_nothing_for(
        &self,
        authority: &Authority,
        config: &Config,
        server: &ServerUrl,
    ) -> Result<bool, Fault> {
        let second = config.second_origin(server).map(|second| second.login());
        let seen: Vec<&ServerUrl> =
            [Some(server), second].into_iter().flatten().filter(|place| authority.sees(place)).collect();
        let origins: Vec<ServerUrl> = seen.into_iter().map(ServerUrl::origin).collect();
        if origins.is_empty() {
            return Ok(true);
        }
        if !origins.iter().all(|origin| authority.sees(origin)) {
            return Ok(false);
        }
        self.names_any(origins).await.map(|is_named| !is_named)
    }

    async fn names_any(&self, origins: Vec<ServerUrl>) -> Result<bool, Fault> {
        // One at a time: of a crowd each would read all of it.
        let _reading = in_time(STORE_WITHIN, async { Ok(self.reading.lock().await) }).await?;
        let mut stores = self.opened().await?;
        within(STORE_WITHIN, move || stores.names_any(&origins).map_err(fault::from_store)).await
    }
}
