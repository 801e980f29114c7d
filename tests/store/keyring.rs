use std::time::{Duration, Instant};

use crate::support::{Home, Session, loom_server};

fn status(home: &Home) -> serde_json::Value {
    serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap()
}

#[test]
fn an_unlocked_keyring_keeps_the_login_and_the_file_is_not_made() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok().says("kept in the keyring");
    let token = server.tokens().first().cloned().unwrap();
    assert_eq!(status(&home)["accounts"][0]["stored_in"], "keyring");
    assert!(!home.credentials().exists());
    assert!(!home.key().exists());
    let user = format!("{}|oauth2", server.url());
    assert!(session.secret_tool(&["lookup", "service", "loom", "username", &user], "").contains(&token));
    home.loom(&["agent", "stop"]).ok();
    assert_eq!(home.loom(&["token"]).ok().out.trim(), token, "it is read again by a new agent");
    home.loom(&["logout"]).ok();
    assert_eq!(session.secret_tool(&["lookup", "service", "loom", "username", &user], ""), "");
}

#[test]
fn a_locked_keyring_is_an_error_with_advice_and_never_the_file() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_locked").ok();
    home.loom(&["agent", "stop"]).ok();
    session.lock();
    let begun = Instant::now();
    home.loom(&["token", "--server", "https://a.example"]).fails(1).says("keyring is locked").says("hint: unlock it");
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_b")
        .fails(1)
        .says("keyring is locked");
    assert!(begun.elapsed() < Duration::from_secs(10), "it hung");
    assert!(!home.credentials().exists(), "it fell to the file in silence");
}

#[test]
fn without_a_keyring_the_file_is_used_and_said_once() {
    let mut home = Home::with(&[]);
    let Some(_session) = Session::without_keyring(&mut home) else { return };
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_file")
        .ok()
        .says("keyring is not used");
    let again = home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_file").ok();
    assert!(!again.err.contains("keyring is not used"), "{again:?}");
    assert_eq!(status(&home)["accounts"][0]["stored_in"], "file");
    assert!(home.credentials().exists());
}

#[test]
fn without_a_session_bus_the_file_is_used_and_said_once() {
    let home = Home::with(&[]);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_file").ok().says("no session bus");
    assert_eq!(status(&home)["accounts"][0]["stored_in"], "file");
}

#[test]
fn a_keyring_that_was_asked_for_and_is_not_there_is_an_error() {
    let home = Home::with(&[("LOOM_STORE", "keyring")]);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok").fails(1).says("cannot be used");
    assert!(!home.credentials().exists());
}

#[test]
fn what_went_to_the_file_is_still_there_when_the_keyring_returns() {
    let mut home = Home::with(&[]);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_early").ok();
    home.loom(&["agent", "stop"]).ok();
    let Some(_session) = Session::unlocked(&mut home) else { return };
    assert_eq!(home.loom(&["token", "--server", "https://a.example"]).ok().out.trim(), "tok_early");
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_late").ok().says("in the keyring");
    home.loom(&["agent", "stop"]).ok();
    assert_eq!(home.loom(&["token", "--server", "https://a.example"]).ok().out.trim(), "tok_late");
    let file = std::fs::read_to_string(home.credentials()).unwrap();
    assert!(!file.contains("a.example"), "the old secret stays behind in the file: {file}");
}

