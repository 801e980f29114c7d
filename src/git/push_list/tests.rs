use proptest::prelude::*;

use super::*;

const A: &str = "1111111111111111111111111111111111111111";
const B: &str = "2222222222222222222222222222222222222222";
const NONE: &str = "0000000000000000000000000000000000000000";

/// What git 2.47 sends for `git push origin main`, up to its pack.
const RECORDED: &[u8] = b"00a91111111111111111111111111111111111111111 2222222222222222222222222222222222222222 refs/heads/main\0 report-status-v2 side-band-64k object-format=sha1 agent=git/2.47.30000PACK\0\0\0\x02";

fn lines(lines: &[String]) -> Vec<u8> {
    let mut bytes = Vec::new();
    lines.iter().for_each(|line| print_line(line.as_bytes(), &mut bytes));
    bytes.extend_from_slice(FLUSH);
    bytes
}

fn read(bytes: &[u8]) -> Result<Progress, PushListError> {
    PushReader::default().take(bytes)
}

fn one(line: &str) -> Result<Progress, PushListError> {
    read(&lines(&[line.to_owned()]))
}

#[test]
fn what_git_sends_is_read_and_written_anew() {
    let Ok(Progress::Whole(list, rest)) = read(RECORDED) else { panic!() };
    assert_eq!(rest, b"PACK\0\0\0\x02");
    assert_eq!(list.changes()[0].name.as_str(), "refs/heads/main");
    assert_eq!(list.changes()[0].change(), RefChange::Rewrite);
    assert!(list.capabilities().side_band && list.capabilities().report_status && list.has_pack());
    assert_eq!(list.print(), RECORDED[..RECORDED.len() - 8]);
    assert_eq!(read(b"0000"), Ok(Progress::Probe(Vec::new())));
}

#[test]
fn creating_and_deleting_are_told_from_the_list() {
    let all = [
        format!("shallow {A}"),
        format!("{NONE} {A} refs/heads/a\0report-status"),
        format!("{A} {NONE} refs/heads/b\n"),
    ];
    let Ok(Progress::Whole(list, _)) = read(&lines(&all)) else { panic!() };
    let kinds: Vec<_> = list.changes().iter().map(PushedRef::change).collect();
    assert_eq!(kinds, [RefChange::Create, RefChange::Delete]);
    let Ok(Progress::Whole(gone, _)) = one(&format!("{A} {NONE} refs/heads/b\0")) else { panic!() };
    assert!(!gone.has_pack());
}

#[test]
fn ids_of_sha256_are_read_where_it_is_said() {
    let (old, new) = ("1".repeat(64), "2".repeat(64));
    let line = |capabilities: &str| one(&format!("{old} {new} refs/heads/a\0{capabilities}"));
    assert!(matches!(line("object-format=sha256"), Ok(Progress::Whole(..))));
    assert_eq!(line("object-format=sha1"), Err(PushListError::Hash));
    assert_eq!(line(""), Err(PushListError::Hash));
    assert_eq!(one(&format!("{A} {new} refs/heads/a\0object-format=sha256")), Err(PushListError::Hash));
    assert_eq!(one(&format!("{A} {B} refs/heads/a\0object-format=sha256")), Err(PushListError::Hash));
}

