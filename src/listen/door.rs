//! A socket from its opening to its end. Of two agents at once, one stays.
//!
//! The one that gets the lock beside the socket stays. What a dead agent left is removed under that lock only, and only
//! if nobody answers on it: systemd listens without the lock. A stopping agent removes its socket first and its lock
//! when it is gone, so its successor waits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, interval_at, sleep, timeout};

use super::watch::Watch;
use crate::access::Standing;
use crate::agent::{OwnDoor, RestrictedDoor};
use crate::base::private_file::{self, PrivateFileError};
use crate::base::{AgentLock, LockOwner, Message, Paths};
use crate::msg;
use crate::os::listening::{ListenError, Listener, Name, Stream};
use crate::os::local::{self, MAX_PATH, is_answered};
use crate::os::service_manager::Given;
use crate::os::{private, process};

/// The longest wait for another agent to either listen or go.
const PREDECESSOR_WITHIN: Duration = Duration::from_secs(10);

/// How often an agent that has the lock and does not listen is told to look at its socket.
const NUDGE_EVERY: Duration = Duration::from_millis(500);

/// How often something is tried that another agent may be about to make possible.
const TRY_AGAIN: Duration = Duration::from_millis(20);

/// A socket that this process listens on.
pub struct Door {
    pub(super) listener: Listener,
    /// The socket's name, if it has one in a directory; systemd's may have none.
    own: Option<Own>,
    /// The lock by which no other agent listens under this name.
    lock: Option<AgentLock>,
    /// Who stands behind all that is asked here.
    standing: Option<Arc<Standing>>,
    place: PathBuf,
    /// The service manager that made the socket.
    kept_by: Option<&'static str>,
}

/// What happens at a door.
pub(super) enum Next {
    Came(io::Result<Stream>),
    Look,
}

/// A socket's name with what belongs to it.
struct Own {
    name: Name,
    /// Whether this process made the socket, and so removes it or makes it anew; it did not make systemd's.
    made: bool,
    /// Where the lock is, of a socket that has one.
    lock: Option<PathBuf>,
    watch: Watch,
}

/// Why the socket was not opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// Another agent listens there.
    #[error("another agent is running already")]
    Taken,
    /// Another agent holds the lock and does not answer.
    #[error("another agent has the lock {path} and does not answer")]
    Silent {
        /// The lock file.
        path: PathBuf,
        /// The agent that holds it, as far as it can be told.
        owner: Option<Box<LockOwner>>,
    },
    /// The path is longer than a socket's can be.
    #[error("{path} is too long for a socket")]
    TooLong {
        /// The path that was to be used.
        path: PathBuf,
    },
    /// Others have access to the directory.
    #[error(transparent)]
    Unsafe(#[from] PrivateFileError),
    /// The system refused.
    #[error("{path}: {error}")]
    Io {
        /// The socket or a file beside it.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl DoorError {
    /// The sentence that says what is wrong, for people.
    pub fn message(&self) -> Message {
        match self {
            DoorError::Taken => msg!("agent-runs-already"),
            DoorError::Silent { path, owner: Some(owner) } => {
                msg!("agent-unreachable", pid = owner.pid, host = owner.machine.host, path = path.display())
            }
            DoorError::Silent { path, owner: None } => msg!("file-locked", path = path.display()),
            DoorError::TooLong { path } => msg!("socket-too-long", path = path.display(), limit = MAX_PATH),
            DoorError::Unsafe(error) => error.message(),
            DoorError::Io { path, error } => msg!("file-trouble", path = path.display(), error = error),
        }
    }

    /// What to do about it, where there is something.
    pub fn hint(&self) -> Option<Message> {
        match self {
            DoorError::Silent { owner: Some(owner), .. } if !owner.is_here() => Some(msg!("hint-socket-shared")),
            DoorError::Silent { .. } => Some(msg!("hint-agent-silent")),
            DoorError::Unsafe(_) => Some(msg!("hint-socket-unsafe", variable = "LOOM_AGENT_SOCK")),
            DoorError::Io { .. } => Some(msg!("hint-socket-place")),
            DoorError::Taken | DoorError::TooLong { .. } => None,
        }
    }
}

impl Door {
    /// Opens the socket. Of two agents that start at once the one that gets the lock stays; what an agent that died
    /// left behind is removed under that lock, so nobody removes a socket that is in use.
    pub async fn open(paths: &Paths) -> Result<Door, DoorError> {
        let path = paths.socket();
        prepare_dir(path)?;
        // Where the socket lies in no directory, its lock does.
        paths.agent_lock().parent().map_or(Ok(()), private_file::private_dir)?;
        let lock = lock_out_others(path, &paths.agent_lock()).await?;
        lock.sweep();
        Door::bind(path, Some((paths.agent_lock(), lock)), None)
    }

    /// Opens a socket with a token of its own, in a directory that only the user may enter.
    pub(super) fn restricted(door: &RestrictedDoor) -> Result<Door, DoorError> {
        prepare_dir(&door.path)?;
        Door::bind(&door.path, None, Some(door.standing().into()))
    }

    /// Takes over the socket that systemd listens on for us. With the lock, if nobody has it: whoever wants to end this
    /// agent finds it there.
    pub fn given(given: Given, paths: &Paths) -> Door {
        let place = given.path.clone().unwrap_or_else(|| paths.socket().to_owned());
        let own = given.path.and_then(|path| {
            let name = Name::of(&path)?;
            Some(Own { name, made: false, lock: None, watch: Watch::over(&path, None).ok()? })
        });
        let lock = AgentLock::take(&paths.agent_lock()).ok().flatten();
        Door { listener: given.listener, own, lock, standing: None, place, kept_by: Some(given.by) }
    }

    fn bind(
        path: &Path,
        lock: Option<(PathBuf, AgentLock)>,
        standing: Option<Arc<Standing>>,
    ) -> Result<Door, DoorError> {
        let (listener, name) = listen(path)?;
        let (lock_path, lock) = lock.unzip();
        let watch = watch(path, lock_path.as_deref())?;
        let own = Some(Own { name, made: true, lock: lock_path, watch });
        Ok(Door { listener, own, lock, standing, place: path.to_owned(), kept_by: None })
    }

    /// Where it is, and who keeps it.
    pub(super) fn place(&self) -> OwnDoor {
        OwnDoor { path: self.place.clone(), kept_by: self.kept_by }
    }

    /// The next one who comes, or that it is time to look at the socket's name.
    pub(super) async fn next(&mut self) -> Next {
        let Door { listener, own, .. } = self;
        let stirred = async {
            match own {
                Some(own) => own.watch.stirred().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            came = listener.accept() => Next::Came(came),
            () = stirred => Next::Look,
        }
    }

    /// Sees to it that whoever connects to the name comes here: where it has gone, the socket is bound anew. What was
    /// listened on until then is returned, since somebody may have connected to it. An error if the name is another's
    /// now, or cannot be had again: nobody can reach this door any more.
    pub(super) async fn look(&mut self) -> Result<Option<Listener>, DoorError> {
        let Some(own) = &mut self.own else { return Ok(None) };
        let named = own.name.stands();
        let locked = own.lock.is_none() || self.lock.as_ref().is_some_and(AgentLock::stands);
        if named && locked {
            return Ok(None);
        }
        let path = own.name.path().to_owned();
        if !own.made {
            return Err(DoorError::Io { path, error: io::ErrorKind::NotFound.into() });
        }
        if !named {
            local::directory(&path).map_or(Ok(()), make_dir)?;
        }
        if let Some(lock_path) = own.lock.as_deref().filter(|_| !locked) {
            match lock_again(lock_path).await? {
                Some(lock) => self.lock = Some(lock),
                // Another agent is starting: it will see that somebody listens.
                None if named => return Ok(None),
                None => return Err(DoorError::Taken),
            }
        }
        let replaced = if named {
            None
        } else {
            let (listener, name) = listen(&path)?;
            own.name = name;
            Some(std::mem::replace(&mut self.listener, listener))
        };
        own.watch = watch(&path, own.lock.as_deref())?;
        Ok(replaced)
    }

    /// Makes the socket unreachable; what was begun goes on.
    pub(super) fn close(&self) {
        if let Some(own) = self.own.as_ref().filter(|own| own.made) {
            own.name.remove();
        }
    }

    /// Whether the socket is this process' alone: what waits at systemd's is for the next agent.
    pub(super) fn is_own(&self) -> bool {
        self.own.as_ref().is_some_and(|own| own.made)
    }

    pub(super) fn standing(&self) -> Option<&Arc<Standing>> {
        self.standing.as_ref()
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.close();
    }
}

/// Makes the directory in which the socket will be, or sees that nobody else can go into it.
fn prepare_dir(socket: &Path) -> Result<(), PrivateFileError> {
    let Some(dir) = local::directory(socket) else { return Ok(()) };
    private_file::private_dir(dir)?;
    private_file::closed_dir(dir)
}

/// Makes the directory anew if it has gone, but not those above: where they are gone nobody looks for a socket.
fn make_dir(dir: &Path) -> Result<(), DoorError> {
    match private::create_dir(dir) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(DoorError::Io { path: dir.to_owned(), error })
        }
        _ => Ok(private_file::closed_dir(dir)?),
    }
}

