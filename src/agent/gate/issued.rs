//! Tokens that the agent issues: who presents one, and who may issue them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use crate::access::{Authority, HeldRights, Identity, Ledger, LedgerError, Listed, Order, Presented, Standing, Use};
use crate::agent::blocking::{DISK_WITHIN, in_time, on_thread};
use crate::agent::fault;
use crate::agent::gate::Gate;
use crate::agent::gate::asker::Asker;
use crate::agent::gate::guard::{Guard, Source, Verdict};
use crate::agent::gate::new_token::NewToken;
use crate::agent::gate::viewer::{Viewer, one_of_name};
use crate::agent::life::auditing::{Author, Who};
use crate::agent::life::settings::place_of;
use crate::base::Secret;
use crate::wire::{Code, Fault, Hello, IssuedInfo, Request, Verb, reason};

/// The ledger, and the failures of those who are not in it.
pub(crate) struct Issued {
    pub(crate) ledger: Arc<Ledger>,
    /// Held by who changes it: who waits for another one of this agent waits for its turn, not for a lock's deadline.
    pub(super) turn: tokio::sync::Mutex<()>,
    pub(crate) guard: Guard,
}

impl Issued {
    pub(crate) fn new(ledger: Arc<Ledger>) -> Self {
        Issued { ledger, turn: tokio::sync::Mutex::default(), guard: Guard::default() }
    }
}

impl Gate {
    /// What whoever presents this token at this door may do, which makes a use of both. A door with a token of its own
    /// lets nobody do more than that, and one that somebody set up nobody more than them. A guest has what they were
    /// let in with, whatever else a frame says.
    pub(crate) async fn authority(&self, request: &Request<'_>, asker: Asker<'_>) -> Result<Authority, Fault> {
        let (pid, door) = match asker {
            Asker::Guest(guest) => return Ok(guest.authority().clone()),
            Asker::Process { peer, door } => (peer.pid, door),
        };
        let mut standing = Standing::default();
        if let Some(token) = &request.token {
            standing = match self.presented(token)? {
                Presented::Active(id) => Standing::of_token(&id),
                Presented::Ended | Presented::Unknown => return Err(self.wrong_token(token, pid, asker)),
            };
        }
        standing = standing.and(door.unwrap_or(&Standing::default()));
        let authority = if request.token.is_none() && request.verb() == Hello::NAME {
            self.rights_behind(&standing)?.map(|rights| Authority::owner().within_tokens(&standing, rights))
        } else {
            self.spend(Authority::owner(), &standing).await?
        };
        authority.ok_or_else(|| reason::Rights::TokenUnknown.into())
    }

    /// What a process that shows nothing may do at a socket that has rights of its own, which makes a use of these.
    pub(crate) async fn authority_at_door(&self, asker: Asker<'_>) -> Result<Authority, Fault> {
        let Asker::Process { door: Some(door), .. } = asker else { return Err(reason::Rights::Unauthenticated.into()) };
        let authority = self.spend(Authority::owner(), door).await?;
        authority.filter(|authority| !authority.is_owner()).ok_or_else(|| reason::Rights::TokenUnknown.into())
    }

    /// The file of the issued tokens, where there was one.
    pub(crate) fn tokens_gone(&self) -> Option<String> {
        self.issued.ledger.is_gone().then(|| self.paths.tokens_file().display().to_string())
    }

    /// This authority, but no more than these have; nothing if one of them has no rights any more. It is a use of each:
    /// the one place where uses are counted.
    pub(crate) async fn spend(&self, authority: Authority, standing: &Standing) -> Result<Option<Authority>, Fault> {
        if standing.is_users() {
            return Ok(Some(authority));
        }
        let Some(people) = self.rights_of_people_behind(standing)? else { return Ok(None) };
        let rights = match self.issued.ledger.spend(standing).map_err(fault::from_ledger)? {
            Use::Refused => None,
            Use::Granted(rights) => Some(rights),
            Use::Counted => {
                let counted = standing.clone();
                let rights = self.with_ledger(move |ledger| ledger.count(&counted)).await?;
                // That was the last one, perhaps.
                if self.rights_behind(standing)?.is_none() {
                    self.rights_may_have_ended();
                }
                rights
            }
        };
        Ok(rights.map(|rights| authority.within_tokens(standing, [people, rights].concat())))
    }

