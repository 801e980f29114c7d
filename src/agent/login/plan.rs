//! How to log in at a server: the aim, which is known first, and the plan, which is an aim with a client.
//!
//! The command line goes before `[server.oauth]` of the settings, and that before `known_hosts.toml`, key by key. Where
//! these name a token endpoint nobody is asked; where they name an issuer, its metadata are; else the server is asked
//! (`oauth::discovery`). By the path of the token endpoint below the issuer's own the make of a server is known: Gitea
//! and Forgejo, GitLab.
//!
//! Pages elsewhere are not opened by themselves. A browser is opened without a question for a page at the server's own
//! origin. Where a person, the settings or the known hosts chose the authorization server, its origin will do. A page
//! that only an answer of the network named is shown with its host, and the person opens it. A page with the code in it
//! is shown as a picture and never opened: who follows it approves with one click what somebody else may have begun.

use std::collections::BTreeMap;

use url::Url;

use super::client::ChosenClient;
use crate::access::Authority;
use crate::agent::accounts::held::Held;
use crate::agent::upstream::Upstream;
use crate::agent::upstream::oauth_fault;
use crate::base::{Credential, OAuthSettings, Secret, ServerUrl, Terms, TermsKind, from_home, plain_file};
use crate::msg;
use crate::net::Http;
use crate::oauth::identity::{self, Identity};
use crate::oauth::{AuthorizationServer, Client, Tokens, discovery, known_hosts, scopes};
use crate::wire::{Fault, Flow, Login};

/// Where a browser is sent back to, as loom is registered, without the port.
const REDIRECT_URI: &str = "http://127.0.0.1/callback";

/// At whom a login will be made, and for what. As whom is not known yet.
pub(super) struct Aim<'a> {
    pub(super) upstream: &'a Upstream,
    /// What the caller may do. No login that they do not see influences theirs.
    pub(super) authority: &'a Authority,
    pub(super) server: &'a ServerUrl,
    pub(super) http: Http,
    pub(super) at: AuthorizationServer,
    pub(super) scopes: Vec<String>,
    pub(super) resource: Option<String>,
    /// Where a browser is to be sent back to, with or without a port. The client may be registered for a port of its
    /// own.
    pub(super) redirect_uri: String,
    pub(super) parameters: BTreeMap<String, String>,
    git_username: Option<String>,
}

/// How a login will be made: an aim, and as whom.
pub(super) struct Plan<'a> {
    pub(super) aim: Aim<'a>,
    pub(super) chosen: ChosenClient,
}

/// The ways that the standard has. Servers that publish nothing are logged in to without a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LoginWay {
    Browser,
    Paste,
    Device,
    Machine,
}

impl<'a> Plan<'a> {
    /// The command line goes before the settings, they go before what is known of the host; the rest the server says.
    /// `None` if it says nothing of OAuth.
    pub(super) async fn make(
        upstream: &'a Upstream,
        authority: &'a Authority,
        server: &'a ServerUrl,
        question: &Login,
    ) -> Result<Option<Self>, Fault> {
        let failed = |error| oauth_fault::from_oauth(server, error);
        let said = OAuthSettings {
            issuer: question.issuer.clone(),
            client_id: question.client_id.clone(),
            resource: question.resource.clone(),
            ..OAuthSettings::default()
        };
        let config = upstream.network.config()?;
        let configured = config.server(server).map(|entry| entry.oauth().clone()).unwrap_or_default();
        let given = said.or(configured);
        let known = known_hosts::settings(server);
        let known =
            if given.issuer.is_some() && given.token_endpoint.is_none() { known.without_endpoints() } else { known };
        let mut settings = given.or(known);
        if settings.issuer.is_none() && settings.token_endpoint.is_none() {
            settings = settings.or(earlier_issuer(upstream, authority, server).await?);
        }
        let http = upstream.network.http(server)?;
        let Some(found) = discovery::find(&http, server, &settings).await.map_err(failed)? else { return Ok(None) };
        let at = found.authorization_server;
        // What is asked for is what somebody wanted; then what the resource says; then what every provider has.
        let wanted = Some(question.scopes.clone()).filter(|scopes| !scopes.is_empty()).or(settings.scopes.clone());
        let of_resource = Some(found.scopes).filter(|scopes| !scopes.is_empty());
        let settings = settings.or(at.make());
        let scopes = wanted
            .or(settings.scopes.clone())
            .or_else(|| of_resource.map(|of_resource| [at.usual_scopes(), of_resource].concat()));
        let scopes = scopes.unwrap_or_else(|| at.usual_scopes());
        let redirect_uri = settings.redirect_uri.clone().unwrap_or_else(|| REDIRECT_URI.to_owned());
        let secret = match &question.client_secret {
            Some(secret) => Some(secret.clone()),
            None => settings.client_secret_file.as_deref().map(|path| read_secret(&from_home(path))).transpose()?,
        };
        let aim = Aim {
            upstream,
            authority,
            server,
            http,
            scopes,
            resource: settings.resource.clone().or(found.resource),
            redirect_uri,
            parameters: settings.authorization_parameters.clone(),
            git_username: settings.git_username.clone(),
            at,
        };
        let mut chosen = match settings.client_id.clone() {
            Some(id) => ChosenClient::named(Client::new(id, secret, aim.at.secret_in_body), &aim.redirect_uri),
            None => aim.find_client(question).await?.with_secret(secret),
        };
        if let Some(method) = settings.token_endpoint_auth_method {
            chosen.client = chosen.client.showing(method);
        }
        Ok(Some(Plan { aim, chosen }))
    }

