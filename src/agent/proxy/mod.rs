//! Requests of programs that know nothing of the agent, handed on with the credential that is kept for their server.
//!
//! Git, its large files, `gh`, curl: each speaks plain HTTP to here, names a server by host or path, and holds at most
//! a token of the agent's. A request is judged in one order (`Proxy::answer`), and nothing is sent before the end of
//! it: who sends it, to which of the granted servers, in a path that everybody reads alike; whether it is git's by the
//! end of that path, which no right to call an API covers; then the grant. What goes up is written anew from what was
//! understood. The agent has no certificate and opens nobody's TLS. Whatever is under way ends with the rights of its
//! client, since it all runs inside of the client's connection.

mod body;
mod call;
mod client;
mod connection;
mod deed;
mod forward;
mod framing;
mod git;
mod granted;
mod handed_back;
mod handles;
mod inflate;
mod lfs;
mod place;
mod push;
mod refusal;
mod stream;
mod visit;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use http::Response;
use hyper::Request;

pub use self::body::{Incoming, Reply};
pub use self::client::shown_token;
pub(super) use self::client::{Client, Way};
pub(super) use self::connection::serve;
use self::handles::Handles;
use self::refusal::refusal;
use self::visit::{Visit, locale};
use crate::access::PREFIX;
use crate::agent::fair::places::Places;
use crate::agent::life::auditing::{About, Auditing, Author, Called};
use crate::agent::upstream::Upstream;
use crate::git::GitPath;
use crate::wire::{Fault, reason};

/// Hands requests on, and keeps the links to large files that it gave.
pub(crate) struct Proxy {
    upstream: Arc<Upstream>,
    audit: Arc<Auditing>,
    handles: Handles,
    /// The pushes of which a part is held.
    held: Places,
}

impl Proxy {
    pub(crate) fn new(upstream: Arc<Upstream>, audit: Arc<Auditing>) -> Arc<Proxy> {
        Arc::new(Proxy { upstream, audit, handles: Handles::default(), held: Places::new(push::MAX_HELD_AT_ONCE) })
    }

    /// Answers one request.
    pub(super) async fn answer(&self, client: &Client, request: Request<Incoming>) -> Response<Reply> {
        let locale = locale(request.headers());
        let asked = about(&request);
        let is_noted = AtomicBool::new(false);
        self.judged(client, request, &is_noted).await.unwrap_or_else(|fault| {
            if !is_noted.load(Ordering::Relaxed) {
                self.note_refused(client, asked, &fault);
            }
            refusal(&fault, locale)
        })
    }

    /// Answers one request of somebody who came through the HTTP door, for as long as they may.
    pub(super) async fn answer_while(
        &self,
        client: &Client,
        request: Request<Incoming>,
        over: impl Future<Output = Fault> + Send + 'static,
    ) -> Response<Reply> {
        let locale = locale(request.headers());
        let mut over = Box::pin(over);
        let answer = tokio::select! {
            answer = self.answer(client, request) => answer,
            fault = &mut over => refusal(&fault, locale),
        };
        answer.map(|reply| body::until(reply, over))
    }

    /// What cannot be read in one way only is not looked at.
    pub(super) fn refuse_ambiguous(&self, client: &Client, request: &Request<Incoming>) -> Response<Reply> {
        let fault = Fault::from(reason::Proxy::Ambiguous);
        self.note_refused(client, About::default(), &fault);
        refusal(&fault, locale(request.headers()))
    }

    /// What was refused before anybody knew what it was. Whoever does not show the token is not the one who has it.
    fn note_refused(&self, client: &Client, about: About, fault: &Fault) {
        let is_stranger = matches!(fault.about(), Some(reason::Proxy::NothingShown | reason::Proxy::NotTheToken));
        let (event, who) = if is_stranger {
            ("auth.fail", client.who.clone().counted_for(Author::Processes))
        } else {
            ("proxy.refused", client.who.clone())
        };
        self.audit.note(event, who, about, Err(fault.code()));
    }

    /// Forgets what it keeps.
    pub(crate) fn forget(&self) {
        self.handles.forget();
    }

    async fn judged(
        &self,
        client: &Client,
        request: Request<Incoming>,
        is_noted: &AtomicBool,
    ) -> Result<Response<Reply>, Fault> {
        self.upstream.accounts.lock_if_due();
        let (parts, body) = request.into_parts();
        let visit = Visit::new(self, client, &parts, is_noted)?;
        let path = visit.target.url.path();
        if let Some(name) = path.strip_prefix(lfs::LINKS) {
            return visit.lfs_file(name, body).await;
        }
        match GitPath::of(path) {
            Some(GitPath::Refs(repository)) => visit.refs(repository).await,
            Some(GitPath::Rpc(repository, crate::git::Service::Fetch)) => visit.fetch(repository, body).await,
            Some(GitPath::Rpc(repository, crate::git::Service::Push)) => visit.push(repository, body).await,
            Some(GitPath::LfsBatch(repository)) => visit.lfs_batch(repository, body).await,
            Some(locks @ (GitPath::LfsLocks(_) | GitPath::LfsLockChange(_))) => visit.lfs_locks(locks, body).await,
            Some(GitPath::Odd) => Err(reason::Proxy::OddGit.into()),
            None => visit.call(body).await,
        }
    }
}

/// What was asked for, in the client's own words.
fn about(request: &Request<Incoming>) -> About {
    let mut about = About::default();
    // No query, and nothing that looks like a token: of a client that puts it into the path.
    let path = request.uri().path();
    let path = if path.contains(PREFIX) { "/" } else { path };
    about.calls(Called::new(request.method().as_str(), path));
    about
}
