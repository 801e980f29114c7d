//! Namespaces of Linux: a user, mounts, a network with nothing but the loopback, and processes of one's own.
//!
//! It takes two processes: a process stays in its PID namespace, and only those that it starts are in the new one. What
//! was covered stays covered: at the end the mounts are inherited by one more user namespace, in which nobody may take
//! any of them away (user_namespaces(7), mount_namespaces(7)).

use std::io;
use std::path::{Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketType, netlink, recv, sendto, socket};
use rustix::process::{Signal, WaitOptions, getegid, geteuid, set_parent_process_death_signal, wait};

use super::super::common::ConfineError;

/// Leaves the namespaces of the user's session. This process has to have one thread only; the next one that it starts
/// is the first of the new PID namespace, and both end when whoever started them does.
pub fn begin() -> Result<(), ConfineError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(at("prctl"))?;
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let all = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWPID;
    unshare(all).map_err(at("unshare"))?;
    stay(user, group)
}

/// Makes the new namespaces as they are to be: own processes in `/proc`, a loopback, and nothing of what is hidden.
pub fn finish(hidden: &[&Path]) -> Result<(), ConfineError> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(at("prctl"))?;
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    let none = None::<&str>;
    // Nothing of it goes back to where it came from.
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(at("mount /"))?;
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), safe, none).map_err(at("mount /proc"))?;
    for path in hidden {
        match path.symlink_metadata() {
            Ok(facts) if facts.is_dir() => {
                mount(Some("tmpfs"), *path, Some("tmpfs"), safe, Some("size=4k,mode=700"))
                    .map_err(at("mount tmpfs"))?;
            }
            Ok(_) => mount(Some("/dev/null"), *path, none, MsFlags::MS_BIND, none).map_err(at("mount /dev/null"))?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(ConfineError::Step { step: "stat", error }),
        }
    }
    bring_up_loopback().map_err(|error| ConfineError::Step { step: "loopback", error })?;
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS).map_err(at("unshare again"))?;
    stay(user, group)
}

/// Waits for the process with this number, as the first of a PID namespace: for those that nobody else waits for, too.
/// Its exit code as a shell says it.
pub fn wait_for(pid: u32) -> io::Result<u8> {
    loop {
        let Some((ended, status)) = wait(WaitOptions::empty())? else { continue };
        if u32::try_from(ended.as_raw_nonzero().get()) == Ok(pid) {
            let code = status.exit_status().or_else(|| status.terminating_signal().map(|signal| 128 + signal));
            return Ok(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1));
        }
    }
}

/// Whether there are such namespaces at all.
pub const IS_THERE: bool = true;

/// Where sockets lie at which something acts for the user, or gives them more rights than they have.
pub fn usual() -> Vec<PathBuf> {
    let home = super::directories::home();
    let keys = [".gnupg/S.gpg-agent", ".gnupg/S.gpg-agent.ssh", ".gnupg/S.gpg-agent.extra"];
    let keys = keys.iter().filter_map(|name| Some(home.as_ref()?.join(name)));
    let shared = ["/run/dbus", "/run/docker.sock", "/run/podman", "/run/containerd", "/var/run/docker.sock"];
    super::directories::runtime().chain(keys).chain(shared.map(PathBuf::from)).collect()
}

/// In a new user namespace this user is who they were, and nobody else is there.
fn stay(user: u32, group: u32) -> Result<(), ConfineError> {
    let write = |name: &'static str, text: String| {
        std::fs::write(format!("/proc/self/{name}"), text).map_err(|error| ConfineError::Step { step: name, error })
    };
    write("setgroups", "deny".to_owned())?;
    write("uid_map", format!("{user} {user} 1"))?;
    write("gid_map", format!("{group} {group} 1"))
}

/// Sets the flag of the first device, by rtnetlink(7): there is no other one.
fn bring_up_loopback() -> io::Result<()> {
    const NEW_LINK: u16 = 16;
    const REQUEST_AND_ACK: u16 = 1 | 4;
    const UP: u32 = 1;
    let mut message = Vec::with_capacity(32);
    message.extend(32_u32.to_ne_bytes());
    message.extend(NEW_LINK.to_ne_bytes());
    message.extend(REQUEST_AND_ACK.to_ne_bytes());
    message.extend([0; 8]);
    // Any family and type, the first device, up.
    message.extend([0; 4]);
    message.extend(1_i32.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    message.extend(UP.to_ne_bytes());
    let route = socket(AddressFamily::NETLINK, SocketType::RAW, None)?;
    sendto(&route, &message, SendFlags::empty(), &netlink::SocketAddrNetlink::new(0, 0))?;
    let mut answer = [0; 128];
    let (count, _) = recv(&route, &mut answer[..], RecvFlags::empty())?;
    // An error of 0 is the receipt.
    match answer.get(16..20).filter(|_| count >= 20).and_then(|code| code.try_into().ok()).map(i32::from_ne_bytes) {
        Some(0) => Ok(()),
        Some(code) => Err(io::Error::from_raw_os_error(-code)),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

fn at<E: Into<io::Error>>(step: &'static str) -> impl Fn(E) -> ConfineError {
    move |error| ConfineError::Step { step, error: error.into() }
}
