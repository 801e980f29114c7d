use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use subtle::{Choice, ConditionallySelectable};

use super::authority::Rights;
use super::issued_token::{IssuedToken, Order};
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{Paths, Secret, Stamp, clock};
use crate::wire::Person;

/// The issued tokens, in `tokens.json`: every change is on the disk before it is acknowledged. Agents that share the file
/// see one another's changes with the next question.
///
/// A question is a look at the file, and holds what is known for a moment. A change takes the lock of the file, writes, and
/// holds nothing meanwhile that a question needs: whoever asks waits for no disk.
pub struct Ledger {
    path: PathBuf,
    lock_path: PathBuf,
    known: Mutex<Known>,
}

/// The list as it was read or written last.
#[derive(Default)]
pub(super) struct Known {
    stamp: Stamp,
    tokens: Vec<IssuedToken>,
}

/// What came of presenting a token.
#[derive(Debug)]
pub enum Presented {
    /// It is no active token.
    Unknown,
    /// The rights of whoever presents it: its own and those of all tokens that led to it.
    Allowed(Vec<Rights>),
    /// This token's uses are counted: [`Ledger::count`] says what it may.
    Counted(String),
}

/// The file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pages {
    version: u32,
    tokens: Vec<IssuedToken>,
}

const VERSION: u32 = 1;

/// So many tokens that are no longer active are kept, for who looks back.
const MAX_INACTIVE: usize = 500;

/// Why the ledger did not do what it was asked; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    #[error("there is an active token of this name")]
    NameTaken,
    #[error("{0} tokens are active, which is the limit")]
    TooMany(usize),
    #[error("{path} is not a list of tokens, or of a newer version")]
    Unreadable { path: PathBuf },
    #[error("the system gives no random numbers")]
    NoRandom(getrandom::Error),
    #[error(transparent)]
    File(#[from] PrivateFileError),
}

pub(super) type Result<T> = std::result::Result<T, LedgerError>;

impl Ledger {
    pub fn new(paths: &Paths) -> Ledger {
        Ledger { path: paths.tokens_file(), lock_path: paths.tokens_lock(), known: Mutex::default() }
    }

    /// Looks for a token that is presented, and notes a use of it in memory.
    pub fn authenticate(&self, presented: &Secret) -> Result<Presented> {
        let mut known = self.current()?;
        let Some(found) = known.find(presented) else { return Ok(Presented::Unknown) };
        let id = found.id.clone();
        if found.max_uses.is_some() {
            return Ok(Presented::Counted(id));
        }
        let Some(rights) = known.rights(&id) else { return Ok(Presented::Unknown) };
        // When it was last used may be lost in a crash.
        note_use(&mut known.tokens, &id);
        Ok(Presented::Allowed(rights))
    }

    /// One use of a token whose uses are counted: it is on the disk before it is granted.
    pub fn count(&self, id: &str) -> Result<Option<Vec<Rights>>> {
        let _lock = self.lock()?;
        let rights = self.rights_of(id)?;
        if rights.is_some() {
            self.change(|tokens| note_use(tokens, id))?;
        }
        Ok(rights)
    }

    /// The rights of the token with this id, as long as it is active.
    pub fn rights_of(&self, id: &str) -> Result<Option<Vec<Rights>>> {
        Ok(self.current()?.rights(id))
    }

    /// Issues a token; of those that are not leased `most` may be active in each one's share.
    pub fn issue(&self, order: Order, most: usize) -> Result<(Secret, IssuedToken)> {
        if order.leased {
            let (secret, token) = IssuedToken::issue(order).map_err(LedgerError::NoRandom)?;
            self.current()?.tokens.push(token.clone());
            return Ok((secret, token));
        }
        let _lock = self.lock()?;
        let known = self.current()?;
        let active = || known.tokens.iter().filter(|token| token.is_active() && !token.leased);
        if active().any(|token| token.name == order.name) {
            return Err(LedgerError::NameTaken);
        }
        let share = known.share(order.approved_by.as_ref(), order.issued_by.as_deref());
        let is_in_it =
            |token: &&IssuedToken| known.share(token.approved_by.as_ref(), token.issued_by.as_deref()) == share;
        if active().filter(is_in_it).count() >= most {
            return Err(LedgerError::TooMany(most));
        }
        drop(known);
        let (secret, token) = IssuedToken::issue(order).map_err(LedgerError::NoRandom)?;
        self.change(|tokens| tokens.push(token.clone()))?;
        Ok((secret, token))
    }

