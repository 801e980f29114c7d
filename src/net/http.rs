//! The one HTTP client. Servers may be hostile.
//!
//! Verified TLS with no switch to turn it off, no redirects, no decompression, 30 seconds, 1 MiB. Endpoints and pages
//! must be https, or http on this machine; a server that is spoken to over https may not name the latter, behind which
//! something may listen that nobody else reaches. A Loom server's page may be http at a host whose http a person
//! accepted. A token is visible ASCII of at most 16 KiB. All text that is not loom's own has its control and
//! bidirectional characters escaped when it becomes part of a `Message`.

use std::error::Error;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, RETRY_AFTER, WWW_AUTHENTICATE};
use reqwest::redirect::Policy;
use reqwest::{Certificate, ClientBuilder, Identity, Method, NoProxy, Proxy, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use url::Url;
use zeroize::Zeroizing;

use super::object::Object;
use crate::base::{Message, Route, Secret, TlsSettings, Waiting, plain_file};
use crate::msg;

/// From connecting to the last byte, whatever the server does in between.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// Login servers answer with a few hundred bytes.
const MAX_BODY: usize = 1024 * 1024;

/// The longest pause a server may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(60);

/// A client for servers that may be hostile: verified TLS, no redirects, no decompression, bounded time and size.
#[derive(Clone)]
pub struct Http(reqwest::Client);

/// What a server answered.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Zeroizing<Vec<u8>>,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// Nothing was sent: no connection, or no TLS.
    #[error("the server cannot be reached")]
    Unreachable(Message),
    /// It was sent, but no whole answer came; the server may have acted on it.
    #[error("the server's answer was lost")]
    Lost(Message),
    #[error("the answer is too long")]
    TooLong,
    /// The server is busy or broken for now (429, 5xx).
    #[error("the server is in trouble ({0})")]
    Trouble(u16),
    /// The server sends elsewhere; nothing is sent there.
    #[error("the server redirects")]
    Redirect,
    /// A file of the settings.
    #[error("a file for TLS cannot be used")]
    TlsFile(Message),
    /// A proxy of the environment.
    #[error("a proxy cannot be used")]
    Proxy(Message),
}

impl HttpError {
    /// The reason as a person reads it.
    pub fn message(&self) -> Message {
        match self {
            HttpError::Unreachable(reason) | HttpError::Lost(reason) | HttpError::TlsFile(reason) => reason.clone(),
            HttpError::Proxy(reason) => reason.clone(),
            HttpError::TooLong => msg!("answer-too-long"),
            HttpError::Trouble(status) => msg!("answer-trouble", status = status),
            HttpError::Redirect => msg!("answer-redirects"),
        }
    }
}

impl Http {
    /// `tls` says whom to trust beside the system's authorities, and what to show of oneself; `route` the way there.
    pub fn new(tls: &TlsSettings, route: &Route) -> Result<Http, HttpError> {
        // Fails if a provider is there already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut client = reqwest::Client::builder()
            .user_agent(concat!("loom/", env!("CARGO_PKG_VERSION")))
            .redirect(Policy::none())
            .timeout(ANSWER_WITHIN)
            .connect_timeout(Duration::from_secs(10))
            // An idle connection would wake the agent when it ends.
            .pool_max_idle_per_host(0);
        client = proxied(client, route)?;
        if let Some(authorities) = system_authorities(route)? {
            client = client.tls_certs_only(authorities);
        }
        if let Some(path) = &tls.ca_file {
            client = client.tls_certs_merge(certificates(path)?);
        }
        if let (None, Some(key)) = (&tls.client_certificate, &tls.client_key) {
            return Err(HttpError::TlsFile(msg!("tls-key-alone", path = key.display())));
        }
        if let Some(path) = &tls.client_certificate {
            let mut pem = read(path)?;
            if let Some(key) = &tls.client_key {
                pem.push(b'\n');
                pem.extend_from_slice(&read(key)?);
            }
            client = client.identity(Identity::from_pem(&pem).map_err(|error| tls_file(path, &innermost(&error)))?);
        }
        client.build().map(Http).map_err(|error| failed(&error))
    }

    pub fn get(&self, url: &str) -> RequestBuilder {
        self.0.get(url).header(ACCEPT, "application/json")
    }

    pub fn post(&self, url: &str) -> RequestBuilder {
        self.0.post(url)
    }

    pub fn request(&self, method: Method, url: Url) -> RequestBuilder {
        self.0.request(method, url)
    }
}

