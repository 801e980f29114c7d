//! Sessions are not tokens.
//!
//! A cookie is a random secret of its own, known to the pages only: what a browser sends by itself is no authority for
//! the API. Signing in with an issued token makes a session with that token's rights, looked up with each request, so
//! it ends with the token; signing in at an issuer makes one that rests on the person (`Identity`). A browser that
//! signs in anew has the new session only. The key of forms is a hash of the session's secret, so nothing has to be
//! kept for it.

use std::net::IpAddr;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use tokio::sync::watch;

use crate::access::{Identity, Standing};
use crate::agent::fair::party::Party;
use crate::agent::fair::shares::Shares;
use crate::agent::life::auditing::Who;
use crate::base::lock;
use crate::base::{Moment, Secret, hex};
use crate::wire::{Actor, Person};

/// A session ends when it was not used for the shorter time, and in any case after the longer one.
const IDLE: Duration = Duration::from_secs(15 * 60);
const LONGEST: Duration = Duration::from_secs(8 * 60 * 60);

/// How many sessions there may be. Above that the party with most gives up the one that was idle longest.
const MOST: usize = 1000;

const SECRET_BYTES: usize = 32;
const ID_BYTES: usize = 6;

/// Who is signed in. A session is a random secret of which only a hash is kept; it is authority for pages, never for
/// the API.
pub(crate) struct Sessions(Mutex<Shares<Kept>>, watch::Sender<u64>);

/// What a session stands for.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    /// Its name, which is no secret.
    pub(crate) id: String,
    pub(crate) person: Person,
    pub(crate) basis: Basis,
    /// Who stands behind the door it was begun at.
    pub(crate) door: Standing,
    /// What the issuer wants to see when the person signs out there as well.
    pub(crate) id_token: Option<Secret>,
    pub(crate) address: IpAddr,
}

/// What a session rests on: it may do no more, and lives no longer.
#[derive(Clone, Debug)]
pub(crate) enum Basis {
    /// The issued token that it was begun with, by its id.
    Token(String),
    /// Who signed in at an issuer.
    Identity(Identity),
}

struct Kept {
    hash: [u8; 32],
    began: Moment,
    used: Moment,
    session: Session,
}

impl Session {
    /// A session to be begun. Its name is drawn here.
    pub(crate) fn new(
        person: Person,
        basis: Basis,
        door: Standing,
        id_token: Option<Secret>,
        address: IpAddr,
    ) -> Result<Session, getrandom::Error> {
        let mut id = [0; ID_BYTES];
        getrandom::fill(&mut id)?;
        Ok(Session { id: hex(&id), person, basis, door, id_token, address })
    }

    /// The tokens that it rests on: none of them may do less, and it lives no longer than they.
    pub(crate) fn standing(&self) -> Standing {
        match &self.basis {
            Basis::Token(id) => Standing::of_token(id).and(&self.door),
            Basis::Identity(_) => self.door.clone(),
        }
    }

    /// Who signed in, for the audit log.
    pub(crate) fn who(&self) -> Who {
        Who::from(self.actor()).at(&self.door)
    }

    fn actor(&self) -> Actor {
        let Person { name: person, subject, issuer } = self.person.clone();
        let token_id = match &self.basis {
            Basis::Token(id) => Some(id.clone()),
            Basis::Identity(_) => None,
        };
        Actor::Person { person, subject, issuer, token_id, address: self.address.to_string() }
    }

    /// The agent, which ends it of its own accord: that counts as theirs who signed in.
    pub(crate) fn ended_by_agent(&self) -> Who {
        Who::agent().counted_for(self.who().author)
    }
}

impl Default for Sessions {
    fn default() -> Self {
        Sessions(Mutex::new(Shares::new(MOST)), watch::Sender::default())
    }
}

