//! A keyring that hangs, lies or asks: each is an error in time, and nobody else waits.

use std::time::{Duration, Instant};

use crate::support::{Home, Manner, Output, SecretService, Session, wait_until};

/// What one call of the keyring may take, and what the programs around it take on a busy machine.
const IN_TIME: Duration = Duration::from_secs(9);

/// What is answered from memory, on a busy machine; far less than the keyring's deadline.
const AT_ONCE: Duration = Duration::from_secs(1);

/// A home with such a keyring that has the token `tok_a` of a.example.
fn kept() -> Option<(Home, Session, SecretService)> {
    let mut home = Home::with(&[("LOOM_STORE", "keyring")]);
    let session = Session::without_keyring(&mut home)?;
    let service = SecretService::start(&session);
    login(&home, "a", "tok_a").ok().says("kept in the keyring");
    Some((home, session, service))
}

fn login(home: &Home, host: &str, token: &str) -> Output {
    home.loom_in(&["login", "--with-token", "--server", &format!("https://{host}.example")], token)
}

fn token(home: &Home, host: &str) -> Output {
    home.loom(&["token", "--server", &format!("https://{host}.example")])
}

fn restart(home: &Home) {
    home.loom(&["agent", "stop"]).ok();
}

fn timed<R>(act: impl FnOnce() -> R) -> (R, Duration) {
    let begun = Instant::now();
    (act(), begun.elapsed())
}

/// Lets the keyring hang at this call while a login of this host is kept.
fn hang_at(call: &'static str, host: &str) {
    let Some((home, _session, service)) = kept() else { return };
    let before = service.calls(call);
    service.set(Manner::Hangs(call));
    std::thread::scope(|scope| {
        let write = scope.spawn(|| timed(|| login(&home, host, "tok_new")));
        wait_until("the keyring hangs", || service.calls(call) > before);
        let (read, took) = timed(|| home.get("https", "a.example"));
        // Of two items the later counts: while the old one is being removed the new one is there.
        let known = |said: &str| said.contains("tok_a\n") || call == "Delete" && said.contains("tok_new\n");
        assert!(known(&read.ok().out), "{call}");
        assert!(took < AT_ONCE, "{call}: another client waited {took:?}");
        assert!(!write.is_finished(), "{call}: another client waited {took:?}");
        let (written, took) = write.join().unwrap();
        written.fails(1).says("it does not answer").says("hint: ").without("tok_new");
        assert!(took < IN_TIME, "{call}: it took {took:?}");
    });
    let found = token(&home, "a").ok().out;
    assert!(found == "tok_a\n" || call == "Delete" && found == "tok_new\n", "{call}: {found}");
    service.set(Manner::Honest);
    login(&home, host, "tok_new").ok().says("kept in the keyring");
    assert!(!home.credentials().exists(), "{call}: it fell to the file");
}

#[test]
fn a_keyring_that_hangs_at_any_call_is_an_error_in_time() {
    std::thread::scope(|scope| {
        for (call, host) in [
            ("ReadAlias", "b"),
            ("Get Locked", "b"),
            ("SearchItems", "b"),
            ("CreateItem", "b"),
            ("GetSecret", "a"),
            ("Delete", "a"),
        ] {
            scope.spawn(move || hang_at(call, host));
        }
    });
}

#[test]
fn a_keyring_that_answers_each_call_too_slowly_is_an_error_in_time() {
    let Some((home, _session, service)) = kept() else { return };
    service.set(Manner::Slow(Duration::from_millis(1700)));
    let (written, took) = timed(|| login(&home, "b", "tok_b"));
    written.fails(1).says("it does not answer");
    assert!(took < IN_TIME, "it took {took:?}");
}

#[test]
fn what_a_slow_keyring_was_asked_in_vain_is_not_written_later() {
    let Some((home, _session, service)) = kept() else { return };
    let (seen, made) = (service.calls("ReadAlias"), service.calls("CreateItem"));
    // Looking whether it is open, and for the account, is done in time; making the item would begin when nobody waits
    // any more.
    service.set(Manner::Slow(Duration::from_millis(1150)));
    login(&home, "b", "tok_b").fails(1);
    wait_until("it would make it now", || service.calls("ReadAlias") >= seen + 3);
    service.set(Manner::Honest);
    login(&home, "c", "tok_c").ok();
    assert_eq!(service.calls("CreateItem"), made + 1);
    token(&home, "b").fails(4);
}

#[test]
fn what_a_slow_keyring_makes_after_nobody_waits_for_it_is_taken_back() {
    let Some((home, _session, service)) = kept() else { return };
    for (host, other) in [("b", "c"), ("a", "a")] {
        let removed = service.calls("Delete");
        // It stands still in the middle of what it was asked, and does it when the login has failed.
        service.set(Manner::Late("CreateItem", Duration::from_secs(4)));
        login(&home, host, "tok_late").fails(1).says("it does not answer");
        service.set(Manner::Honest);
        wait_until("it made the item, and it is removed", || service.calls("Delete") > removed);
        login(&home, other, "tok_of_other").ok();
        assert_eq!(token(&home, other).ok().out, "tok_of_other\n");
    }
    token(&home, "b").fails(4);
    assert_eq!(service.items(), 2);
}

