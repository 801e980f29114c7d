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

use super::plan::{Aim, LoginWay, Plan};
use crate::agent::upstream::oauth_fault;
use crate::agent::upstream::registrations::{self, Registration, Way};
use crate::base::{Secret, TermsKind};
use crate::oauth::loopback::Loopback;
use crate::oauth::{self, Client, OAuthError, Registered, known_hosts};
use crate::wire::{Fault, Flow, Login};

/// As whom a login is made, and where a browser comes back to.
pub(super) struct ChosenClient {
    pub(super) client: Client,
    /// It was registered by loom itself, so another can be.
    pub(super) is_registered: bool,
    /// Where a browser is sent back to, with or without a port.
    pub(super) redirect_uri: String,
    /// The port that was opened for this login, where the client is registered with that very one.
    pub(super) port: Option<Loopback>,
}

impl ChosenClient {
    /// A client that somebody named, or that of an earlier login.
    pub(super) fn named(client: Client, redirect_uri: &str) -> ChosenClient {
        ChosenClient { client, is_registered: false, redirect_uri: redirect_uri.to_owned(), port: None }
    }

    /// This client with a secret that somebody gave, which goes before its own.
    pub(super) fn with_secret(mut self, secret: Option<Secret>) -> ChosenClient {
        self.client.secret = secret.or(self.client.secret);
        self
    }
}

impl Plan<'_> {
    /// Gets another client in the place of one that the server does not know any more.
    pub(super) async fn register_anew(&mut self, way: Way) -> Result<(), Fault> {
        // The new one comes back to the same port, which the old one must not hold.
        self.chosen.port = None;
        self.chosen = self.aim.register(&self.chosen.redirect_uri, way).await?;
        Ok(())
    }

    /// Forgets a client that the server may not know any more: the next login gets another.
    pub(super) async fn forget_client(&self) {
        if self.chosen.is_registered {
            let (paths, client) = (&self.aim.upstream.paths, &self.chosen.client);
            registrations::forget(paths, &self.aim.at.issuer, &client.id).await;
        }
    }
}

impl Aim<'_> {
    /// The client to log in with, where nobody named one.
    pub(super) async fn find_client(&self, question: &Login) -> Result<ChosenClient, Fault> {
        let known = registrations::read(&self.upstream.paths, &self.at.issuer);
        if let Some(client) = self.earlier(&known).await? {
            return Ok(ChosenClient::named(client, &self.redirect_uri));
        }
        if question.flow == Flow::ClientCredentials {
            return Err(oauth_fault::no_client(self.server, self.at.issuer.as_str()));
        }
        // Where no way is open, that is said later.
        let way = if matches!(self.way(question), Ok(LoginWay::Device)) { Way::Device } else { Way::Code };
        match self.registered(known, way).await {
            Some(chosen) => Ok(chosen),
            // Where a client is to be had by hand, one that is had by itself is of no use.
            None if known_hosts::register_at(self.server).is_some() => {
                Err(oauth_fault::no_client(self.server, &self.at.issuer))
            }
            None => self.register(&self.redirect_uri, way).await,
        }
    }

    /// Has a client registered that comes back to the very address of this login, and remembers it.
    async fn register(&self, redirect_uri: &str, way: Way) -> Result<ChosenClient, Fault> {
        // A login that needs no port can do without.
        let port = Loopback::open(redirect_uri).await.ok();
        let redirect_uri = address_of(port.as_ref(), redirect_uri);
        let registered = oauth::register(&self.http, &self.at, &redirect_uri, way == Way::Device).await;
        let Registered { client, by_code, by_device } = registered.map_err(|error| match error {
            OAuthError::NotOffered => oauth_fault::no_client(self.server, &self.at.issuer),
            OAuthError::Said { code, description } => {
                oauth_fault::not_registered(self.server, &self.at.issuer, &code, &description)
            }
            error => oauth_fault::from_oauth(self.server, error),
        })?;
        // One with a secret is kept with the login only: what is remembered here stands in clear.
        if client.secret.is_none() {
            let (client_id, redirect_uri) = (client.id.clone(), Some(redirect_uri.clone()));
            let only = Some(way).filter(|_| !(by_code && by_device));
            let registration = Registration { client_id, redirect_uri, only };
            registrations::remember(&self.upstream.paths, &self.at.issuer, registration).await;
        }
        Ok(ChosenClient { client, is_registered: true, redirect_uri, port })
    }

    /// The client of a login that is kept for the same server and issuer. One that loom registered is found among
    /// those, where its address is known, and where it can be forgotten.
    async fn earlier(&self, known: &[Registration]) -> Result<Option<Client>, Fault> {
        let is_known = |client: &Client| known.iter().any(|known| known.client_id == client.id);
        let earlier = self.upstream.accounts.with(|accounts| {
            let seen = accounts.seen_by(self.authority);
            let terms = seen.at_origin(self.server).filter_map(|held| held.credential().terms());
            let same = terms.filter(|terms| terms.kind == TermsKind::Person && terms.issuer == self.at.issuer);
            same.map(Client::of).find(|client| !is_known(client))
        });
        earlier.await
    }

    /// The first of the registered clients to whose address a browser can come back now.
    async fn registered(&self, known: Vec<Registration>, way: Way) -> Option<ChosenClient> {
        for Registration { client_id, redirect_uri, only } in known {
            let address = redirect_uri.as_deref().unwrap_or(&self.redirect_uri);
            if !is_at(address, &self.redirect_uri) || only.is_some_and(|only| only != way) {
                continue;
            }
            let port = match Loopback::open(address).await {
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => continue,
                opened => opened.ok(),
            };
            let redirect_uri = address_of(port.as_ref(), &self.redirect_uri);
            return Some(ChosenClient { client: Client::public(client_id), is_registered: true, redirect_uri, port });
        }
        None
    }
}

/// Where a browser comes back to: the port that was opened for it, else what was wanted.
fn address_of(port: Option<&Loopback>, wanted: &str) -> String {
    port.map_or_else(|| wanted.to_owned(), |port| port.redirect_uri().to_string())
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
