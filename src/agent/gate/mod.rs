//! Who asks, and what they may do: tokens, people who signed in, machines that wait for an approval.

pub(crate) mod asker;
pub(crate) mod devices;
pub(crate) mod endings;
pub(crate) mod guard;
pub(crate) mod guest;
pub(crate) mod issued;
pub(crate) mod lasting;
mod lifetimes;
pub(crate) mod needs;
pub(crate) mod new_token;
pub(crate) mod open_http;
pub(crate) mod over;
pub(crate) mod people;
mod unfetched;
pub(crate) mod viewer;
pub(crate) mod waiting;

use std::sync::{Arc, Weak};

use crate::access::Ledger;
use crate::agent::gate::devices::Devices;
use crate::agent::gate::issued::Issued;
use crate::agent::gate::lasting::Lasting;
use crate::agent::gate::open_http::{HttpDoorSeen, OpenHttp};
use crate::agent::gate::people::People;
use crate::agent::life::auditing::Auditing;
use crate::agent::life::settings::Settings;
use crate::agent::upstream::network::Network;
use crate::base::Paths;

/// Decides who somebody is, and what they may do now. Nobody is let in anywhere else.
pub struct Gate {
    /// For a question to an issuer that goes on after whoever needed the answer has gone.
    own: Weak<Gate>,
    paths: Paths,
    settings: Arc<Settings>,
    audit: Arc<Auditing>,
    network: Arc<Network>,
    pub(crate) issued: Issued,
    pub(crate) people: People,
    pub(crate) devices: Devices,
    /// The HTTP door as it stands.
    pub(crate) http: HttpDoorSeen,
    lasting: Lasting,
}

impl Gate {
    pub(crate) fn new(
        paths: &Paths,
        ledger: Arc<Ledger>,
        settings: Arc<Settings>,
        audit: Arc<Auditing>,
        network: Arc<Network>,
    ) -> Arc<Gate> {
        Arc::new_cyclic(|own| Gate {
            own: own.clone(),
            paths: paths.clone(),
            settings,
            audit,
            network,
            issued: Issued::new(ledger),
            people: People::default(),
            devices: Devices::default(),
            http: HttpDoorSeen::default(),
            lasting: Lasting::default(),
        })
    }

    /// The HTTP door was opened or closed: whoever came through the one before may have no rights any more.
    pub(crate) fn http_is_at(&self, open: Option<OpenHttp>) {
        self.http.set(open);
        self.rights_may_have_ended();
    }

    /// Forgets who signed in, who is about to, and which machines wait.
    pub(crate) async fn forget_everybody(&self) {
        self.people.sign_ins.end_all();
        self.people.sessions.end_all();
        self.forget_devices().await;
    }
}