    /// The rights of every token behind something, and of the people on whom they rest; no use is noted. `None` if one
    /// of them has none any more.
    pub(crate) fn rights_behind(&self, standing: &Standing) -> Result<Option<Vec<HeldRights>>, Fault> {
        let Some(people) = self.rights_of_people_behind(standing)? else { return Ok(None) };
        let rights = self.issued.ledger.rights(standing).map_err(fault::from_ledger)?;
        Ok(rights.map(|rights| [people, rights].concat()))
    }

    /// On whose rights these tokens rest.
    pub(crate) fn identities_behind(&self, standing: &Standing) -> Result<Vec<Identity>, Fault> {
        self.issued.ledger.identities(standing).map_err(fault::from_ledger)
    }

    /// What this token is, if it is one of ours.
    pub(crate) fn presented(&self, token: &Secret) -> Result<Presented, Fault> {
        self.issued.ledger.look(token).map_err(fault::from_ledger)
    }

    /// Who has the token with this id, for whoever counts what each one has.
    pub(crate) fn who_has_token(&self, id: &str) -> String {
        self.issued.ledger.who_has(id)
    }

    /// The id of an active token.
    pub(crate) fn id_of_token(&self, token: &Secret) -> Result<Option<String>, Fault> {
        Ok(match self.presented(token)? {
            Presented::Active(id) => Some(id),
            Presented::Ended | Presented::Unknown => None,
        })
    }

    /// The id of a token of ours, whether or not it has rights (any more).
    pub(crate) fn known_token(&self, token: &Secret) -> Result<Option<String>, Fault> {
        self.issued.ledger.knows(token).map_err(fault::from_ledger)
    }

    /// Whether the uses of anybody who stands behind something are counted.
    pub(crate) fn is_counted(&self, standing: &Standing) -> Result<bool, Fault> {
        self.issued.ledger.is_counted(standing).map_err(fault::from_ledger)
    }

    /// Where the tokens are written down: the directory, and the name in it.
    pub fn tokens_file(&self) -> Option<(PathBuf, OsString)> {
        place_of(&self.paths.tokens_file())
    }

    /// Notes which process presents a token, once in a while for each; a guest was noted when they were let in.
    pub(crate) fn note_token(&self, asker: Asker<'_>, authority: &Authority) {
        let Asker::Process { peer, .. } = asker else { return };
        let from = Source::Process(peer.pid);
        if authority.token().is_some_and(|id| self.issued.guard.note_if_new(from, id)) {
            self.audit.note("auth.ok", asker.who(authority), None, Ok(()));
        }
    }

    /// Notes that somebody shows a token that has ended; nothing if it is no such token. Who has a whole one guesses
    /// nothing, and is told the truth whatever others try.
    pub(crate) fn note_ended(&self, token: &Secret, who: Who, code: Code) -> Option<()> {
        let id = self.issued.ledger.knows(token).ok().flatten()?;
        // Guesses of their neighbours do not hide it.
        self.audit.note("auth.fail", who.counted_for(Author::Restricted(id)), None, Err(code));
        Some(())
    }

    fn wrong_token(&self, token: &Secret, pid: u32, asker: Asker<'_>) -> Fault {
        let who = asker.who(&Authority::nobody());
        if self.note_ended(token, who.clone(), Code::Denied).is_some() {
            return reason::Rights::TokenUnknown.into();
        }
        let verdict = self.issued.guard.failed(Source::Process(pid), token.expose());
        let code = if verdict == Verdict::Wrong { Code::Denied } else { Code::Unavailable };
        self.audit.note("auth.fail", who, None, Err(code));
        match verdict {
            Verdict::TooMany(seconds) => reason::Tokens::TooManyWrongTokens { seconds }.into(),
            Verdict::Wrong | Verdict::LimitReached => reason::Rights::TokenUnknown.into(),
        }
    }