    /// What the tokens amount to. Who logged in is said by the ID token, else by the server if it is asked.
    pub(super) async fn credential(
        &self,
        kind: TermsKind,
        tokens: Tokens,
        nonce: Option<&str>,
    ) -> Result<Credential, Fault> {
        let (mut user, mut kept_id) = (None, None);
        if let Some(id_token) = &tokens.id_token {
            let issuer = Some(&*self.aim.at.issuer).filter(|_| self.aim.at.is_vouched_for);
            let found = identity::of_id_token(id_token, issuer, &self.chosen.client.id, nonce);
            let Identity { user: named, id_token } =
                found.map_err(|error| oauth_fault::from_oauth(self.aim.server, error))?;
            (user, kept_id) = (named, id_token);
        } else if let (TermsKind::Person, Some(endpoint)) = (kind, &self.aim.at.userinfo_endpoint)
            && let Ok(identity::Asked::Accepted { user: name, .. }) =
                identity::ask(&self.aim.http, endpoint, &tokens.access).await
        {
            user = name;
        }
        let terms = Terms {
            kind,
            issuer: self.aim.at.issuer.clone(),
            client_id: self.chosen.client.id.clone(),
            client_secret: self.chosen.client.secret.clone(),
            secret_in_body: self.chosen.client.shows_in_body(),
            token_endpoint: self.aim.at.token_endpoint.clone(),
            revocation_endpoint: self.aim.at.revocation_endpoint.clone(),
            userinfo_endpoint: self.aim.at.userinfo_endpoint.clone(),
            exchange: self.aim.at.exchange,
            scopes: tokens.scopes.unwrap_or_else(|| self.aim.scopes.clone()),
            resource: self.aim.resource.clone(),
            user,
            id_token: kept_id,
            git_username: self.aim.git_username.clone(),
        };
        let Tokens { access, expires, refresh, .. } = tokens;
        Ok(Credential::OAuth { access, expires, refresh, terms: Some(Box::new(terms)) })
    }
}

impl Aim<'_> {
    /// The way to go, of those that server and caller both have.
    pub(super) fn way(&self, question: &Login) -> Result<LoginWay, Fault> {
        let (code, device) =
            (self.at.authorization_endpoint.is_some(), self.at.device_authorization_endpoint.is_some());
        let offered = match question.flow {
            Flow::Auto if code && question.browser => Some(LoginWay::Browser),
            Flow::Auto if device => Some(LoginWay::Device),
            Flow::Auto if code && question.paste => Some(LoginWay::Paste),
            Flow::Auto if code => return Err(oauth_fault::needs_browser(self.server)),
            Flow::Device if device => Some(LoginWay::Device),
            Flow::Browser if code => Some(LoginWay::Browser),
            Flow::Paste if code => Some(LoginWay::Paste),
            Flow::ClientCredentials => Some(LoginWay::Machine),
            Flow::Auto | Flow::Device | Flow::Browser | Flow::Paste | Flow::Loom => None,
        };
        offered.ok_or_else(|| oauth_fault::not_offered(self.server))
    }

    /// The scopes of a login that nobody asked for.
    pub(super) fn beyond(&self, credential: &Credential) -> Vec<String> {
        scopes::beyond(&self.scopes, credential.scopes())
    }

    /// Whether a page of this URL may be opened without a question.
    pub(super) fn may_open(&self, page: &Url) -> bool {
        self.server.is_origin_of(page) || self.at.is_chosen
    }
}

/// The issuer of an earlier login to this server, where that is not the server itself: a person need not name it again.
async fn earlier_issuer(
    upstream: &Upstream,
    authority: &Authority,
    server: &ServerUrl,
) -> Result<OAuthSettings, Fault> {
    let terms = |held: &Held| held.credential().terms().cloned();
    let terms = upstream.accounts.for_person(authority, server, None, terms).await?.flatten();
    let elsewhere = terms.filter(|terms| !terms.token_endpoint.is_at(server));
    Ok(elsewhere.map_or_else(OAuthSettings::default, |terms| OAuthSettings {
        issuer: Some(terms.issuer),
        resource: terms.resource,
        ..OAuthSettings::default()
    }))
}

/// A client's secret, from the file that the settings name.
pub(crate) fn read_secret(path: &std::path::Path) -> Result<Secret, Fault> {
    let text = plain_file::read_text(path, plain_file::MAX_TEXT);
    let text = text.map_err(|error| oauth_fault::secret_file(error.message()))?;
    match text.trim_end() {
        "" => Err(oauth_fault::secret_file(msg!("file-empty", path = path.display()))),
        secret => Ok(Secret::new(secret.to_owned())),
    }
}
