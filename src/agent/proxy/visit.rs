//! One request that may be looked at: where it goes, what is granted there, and what is noted of it.

use std::sync::atomic::{AtomicBool, Ordering};

use http::header::{ACCEPT_LANGUAGE, CONTENT_ENCODING, HOST};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::Proxy;
use super::body::{Incoming, Source};
use super::client::{Client, Proof, Way, shown};
use super::place::{self, Place};
use crate::access::PREFIX;
use crate::agent::api::{self, Target};
use crate::agent::fault;
use crate::agent::life::auditing::{About, Called};
use crate::base::{Grant, Locale, Repository, ServerUrl};
use crate::wire::{Fault, reason};

/// A request on its way through.
pub(super) struct Visit<'a> {
    pub(super) proxy: &'a Proxy,
    pub(super) client: &'a Client,
    pub(super) method: Method,
    pub(super) headers: HeaderMap,
    pub(super) place: Place,
    pub(super) target: Target,
    pub(super) locale: Locale,
    /// Whether the log says anything of it.
    is_noted: &'a AtomicBool,
}

impl<'a> Visit<'a> {
    /// Everything that holds for all requests, in this order; nothing has been read of its body, and nothing was sent.
    pub(super) fn new(
        proxy: &'a Proxy,
        client: &'a Client,
        parts: &Parts,
        is_noted: &'a AtomicBool,
    ) -> Result<Visit<'a>, Fault> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        if let Way::Port(token) = &client.way {
            if parts.uri.authority().is_none() && !place::is_from_here(host, &parts.headers) {
                return Err(reason::Proxy::NothingThere { host: host.unwrap_or_default().to_owned() }.into());
            }
            match shown(&parts.headers) {
                Proof::Token(shown) if shown.matches(token) => {}
                Proof::Nothing => return Err(reason::Proxy::NothingShown.into()),
                Proof::Token(_) | Proof::Odd => return Err(reason::Proxy::NotTheToken.into()),
            }
        }
        let method = api::method(parts.method.as_str())?;
        if !client.authority.has_grants() {
            return Err(reason::Proxy::NoGrants.into());
        }
        let server = |name: &str| place::named(name, |server| client.authority.sees(server));
        let place = place::find(host, &parts.uri, &client.way, server);
        let place = place.map_err(|lost| reason::Proxy::NothingThere { host: lost.0 })?;
        // What a client puts there stands in every log on the way.
        if place.path.contains(PREFIX) && has_token(&place.path) {
            return Err(reason::Proxy::TokenInUrl.into());
        }
        if !proxy.upstream.network.config()?.permits(&place.server) {
            return Err(fault::cleartext(&place.server));
        }
        let target = Target::at(place.server.clone(), &format!("{}{}", place.server.endpoint(""), place.path))?;
        if let Some(name) = parts.headers.keys().find(|name| api::is_disguise(name.as_str())) {
            return Err(reason::Api::HeaderRefused { name: name.to_string() }.into());
        }
        let headers = parts.headers.clone();
        Ok(Visit { proxy, client, method, headers, place, target, locale: locale(&parts.headers), is_noted })
    }

    /// What is sent, without the compression that git knows.
    pub(super) fn source(&self, body: Incoming) -> Result<Source, Fault> {
        match self.headers.get(CONTENT_ENCODING).map(|encoding| encoding.as_bytes()) {
            None | Some(b"identity") => Ok(Source::new(body, false)),
            Some(b"gzip" | b"x-gzip") => Ok(Source::new(body, true)),
            Some(_) => Err(reason::Proxy::Encoding.into()),
        }
    }

    /// The repository of this path at the server.
    pub(super) fn repository(&self, path: &str) -> Result<Repository, Fault> {
        let url = ServerUrl::parse(&format!("{}{path}", self.place.server.endpoint(""))).ok();
        url.as_ref().and_then(Repository::at).ok_or_else(|| reason::Proxy::OddGit.into())
    }

    /// What an entry of the log says of it.
    pub(super) fn about(&self) -> About {
        let mut about = About::default();
        about.turns_out(&self.place.server, None);
        about
    }

    /// The same, for a call.
    pub(super) fn about_call(&self, grant: Option<&Grant>) -> About {
        let mut about = self.about().granted_by(grant);
        about.calls(Called::new(self.method.as_str(), self.target.url.path()));
        about
    }

    /// The log says something of it.
    pub(super) fn noted(&self) {
        self.is_noted.store(true, Ordering::Relaxed);
    }

    /// Notes what was asked, and what came of it.
    pub(super) fn note(&self, event: &str, about: About, outcome: Result<(), &Fault>) {
        self.noted();
        self.proxy.audit.note(event, self.client.who.clone(), about, outcome.map_err(Fault::code));
    }
}

/// The language that a client asks for.
pub(super) fn locale(headers: &HeaderMap) -> Locale {
    let asked = headers.get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut tags = asked.split(',').filter_map(|part| part.split(';').next());
    tags.find_map(|tag| Locale::from_tag(tag.trim())).unwrap_or_default()
}

/// Whether something in the text looks like a token of the agent's.
fn has_token(text: &str) -> bool {
    let is_token =
        |rest: &str| rest.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(byte)).count() >= 32;
    text.match_indices(PREFIX).any(|(at, _)| is_token(&text[at + PREFIX.len()..]))
}
