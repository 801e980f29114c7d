//! Pushes: the list of refs is read and judged whole before the server hears of it, and what the server gets is written
//! anew. A push of which one ref is refused is refused whole, and said so as a server says it.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response, StatusCode};
use tokio::time::{Instant, timeout, timeout_at};

use super::body::{Forwarded, Incoming, Reply, Source};
use super::deed::Deed;
use super::forward::{Sent, Upward};
use super::git::cut_short;
use super::refusal::answer;
use super::visit::Visit;
use crate::agent::fair::party::Party;
use crate::agent::fault;
use crate::agent::life::auditing::About;
use crate::base::{Grant, Repository};
use crate::git::{
    Descent, FLUSH, MAX_HELD, Progress, PushList, PushReader, PushedRef, Service, Shown, is_pack, refuse_push,
};
use crate::msg;
use crate::wire::{Fault, reason};

/// How long the list may take.
const LIST_WITHIN: Duration = Duration::from_secs(10);

/// How long it may take until a pack shows that a push only adds: so long its head is held.
const SHOWN_WITHIN: Duration = Duration::from_secs(60);

/// How many heads of packs are held at once.
pub(super) const MAX_HELD_AT_ONCE: usize = 8;

/// How much of a refused push is read, so that its client hears why.
const MAX_DRAINED: u64 = 1024 * 1024 * 1024;

/// What may be done to one ref: by which grant, and whether only if it is shown to grow.
type Verdict = Result<(Grant, bool), Fault>;

impl Visit<'_> {
    /// `git-receive-pack`.
    pub(super) async fn push(&self, path: &str, body: Incoming) -> Result<Response<Reply>, Fault> {
        let repository = self.repository(path)?;
        if self.method != Method::POST || self.target.url.query().is_some() {
            return Err(reason::Proxy::OddGit.into());
        }
        self.has_kind("application/x-git-receive-pack-request")?;
        let mut source = self.source(body)?;
        match self.judged(&repository, &mut source).await {
            Ok(Judged::Probe) => {
                let sent = Sent::Short(Bytes::from_static(FLUSH));
                self.handed_on(&repository, sent).await
            }
            Ok(Judged::Granted(list, held, deed)) => {
                let body = Forwarded::new([Bytes::from(list.print()), Bytes::from(held)], Some(source));
                deed.answered(self.handed_on(&repository, Sent::Streamed(Box::new(body))).await)
            }
            Ok(Judged::Refused(list, verdicts)) => {
                // A client that is still sending does not read an answer.
                source.drain(MAX_DRAINED).await;
                self.refused(&repository, &list, &verdicts)
            }
            Err(fault) => {
                source.drain(MAX_DRAINED).await;
                self.note_git(Service::Push, &repository, Err(&fault));
                Err(fault)
            }
        }
    }

    /// Reads as much as it takes to decide.
    async fn judged(&self, repository: &Repository, source: &mut Source) -> Result<Judged<'_>, Fault> {
        // Who may push nothing need not be read.
        self.may(repository, Service::Push)?;
        let (list, rest) = match list(source).await? {
            Progress::Probe(rest) if rest.is_empty() && has_ended(source).await? => return Ok(Judged::Probe),
            Progress::Whole(list, rest) => (list, rest),
            Progress::Probe(_) | Progress::More => return Err(no_body("there is no ref in it")),
        };
        let may = |at: usize| {
            let change = &list.changes()[at];
            self.may_change(repository, &change.name, change.change())
        };
        let mut verdicts: Vec<Verdict> = (0..list.changes().len()).map(may).collect();
        let held = if !list.has_pack() {
            if !rest.is_empty() || !has_ended(source).await? {
                return Err(no_body("something follows a push that only deletes"));
            }
            rest
        } else if verdicts.iter().any(Result::is_err) {
            rest
        } else {
            let (held, shown) = self.shown(&list, &verdicts, rest, source).await?;
            if !shown {
                for (verdict, change) in verdicts.iter_mut().zip(list.changes()) {
                    if matches!(verdict, Ok((_, true))) {
                        *verdict = Err(reason::Proxy::NotShownToGrow { name: change.name.as_str().to_owned() }.into());
                    }
                }
            }
            held
        };
        if verdicts.iter().any(Result::is_err) {
            self.note_refused(repository, &list, &verdicts);
            return Ok(Judged::Refused(list, verdicts));
        }
        let refs = list.changes().iter().zip(&verdicts);
        let deed = self.push_deed(refs.map(|(change, verdict)| self.about_ref(repository, change, verdict)))?;
        Ok(Judged::Granted(list, held, Box::new(deed)))
    }

    /// What was read of the pack, and whether it shows what has to be shown: so much is held for few at once, and not
    /// for long.
    async fn shown(
        &self,
        list: &PushList,
        verdicts: &[Verdict],
        held: Vec<u8>,
        source: &mut Source,
    ) -> Result<(Vec<u8>, bool), Fault> {
        let busy = || fault::too_many(SHOWN_WITHIN.as_secs());
        let party = Party::token(self.client.authority.standing().ids().next().unwrap_or_default());
        let mut place = self.proxy.held.join(party).ok_or_else(busy)?;
        tokio::select! {
            shown = timeout(SHOWN_WITHIN, shown(list, verdicts, held, source)) => {
                shown.unwrap_or_else(|_| Err(no_body("its pack did not come in time")))
            }
            () = place.sent_away() => Err(busy()),
        }
    }

    async fn handed_on(&self, repository: &Repository, body: Sent) -> Result<Response<Reply>, Fault> {
        let whose = self.git_account(repository).await?;
        let (url, headers) = (self.target.url.clone(), self.git_headers(Service::Push));
        let answered = self.send(&whose, Upward { url, method: Method::POST, headers, body }).await?;
        self.pack_back(answered, "application/x-git-receive-pack-result").await
    }

    /// Each ref with its reason, as git shows it beside the ref; and above, what is granted here.
    fn refused(
        &self,
        repository: &Repository,
        list: &PushList,
        verdicts: &[Verdict],
    ) -> Result<Response<Reply>, Fault> {
        let whole = || self.locale.render(&msg!("proxy-push-whole"));
        let reason = |at: usize| match &verdicts[at] {
            Ok(_) => whole(),
            Err(fault) => fault.message(self.locale),
        };
        let fault = verdicts.iter().find_map(|verdict| verdict.as_ref().err());
        let fault = fault.ok_or_else(|| Fault::from(reason::Request::Internal))?;
        let told = self.refused_in_words(fault, repository);
        let bytes = refuse_push(list, reason, &told).ok_or_else(|| fault.clone())?;
        Ok(answer(StatusCode::OK, "application/x-git-receive-pack-result", bytes))
    }

    fn about_ref(&self, repository: &Repository, change: &PushedRef, verdict: &Verdict) -> About {
        let about = self.about().in_repository(repository).changes_ref(change);
        about.granted_by(verdict.as_ref().ok().map(|(grant, _)| grant))
    }

    /// A line for each ref.
    fn note_refused(&self, repository: &Repository, list: &PushList, verdicts: &[Verdict]) {
        for (change, verdict) in list.changes().iter().zip(verdicts) {
            let about = self.about_ref(repository, change, verdict);
            // What was granted by itself goes with the rest.
            let whole = Fault::from(reason::Proxy::OddGit);
            self.note("git.push", about, verdict.as_ref().map(|_| ()).and(Err(&whole)));
        }
    }
}

