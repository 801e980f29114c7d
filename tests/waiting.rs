//! What hangs elsewhere: a lock that somebody holds, a file that never ends. Nobody waits without end or word.

use std::fs::File;
use std::time::{Duration, Instant};

use crate::support::Home;

/// Longer than what has a deadline of five seconds takes, on a busy machine; far shorter than for ever.
const BOUNDED: Duration = Duration::from_secs(20);

/// Takes a lock as another program would, by its name below the home.
fn hold(home: &Home, name: &str) -> File {
    let path = home.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let mut options = std::fs::OpenOptions::new();
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.read(true).write(true).create(true).truncate(false).open(path).unwrap();
    rustix::fs::flock(&file, rustix::fs::FlockOperation::LockExclusive).unwrap();
    file
}

/// How long this takes.
fn timed<R>(what: impl FnOnce() -> R) -> (R, Duration) {
    let begun = Instant::now();
    let done = what();
    (done, begun.elapsed())
}

#[test]
fn who_reads_waits_for_no_lock_and_who_writes_is_told_who_holds_it() {
    let home = Home::new();
    home.store("https", "a.example", "u", "pw-of-a").ok();
    home.loom(&["agent", "restart"]).ok();
    let lock = hold(&home, "state/loom/store.lock");
    let (said, took) = timed(|| {
        // The agent is new: all of these read the file, and the approval has nothing to write.
        assert!(home.get("https", "a.example").ok().out.contains("password=pw-of-a\n"));
        home.store("https", "a.example", "u", "pw-of-a").ok();
        home.loom(&["doctor"]).ok();
        home.loom(&["status"]).ok().out
    });
    assert!(said.contains("https://a.example") && took < BOUNDED, "{said} {took:?}");
    let (said, took) = timed(|| home.store("https", "b.example", "u", "pw-of-b").fails(1));
    assert!(took < BOUNDED, "{took:?}");
    said.says("store.lock is locked by process").says(&format!("process {}", std::process::id()));
    let (_, took) = timed(|| home.loom(&["agent", "stop"]).ok());
    assert!(took < BOUNDED, "{took:?}");
    drop(lock);
    home.store("https", "b.example", "u", "pw-of-b").ok();
    assert!(home.get("https", "b.example").ok().out.contains("password=pw-of-b\n"));
}
