//! What goes into the audit log, and when it is there.
//!
//! The log is in nobody's way. `dispatch` notes a request with its outcome once it is answered; the program behind it
//! is looked up when it connects (`os/unix/listening.rs`). A task writes what is waiting in one go, so a `get` costs no
//! write of its own. Only what changes rights (`rights`) is waited for, written and synced on a thread that may block,
//! into a chain of its own; a crowd shares one sync. A verb that gives rights (`Handle::gives_rights`) is not carried
//! out where that cannot be noted. How much one party fills is decided in one place (`bounds`), by whom an entry is
//! counted for (`who`). A disk that takes nothing costs memory up to 10,000 entries, and then a count. Who reads it is
//! handed entry by entry as fast as they take them, however many they want; who follows reads what was appended, by
//! file and offset. What is noted of a verb, and under which name, stands beside each: `Handle::EVENT`.

mod about;
mod allowance;
mod bounds;
mod called;
mod kind;
mod outcome;
mod own;
mod queue;
mod rates;
mod rights;
mod room;
mod table;
mod who;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::sleep;

pub(crate) use self::about::About;
use self::bounds::Bounds;
pub(crate) use self::called::Called;
use self::kind::Kind;
pub(crate) use self::outcome::Outcome;
use self::own::entry;
use self::queue::Queue;
use self::rights::changes_rights;
use self::room::Reserved;
pub(crate) use self::room::Room;
pub(crate) use self::who::{Author, Who};
use crate::access::{AuditLog, Ledger};
use crate::agent::blocking::on_thread;
use crate::agent::fair::places::Places;
use crate::agent::fault;
use crate::agent::life::stopping::Stopping;
use crate::base::lock;
use crate::base::{Locale, Paths};
use crate::msg;
use crate::wire::{AuditEntry, AuditTrouble, AuditVerifyReply, Code, Fault};

/// How long entries are collected before they are written. A crash can lose as much; readers, and an agent that stops,
/// have them written first.
const TOGETHER: Duration = Duration::from_millis(250);

/// How many entries are written at once, however short the time.
const MANY: usize = 500;

/// How many read the log at once. Above this, the party with most readers gives one up or waits.
const MAX_READERS: usize = 8;

/// Entries on their way into the log. What changes rights is on the disk before it is acknowledged. For all else nobody
/// waits: it is written once those who asked have their answers, and a disk that is full stops neither git nor the
/// agent.
pub(crate) struct Auditing {
    log: Arc<AuditLog>,
    /// Says of which token another one came.
    ledger: Arc<Ledger>,
    stopping: Arc<Stopping>,
    rights: Arc<Queue>,
    daily: Arc<Queue>,
    bounds: Mutex<Bounds>,
    news: Notify,
    /// Told when there is enough to be written at once.
    many: Notify,
    /// How often something was written; those who follow the log wait for it.
    written: watch::Sender<u64>,
    /// The places of those who read the log.
    pub(crate) readers: Places,
}

impl Auditing {
    pub(crate) fn new(paths: &Paths, ledger: Arc<Ledger>, stopping: Arc<Stopping>) -> Self {
        let log = Arc::new(AuditLog::new(paths));
        let dir = || paths.state_dir().to_owned();
        Auditing {
            rights: Queue::new(log.clone(), |log| &log.rights, true, dir()),
            daily: Queue::new(log.clone(), |log| &log.daily, false, dir()),
            log,
            ledger,
            stopping,
            bounds: Mutex::default(),
            news: Notify::new(),
            many: Notify::new(),
            written: watch::Sender::new(0),
            readers: Places::new(MAX_READERS),
        }
    }

    pub(crate) fn log(&self) -> Arc<AuditLog> {
        self.log.clone()
    }

    pub(crate) fn written(&self) -> watch::Receiver<u64> {
        self.written.subscribe()
    }

    fn push(&self, kind: Kind, entry: AuditEntry) {
        let queue = if kind.is_of_rights() { &self.rights } else { &self.daily };
        let (count, again) = queue.push(entry);
        // The others find the writer on its way already.
        if count == 1 || again {
            self.news.notify_one();
        }
        if count == MANY {
            self.many.notify_one();
        }
    }
}

impl Auditing {
    /// Notes that something was asked for. What changes rights is on the disk only after [`Auditing::rights_noted`].
    pub(crate) fn note(&self, event: &str, who: impl Into<Who>, about: impl Into<About>, outcome: Result<(), Code>) {
        self.note_in(None, event, who.into(), about.into(), outcome.into());
    }

    /// Notes that something was asked for, as [`Auditing::note`] does, and fills the room that was taken for it before.
    pub(crate) fn note_in(&self, room: Option<&mut Room<'_>>, event: &str, who: Who, about: About, outcome: Outcome) {
        let Who { actor, author, door } = who;
        let (author, kind) = (self.root_of(author), Kind::of(event, outcome));
        let reserved = room.map_or(Reserved::No, |room| room.used_by(&author, kind));
        let entry = about.of(AuditEntry { door, ..entry(event, actor, outcome.name()) });
        let admitted = lock(&self.bounds).admit(&author, kind, entry, reserved);
        match admitted {
            Some(entry) => self.push(kind, entry),
            // The writer has to know when there will be a line.
            None => self.news.notify_one(),
        }
    }