/// What becomes of a push.
enum Judged<'a> {
    /// The question whether one may come.
    Probe,
    /// The list, and what was read of the pack.
    Granted(PushList, Vec<u8>, Box<Deed<'a>>),
    Refused(PushList, Vec<Verdict>),
}

async fn list(source: &mut Source) -> Result<Progress, Fault> {
    let (mut reader, until) = (PushReader::default(), Instant::now() + LIST_WITHIN);
    loop {
        let piece = timeout_at(until, source.next()).await.map_err(|_| no_body("its list did not come in time"))?;
        let piece = piece.map_err(|_| cut_short())?.ok_or_else(|| no_body("its list is cut short"))?;
        match reader.take(&piece).map_err(|error| no_body(&error.to_string()))? {
            Progress::More => {}
            progress => return Ok(progress),
        }
    }
}

/// What was read of the pack, and whether it shows what has to be shown; of a push for which nothing has to be, only
/// that it is a pack.
async fn shown(
    list: &PushList,
    verdicts: &[Verdict],
    mut held: Vec<u8>,
    source: &mut Source,
) -> Result<(Vec<u8>, bool), Fault> {
    let grows = list.changes().iter().zip(verdicts).filter(|(_, verdict)| matches!(verdict, Ok((_, true))));
    let grows = grows.map(|(change, _)| (change.old.clone(), change.new.clone()));
    let mut descent = Descent::new(list.hash(), grows, list.shallow().iter().cloned());
    loop {
        if held.len() >= 12 {
            if !is_pack(&held) {
                return Err(no_body("no pack follows its list"));
            }
            match descent.look(&held[..held.len().min(MAX_HELD)]) {
                Shown::Yes => return Ok((held, true)),
                Shown::No => return Ok((held, false)),
                Shown::NotYet => {}
            }
        }
        match source.next().await.map_err(|_| cut_short())? {
            Some(piece) => held.extend_from_slice(&piece),
            None if is_pack(&held) => return Ok((held, false)),
            None => return Err(no_body("its pack is cut short")),
        }
    }
}

async fn has_ended(source: &mut Source) -> Result<bool, Fault> {
    Ok(source.next().await.map_err(|_| cut_short())?.is_none())
}

fn no_body(why: &str) -> Fault {
    reason::Proxy::Body { why: why.to_owned() }.into()
}
