//! The HTTP client for a server: TLS and proxy by its settings, and by the route of whoever asks.
//!
//! `ca_file`, `client_certificate`, `client_key` and `proxy` of a `[[server]]` hold for the server and its logins. A
//! client with such files is made anew each time, so that a file that was replaced counts at once; others are shared by
//! all who go the same way. The authorities come on top of the system's, and nothing turns verification off.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use crate::agent::life::settings::Settings;
use crate::agent::upstream::oauth_fault;
use crate::base::lock;
use crate::base::{Config, Route, ServerUrl, Surroundings, TlsSettings};
use crate::net::Http;
use crate::store;
use crate::wire::Fault;

/// The HTTP clients for servers. A request goes through the proxies of whoever asked for it, not through those of
/// whoever happened to start the agent.
pub(crate) struct Network {
    settings: Arc<Settings>,
    /// The route of the owner who asked last. What the agent does unasked, such as renewing ahead of time, takes it
    /// too.
    last: Mutex<Route>,
    /// The servers of which git was told already that nothing is sent there in clear.
    unencrypted: Mutex<BTreeSet<ServerUrl>>,
    /// Clients for servers without TLS settings of their own, the one used last at the end.
    clients: Mutex<Vec<(Route, Http)>>,
}

/// For how many routes with proxies a client is kept: one person seldom has more sessions.
const CLIENTS: usize = 4;

/// For how many servers it is remembered that git was told of their clear text, so that a page full of links does not
/// fill the memory.
const CLEARTEXTS: usize = 64;

tokio::task_local! {
    /// The route of whoever is being answered.
    static ASKER: Route;
}

impl Network {
    pub(crate) fn new(settings: Arc<Settings>) -> Self {
        // The agent's own environment serves until an owner has asked for something.
        Network {
            settings,
            last: Mutex::new(Route::from_environment()),
            unencrypted: Mutex::default(),
            clients: Mutex::default(),
        }
    }

    /// Does something for an owner of these surroundings.
    pub(crate) async fn on_behalf<R>(&self, env: Surroundings, act: impl Future<Output = R>) -> R {
        lock(&self.last).clone_from(&env.route);
        env.bus.as_deref().inspect(|bus| store::bring_bus(bus));
        ASKER.scope(env.route, act).await
    }

    /// The settings as they are now.
    pub(crate) fn config(&self) -> Result<Arc<Config>, Fault> {
        self.settings.config()
    }

    /// The settings by which servers are reached.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Notes that git asks for what would go to this server in clear; says whether it is for the first time.
    pub(crate) fn note_if_first_cleartext(&self, server: &ServerUrl) -> bool {
        let mut known = lock(&self.unencrypted);
        known.len() < CLEARTEXTS && known.insert(server.origin())
    }

    /// The client for this server and its logins. One with certificates of its own is made anew each time, so that
    /// a file that was replaced counts at once.
    pub(crate) fn http(&self, server: &ServerUrl) -> Result<Http, Fault> {
        let config = self.config()?;
        let entry = config.server(server);
        let tls = entry.map(|entry| entry.tls()).unwrap_or_default();
        let asked = ASKER.try_with(Clone::clone).unwrap_or_else(|_| lock(&self.last).clone());
        let route = entry.map_or_else(|| asked.clone(), |entry| entry.route(&asked));
        let make = || Http::new(&tls, &route).map_err(|error| oauth_fault::no_tls(server, &error));
        if tls != TlsSettings::default() || route.has_authorities() {
            return make();
        }
        let mut clients = lock(&self.clients);
        let (route, http) = match clients.iter().position(|(known, _)| *known == route) {
            Some(known) => clients.remove(known),
            None => (route.clone(), make()?),
        };
        if clients.len() >= CLIENTS {
            clients.remove(0);
        }
        clients.push((route, http.clone()));
        Ok(http)
    }
}
