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
    let mut descent = Descent::new(hash, [(old.clone(), new.clone())], []);
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
    let both = Descent::new(HashKind::Sha1, [(main.clone(), merged.clone()), (merged, side)], [])
        .look(&pack(at, &base, &main));
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
}

/// A commit as it stands in a pack.
fn commit(text: &[u8]) -> (ObjectId, Vec<u8>) {
    let descent = Descent::new(HashKind::Sha1, [], []);
    (descent.id(text).unwrap(), object(1, &[], text))
}

fn object(kind: u8, base: &[u8], text: &[u8]) -> Vec<u8> {
    let mut size = text.len();
    let mut bytes = vec![kind << 4 | (size & 15) as u8];
    size >>= 4;
    while size > 0 {
        *bytes.last_mut().unwrap() |= 0x80;
        bytes.push((size & 0x7f) as u8);
        size >>= 7;
    }
    let mut zip = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::default());
    std::io::Write::write_all(&mut zip, text).unwrap();
    [&bytes[..], base, &zip.finish().unwrap()].concat()
}

fn text(parents: &[&ObjectId], message: &str) -> Vec<u8> {
    let parents: String = parents.iter().map(|parent| format!("parent {parent}\n")).collect();
    let people = "author a <a> 0 +0000\ncommitter a <a> 0 +0000\n\n";
    format!("tree {}\n{parents}{people}{message}", "a".repeat(40)).into_bytes()
}

fn packed(objects: &[Vec<u8>]) -> Vec<u8> {
    let count = u32::try_from(objects.len()).unwrap().to_be_bytes();
    [b"PACK\0\0\0\x02", &count[..], &objects.concat()].concat()
}

fn made_up(digit: char) -> ObjectId {
    ObjectId::parse(digit.to_string().repeat(40).as_bytes()).unwrap()
}

#[test]
fn a_parent_that_git_does_not_read_shows_nothing() {
    let old = made_up('b');
    let (root, root_bytes) = commit(&text(&[], "rewritten"));
    let shown = |cheat: &[u8]| {
        let (cheat, cheat_bytes) = commit(cheat);
        let (new, new_bytes) = commit(&text(&[&root, &cheat], "merge"));
        let pack = packed(&[new_bytes, cheat_bytes, root_bytes.clone()]);
        look(HashKind::Sha1, &old, &new, &pack, 100_000).0
    };
    assert_eq!(shown(&text(&[&old], "")), Shown::Yes);
    assert_eq!(shown(format!("tree {}\nparent {old}", "a".repeat(40)).as_bytes()), Shown::No);
    assert_eq!(shown(format!("tree {}\nparent {old}\n", "a".repeat(40)).as_bytes()), Shown::No);
}

#[test]
fn differences_that_would_fill_the_memory_are_not_made() {
    let long = text(&[], &"a".repeat(1024 * 1024 - 200));
    let (_, first) = commit(&long);
    // All of what came before, by parts of the longest that there are: twenty bytes for a megabyte.
    let size = |mut size: usize| {
        let mut bytes = Vec::new();
        while size > 0x7f {
            bytes.push((size & 0x7f) as u8 | 0x80);
            size >>= 7;
        }
        [bytes, vec![size as u8]].concat()
    };
    let mut delta = [size(long.len()), size(long.len())].concat();
    let mut at = 0;
    while at < long.len() {
        let part = (long.len() - at).min(0xff_ffff);
        delta.extend([0xf0 | 0x0f, at as u8, (at >> 8) as u8, (at >> 16) as u8, (at >> 24) as u8]);
        delta.extend([part as u8, (part >> 8) as u8, (part >> 16) as u8]);
        at += part;
    }
    let mut objects = vec![first.clone()];
    let mut back = first.len();
    for _ in 0..2000 {
        let mut base = vec![(back & 0x7f) as u8];
        let mut rest = back >> 7;
        while rest > 0 {
            rest -= 1;
            base.insert(0, 0x80 | (rest & 0x7f) as u8);
            rest >>= 7;
        }
        objects.push(object(6, &base, &delta));
        back += objects.last().unwrap().len();
    }
    let mut descent = Descent::new(HashKind::Sha1, [(made_up('b'), made_up('c'))], []);
    assert_eq!(descent.look(&packed(&objects)), Shown::No);
    let kept: usize = descent.texts.values().map(Vec::len).sum();
    assert!((2..=16).contains(&(kept / long.len() + 1)), "{kept} bytes are kept");
}

#[test]
fn a_new_value_of_many_refs_is_walked_from_once() {
    let mut objects = Vec::new();
    let mut last = made_up('e');
    for at in 0..1000 {
        let (id, bytes) = commit(&text(&[&last], &at.to_string()));
        objects.insert(0, bytes);
        last = id;
    }
    let old = |at: usize| ObjectId::parse(format!("{at:040x}").as_bytes()).unwrap();
    let mut descent = Descent::new(HashKind::Sha1, (1..2000).map(|at| (old(at), last.clone())), []);
    assert_eq!(descent.look(&packed(&objects)), Shown::No);
    assert_eq!((descent.walks.len(), descent.steps), (1, 1000));
    // Where each has a value of its own there is an end to it.
    let tips: Vec<_> = (0..400).map(|at| commit(&text(&[&last], &format!("tip {at}")))).collect();
    let news = tips.iter().map(|(id, _)| (made_up('d'), id.clone()));
    let mut descent = Descent::new(HashKind::Sha1, news, []);
    let all: Vec<_> = tips.iter().map(|(_, bytes)| bytes.clone()).chain(objects).collect();
    assert_eq!(descent.look(&packed(&all)), Shown::No);
    assert!(descent.steps <= MAX_STEPS + 2, "{} steps", descent.steps);
}

#[test]
fn where_a_shallow_clone_ends_nothing_is_shown() {
    let old = made_up('b');
    let (new, bytes) = commit(&text(&[&old], "one more"));
    let pack = packed(&[bytes]);
    let look = |shallow| Descent::new(HashKind::Sha1, [(old.clone(), new.clone())], [shallow]).look(&pack);
    assert_eq!(look(new.clone()), Shown::No, "its server would take it for one without parents");
    assert_eq!(look(old.clone()), Shown::Yes, "a clone of depth one adds to what it has");
}

#[test]
fn what_comes_byte_by_byte_is_inflated_once() {
    let mut random = fastrand::Rng::with_seed(3);
    let message: String = std::iter::repeat_with(|| random.alphanumeric()).take(300_000).collect();
    let (new, bytes) = commit(&text(&[&made_up('b')], &message));
    let pack = packed(&[bytes]);
    let mut descent = Descent::new(HashKind::Sha1, [(made_up('b'), new)], []);
    for end in 0..pack.len() {
        assert_eq!(descent.look(&pack[..end]), Shown::NotYet);
    }
    assert_eq!(descent.look(&pack), Shown::Yes);
}