    /// Who has the token with this id: the person who approved the machine that it came of, or the token that it came of.
    pub fn who_has(&self, id: &str) -> String {
        let known = self.known();
        let root = known.line(id).last();
        root.and_then(|root| known.share(root.approved_by.as_ref(), None))
            .unwrap_or_else(|| root.map_or(id, |root| &root.id).to_owned())
    }

    /// Every token, oldest first.
    pub fn all(&self) -> Result<Vec<IssuedToken>> {
        Ok(self.current()?.tokens.clone())
    }

    /// Revokes the tokens with this name or id that may be; says which.
    pub fn revoke(&self, name_or_id: &str, may: impl Fn(&IssuedToken) -> bool) -> Result<Vec<IssuedToken>> {
        let _lock = self.lock()?;
        let is_meant = |token: &IssuedToken| (token.name == name_or_id || token.id == name_or_id) && may(token);
        let mut meant = self.all()?;
        meant.retain(is_meant);
        if meant.iter().any(|token| !token.revoked) {
            self.change(|tokens| {
                tokens.iter_mut().filter(|token| is_meant(token)).for_each(|token| token.revoked = true);
            })?;
        }
        Ok(meant)
    }

    /// Takes tokens out of the list for good; they count no more than revoked ones.
    pub fn forget(&self, ids: &[String]) -> Result<()> {
        let _lock = self.lock()?;
        self.change(|tokens| tokens.retain(|token| !ids.contains(&token.id)))
    }

    /// The id of an active token.
    pub fn id_of(&self, presented: &Secret) -> Result<Option<String>> {
        let known = self.current()?;
        Ok(known.find(presented).map(|token| token.id.clone()).filter(|id| known.rights(id).is_some()))
    }

    /// Ends a token that was never written down.
    pub fn end_lease(&self, id: &str) {
        self.known().tokens.retain(|token| !(token.leased && token.id == id));
    }

    /// The id of a token that is known by all of it, whether or not it is worth anything (any more).
    pub fn knows(&self, presented: &Secret) -> Result<Option<String>> {
        Ok(self.current()?.find(presented).map(|token| token.id.clone()))
    }

    /// Whether a token was issued by that one, or by one that it issued.
    pub fn descends(&self, token: &IssuedToken, from: &str) -> bool {
        self.known().line(&token.id).skip(1).any(|above| above.id == from)
    }

    /// Changes the list on the disk first, in memory second; the caller holds the lock. A change of leases alone, which are
    /// in memory only, is none.
    pub(super) fn change(&self, change: impl FnOnce(&mut Vec<IssuedToken>)) -> Result<()> {
        let mut changed = self.all()?;
        change(&mut changed);
        let inactive = changed.iter().filter(|token| !token.is_active()).count();
        let mut spare = inactive.saturating_sub(MAX_INACTIVE);
        changed.retain(|token| {
            let goes = spare > 0 && !token.is_active();
            spare -= usize::from(goes);
            !goes
        });
        let (leased, kept): (Vec<_>, Vec<_>) = changed.into_iter().partition(|token| token.leased);
        let mut pages = Pages { version: VERSION, tokens: kept };
        private_file::replace(&self.path, &serde_json::to_vec(&pages).unwrap_or_default())?;
        // From now on it is known that there was a list.
        let _ = File::options().write(true).open(&self.lock_path).and_then(|lock| lock.set_len(1));
        let stamp = Stamp::of(&self.path);
        let mut known = self.known();
        // A lease can be revoked like any other token.
        known.tokens.iter_mut().filter(|token| token.leased).for_each(|token| {
            token.revoked |= leased.iter().any(|changed| changed.id == token.id && changed.revoked);
        });
        known.take_over(std::mem::take(&mut pages.tokens), stamp);
        Ok(())
    }

    /// Whether there was a list, and its file has gone: whatever was on it has ended.
    pub fn is_gone(&self) -> bool {
        !private_file::is_there(&self.path) && self.lock_path.metadata().is_ok_and(|lock| lock.len() > 0)
    }

    pub(super) fn lock(&self) -> Result<File> {
        private_file::private_dir(self.path.parent().unwrap_or(Path::new("/")))?;
        Ok(private_file::lock(&self.lock_path)?)
    }