#[test]
fn what_cannot_be_read_back_because_the_keyring_hangs_is_taken_back() {
    let Some((home, _session, service)) = kept() else { return };
    let (made, removed) = (service.calls("CreateItem"), service.calls("Delete"));
    service.set(Manner::Hangs("GetSecret"));
    login(&home, "b", "tok_late").fails(1).says("it does not answer");
    assert_eq!(service.calls("CreateItem"), made + 1);
    wait_until("it is removed", || service.calls("Delete") > removed);
    service.set(Manner::Honest);
    token(&home, "b").fails(4);
    assert_eq!(service.items(), 1);
}

#[test]
fn a_keyring_that_hangs_makes_each_further_question_wait_a_moment() {
    let Some((home, _session, service)) = kept() else { return };
    for from_the_start in [false, true] {
        if from_the_start {
            restart(&home);
        }
        service.set(Manner::Hangs("SearchItems"));
        login(&home, "b", "tok_b").fails(1).says("it does not answer");
        for _ in 0..2 {
            let (written, took) = timed(|| login(&home, "b", "tok_b"));
            written.fails(1).says("it does not answer").says("hint: ");
            assert!(took < IN_TIME / 2, "it took {took:?}");
        }
        service.set(Manner::Honest);
        login(&home, "b", "tok_b").ok().says("kept in the keyring");
        assert_eq!(token(&home, "a").ok().out, "tok_a\n");
    }
}

#[test]
fn a_keyring_that_nobody_chose_and_hangs_gives_way_to_the_file() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::without_keyring(&mut home) else { return };
    SecretService::start(&session).set(Manner::Hangs("OpenSession"));
    let (written, took) = timed(|| login(&home, "a", "tok_a"));
    written.ok().says("The keyring is not used: it does not answer").says("kept in the sealed file");
    assert!(took < IN_TIME, "it took {took:?}");
}

#[test]
fn a_keyring_that_fails_while_it_is_read_is_an_error_and_not_an_empty_one() {
    for call in ["SearchItems", "Get Attributes", "GetSecret"] {
        for manner in [Manner::Refuses(call), Manner::Hangs(call)] {
            let Some((home, _session, service)) = kept() else { return };
            restart(&home);
            service.set(manner);
            token(&home, "a").fails(1).says("the keyring cannot be used");
            service.set(Manner::Honest);
            assert_eq!(token(&home, "a").ok().out, "tok_a\n");
        }
    }
}

#[test]
fn a_token_that_reads_back_differently_is_refused_and_the_old_one_stays() {
    let Some((home, _session, service)) = kept() else { return };
    for host in ["a", "b"] {
        service.set(Manner::Spoils);
        login(&home, host, "tok_new").fails(1).says("hint: ");
        for _ in 0..2 {
            assert_eq!(token(&home, "a").ok().out, "tok_a\n");
            token(&home, "b").fails(4);
            restart(&home);
        }
        assert_eq!(service.items(), 1, "what was spoiled stays behind");
    }
}

#[test]
fn what_a_search_finds_of_other_applications_is_left_alone() {
    let Some((home, _session, service)) = kept() else { return };
    service.give_away();
    restart(&home);
    service.set(Manner::FindsAll);
    token(&home, "a").fails(4);
    home.loom(&["logout", "--server", "https://a.example"]);
    login(&home, "a", "tok_new").ok();
    assert_eq!(token(&home, "a").ok().out, "tok_new\n");
    home.loom(&["logout", "--server", "https://a.example"]).ok();
    assert_eq!((service.calls("Delete"), service.items()), (1, 1), "another application's item was changed");
}

#[test]
fn a_prompt_that_is_dismissed_or_never_ends_is_an_error_in_time() {
    std::thread::scope(|scope| {
        [true, false].into_iter().for_each(|dismissed| drop(scope.spawn(move || prompt(dismissed))))
    });
}

/// Lets the keyring ask a person before it keeps a login.
fn prompt(dismissed: bool) {
    let Some((home, _session, service)) = kept() else { return };
    service.set(Manner::Prompts { dismissed });
    let (written, took) = timed(|| login(&home, "b", "tok_b"));
    written.fails(1).says(if dismissed { "the keyring is locked" } else { "it does not answer" }).says("hint: ");
    assert!(took < IN_TIME, "dismissed {dismissed}: it took {took:?}");
    assert!(service.calls("Prompt") == 1, "dismissed {dismissed}: it took {took:?}");
    assert_eq!(token(&home, "a").ok().out, "tok_a\n");
    token(&home, "b").fails(4);
    service.set(Manner::Honest);
    login(&home, "b", "tok_b").ok().says("kept in the keyring");
}
