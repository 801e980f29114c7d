use std::sync::OnceLock;

use super::{Agent, oauth_fault};
use crate::base::{ServerUrl, TlsSettings};
use crate::oauth::Http;
use crate::wire::Fault;

/// The way to servers: one client for those of which nothing special is said.
#[derive(Default)]
pub(super) struct Network(OnceLock<Http>);

impl Agent {
    /// The client for this server and its logins. One with certificates of its own is made anew each time, so that
    /// a file that was replaced counts at once.
    pub(super) fn http(&self, server: &ServerUrl) -> Result<Http, Fault> {
        let tls = self.config()?.server(server).map(|entry| entry.tls()).unwrap_or_default();
        let made = |tls: &TlsSettings| Http::new(tls).map_err(|error| oauth_fault::no_tls(server, &error));
        if tls != TlsSettings::default() {
            return made(&tls);
        }
        if let Some(http) = self.network.0.get() {
            return Ok(http.clone());
        }
        let http = made(&tls)?;
        Ok(self.network.0.get_or_init(|| http).clone())
    }
}
