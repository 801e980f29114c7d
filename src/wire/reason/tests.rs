//! Every reason comes through the wire as it went in, and is said in every language.

use std::collections::BTreeSet;

use super::*;
use crate::base::Locale;
use crate::wire::{Empty, Reply, print_reply};

/// What of each topic an agent would send, and what a front-end makes of it.
fn sent<T: Topic>() -> Vec<(T, Fault)> {
    let through_the_wire = |reason: T| {
        let fault = reason.fault();
        let frame = print_reply::<Empty>(&Err(fault), Locale::En);
        let Ok(Reply::Error(read)) = Reply::<Empty>::parse(&frame) else { panic!("no fault") };
        (reason, read)
    };
    T::samples().into_iter().map(through_the_wire).collect()
}

fn is_read_back<T: Topic + std::fmt::Debug>() {
    for (reason, fault) in sent::<T>() {
        let read = T::read(&fault).unwrap_or_else(|| panic!("{reason:?} is not read"));
        assert_eq!(std::mem::discriminant(&read), std::mem::discriminant(&reason), "{reason:?}");
        // The sentence that says why is in the message only.
        let shown = |reason: &T| serde_json::to_value(reason.fault().rendered(Locale::En)).unwrap();
        assert_eq!(shown(&read)["args"], shown(&reason)["args"], "{reason:?}");
        assert_eq!(shown(&read)["code"], shown(&reason)["code"], "{reason:?}");
    }
}

#[test]
fn a_reason_that_was_sent_is_read_back() {
    is_read_back::<Agent>();
    is_read_back::<Api>();
    is_read_back::<Command>();
    is_read_back::<Door>();
    is_read_back::<Flow>();
    is_read_back::<Git>();
    is_read_back::<Lock>();
    is_read_back::<Login>();
    is_read_back::<People>();
    is_read_back::<Request>();
    is_read_back::<Rights>();
    is_read_back::<Setup>();
    is_read_back::<Store>();
    is_read_back::<Tokens>();
    is_read_back::<Upstream>();
}

#[test]
fn what_an_agent_says_is_of_one_topic_only() {
    // What a front-end says itself is of the topic that says it.
    let of_agents = [
        Api::ROWS,
        Door::ROWS,
        Flow::ROWS,
        Lock::ROWS,
        Login::ROWS,
        People::ROWS,
        Request::ROWS,
        Rights::ROWS,
        Setup::ROWS,
        Store::ROWS,
        Tokens::ROWS,
        Upstream::ROWS,
    ];
    let mut seen = BTreeSet::new();
    for row in of_agents.into_iter().flatten() {
        assert!(seen.insert((row.code.name(), row.id, row.args)), "{} twice", row.id);
    }
}

#[test]
fn what_a_newer_agent_says_leaves_the_code() {
    let newer = br#"{"v":1,"error":{"code":"locked","id":"of-the-future","message":"m"}}"#;
    let Ok(Reply::Error(fault)) = Reply::<Empty>::parse(newer) else { panic!("no fault") };
    assert_eq!(fault.reason(), Reason::Other(Code::Locked));
}

#[test]
fn an_argument_that_makes_no_sense_leaves_the_code() {
    let odd = br#"{"v":1,"error":{"code":"denied","id":"scope-missing","args":{"scope":"everything"},"message":"m"}}"#;
    let Ok(Reply::Error(fault)) = Reply::<Empty>::parse(odd) else { panic!("no fault") };
    assert_eq!(fault.reason(), Reason::Other(Code::Denied));
}

#[test]
fn every_reason_is_said_in_every_language() {
    fn said<T: Topic>() -> Vec<Fault> {
        T::samples().iter().map(T::fault).collect()
    }
    let faults = [
        said::<Agent>(),
        said::<Api>(),
        said::<Command>(),
        said::<Door>(),
        said::<Flow>(),
        said::<Git>(),
        said::<Lock>(),
        said::<Login>(),
        said::<People>(),
        said::<Request>(),
        said::<Rights>(),
        said::<Setup>(),
        said::<Store>(),
        said::<Tokens>(),
        said::<Upstream>(),
    ];
    for fault in faults.iter().flatten() {
        for locale in Locale::ALL {
            for text in std::iter::once(fault.message(locale)).chain(fault.hint_text(locale)) {
                // A text that is not there comes out as its id, and an argument that is not given as its name.
                let id = fault.id().to_string();
                let is_id = text.contains(&id) && id.contains('-') || text.contains("hint-");
                assert!(!is_id, "{fault:?} in {}: {text}", locale.tag());
                assert!(!text.contains("{$"), "{fault:?} in {}: {text}", locale.tag());
            }
        }
    }
}