impl Sessions {
    /// Begins a session. The secret is told here and never again. Returns also the session that had to make room, if
    /// one had to.
    pub(crate) fn begin(&self, party: Party, session: Session) -> Result<(Secret, Option<Session>), getrandom::Error> {
        let mut random = zeroize::Zeroizing::new([0; SECRET_BYTES]);
        getrandom::fill(&mut *random)?;
        let secret = Secret::new(URL_SAFE_NO_PAD.encode(random.as_slice()));
        let now = Moment::now();
        let kept = Kept { hash: hash(&secret), began: now, used: now, session };
        let gone = self.alive(now).push(party, kept).1;
        if gone.is_some() {
            self.say_that_one_ended();
        }
        Ok((secret, gone.map(|kept| kept.session)))
    }

    /// The session of this secret; it goes on from here.
    pub(crate) fn find(&self, secret: &Secret) -> Option<Session> {
        let (now, hash) = (Moment::now(), hash(secret));
        let mut all = self.alive(now);
        let (number, _) = all.iter().find(|(_, kept)| bool::from(kept.hash.ct_eq(&hash)))?;
        let found = all.renew(number)?;
        found.used = now;
        Some(found.session.clone())
    }

    /// The session of this name. Looking does not make it longer.
    pub(crate) fn look(&self, id: &str) -> Option<Session> {
        let all = self.alive(Moment::now());
        all.iter().find(|(_, kept)| kept.session.id == id).map(|(_, kept)| kept.session.clone())
    }

    /// Ends a session; it counts no more from the moment this returns.
    pub(crate) fn end(&self, id: &str) -> Option<Session> {
        let mut all = self.alive(Moment::now());
        let (number, _) = all.iter().find(|(_, kept)| kept.session.id == id)?;
        self.say_that_one_ended();
        all.remove(number).map(|kept| kept.session)
    }

    /// Somebody signed in anew: their sessions go by what is said of them now, and end if they were not let in. Returns
    /// those that ended.
    pub(crate) fn signed_in(&self, identity: &Identity, is_let_in: bool) -> Vec<Session> {
        let is_theirs = |kept: &Kept| matches!(&kept.session.basis, Basis::Identity(own) if own.is_of(identity));
        let mut all = self.alive(Moment::now());
        let ended = all.take(|kept| !is_let_in && is_theirs(kept));
        let theirs: Vec<u64> = all.iter().filter(|(_, kept)| is_theirs(kept)).map(|(number, _)| number).collect();
        for number in theirs {
            if let Some(kept) = all.get_mut(number) {
                kept.session.basis = Basis::Identity(identity.clone());
            }
        }
        self.say_that_one_ended();
        ended.into_iter().map(|kept| kept.session).collect()
    }

    pub(crate) fn end_all(&self) {
        lock(&self.0).retain(|_| false);
        self.say_that_one_ended();
    }

    /// Tells whenever a session was ended.
    pub(crate) fn ended(&self) -> watch::Receiver<u64> {
        self.1.subscribe()
    }

    /// How long a session goes on if nothing happens.
    pub(crate) fn left(&self, id: &str) -> Option<Duration> {
        let now = Moment::now();
        self.alive(now).iter().find(|(_, kept)| kept.session.id == id).map(|(_, kept)| kept.left(now))
    }

    fn say_that_one_ended(&self) {
        self.1.send_modify(|count| *count = count.wrapping_add(1));
    }

    /// All sessions, and how long each goes on if nothing happens; those that did nothing for longest come first.
    pub(crate) fn all(&self) -> Vec<(Session, Duration)> {
        let now = Moment::now();
        self.alive(now).iter().map(|(_, kept)| (kept.session.clone(), kept.left(now))).collect()
    }

    fn alive(&self, now: Moment) -> std::sync::MutexGuard<'_, Shares<Kept>> {
        let mut all = lock(&self.0);
        all.retain(|kept| !kept.left(now).is_zero());
        all
    }
}

