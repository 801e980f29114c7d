//! What becomes of a push that is refused here, said as a server says it. Anything else, such as a status of 403, git
//! shows as a broken transport, and its user never sees a reason.

use super::pkt_line::{FLUSH, MAX_LINE, print_line};
use super::push_list::PushList;

/// The band of the answer, and the one of what a person is told.
const ANSWER: u8 = 1;
const TOLD: u8 = 2;

/// The longest reason for one ref, in characters: git shows it in one line.
const MAX_REASON: usize = 200;

/// Refuses a push whole: each ref with its reason, and with lines for the person, where the client can show them.
/// `None` if it reads no status at all.
pub fn refuse_push(list: &PushList, reason: impl Fn(usize) -> String, told: &str) -> Option<Vec<u8>> {
    if !list.capabilities().report_status {
        return None;
    }
    let mut status = Vec::new();
    print_line(b"unpack ok\n", &mut status);
    for (at, change) in list.changes().iter().enumerate() {
        let reason: String = one_line(&reason(at)).chars().take(MAX_REASON).collect();
        print_line(format!("ng {} {reason}\n", change.name.as_str()).as_bytes(), &mut status);
    }
    status.extend_from_slice(FLUSH);
    if !list.capabilities().side_band {
        return Some(status);
    }
    let mut bytes = Vec::new();
    for line in told.lines() {
        in_band(TOLD, format!("{}\n", one_line(line)).as_bytes(), &mut bytes);
    }
    in_band(ANSWER, &status, &mut bytes);
    bytes.extend_from_slice(FLUSH);
    Some(bytes)
}

fn in_band(band: u8, text: &[u8], to: &mut Vec<u8>) {
    for part in text.chunks(MAX_LINE - 5) {
        print_line(&[&[band], part].concat(), to);
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::push_list::{Progress, PushReader};

    fn list(capabilities: &str) -> PushList {
        let mut bytes = Vec::new();
        let [a, b] = ["1".repeat(40), "2".repeat(40)];
        print_line(format!("{a} {b} refs/heads/main\0{capabilities}").as_bytes(), &mut bytes);
        print_line(format!("{a} {b} refs/heads/dev").as_bytes(), &mut bytes);
        bytes.extend_from_slice(FLUSH);
        let Ok(Progress::Whole(list, _)) = PushReader::default().take(&bytes) else { panic!() };
        list
    }

    #[test]
    fn a_refusal_is_what_a_server_would_say() {
        let reason = |at: usize| ["not granted", "another\nref"][at].to_owned();
        let plain = refuse_push(&list("report-status"), reason, "told").unwrap();
        let status = "000eunpack ok\n0023ng refs/heads/main not granted\n0022ng refs/heads/dev another ref\n0000";
        assert_eq!(String::from_utf8(plain).unwrap(), status);
        let banded = refuse_push(&list("report-status-v2 side-band-64k"), reason, "one\ntwo").unwrap();
        let expected = format!("0009\x02one\n0009\x02two\n{:04x}\x01{status}0000", status.len() + 5);
        assert_eq!(String::from_utf8(banded).unwrap(), expected);
        assert_eq!(refuse_push(&list("quiet"), reason, "told"), None);
    }
}
