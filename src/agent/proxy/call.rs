//! Calls of an API, for a program that knows nothing of the agent.

use bytes::Bytes;
use http::Response;
use http::header::CONTENT_ENCODING;

use super::body::{Forwarded, Incoming, Reply, Source};
use super::forward::{As, Sent, Upward};
use super::git::{SHORT, cut_short};
use super::granted::FORMS_NAME;
use super::visit::Visit;
use crate::access::Need;
use crate::agent::api::{checked_query, granted, may_be_a_form, need_of, passed_on, pick_used};
use crate::base::Grant;
use crate::wire::{Fault, reason};

/// The event in the audit log, as of `loom api`.
const EVENT: &str = "api.request";

/// What is refused may have been sent: so much of it is read first.
const MAX_DRAINED: u64 = 1024 * 1024;

impl Visit<'_> {
    /// A call of the server's API.
    pub(super) async fn call(&self, body: Incoming) -> Result<Response<Reply>, Fault> {
        // As it is, compressed or not: of a call only the form is looked at.
        let mut source = Source::new(body, false);
        match self.call_granted(&source) {
            Ok((grant, need)) => {
                let deed = self.deed(EVENT, self.about_call(Some(&grant)));
                deed.came_to(self.made(source, need).await)
            }
            Err(fault) => {
                source.drain(MAX_DRAINED).await;
                self.note(EVENT, self.about_call(None), Err(&fault));
                Err(fault)
            }
        }
    }

    fn call_granted(&self, source: &Source) -> Result<(Grant, Need), Fault> {
        let (url, method) = (&self.target.url, &self.method);
        checked_query(url, false)?;
        let need = need_of(method.as_str(), url.path(), url);
        self.may_call(&[method.as_str()])?;
        // With what the query does, and what a form may name.
        let grant = granted(&self.client.authority, method, &self.headers, self.has_body(source), url, need)?;
        let grant = grant.cloned().ok_or(reason::Proxy::NoGrants)?;
        if self.is_form(source) {
            for other in FORMS_NAME {
                self.may_call(&[other.as_str()]).map_err(|_| reason::Proxy::Form)?;
            }
        }
        if need.reveals && !self.client.authority.reveals() {
            return Err(reason::Rights::RevealMissing.into());
        }
        Ok((grant, need))
    }

    async fn made(&self, mut source: Source, need: Need) -> Result<Response<Reply>, Fault> {
        let upstream = &self.proxy.upstream;
        let account = pick_used(upstream, &self.client.authority, &self.target, need).await?;
        let whose = As { account: Some(account), git_user: None };
        let body = match source.left() {
            _ if source.is_empty() => Sent::Nothing,
            Some(left) if left <= SHORT => {
                let all = source.all(SHORT as usize).await.ok().flatten().ok_or_else(cut_short)?;
                Sent::Short(Bytes::from(all))
            }
            _ => Sent::Streamed(Box::new(Forwarded::new([], Some(source)))),
        };
        let headers = passed_on(self.headers.iter());
        let (url, method) = (self.target.url.clone(), self.method.clone());
        let answered = self.send(&whose, Upward { url, method, headers, body }).await?;
        self.hand_back(answered)
    }

    /// Whether some servers take a field of the body for the method: of forms, and of what does not say what it is.
    fn is_form(&self, source: &Source) -> bool {
        FORMS_NAME.contains(&self.method) && may_be_a_form(&self.headers, self.has_body(source))
    }

    /// What is compressed is none until it is read.
    fn has_body(&self, source: &Source) -> bool {
        !source.is_empty() || self.headers.contains_key(CONTENT_ENCODING)
    }
}
