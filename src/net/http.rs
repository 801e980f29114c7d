//! The one HTTP client. Servers may be hostile.
//!
//! Verified TLS with no switch to turn it off, no redirects, no decompression, 30 seconds, 1 MiB. Endpoints and pages
//! must be https, or http on this machine; a server that is spoken to over https may not name the latter, behind which
//! something may listen that nobody else reaches. A Loom server's page may be http at a host whose http a person
//! accepted. A token is visible ASCII of at most 16 KiB. All text that is not loom's own has its control and
//! bidirectional characters escaped when it becomes part of a `Message`.

use reqwest::header::ACCEPT;
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder};
use url::Url;

use super::error::failed;
use super::limits::{ANSWER_WITHIN, CONNECTED_WITHIN};
use super::{HttpError, proxy, tls};
use crate::base::{Route, TlsSettings, Waiting};
use crate::msg;

/// A client for servers that may be hostile: it verifies TLS, follows no redirect, decompresses nothing, and bounds
/// time and size.
#[derive(Clone)]
pub struct Http(reqwest::Client);

impl Http {
    /// Makes a client. `settings` name certificate authorities to trust beside the system's and a client certificate to
    /// show; `route` names the proxies. Fails if one of these cannot be used.
    pub fn new(settings: &TlsSettings, route: &Route) -> Result<Http, HttpError> {
        // Fails if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("loom/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(ANSWER_WITHIN)
            .connect_timeout(CONNECTED_WITHIN)
            // An idle connection would wake the agent when it ends.
            .pool_max_idle_per_host(0);
        client = proxy::through(client, route)?;
        client = tls::trusting(client, settings, route)?;
        client.build().map(Http).map_err(|error| failed(&error))
    }

    /// A `GET` request that asks for JSON. It is sent by [`Answer::to`](super::Answer::to).
    pub fn get(&self, url: &str) -> RequestBuilder {
        self.0.get(url).header(ACCEPT, "application/json")
    }

    /// A `POST` request. It is sent by [`Answer::to`](super::Answer::to).
    pub fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }

    pub(super) fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.request(method, url)
    }
}

/// Notes that this process waits for the server, for as long as the value is held.
pub(super) fn awaited(url: &Url) -> Waiting {
    Waiting::begin(msg!("server-awaited", server = url.origin().ascii_serialization()))
}