    /// Issues a token, unless it would be more than who asks has.
    pub(crate) async fn issue(&self, authority: &Authority, mut token: NewToken) -> Result<(Secret, Listed), Fault> {
        // Grants name their servers; of those that whoever asks does not have nothing comes.
        if token.grants.is_some() && token.servers.is_empty() {
            token.servers = authority.servers().to_vec();
        }
        let order = token.issued_by(authority.standing().clone());
        if !authority.may_issue(&order.rights) {
            return Err(reason::Tokens::TokenTooWide.into());
        }
        self.enter(order).await
    }

    /// Issues a token for a machine that somebody approved. It outlives the session it was approved in.
    pub(crate) async fn delegate(&self, authority: &Authority, token: NewToken) -> Result<(Secret, Listed), Fault> {
        let order = token.issued_by(authority.standing().clone());
        if !authority.may_delegate(&order.rights) {
            return Err(reason::Tokens::TokenTooWide.into());
        }
        self.enter(order).await
    }

    /// Issues another secret in the place of a token that they may act as and that has no more rights than they have.
    /// The old one ends after so many seconds. `None` if there is no such token.
    pub(crate) async fn rotate(
        &self,
        viewer: Viewer,
        authority: &Authority,
        name: &str,
        overlap: u32,
    ) -> Result<Option<(Secret, Listed, Listed)>, Fault> {
        let mut visible = self.issued(viewer).await?;
        // An id goes before a name, which may be anything.
        let is_id = visible.iter().any(|token| token.active && !token.leased && token.id == name);
        let is_meant = |token: &Listed| if is_id { token.id == name } else { token.name == name };
        visible.retain(|token| token.active && !token.leased && is_meant(token));
        one_of_name(&visible, name)?;
        // The newest of a name; the other one is about to end.
        let Some(old) = visible.pop().filter(|old| self.may_act_as(authority, old)) else { return Ok(None) };
        if !authority.may_issue(&old.rights()) {
            return Err(reason::Tokens::TokenTooWide.into());
        }
        let id = old.id.clone();
        let rotated = self.with_ledger(move |ledger| ledger.rotate(&id, overlap)).await?;
        self.rights_may_have_ended();
        Ok(rotated)
    }

    /// The token with this id, for the agent itself.
    pub(crate) async fn issued_token(&self, id: String) -> Result<Option<Listed>, Fault> {
        let all = self.issued.ledger.all().map_err(fault::from_ledger)?;
        Ok(all.into_iter().find(|token| token.id == id))
    }

    /// Whether what those set up is this asker's to take away: their own, what came of theirs, and everything for the
    /// user.
    pub(crate) fn leads_to(&self, asker: &Standing, set_up_by: &Standing) -> Result<bool, Fault> {
        if asker.is_users() {
            return Ok(true);
        }
        self.issued.ledger.leads_to(asker, set_up_by).map_err(fault::from_ledger)
    }

    async fn enter(&self, order: Order) -> Result<(Secret, Listed), Fault> {
        let most = self.settings.config()?.max_active_tokens();
        // What nobody has takes no place.
        self.forget_old_devices().await;
        self.with_ledger(move |ledger| ledger.issue(order, most)).await
    }

    pub(super) async fn with_ledger<R: Send + 'static>(
        &self,
        call: impl FnOnce(&Ledger) -> Result<R, LedgerError> + Send + 'static,
    ) -> Result<R, Fault> {
        let ledger = self.issued.ledger.clone();
        in_time(DISK_WITHIN, async {
            let _turn = self.issued.turn.lock().await;
            on_thread(move || call(&ledger).map_err(fault::from_ledger)).await
        })
        .await
    }
}

/// What is said of a token.
pub(crate) fn info(token: &Listed) -> IssuedInfo {
    IssuedInfo {
        name: token.name.clone(),
        id: token.id.clone(),
        scopes: token.scopes.clone(),
        grants: token.grants.clone(),
        role: token.role.clone(),
        expires_at: token.expires_at,
        created_at: token.created_at,
        last_used: token.last_used,
        revoked: token.revoked,
        active: token.active,
        servers: token.servers.clone(),
        reveal: token.reveal,
        status_only: token.status_only,
        uses: token.uses,
        max_uses: token.max_uses,
        max_age_days: token.max_age_days,
        ends_at: token.ends_at,
        approved_by: token.approved_by.as_ref().map(|person| person.name.clone()),
    }
}
