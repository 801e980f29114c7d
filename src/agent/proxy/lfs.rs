//! Git LFS: the servers' links to large files stay here, and so do the secrets in them. Their client is given links to
//! the agent, each of which is good for one file, one way and one token.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, RANGE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use tokio::time::{Instant, timeout};
use url::Url;

use super::body::{Forwarded, Incoming, Reply};
use super::forward::{Answered, As, Sent, Upward};
use super::git::{SHORT, cut_short};
use super::handles::{Handle, life};
use super::refusal::answer;
use super::visit::Visit;
use crate::agent::api::{Redactor, checked_query, lies_below, origin, redirected};
use crate::agent::fault;
use crate::base::{RefChange, RefName, Repository};
use crate::git::{
    GitPath, LfsAction, LfsAnswer, LfsBatch, LfsLink, LfsObject, LfsOperation, MAX_BATCH, Service, repository_name,
};
use crate::msg;
use crate::net::call::{Call, Outgoing};
use crate::wire::{Fault, reason};

/// Below this path of a server lie the agent's own links.
pub(super) const LINKS: &str = "/.loom/lfs/";

/// What the API speaks.
const KIND: &str = "application/vnd.git-lfs+json";

/// How long a question may take to come.
const WITHIN: Duration = Duration::from_secs(60);

