//! Who loom is at a server where nobody said it: the client of an earlier login, one that was registered earlier, or a
//! new one.
//!
//! It is the one that somebody named, else that of a login kept for the same server and issuer, else one that was
//! registered there before, else a new one (`oauth::register`), else the error says where a person gets one. It is
//! registered with the very address of this login, port and all, for servers that know no other; the next login comes
//! back to the same, and one at the same time gets a client of its own. A server that has forgotten a client of loom's
//! gives another: a login by code sees it at once, and after a browser login that somebody broke off, or whose code was
//! not taken from it, the client is forgotten. Where a server does not know a client's secret shown one way, it is
//! shown once the other way (`oauth::client`).

use url::Url;

use super::plan::{LoginWay, Plan};
use crate::agent::upstream::oauth_fault;
use crate::agent::upstream::registrations::{self, Registration, Way};
use crate::base::GrantKind;
use crate::oauth::loopback::Loopback;
use crate::oauth::{self, Client, OAuthError, Registered, known_hosts};
use crate::wire::{Fault, Flow, Login};

impl Plan<'_> {
    pub(super) async fn find_client(&mut self, question: &Login) -> Result<(), Fault> {
        let known = registrations::read(&self.upstream.paths, &self.at.issuer);
        if let Some(client) = self.earlier(&known).await? {
            self.client = client;
            return Ok(());
        }
        if question.flow == Flow::ClientCredentials {
            return Err(oauth_fault::no_client(self.server, self.at.issuer.as_str()));
        }
        // Where no way is open, that is said later.
        let way = if matches!(self.way(question), Ok(LoginWay::Device)) { Way::Device } else { Way::Code };
        match self.registered(known, way).await {
            Some(id) => {
                self.client = Client::public(id);
                Ok(())
            }
            // Where a client is to be had by hand, one that is had by itself is of no use.
            None if known_hosts::register_at(self.server).is_some() => {
                Err(oauth_fault::no_client(self.server, &self.at.issuer))
            }
            None => self.register(way).await,
        }
    }

    /// Has a client registered that comes back to the very address of this login, and remembers it.
    pub(super) async fn register(&mut self, way: Way) -> Result<(), Fault> {
        self.port = None;
        // A login that needs no port can do without.
        if let Ok(port) = Loopback::open(&self.redirect_uri).await {
            self.redirect_uri = port.redirect_uri().to_string();
            self.port = Some(port);
        }
        let registered = oauth::register(&self.http, &self.at, &self.redirect_uri, way == Way::Device).await;
        let Registered { client, by_code, by_device } = registered.map_err(|error| match error {
            OAuthError::NotOffered => oauth_fault::no_client(self.server, &self.at.issuer),
            OAuthError::Said { code, description } => {
                oauth_fault::not_registered(self.server, &self.at.issuer, &code, &description)
            }
            error => oauth_fault::from_oauth(self.server, error),
        })?;
        self.is_registered = true;
        // One with a secret is kept with the login only: what is remembered here stands in clear.
        if client.secret.is_none() {
            let (client_id, redirect_uri) = (client.id.clone(), Some(self.redirect_uri.clone()));
            let only = Some(way).filter(|_| !(by_code && by_device));
            let registration = Registration { client_id, redirect_uri, only };
            registrations::remember(&self.upstream.paths, &self.at.issuer, registration).await;
        }
        self.client = client;
        Ok(())
    }

    /// Forgets a client that the server may not know any more: the next login gets another.
    pub(super) async fn forget_client(&self) {
        if self.is_registered {
            registrations::forget(&self.upstream.paths, &self.at.issuer, &self.client.id).await;
        }
    }

    /// The client of a login that is kept for the same server and issuer. One that loom registered is found among
    /// those, where its address is known, and where it can be forgotten.
    async fn earlier(&self, known: &[Registration]) -> Result<Option<Client>, Fault> {
        let is_known = |client: &Client| known.iter().any(|known| known.client_id == client.id);
        let earlier = self.upstream.accounts.with(|accounts| {
            let seen = accounts.seen_by(self.authority);
            let grants = seen.at_origin(self.server).filter_map(|held| held.credential().grant());
            let same = grants.filter(|grant| grant.kind == GrantKind::Person && grant.issuer == self.at.issuer);
            same.map(Client::of).find(|client| !is_known(client))
        });
        earlier.await
    }

    /// The first of the registered clients to whose address a browser can come back now.
    async fn registered(&mut self, known: Vec<Registration>, way: Way) -> Option<String> {
        for Registration { client_id, redirect_uri, only } in known {
            let address = redirect_uri.as_deref().unwrap_or(&self.redirect_uri);
            if !is_at(address, &self.redirect_uri) || only.is_some_and(|only| only != way) {
                continue;
            }
            match Loopback::open(address).await {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => continue,
                Err(_) => {}
                Ok(port) => {
                    self.redirect_uri = port.redirect_uri().to_string();
                    self.port = Some(port);
                }
            }
            self.is_registered = true;
            return Some(client_id);
        }
        None
    }
}

/// Whether an address is what somebody wants, who may leave its port open.
fn is_at(address: &str, wanted: &str) -> bool {
    match (Url::parse(address), Url::parse(wanted)) {
        (Ok(address), Ok(wanted)) => {
            let mut same = address.clone();
            address == wanted || (wanted.port().is_none() && same.set_port(None).is_ok() && same == wanted)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_that_nobody_named_may_be_any() {
        assert!(is_at("http://127.0.0.1:7/cb", "http://127.0.0.1/cb"));
        assert!(is_at("http://127.0.0.1:7/cb", "http://127.0.0.1:7/cb"));
        for (address, wanted) in
            [("http://127.0.0.1:7/cb", "http://127.0.0.1:8/cb"), ("http://127.0.0.1/", "http://127.0.0.1/cb")]
        {
            assert!(!is_at(address, wanted), "{address} {wanted}");
        }
    }
}