#[test]
fn of_several_items_of_one_account_the_latest_counts() {
    let mut home = Home::with(&[("LOOM_STORE", "keyring")]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    let user = "https://a.example|oauth2";
    let item = ["service", "loom", "username", user];
    let login = |token: &str| home.loom_in(&["login", "--with-token", "--server", "https://a.example"], token).ok();
    let kept = || {
        home.loom(&["agent", "stop"]).ok();
        home.loom(&["token", "--server", "https://a.example"])
    };
    let all = || session.secret_tool(&[&["search", "--all"], &item[..]].concat(), "").matches("label = ").count();
    login("tok_old");
    let old = session.secret_tool(&[&["lookup"], &item[..]].concat(), "");
    // As other tools copy it: beside the other, and into another collection.
    let copy = || {
        session.secret_tool(&[&["store", "--label=copy"], &item[..], &["copied", "yes"]].concat(), &old);
        session.secret_tool(&[&["store", "--label=copy", "--collection=session"], &item[..]].concat(), &old);
    };
    copy();
    login("tok_new");
    assert_eq!(all(), 1, "what is older stays behind");
    copy();
    assert_eq!(all(), 3);
    assert_eq!(kept().ok().out, "tok_new\n", "the latest counts, whichever is found first");
    home.store("https", "a.example", "oauth2", "tok_of_git").ok();
    home.loom(&["logout", "--server", "https://a.example"]).ok();
    assert_eq!(all(), 0);
    kept().fails(4);
}

#[test]
fn a_damaged_item_hides_no_other_and_a_login_puts_it_right() {
    let mut home = Home::with(&[("LOOM_STORE", "keyring")]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    let login = |host: &str, token: &str| {
        home.loom_in(&["login", "--with-token", "--server", &format!("https://{host}.example")], token).ok();
    };
    let token = |host: &str| home.loom(&["token", "--server", &format!("https://{host}.example")]);
    let item = ["service", "loom", "username", "https://b.example|oauth2"];
    let items = || session.secret_tool(&[&["search", "--all"], &item[..]].concat(), "").matches("label = ").count();
    let damage = || session.secret_tool(&[&["store", "--label=loom"], &item[..]].concat(), "{\"account\":");
    login("a", "tok_a");
    login("b", "tok_b");
    let is_said = || {
        assert_eq!(token("a").ok().out, "tok_a\n");
        home.loom(&["status"]).ok().says("oauth2 at https://b.example is damaged");
        assert_eq!(status(&home)["damaged"][0]["server"], "https://b.example");
        let doctor = home.loom(&["doctor"]);
        assert_eq!(doctor.code, 1, "{doctor:?}");
        assert!(doctor.out.contains("oauth2 at https://b.example is damaged"), "{doctor:?}");
        let told =
            home.get("https", "b.example").ok().says("is damaged").says("hint: loom login --server https://b.exa");
        assert_eq!(told.out, "");
        token("b").fails(4).says("is damaged").says("hint: ");
    };
    damage();
    // Noticed by the agent that runs, and found by the next.
    is_said();
    home.loom(&["agent", "stop"]).ok();
    is_said();
    login("b", "tok_new");
    assert_eq!((token("b").ok().out.as_str(), items()), ("tok_new\n", 1));
    home.loom(&["doctor"]).ok();
    damage();
    home.loom(&["logout", "--server", "https://b.example"]).ok();
    assert_eq!(items(), 0);
    let status = home.loom(&["status"]).ok();
    assert!(!status.err.contains("damaged"), "{status:?}");
    token("b").fails(4).says("not logged in");
}

#[test]
fn the_keyring_is_found_on_the_bus_of_whoever_asks() {
    for choice in ["auto", "keyring"] {
        let mut home = Home::with(&[("LOOM_STORE", choice)]);
        home.loom(&["agent", "start"]).ok();
        let login = |home: &Home, host: &str| {
            home.loom_in(&["login", "--with-token", "--server", &format!("https://{host}.example")], "tok_a")
        };
        match choice {
            "auto" => drop(login(&home, "a").ok().says("no session bus").says("sealed file")),
            _ => drop(login(&home, "a").fails(1).says("no session bus")),
        }
        let pid = home.agent_pid();
        let Some(_session) = Session::unlocked(&mut home) else { return };
        let found = login(&home, "b").ok().says("kept in the keyring");
        assert_eq!(found.err.contains("There is a keyring now"), choice == "auto", "{found:?}");
        let again = login(&home, "c").ok().says("kept in the keyring");
        assert!(!again.err.contains("There is a keyring now"), "{again:?}");
        // Who has no bus is served by the same agent as ever.
        home.set("DBUS_SESSION_BUS_ADDRESS", "");
        login(&home, "d").ok().says("kept in the keyring");
        if choice == "auto" {
            assert_eq!(home.loom(&["token", "--server", "https://a.example"]).ok().out, "tok_a\n", "it is out of view");
        }
        assert_eq!(home.agent_pid(), pid);
    }
}

#[test]
fn items_of_other_applications_are_never_picked_up() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    let other = ["store", "--label=other", "service", "loom", "username", "https://a.example|alice"];
    session.secret_tool(&other, "not a record of ours");
    session.secret_tool(&["store", "--label=other", "service", "loom", "username", "bob"], "password of another loom");
    home.loom(&["token", "--server", "https://a.example"]).fails(4);
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_b").ok();
    let kept = session.secret_tool(&["lookup", "service", "loom", "username", "bob"], "");
    assert_eq!(kept, "password of another loom");
}

#[test]
fn an_older_looms_entry_is_taken_over_when_a_person_names_its_server() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    let old = ["store", "--label=old", "service", "loom", "username", "https___git_lab_example"];
    session.secret_tool(&old, r#"{"type":"api","key":"lt_from_the_old_loom"}"#);
    // Git may have been sent to a host that only looks like it.
    assert_eq!(home.get("https", "git.lab.example").ok().out, "");
    assert_eq!(home.get("https", "git-lab.example").ok().out, "");
    assert_eq!(home.loom(&["token", "--server", "https://git-lab.example"]).ok().out.trim(), "lt_from_the_old_loom");
    assert!(home.get("https", "git-lab.example").ok().out.contains("lt_from_the_old_loom"));
    home.loom(&["token", "--server", "https://git.lab.example"]).fails(4);
    assert_eq!(session.secret_tool(&["lookup", "service", "loom", "username", "https___git_lab_example"], ""), "");
}

#[test]
fn the_longest_secret_is_kept_whole_and_a_longer_one_is_refused() {
    let mut home = Home::with(&[("LOOM_STORE", "keyring")]);
    let Some(_session) = Session::unlocked(&mut home) else { return };
    for (of, length) in [&["--server", "https://a.example"][..], &["--server", "https://b.example", "--account", "u"]]
        .into_iter()
        .zip([16 * 1024, 64 * 1024])
    {
        let longest: String = ('!'..='~').cycle().take(length).collect();
        let login = |secret: &str| home.loom_in(&[&["login", "--with-token"], of].concat(), secret);
        let kept = || home.loom(&[&["token"], of].concat()).ok().out;
        login(&format!("{longest}\r\n")).ok().says("kept in the keyring");
        login(&format!("{longest}!")).fails(1);
        home.loom(&["agent", "stop"]).ok();
        assert!(kept() == format!("{longest}\n"), "what is kept is another than what was given");
    }
}
