use std::path::Path;
use std::process::{Command, Stdio};

use super::*;

/// Git in this directory, with what it says.
fn git(dir: &Path, arguments: &[&str], input: &str) -> Vec<u8> {
    let mut command = Command::new("git");
    command.args(["-c", "user.name=t", "-c", "user.email=t@t.example", "-c", "gc.auto=0"]).args(arguments);
    command.current_dir(dir).env("GIT_CONFIG_GLOBAL", dir.join("none")).env("GIT_CONFIG_NOSYSTEM", "1");
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let done = child.wait_with_output().unwrap();
    assert!(done.status.success(), "{arguments:?}");
    done.stdout
}

fn id(dir: &Path, of: &str) -> ObjectId {
    ObjectId::parse(git(dir, &["rev-parse", of], "").trim_ascii_end()).unwrap()
}

/// A repository of so many commits on one line, with long messages that are alike.
fn repository(hash: &str, commits: usize) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    git(dir.path(), &["init", "-q", "-b", "main", "--object-format", hash], "");
    for at in 0..commits {
        std::fs::write(dir.path().join("file"), format!("{at}\n").repeat(50)).unwrap();
        git(dir.path(), &["add", "file"], "");
        let message =
            format!("{}{at}", "the same words in each of them, so that they are told apart by little\n".repeat(30));
        git(dir.path(), &["commit", "-q", "-m", &message], "");
    }
    dir
}

fn pack(dir: &Path, old: &ObjectId, new: &ObjectId) -> Vec<u8> {
    git(
        dir,
        &["pack-objects", "--stdout", "--revs", "--thin", "--delta-base-offset", "-q"],
        &format!("{new}\n^{old}\n"),
    )
}

fn look(hash: HashKind, old: &ObjectId, new: &ObjectId, pack: &[u8], cut: usize) -> (Shown, usize) {
    let mut descent = Descent::new(hash, [(old.clone(), new.clone())]);
    let mut end = 0;
    loop {
        end = (end + cut).min(pack.len());
        match descent.look(&pack[..end]) {
            Shown::NotYet if end < pack.len() => {}
            shown => return (shown, end),
        }
    }
}

#[test]
fn commits_that_come_after_are_shown_to_by_the_head_of_the_pack() {
    for (name, hash) in [("sha1", HashKind::Sha1), ("sha256", HashKind::Sha256)] {
        let dir = repository(name, 12);
        let new = id(dir.path(), "main");
        for steps in [1, 5, 11] {
            let old = id(dir.path(), &format!("main~{steps}"));
            let pack = pack(dir.path(), &old, &new);
            for cut in [1, 100, 100_000] {
                let (shown, looked_at) = look(hash, &old, &new, &pack, cut);
                assert_eq!(shown, Shown::Yes, "{name}, {steps} steps, by {cut}");
                assert!(looked_at < pack.len() || cut > 1, "{name}: not from its head");
            }
        }
        let (first, last) = (id(dir.path(), "main~11"), id(dir.path(), "main~3"));
        let pack = pack(dir.path(), &first, &last);
        assert_eq!(look(hash, &new, &last, &pack, 50).0, Shown::No, "{name}: backwards");
    }
}

#[test]
fn a_merge_comes_after_both_and_a_rewritten_line_after_neither() {
    let dir = repository("sha1", 4);
    let (at, base) = (dir.path(), id(dir.path(), "main~2"));
    git(at, &["checkout", "-q", "-b", "side", "main~2"], "");
    git(at, &["commit", "-q", "--allow-empty", "-m", "side"], "");
    let side = id(at, "side");
    git(at, &["merge", "-q", "-m", "both", "main"], "");
    let (merged, main) = (id(at, "side"), id(at, "main"));
    for old in [&side, &main] {
        assert_eq!(look(HashKind::Sha1, old, &merged, &pack(at, &base, &merged), 64).0, Shown::Yes);
    }
    assert_eq!(look(HashKind::Sha1, &main, &side, &pack(at, &base, &side), 64).0, Shown::No);
    let both =
        Descent::new(HashKind::Sha1, [(main.clone(), merged.clone()), (merged, side)]).look(&pack(at, &base, &main));
    assert_eq!(both, Shown::No, "one of two is not enough");
}

#[test]
fn what_cannot_be_read_is_not_shown() {
    let dir = repository("sha1", 3);
    let (old, new) = (id(dir.path(), "main~2"), id(dir.path(), "main"));
    let whole = pack(dir.path(), &old, &new);
    let shown = |bytes: &[u8]| look(HashKind::Sha1, &old, &new, bytes, 10_000).0;
    let empty = git(dir.path(), &["pack-objects", "--stdout", "-q"], "");
    assert_eq!(shown(&empty), Shown::No, "the server has it all");
    // But for the number of objects, of which nothing is taken.
    for at in (0..8).chain(12..60) {
        let mut broken = whole.clone();
        broken[at] ^= 0x41;
        assert_ne!(shown(&broken), Shown::Yes, "byte {at}");
    }
    assert_eq!(shown(b"PACK\0\0\0\x04\0\0\0\x01"), Shown::No);
    assert_eq!(patched(b"abc", b"\x03\x03\x90\x03"), Some(b"abc".to_vec()));
    for bad in
        [&b"\x04\x03\x90\x03"[..], b"\x03\x04\x90\x03", b"\x03\x03\x90\x04", b"\x03\x03\x00", b"\x03\x03\x91", b""]
    {
        assert_eq!(patched(b"abc", bad), None, "{bad:?}");
    }
}