fn listen(path: &Path) -> Result<(Listener, Name), DoorError> {
    Listener::bind(path).map_err(|error| match error {
        // Somebody who listens without our lock: systemd, on behalf of an agent to come.
        ListenError::Taken => DoorError::Taken,
        ListenError::TooLong => DoorError::TooLong { path: path.to_owned() },
        ListenError::Io(error) => DoorError::Io { path: path.to_owned(), error },
    })
}

fn watch(socket: &Path, lock: Option<&Path>) -> Result<Watch, DoorError> {
    Watch::over(socket, lock).map_err(|error| DoorError::Io { path: socket.to_owned(), error })
}

async fn lock_out_others(socket: &Path, lock: &Path) -> Result<AgentLock, DoorError> {
    let waited = async {
        let mut nudge = interval_at(Instant::now() + NUDGE_EVERY, NUDGE_EVERY);
        loop {
            if let Some(lock) = AgentLock::take(lock)? {
                return Ok(lock);
            }
            if is_answered(socket) {
                return Err(DoorError::Taken);
            }
            tokio::select! {
                () = sleep(TRY_AGAIN) => {}
                _ = nudge.tick() => look_at_your_socket(lock),
            }
        }
    };
    let silent = || DoorError::Silent { path: lock.to_owned(), owner: LockOwner::of(lock).map(Box::new) };
    timeout(PREDECESSOR_WITHIN, waited).await.unwrap_or_else(|_| Err(silent()))
}

/// The socket's name may have been removed without a sign to the agent behind it, which finds that out within a minute.
fn look_at_your_socket(lock: &Path) {
    if let Some(owner) = LockOwner::of(lock).filter(LockOwner::is_agent_here) {
        process::nudge(owner.pid);
    }
}

/// Takes the lock whose file was removed; whoever else has it for longer than a moment is another agent.
async fn lock_again(path: &Path) -> Result<Option<AgentLock>, DoorError> {
    for _ in 0..25 {
        if let Some(lock) = AgentLock::take(path)? {
            return Ok(Some(lock));
        }
        sleep(TRY_AGAIN).await;
    }
    Ok(None)
}
