//! Git's requests, but pushes: what a repository has, and fetching from it.

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};

use super::body::{Forwarded, Incoming, Reply, SILENCE, rest_of};
use super::forward::{Answered, Sent, Upward};
use super::handed_back::of_another_length;
use super::refusal::{answer, in_words};
use super::visit::Visit;
use crate::agent::api::Redactor;
use crate::base::{Grant, Repository, printable};
use crate::git::{Advertisement, Service, refuse_service, service_of};
use crate::wire::{Fault, reason};

/// By which version of its protocol git asks. Pushes have no second one.
const GIT_PROTOCOL: HeaderName = HeaderName::from_static("git-protocol");

/// A body that is no longer than this can be sent once more after a 401.
pub(super) const SHORT: u64 = 64 * 1024;

/// How much is read before what a server can do is known.
const MAX_HEAD: usize = 64 * 1024;

/// How much of a server's own refusal is read.
const MAX_WORDS: usize = 16 * 1024;

impl Visit<'_> {
    /// `info/refs`: what there is, and what may be done.
    pub(super) async fn refs(&self, path: &str) -> Result<Response<Reply>, Fault> {
        let service = service_of(self.target.url.query()).filter(|_| self.method == Method::GET);
        let service = service.ok_or(reason::Proxy::OddGit)?;
        let repository = self.repository(path)?;
        let granted = self.may(&repository, service);
        if service == Service::Fetch || granted.is_err() {
            self.note_git(service, &repository, granted.as_ref());
        }
        if let (Err(fault), Service::Push, true) = (&granted, service, self.may(&repository, Service::Fetch).is_ok()) {
            // Who may fetch is told in git's own words, before anything is packed.
            let words = self.refused_in_words(fault, &repository).replace('\n', "; ");
            let bytes = refuse_service(service, words.trim_end_matches([';', ' ']));
            return Ok(answer(StatusCode::OK, "application/x-git-receive-pack-advertisement", bytes));
        }
        granted?;
        let whose = self.git_account(&repository).await?;
        let url = self.target.url.clone();
        let upward = Upward { url, method: Method::GET, headers: self.git_headers(service), body: Sent::Nothing };
        let answered = self.send(&whose, upward).await?;
        let kind = format!("application/x-{}-advertisement", service.name());
        if !self.is_gits(&answered, &kind) {
            return self.not_gits(answered).await;
        }
        let mut filter = Advertisement::new(service, self.may_delete(&repository));
        let Answered { mut answer, redactor } = answered;
        let back = self.head(answer.status(), answer.headers(), &redactor)?;
        let not_gits = || Fault::from(reason::Proxy::NotGits { server: self.server() });
        let (mut told, mut read) = (Vec::new(), 0);
        while !filter.is_whole() {
            // What a server can do is said in a few lines; one that goes on is not waited for.
            if read > MAX_HEAD {
                return Err(not_gits());
            }
            let chunk = tokio::time::timeout(SILENCE, answer.chunk()).await.map_err(|_| not_gits())?;
            let chunk = chunk.map_err(|_| not_gits())?.ok_or_else(not_gits)?;
            read += chunk.len();
            told.extend(filter.next(&chunk).map_err(|_| not_gits())?);
        }
        Ok(of_another_length(back, rest_of(told, answer, of_push(service, redactor))))
    }

    /// `git-upload-pack`: what is wanted, and the pack.
    pub(super) async fn fetch(&self, path: &str, body: Incoming) -> Result<Response<Reply>, Fault> {
        let repository = self.repository(path)?;
        if self.method != Method::POST || self.target.url.query().is_some() {
            return Err(reason::Proxy::OddGit.into());
        }
        self.has_kind("application/x-git-upload-pack-request")?;
        let grant = self.may(&repository, Service::Fetch);
        let grant = grant.inspect_err(|fault| self.note_git(Service::Fetch, &repository, Err(fault)))?;
        let deed = self.deed("git.fetch", self.about().in_repository(&repository).granted_by(Some(&grant)));
        deed.answered(self.fetched(&repository, body).await)
    }

    async fn fetched(&self, repository: &Repository, body: Incoming) -> Result<Response<Reply>, Fault> {
        let mut source = self.source(body)?;
        let whose = self.git_account(repository).await?;
        let body = match source.left() {
            Some(left) if left <= SHORT => {
                let all = source.all(SHORT as usize).await.ok().flatten().ok_or_else(cut_short)?;
                Sent::Short(Bytes::from(all))
            }
            _ => Sent::Streamed(Box::new(Forwarded::new([], Some(source)))),
        };
        let (url, headers) = (self.target.url.clone(), self.git_headers(Service::Fetch));
        let answered = self.send(&whose, Upward { url, method: Method::POST, headers, body }).await?;
        self.pack_back(answered, "application/x-git-upload-pack-result").await
    }

    /// The answer of a git server as it comes. Nothing is taken out of a pack.
    pub(super) async fn pack_back(&self, answered: Answered, kind: &str) -> Result<Response<Reply>, Fault> {
        if !self.is_gits(&answered, kind) {
            return self.not_gits(answered).await;
        }
        let mut back = self.head(answered.answer.status(), answered.answer.headers(), &answered.redactor)?;
        // What a push is answered is words, of hooks too; and the redactor leaves each line as long as it was.
        let service = if kind.contains("receive-pack") { Service::Push } else { Service::Fetch };
        *back.body_mut() = rest_of(Vec::new(), answered.answer, of_push(service, answered.redactor));
        Ok(back)
    }

    /// Of a server's own refusal its first words, as git shows them; of a redirect where it leads.
    pub(super) async fn not_gits(&self, mut answered: Answered) -> Result<Response<Reply>, Fault> {
        let status = answered.answer.status();
        if matches!(status, 301 | 302 | 303 | 307 | 308) {
            let back = self.head(status, answered.answer.headers(), &answered.redactor)?;
            return Ok(of_another_length(back, super::body::whole(Vec::new())));
        }
        if (200..400).contains(&status) {
            return Err(reason::Proxy::NotGits { server: self.server() }.into());
        }
        let body = self.short(&mut answered, MAX_WORDS).await.unwrap_or_default();
        let text = answered.redactor.text(&String::from_utf8_lossy(&body));
        let lines: String = text.lines().map(|line| printable(line) + "\n").collect();
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
        Ok(answer(status, "text/plain; charset=utf-8", lines))
    }

    /// Why not, and what is granted here instead.
    pub(super) fn refused_in_words(&self, fault: &Fault, repository: &Repository) -> String {
        let here: String =
            self.client.authority.grants_about(repository).into_iter().map(|grant| self.granted_here(grant)).collect();
        in_words(fault, self.locale).lines().next().unwrap_or_default().to_owned() + "\n" + &here
    }

    fn granted_here(&self, grant: &Grant) -> String {
        format!("loom: {}\n", self.locale.render(&crate::msg!("proxy-granted-here", grant = grant.to_string())))
    }

    pub(super) fn git_headers(&self, service: Service) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let protocol = (service == Service::Fetch).then_some(GIT_PROTOCOL);
        for name in [ACCEPT, ACCEPT_LANGUAGE, CONTENT_TYPE, USER_AGENT].into_iter().chain(protocol) {
            if let Some(value) = self.headers.get(&name) {
                headers.insert(name, value.clone());
            }
        }
        headers.entry(ACCEPT).or_insert(HeaderValue::from_static("*/*"));
        headers
    }

    pub(super) fn has_kind(&self, kind: &str) -> Result<(), Fault> {
        let is_it = self.headers.get(CONTENT_TYPE).is_some_and(|value| value.as_bytes() == kind.as_bytes());
        if is_it { Ok(()) } else { Err(reason::Proxy::OddGit.into()) }
    }

    pub(super) fn note_git(&self, service: Service, repository: &Repository, granted: Result<&Grant, &Fault>) {
        let event = match service {
            Service::Fetch => "git.fetch",
            Service::Push => "git.push",
        };
        let about = self.about().in_repository(repository).granted_by(granted.ok());
        self.note(event, about, granted.map(|_| ()));
    }

    fn is_gits(&self, answered: &Answered, kind: &str) -> bool {
        let own = answered.answer.headers().get(CONTENT_TYPE).and_then(|own| own.to_str().ok());
        answered.answer.status() == 200 && own.is_some_and(|own| own.split(';').next().map(str::trim) == Some(kind))
    }
}

fn of_push(service: Service, redactor: Redactor) -> Option<Redactor> {
    (service == Service::Push).then_some(redactor)
}

pub(super) fn cut_short() -> Fault {
    reason::Request::Cancelled.into()
}