impl Kept {
    fn left(&self, now: Moment) -> Duration {
        let left = |since: Moment, time: Duration| time.saturating_sub(now.since(since));
        left(self.used, IDLE).min(left(self.began, LONGEST))
    }
}

/// The key of the session's forms: only a page that was loaded in this session has it.
pub(crate) fn form_key(session: &Secret) -> Secret {
    let digest = Sha256::new().chain_update("loom form\0").chain_update(session.expose()).finalize();
    Secret::new(URL_SAFE_NO_PAD.encode(digest))
}

fn hash(secret: &Secret) -> [u8; 32] {
    Sha256::digest(secret.expose()).into()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn session(name: &str) -> Session {
        let person = Person { name: name.to_owned(), subject: None, issuer: None };
        let (basis, address) = (Basis::Token("0123".to_owned()), Ipv4Addr::LOCALHOST.into());
        Session::new(person, basis, Standing::default(), None, address).unwrap()
    }

    fn party(name: &str) -> Party {
        Party::at(Ipv4Addr::LOCALHOST.into()).named(Some(name))
    }

    #[test]
    fn a_session_goes_on_while_it_is_used_and_ends_when_it_is_ended() {
        let sessions = Sessions::default();
        let begun = session("a");
        let (secret, gone) = sessions.begin(party("a"), begun.clone()).unwrap();
        assert!(gone.is_none());
        assert_eq!(sessions.find(&secret).unwrap().id, begun.id);
        assert!(sessions.find(&Secret::new("x".into())).is_none());
        assert!(sessions.look(&begun.id).is_some());
        sessions.end(&begun.id).unwrap();
        assert!(sessions.find(&secret).is_none());
        assert!(sessions.look(&begun.id).is_none());
    }

    #[test]
    fn a_session_ends_when_nothing_happens_and_in_any_case_in_the_end() {
        let first = Moment::now();
        let kept = |began: Duration, used: Duration| {
            let (hash, at) = ([0; 32], |ago: Duration| first + (LONGEST - ago));
            Kept { hash, began: at(began), used: at(used), session: session("a") }.left(first + LONGEST).is_zero()
        };
        assert!(!kept(Duration::from_secs(60), Duration::from_secs(60)));
        assert!(kept(IDLE, IDLE));
        assert!(kept(LONGEST, Duration::ZERO));
        assert!(!kept(LONGEST - Duration::from_secs(1), Duration::ZERO));
    }

    #[test]
    fn a_session_ends_while_the_machine_sleeps() {
        let sessions = Sessions::default();
        let (secret, _) = sessions.begin(party("a"), session("a")).unwrap();
        crate::base::moment::sleep(IDLE);
        assert!(sessions.find(&secret).is_none());
    }

    #[test]
    fn of_many_sessions_the_idlest_of_who_has_most_goes_first() {
        let sessions = Sessions::default();
        let (admin, _) = sessions.begin(party("admin"), session("admin")).unwrap();
        let (first, _) = sessions.begin(party("a"), session("first")).unwrap();
        let idlest = session("second");
        let (second, _) = sessions.begin(party("a"), idlest.clone()).unwrap();
        for _ in 3..MOST {
            sessions.begin(party("a"), session("more")).unwrap();
        }
        assert!(sessions.find(&first).is_some());
        let (_, gone) = sessions.begin(party("a"), session("last")).unwrap();
        assert_eq!(gone.map(|gone| gone.id), Some(idlest.id), "who begins one is told which one made room");
        assert!(sessions.find(&first).is_some());
        assert!(sessions.find(&second).is_none());
        assert!(sessions.find(&admin).is_some());
        assert_eq!(sessions.all().len(), MOST);
    }

    #[test]
    fn the_key_of_a_form_gives_nothing_of_the_session_away() {
        let (one, other) = (Secret::new("one".into()), Secret::new("other".into()));
        let key = form_key(&one);
        assert!(!key.matches(&form_key(&other)));
        assert!(!key.expose().contains("one"));
    }
}