    /// What is known, read anew if the file is another than before.
    fn current(&self) -> Result<MutexGuard<'_, Known>> {
        let mut known = self.known();
        let now = Stamp::of(&self.path);
        if now != known.stamp {
            let tokens = match private_file::read(&self.path)? {
                Some(text) => parse(&text).ok_or_else(|| LedgerError::Unreadable { path: self.path.clone() })?,
                None => Vec::new(),
            };
            known.take_over(tokens, now);
        }
        Ok(known)
    }

    pub(super) fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    /// The token that is presented. It is compared with every one there is, however early one fits.
    fn find(&self, presented: &Secret) -> Option<&IssuedToken> {
        let (mut found, mut index) = (Choice::from(0), 0_u64);
        for (at, token) in (0_u64..).zip(&self.tokens) {
            let is = token.is(presented);
            index.conditional_assign(&at, is);
            found |= is;
        }
        bool::from(found).then(|| &self.tokens[index as usize])
    }

    fn rights(&self, id: &str) -> Option<Vec<Rights>> {
        let line: Vec<&IssuedToken> = self.line(id).collect();
        let whole = line.last().is_some_and(|first| first.issued_by.is_none());
        (whole && line.iter().all(|token| token.is_active())).then(|| line.iter().map(|token| token.rights()).collect())
    }

    /// A token and those that led to it.
    pub(super) fn line<'a>(&'a self, id: &str) -> impl Iterator<Item = &'a IssuedToken> {
        let find = move |id: &str| self.tokens.iter().find(|token| token.id == id);
        std::iter::successors(find(id), move |token| find(token.issued_by.as_deref()?)).take(self.tokens.len())
    }

    /// In whose share a token counts that was approved or issued like this: nobody but the user takes of the user's.
    fn share(&self, approved_by: Option<&Person>, issued_by: Option<&str>) -> Option<String> {
        let root = issued_by.and_then(|id| self.line(id).last());
        // Who came in with a token is that token.
        let person =
            root.map_or(approved_by, |root| root.approved_by.as_ref()).filter(|person| person.issuer.is_some());
        person.map(Person::lasting_name).or(root.map(|root| root.id.clone())).or(issued_by.map(str::to_owned))
    }

    /// Takes over what the file holds. What was noted of uses since is kept, and so are leases.
    fn take_over(&mut self, mut tokens: Vec<IssuedToken>, stamp: Stamp) {
        for token in &mut tokens {
            if let Some(known) = self.tokens.iter().find(|known| known.id == token.id) {
                (token.uses, token.last_used) = (token.uses.max(known.uses), token.last_used.max(known.last_used));
            }
        }
        tokens.extend(self.tokens.drain(..).filter(|token| token.leased));
        (self.tokens, self.stamp) = (tokens, stamp);
    }
}

fn note_use(tokens: &mut [IssuedToken], id: &str) {
    if let Some(token) = tokens.iter_mut().find(|token| token.id == id) {
        (token.uses, token.last_used) = (token.uses + 1, Some(clock::now()));
    }
}