#[test]
fn what_two_readers_could_read_otherwise_is_refused() {
    use PushListError as No;
    let first = || format!("{A} {B} refs/heads/a\0 report-status");
    for (all, error) in [
        (vec![first(), format!("{A} {B} refs/heads/b\0 push-options")], No::Name),
        (vec![first(), format!("shallow {A}")], No::Form),
        (vec![first(), format!("{A} {B} refs/heads/a")], No::Twice),
        (vec![first(), "push-cert\0 x".into()], No::Certificate),
        (vec![format!("shallow {A}")], No::Empty),
        (vec!["push-cert\0 report-status".into()], No::Certificate),
        (vec![format!("{A} {B} refs/heads/a")], No::Form),
        (vec![format!("{A} {B} refs/heads/a\0 push-options")], No::Capability),
        (vec![format!("{A} {B} refs/heads/a\0 push-cert=nonce")], No::Capability),
        (vec![format!("{A} {B} refs/heads/a\0 atomic\0x")], No::Capability),
        (vec![format!("{A} {B} refs/heads/a\0 atomic atomic")], No::Capability),
        (vec![format!("{A} {B} refs/heads/a\0 agent=a agent=b")], No::Capability),
        (vec![format!("{A} {B} refs/heads/a\0 agent=a\tb")], No::Capability),
        (vec![format!("{A} {B} main\0")], No::Name),
        (vec![format!("{A} {B} refs/heads/a \0")], No::Name),
        (vec![format!("{A}  {B} refs/heads/a\0")], No::Form),
        (vec![format!("{} {B} refs/heads/a\0", A.replace('1', "A"))], No::Form),
        (vec![format!("{} {B} refs/heads/a\0", &A[1..])], No::Form),
        (vec![format!("{NONE} {NONE} refs/heads/a\0")], No::Form),
        (vec![format!("{A} {B} refs/heads/a\u{202e}niam\0")], No::Name),
        (vec![format!("{A} {B} refs/heads/a\n\0")], No::Name),
        (vec![format!("{A} {B} refs/heads/a..b\0")], No::Name),
    ] {
        assert_eq!(read(&lines(&all)), Err(error), "{all:?}");
    }
    for special in ["0001", "0002"] {
        assert_eq!(read(format!("{special}0000").as_bytes()), Err(No::Form));
    }
    for line in ["0003", "0004", "00A0", "fff1"] {
        assert_eq!(read(line.as_bytes()), Err(No::Line), "{line}");
    }
    assert_eq!(one("\u{fe}\0"), Err(No::Form));
}

#[test]
fn a_list_has_so_many_refs_and_bytes() {
    let many = |count: usize| {
        let capabilities = |at| if at == 0 { "\0" } else { "" };
        lines(&(0..count).map(|at| format!("{A} {B} refs/heads/{at}{}", capabilities(at))).collect::<Vec<_>>())
    };
    assert!(matches!(read(&many(MAX_REFS)), Ok(Progress::Whole(..))));
    assert_eq!(read(&many(MAX_REFS + 1)), Err(PushListError::TooLong));
    let endless = lines(&vec![format!("shallow {A}"); MAX_LIST / 50]);
    assert_eq!(read(&endless), Err(PushListError::TooLong));
}

fn piece() -> impl Strategy<Value = Vec<u8>> {
    let line = |text: &str| {
        let mut bytes = Vec::new();
        print_line(text.as_bytes(), &mut bytes);
        bytes
    };
    let long = "3".repeat(64);
    let known = vec![
        line(&format!("{A} {B} refs/heads/a\0 report-status side-band-64k")),
        line(&format!("{NONE} {B} refs/heads/b")),
        line(&format!("{A} {NONE} refs/heads/c\n")),
        line(&format!("{long} {long} refs/heads/d\0object-format=sha256")),
        line(&format!("shallow {A}")),
        FLUSH.to_vec(),
        b"0001".to_vec(),
        b"PACK".to_vec(),
        b"0".to_vec(),
    ];
    prop_oneof![9 => prop::sample::select(known), 1 => prop::collection::vec(any::<u8>(), 0..12)]
}

proptest! {
    /// Whatever comes and however it is cut, the same is made of it; and what was made of it is read as the same again.
    #[test]
    fn a_cut_changes_nothing_and_what_is_written_is_what_was_read(pieces in prop::collection::vec(piece(), 0..8), cuts in prop::collection::vec(0..700_usize, 0..9)) {
        let bytes = pieces.concat();
        let whole = read(&bytes);
        for cuts in [cuts, (0..bytes.len()).collect()] {
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).chain([0, bytes.len()]).collect();
            cuts.sort_unstable();
            let (mut reader, mut came) = (PushReader::default(), Ok(Progress::More));
            let mut used = 0;
            for cut in cuts.windows(2) {
                if came != Ok(Progress::More) {
                    break;
                }
                came = reader.take(&bytes[cut[0]..cut[1]]);
                used = cut[1];
            }
            // What was not given to it any more follows.
            if let Ok(Progress::Whole(_, rest) | Progress::Probe(rest)) = &mut came {
                rest.extend_from_slice(&bytes[used..]);
            }
            prop_assert_eq!(&came, &whole);
        }
        if let Ok(Progress::Whole(list, _)) = whole {
            prop_assert_eq!(read(&list.print()), Ok(Progress::Whole(list, Vec::new())));
        }
    }
}