impl Visit<'_> {
    /// `info/lfs/objects/batch`.
    pub(super) async fn lfs_batch(&self, path: &str, body: Incoming) -> Result<Response<Reply>, Fault> {
        let repository = self.repository(path)?;
        if self.method != Method::POST || self.target.url.query().is_some() {
            return Err(reason::Proxy::OddGit.into());
        }
        let mut source = self.source(body)?;
        let asked = timeout(WITHIN, source.all(MAX_BATCH)).await.map_err(|_| cut_short())?.map_err(|_| cut_short())?;
        let asked = LfsBatch::parse(&asked.unwrap_or_default()).map_err(|error| no_lfs(&error.to_string()))?;
        let service = match asked.operation {
            LfsOperation::Download => Service::Fetch,
            LfsOperation::Upload => Service::Push,
        };
        let granted = self.may(&repository, service).and_then(|grant| {
            self.may_ref(&repository, &asked)?;
            Ok(grant)
        });
        self.note_git(service, &repository, granted.as_ref());
        granted?;
        let whose = self.git_account(&repository).await?;
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(KIND));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
        let (url, body) = (self.target.url.clone(), Sent::Short(Bytes::from(asked.print())));
        let mut answered = self.send(&whose, Upward { url, method: Method::POST, headers, body }).await?;
        if answered.answer.status() != 200 {
            return self.not_gits(answered).await;
        }
        let body = self.short(&mut answered, MAX_BATCH).await?;
        let not_gits = |_| reason::Proxy::NotGits { server: self.server() };
        let links = LfsAnswer::parse(&body, &asked).map_err(not_gits)?;
        let shown = links.print(|object, action, link| self.own_link(&whose, object, action, link));
        Ok(answer(StatusCode::OK, KIND, answered.redactor.text(&String::from_utf8_lossy(&shown)).into_bytes()))
    }

    /// Locks: to list them is to read, all else is for who pushes. They are plain calls.
    pub(super) async fn lfs_locks(&self, path: GitPath<'_>, body: Incoming) -> Result<Response<Reply>, Fault> {
        let (path, service) = match path {
            GitPath::LfsLocks(path) if self.method == Method::GET => (path, Service::Fetch),
            GitPath::LfsLocks(path) | GitPath::LfsLockChange(path) if self.method == Method::POST => {
                (path, Service::Push)
            }
            _ => return Err(reason::Proxy::OddGit.into()),
        };
        let repository = self.repository(path)?;
        checked_query(&self.target.url, false)?;
        let granted = self.may(&repository, service);
        self.note_git(service, &repository, granted.as_ref());
        granted?;
        let mut source = self.source(body)?;
        let whose = self.git_account(&repository).await?;
        let body =
            match timeout(WITHIN, source.all(MAX_BATCH)).await.map_err(|_| cut_short())?.map_err(|_| cut_short())? {
                Some(body) if body.is_empty() => Sent::Nothing,
                Some(body) => Sent::Short(Bytes::from(body)),
                None => return Err(no_lfs("it is too long")),
            };
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(KIND));
        if !matches!(body, Sent::Nothing) {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
        }
        let (url, method) = (self.target.url.clone(), self.method.clone());
        let answered = self.send(&whose, Upward { url, method, headers, body }).await?;
        self.hand_back(answered)
    }

    /// A link of the agent's own: the file goes through here.
    pub(super) async fn lfs_file(&self, name: &str, body: Incoming) -> Result<Response<Reply>, Fault> {
        let standing = self.client.authority.standing();
        let handle = self.proxy.handles.get(name, standing, &self.method).ok_or(reason::Proxy::NoLink)?;
        // The settings of the server that it was asked of hold there: its certificates, its way.
        if handle.named_by != self.place.server {
            return Err(reason::Proxy::NoLink.into());
        }
        let event = if self.method == Method::GET { "lfs.get" } else { "lfs.put" };
        let mut about = self.about();
        about.concerns(&handle.object.id);
        let deed = self.deed(event, about);
        deed.answered(self.file_handed_on(handle, body).await)
    }

    async fn file_handed_on(&self, handle: Handle, body: Incoming) -> Result<Response<Reply>, Fault> {
        let source = self.source(body)?;
        let (mut headers, server) = (handle.headers.clone(), origin(&handle.url).ok_or(reason::Request::Internal)?);
        let range = self.headers.get(RANGE).filter(|_| self.method == Method::GET);
        range.into_iter().for_each(|range| drop(headers.insert(RANGE, range.clone())));
        if let Some(kind) = self.headers.get(CONTENT_TYPE).filter(|_| self.method != Method::GET) {
            headers.entry(CONTENT_TYPE).or_insert(kind.clone());
        }
        // What was asked for has a length, and nothing else is put there.
        if self.method == Method::PUT && source.left() != Some(handle.object.size) {
            return Err(no_lfs("it is not as long as was said"));
        }
        // A server is told that a file has come in a few words.
        if self.method == Method::POST && source.left().is_none_or(|left| left > SHORT) {
            return Err(no_lfs("it is too long"));
        }
        let is_empty = self.method == Method::GET || source.is_empty() && self.method != Method::PUT;
        let answered = if let Some(account) = &handle.account {
            let user = self.git_account_user(account).await?;
            let whose = As { account: Some(account.clone()), git_user: user };
            let body =
                if is_empty { Sent::Nothing } else { Sent::Streamed(Box::new(Forwarded::new([], Some(source)))) };
            self.send(&whose, Upward { url: handle.url.clone(), method: self.method.clone(), headers, body }).await?
        } else {
            let body = (!is_empty).then(|| Outgoing::new(Forwarded::new([], Some(source))));
            let authorization = headers.remove(http::header::AUTHORIZATION);
            let http = self.proxy.upstream.network.http(&server)?;
            let call = Call { method: self.method.clone(), url: handle.url.clone(), headers, authorization, body };
            let answer = http.call(call).await.map_err(|error| fault::from_http(&server, &error))?;
            Answered { answer, redactor: Redactor::default() }
        };
        self.file_back(answered).await
    }

    /// Length, range and bytes, and nothing else of what the place says.
    async fn file_back(&self, answered: Answered) -> Result<Response<Reply>, Fault> {
        let status = answered.answer.status();
        if !(200..300).contains(&status) {
            let shown = if status == 404 || status == 416 { status } else { 502 };
            let shown = StatusCode::from_u16(shown).unwrap_or(StatusCode::BAD_GATEWAY);
            let text = self.locale.render(&msg!("proxy-file-status", status = status));
            return Ok(answer(shown, "text/plain; charset=utf-8", format!("loom: {text}\n")));
        }
        let mut back = Response::new(super::body::whole(Vec::new()));
        *back.status_mut() = StatusCode::from_u16(status).map_err(|_| reason::Request::Internal)?;
        for name in [CONTENT_LENGTH, CONTENT_TYPE, http::header::CONTENT_RANGE, http::header::ACCEPT_RANGES] {
            if let Some(value) = answered.answer.headers().get(&name) {
                back.headers_mut().insert(name, value.clone());
            }
        }
        *back.body_mut() = super::body::rest_of(Vec::new(), answered.answer, None);
        Ok(back)
    }

    /// The ref that an upload names has to be one that may be pushed.
    fn may_ref(&self, repository: &Repository, asked: &LfsBatch) -> Result<(), Fault> {
        let Some(name) = asked.reference.as_ref().filter(|_| asked.operation == LfsOperation::Upload) else {
            return Ok(());
        };
        let name = RefName::parse(name).ok_or_else(|| no_lfs("it names no ref"))?;
        let may = |change| self.may_change(repository, &name, change);
        may(RefChange::Rewrite).or_else(|fault| may(RefChange::Create).map_err(|_| fault)).map(|_| ())
    }

    /// Whether it lies below the repository of this batch: others at the same server may be somebody else's programs.
    fn is_in_repository(&self, url: &Url) -> bool {
        let own = self.target.url.path().strip_suffix("/info/lfs/objects/batch").map(repository_name);
        let rest = own.and_then(|own| url.path().strip_prefix(own));
        rest.is_some_and(|rest| rest.starts_with('/') || rest.starts_with(".git/"))
    }

    /// Keeps a server's link, and gives one of ours.
    fn own_link(
        &self,
        whose: &As,
        object: &LfsObject,
        action: LfsAction,
        link: &LfsLink,
    ) -> Result<(String, u64), String> {
        let refused = || self.locale.render(&msg!("proxy-link-refused"));
        // Nobody listens on the way there, and it is no address of this machine's network.
        let url = redirected(&self.target.url, &link.href).ok_or_else(refused)?;
        let headers = headers_of(link).ok_or_else(refused)?;
        // What git's own requests do was judged as git's, and nobody says over there where they go.
        if matches!(GitPath::of(url.path()), Some(GitPath::Refs(_) | GitPath::Rpc(..))) {
            return Err(refused());
        }
        let is_own = lies_below(&self.place.server, &url) && self.is_in_repository(&url);
        let account = whose.account.clone().filter(|account| {
            is_own && lies_below(account.server(), &url) && !headers.contains_key(http::header::AUTHORIZATION)
        });
        let life = life(link.expires_in);
        let handle = Handle {
            standing: self.client.authority.standing().clone(),
            named_by: self.place.server.clone(),
            method: Method::from_bytes(action.method().as_bytes()).map_err(|_| refused())?,
            url: without_fragment(url),
            headers,
            object: object.clone(),
            account,
            until: Instant::now() + life,
        };
        let name = self.proxy.handles.keep(handle).ok_or_else(refused)?;
        Ok((format!("{}{LINKS}{name}", self.place.base), life.as_secs()))
    }
}

/// The headers that the server wants at the link, of which none changes where it goes or how it travels.
fn headers_of(link: &LfsLink) -> Option<HeaderMap> {
    let mut headers = HeaderMap::new();
    for (name, value) in &link.headers {
        let name: HeaderName = name.parse().ok()?;
        let mut value: HeaderValue = value.parse().ok()?;
        value.set_sensitive(true);
        let travels =
            ["host", "connection", "content-length", "transfer-encoding", "te", "trailer", "upgrade", "expect"];
        if !travels.contains(&name.as_str()) {
            headers.append(name, value);
        }
    }
    Some(headers)
}

fn without_fragment(mut url: Url) -> Url {
    url.set_fragment(None);
    url
}

fn no_lfs(why: &str) -> Fault {
    reason::Proxy::Body { why: why.to_owned() }.into()
}