fn parse(text: &[u8]) -> Option<Vec<IssuedToken>> {
    let pages: Pages = serde_json::from_slice(text).ok()?;
    (pages.version == VERSION).then_some(pages.tokens)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Holder;
    use crate::base::{Scopes, Secret};

    fn order(name: &str, issued_by: Option<&str>) -> Order {
        let scopes = Scopes::from_names(["*"]).unwrap();
        let rights = Rights { holder: Holder::Nobody, scopes, servers: Vec::new(), reveal: false, status_only: false };
        let issued_by = issued_by.map(str::to_owned);
        Order {
            name: name.to_owned(),
            rights,
            role: None,
            expires_at: None,
            max_uses: None,
            issued_by,
            approved_by: None,
            identity: None,
            leased: false,
        }
    }

    fn ledger(dir: &tempfile::TempDir) -> Ledger {
        let (path, lock_path) = (dir.path().join("tokens.json"), dir.path().join("tokens.lock"));
        Ledger { path, lock_path, known: Mutex::default() }
    }

    /// How many tokens' rights whoever presents this has, as a question of the agent finds out.
    fn rights(ledger: &Ledger, presented: &Secret) -> Option<usize> {
        match ledger.authenticate(presented).unwrap() {
            Presented::Unknown => None,
            Presented::Allowed(rights) => Some(rights.len()),
            Presented::Counted(id) => ledger.count(&id).unwrap().map(|rights| rights.len()),
        }
    }

    #[test]
    fn a_token_counts_until_it_is_revoked_also_for_another_agent_and_after_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (ledger(&dir), ledger(&dir));
        let (secret, token) = one.issue(order("ci", None), 10).unwrap();
        assert_eq!(secret.expose().len(), "loom_".len() + 43);
        assert!(rights(&other, &secret).is_some());
        assert!(rights(&other, &Secret::new(format!("{}x", secret.expose()))).is_none());
        assert!(matches!(other.issue(order("ci", None), 10), Err(LedgerError::NameTaken)));
        assert!(matches!(other.issue(order("more", None), 1), Err(LedgerError::TooMany(1))));
        let text = std::fs::read_to_string(dir.path().join("tokens.json")).unwrap();
        assert!(!text.contains(&secret.expose()[5..]));
        assert_eq!(other.revoke("ci", |_| true).unwrap().len(), 1);
        for ledger in [&one, &other, &ledger(&dir)] {
            assert!(rights(ledger, &secret).is_none());
            assert!(ledger.rights_of(&token.id).unwrap().is_none() && ledger.all().unwrap()[0].revoked);
        }
    }

    #[test]
    fn a_token_dies_with_the_one_that_issued_it_and_when_its_uses_are_up() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (_, parent) = ledger.issue(order("parent", None), 10).unwrap();
        let (secret, child) = ledger.issue(order("child", Some(&parent.id)), 10).unwrap();
        assert_eq!(rights(&ledger, &secret), Some(2));
        assert!(ledger.descends(&child, &parent.id) && !ledger.descends(&parent, &child.id));
        ledger.revoke(&parent.id, |_| true).unwrap();
        assert!(rights(&ledger, &secret).is_none());
        let (secret, _) = ledger.issue(Order { max_uses: Some(2), ..order("twice", None) }, 10).unwrap();
        let uses = [(); 3].map(|()| rights(&ledger, &secret).is_some());
        assert_eq!(uses, [true, true, false]);
    }

    #[test]
    fn machines_count_in_the_share_of_who_approved_them_and_children_in_that_of_the_token_they_came_of() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let person =
            |name: &str| Person { name: name.to_owned(), subject: None, issuer: Some("https://id.example".to_owned()) };
        let machine = |name: &str, by: &str| Order { approved_by: Some(person(by)), ..order(name, None) };
        let (_, first) = ledger.issue(machine("a", "viewer"), 2).unwrap();
        ledger.issue(machine("b", "viewer"), 2).unwrap();
        assert!(matches!(ledger.issue(machine("c", "viewer"), 2), Err(LedgerError::TooMany(2))));
        assert!(matches!(ledger.issue(order("d", Some(&first.id)), 2), Err(LedgerError::TooMany(2))));
        ledger.issue(machine("c", "other"), 2).unwrap();
        let (_, own) = ledger.issue(order("own", None), 2).unwrap();
        let (_, child) = ledger.issue(order("child", Some(&own.id)), 2).unwrap();
        ledger.issue(order("grandchild", Some(&child.id)), 2).unwrap();
        assert!(matches!(ledger.issue(order("more", Some(&own.id)), 2), Err(LedgerError::TooMany(2))));
        ledger.issue(order("second", None), 2).unwrap();
        assert!(matches!(ledger.issue(order("third", None), 2), Err(LedgerError::TooMany(2))));
        assert_eq!(ledger.who_has(&child.id), own.id);
        assert_eq!(ledger.who_has(&first.id), person("viewer").lasting_name());
    }

    #[test]
    fn a_leased_token_is_never_written_down() {
        let dir = tempfile::tempdir().unwrap();
        let ledger = ledger(&dir);
        let (secret, token) = ledger.issue(Order { leased: true, ..order("exec", None) }, 0).unwrap();
        ledger.issue(order("ci", None), 10).unwrap();
        assert!(rights(&ledger, &secret).is_some());
        assert!(!std::fs::read_to_string(dir.path().join("tokens.json")).unwrap().contains(&token.id));
        ledger.end_lease(&token.id);
        assert!(rights(&ledger, &secret).is_none());
    }
}