    /// Notes that something was done in the end, when nobody waits for it any more.
    pub(crate) fn late(self: &Arc<Self>, event: &'static str, who: Who) -> impl FnOnce() + Send + use<> {
        let audit = self.clone();
        move || audit.note(event, who, None, Ok(()))
    }

    /// Returns once what changed rights is on the disk, or says why it is not; then it is kept for the next attempt.
    pub(crate) async fn rights_noted(&self) -> Result<(), Fault> {
        self.rights.write().await?;
        self.written.send_modify(|count| *count += 1);
        Ok(())
    }

    /// Room for an entry of what they are about to do, which has to be noted by itself: whoever did too much has to
    /// wait. Nothing is done behind a line that only counts.
    pub(crate) fn room(&self, author: &Author, changes_rights: bool) -> Result<Room<'_>, Fault> {
        self.room_of(author, if changes_rights { Kind::Right } else { Kind::Deed })
    }

    /// Room for a ref that they are about to push.
    pub(crate) fn room_for_push(&self, author: &Author) -> Result<Room<'_>, Fault> {
        self.room_of(author, Kind::Push)
    }

    fn room_of(&self, author: &Author, kind: Kind) -> Result<Room<'_>, Fault> {
        let author = self.root_of(author.clone());
        let taken = lock(&self.bounds).take_room(&author, kind);
        taken.map(|()| Room::new(&self.bounds, author, kind)).map_err(fault::too_many)
    }

    /// Whoever has a token is counted as who has the one that it came of, and that is perhaps a person.
    fn root_of(&self, author: Author) -> Author {
        match author {
            Author::Restricted(id) => Author::Restricted(self.ledger.who_has(&id)),
            author => author,
        }
    }

    /// Whether what changes rights can be noted at the moment.
    pub(crate) async fn can_note(&self) -> Result<(), Fault> {
        self.rights.attempt().await
    }

    /// Whether the verb of this event changes rights, so that its answer waits until that is noted.
    pub(crate) fn changes_rights(event: Option<&str>) -> bool {
        event.is_some_and(changes_rights)
    }

    /// Why the log cannot be written at the moment, if so.
    pub(crate) fn trouble(&self, locale: Locale) -> Option<AuditTrouble> {
        let [rights, daily] = [&self.rights, &self.daily].map(|queue| queue.trouble());
        let (waiting, lost) = (rights.iter().chain(&daily))
            .fold((0, 0), |(waiting, lost), trouble| (waiting + trouble.waiting, lost + trouble.lost));
        let first = rights.or(daily)?;
        Some(AuditTrouble { since: first.since, reason: first.fault.message(locale), waiting, lost })
    }

    /// Why the log cannot be written at the moment, in one sentence.
    pub(crate) fn trouble_in_words(&self, locale: Locale) -> Option<String> {
        let AuditTrouble { since, reason, waiting, lost } = self.trouble(locale)?;
        let note = msg!("audit-not-written", since = since, reason = reason, waiting = waiting, lost = lost);
        Some(locale.render(&note))
    }

    /// Tries to write the log, and says why that failed, if it did.
    pub(crate) async fn look_for_trouble(&self, locale: Locale) -> Option<AuditTrouble> {
        let (rights, daily) = (self.rights.attempt(), self.daily.attempt());
        // What they say stays with them.
        let _ = tokio::join!(rights, daily);
        self.trouble(locale)
    }

    /// The log as it is found, and whether it can be written.
    pub(crate) async fn verified(&self, asker: &Author, locale: Locale) -> Result<AuditVerifyReply, Fault> {
        self.flush(Some(asker)).await;
        let trouble = self.look_for_trouble(locale).await;
        let log = self.log();
        let verified = on_thread(move || log.verify().map_err(fault::audit_unreadable)).await?;
        Ok(AuditVerifyReply { trouble, ..verified })
    }

    /// Notes that the agent begins to answer.
    pub(crate) fn note_start(&self) {
        self.note("agent.start", Who::agent(), None, Ok(()));
    }

    /// Writes what comes, until the agent stops.
    pub(crate) async fn write(self: Arc<Self>) {
        loop {
            let due = lock(&self.bounds).due();
            let is_due = async {
                match due {
                    Some(time) => sleep(time).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = self.stopping.asked() => return,
                () = self.news.notified() => {}
                () = is_due => {}
            }
            // A crowd shares one write, and no program that is about to end competes with it for the processor.
            tokio::select! {
                () = self.stopping.asked() => return,
                () = self.many.notified() => {}
                () = sleep(TOGETHER) => {}
            }
            self.flush(None).await;
        }
    }

    /// Writes what is waiting; for who asks, also how much was not noted one by one. What cannot be written now is
    /// offered again with the next entry.
    pub(crate) async fn flush(&self, asker: Option<&Author>) {
        let lines = lock(&self.bounds).lines(asker);
        for (kind, line) in lines {
            self.push(kind, line);
        }
        // One that does not work is no reason for the other not to.
        let written = tokio::join!(self.rights.write(), self.daily.write());
        if written.0.is_ok() || written.1.is_ok() {
            self.written.send_modify(|count| *count += 1);
        }
    }

    /// Writes what is waiting when the agent ends, with everything that was not noted one by one.
    pub(crate) async fn end(&self) {
        self.flush(Some(&Author::Owner)).await;
    }
}