impl Answer {
    pub async fn to(request: RequestBuilder) -> Result<Answer, HttpError> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| failed(&error))?;
        let _waiting = awaited(request.url());
        let mut response = client.execute(request).await.map_err(|error| failed(&error))?;
        let mut body = Zeroizing::new(Vec::with_capacity(4096));
        while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
            if body.len() + chunk.len() > MAX_BODY {
                return Err(HttpError::TooLong);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer { status: response.status(), headers: std::mem::take(response.headers_mut()), body })
    }

    /// `Retry-After` in seconds (RFC 9110 §10.2.3); the date form is rare and left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        let seconds = self.headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }

    /// A page for people, whatever was asked for.
    pub fn is_html(&self) -> bool {
        self.headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
    }

    /// What the server wants to see of a client (RFC 9110 §11.6.1).
    pub fn challenges(&self) -> impl Iterator<Item = &str> {
        self.headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok())
    }

    /// The body as JSON of this shape, or nothing: what else it is, nobody needs to see.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as a JSON object without doubtful keys.
    pub fn object(&self) -> Option<Object> {
        Object::parse(&self.body)
    }
}

/// A server is waited for.
pub fn awaited(url: &Url) -> Waiting {
    Waiting::begin(msg!("server-awaited", server = url.origin().ascii_serialization()))
}

/// Through the proxies of this route, and not those of this process's environment.
fn proxied(client: ClientBuilder, route: &Route) -> Result<ClientBuilder, HttpError> {
    type Make = fn(String) -> reqwest::Result<Proxy>;
    let proxies: [(&str, &Option<Secret>, Make); 3] = [
        ("https_proxy", &route.https_proxy, Proxy::https),
        ("http_proxy", &route.http_proxy, Proxy::http),
        ("all_proxy", &route.all_proxy, Proxy::all),
    ];
    let mut client = client.no_proxy();
    for (name, address, make) in proxies {
        let Some(address) = address.as_ref().map(Secret::expose) else { continue };
        // As everywhere: without a scheme it is http.
        let address = if address.contains("://") { address.to_owned() } else { format!("http://{address}") };
        let unusable = || HttpError::Proxy(msg!("proxy-bad", variable = name));
        let proxy = make(address).map_err(|_| unusable())?;
        let except = route.no_proxy.as_deref().and_then(NoProxy::from_string);
        client = client.proxy(proxy.no_proxy(except));
    }
    Ok(client)
}

/// Whom to trust in place of the system's authorities, as OpenSSL has it.
fn system_authorities(route: &Route) -> Result<Option<Vec<Certificate>>, HttpError> {
    if !route.has_authorities() {
        return Ok(None);
    }
    let mut authorities = match &route.ssl_cert_file {
        Some(path) => certificates(path)?,
        None => Vec::new(),
    };
    if let Some(dir) = &route.ssl_cert_dir {
        let files = std::fs::read_dir(dir).map_err(|error| tls_file(dir, &error))?;
        // What lies there and is no certificate is in nobody's way.
        authorities.extend(files.flatten().filter_map(|file| certificates(&file.path()).ok()).flatten());
    }
    Ok(Some(authorities))
}

/// At least one.
fn certificates(path: &Path) -> Result<Vec<Certificate>, HttpError> {
    let found = Certificate::from_pem_bundle(&read(path)?).map_err(|error| tls_file(path, &error))?;
    match found.is_empty() {
        true => Err(HttpError::TlsFile(msg!("tls-file-empty", path = path.display()))),
        false => Ok(found),
    }
}

/// A key may be among what is read.
fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, HttpError> {
    plain_file::read(path, plain_file::MAX_CERTIFICATES).map_err(|error| HttpError::TlsFile(error.message()))
}

fn tls_file(path: &Path, error: &dyn std::fmt::Display) -> HttpError {
    HttpError::TlsFile(msg!("tls-file-bad", path = path.display(), error = error))
}

pub fn failed(error: &reqwest::Error) -> HttpError {
    let reason = match error.is_timeout() {
        true => msg!("no-answer-within", seconds = ANSWER_WITHIN.as_secs()),
        false => msg!("network-says", error = innermost(error)),
    };
    match error.is_connect() || error.is_builder() {
        true => HttpError::Unreachable(reason),
        false => HttpError::Lost(reason),
    }
}

/// The innermost reason; the outer ones only say that a request failed.
fn innermost(error: &reqwest::Error) -> String {
    let mut reason: &dyn Error = error;
    while let Some(inner) = reason.source() {
        reason = inner;
    }
    reason.to_string()
}
