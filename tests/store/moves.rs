//! Credentials on the move: from one place to another, and from one key to the next.

use crate::support::{Home, Session};

fn kept(home: &Home) {
    for server in ["a.example", "b.example"] {
        home.loom_in(&["login", "--with-token", "--server", server], &format!("tok_of_{server}")).ok();
    }
}

fn all_there(home: &Home, place: &str) {
    for server in ["a.example", "b.example"] {
        let token = home.loom(&["token", "--server", server]).ok().out;
        assert_eq!(token.trim(), format!("tok_of_{server}"));
    }
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    for account in status["accounts"].as_array().unwrap() {
        assert_eq!(account["stored_in"], place, "{status}");
    }
}

#[test]
fn everything_moves_to_the_keyring_and_back_and_nothing_stays_behind() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    home.configure("store = 'file'\n");
    kept(&home);
    all_there(&home, "file");
    home.loom(&["store", "migrate", "--to", "keyring"]).ok().says("2");
    all_there(&home, "keyring");
    assert!(!std::fs::read_to_string(home.credentials()).unwrap().contains("a.example"), "the file still has it");
    // The next agent goes on there.
    home.loom(&["agent", "restart"]).ok();
    all_there(&home, "keyring");
    home.loom(&["store", "migrate", "--to", "file"]).ok();
    all_there(&home, "file");
    let user = "https://a.example|oauth2";
    assert_eq!(session.secret_tool(&["lookup", "service", "loom", "username", user], ""), "");
    home.loom(&["agent", "restart"]).ok();
    all_there(&home, "file");
    assert!(home.loom(&["store", "status"]).ok().out.contains("file"));
}

#[test]
fn a_keyring_that_is_locked_or_absent_moves_nothing() {
    let mut home = Home::with(&[]);
    let Some(session) = Session::unlocked(&mut home) else { return };
    home.configure("store = 'file'\n");
    kept(&home);
    session.lock();
    home.loom(&["store", "migrate", "--to", "keyring"]).fails(1).says("locked");
    all_there(&home, "file");
    let home = Home::with(&[]);
    home.configure("store = 'file'\n");
    kept(&home);
    home.loom(&["store", "migrate", "--to", "keyring"]).fails(1).says("no session bus");
    all_there(&home, "file");
    let fixed = Home::new();
    fixed.loom(&["store", "migrate", "--to", "file"]).fails(1).says("LOOM_STORE");
}

#[test]
fn a_new_key_opens_the_file_and_the_old_one_does_not() {
    let home = Home::new();
    kept(&home);
    let (old_key, old_file) = (std::fs::read(home.key()).unwrap(), std::fs::read(home.credentials()).unwrap());
    home.loom(&["store", "rekey"]).ok();
    home.loom(&["agent", "stop"]).ok();
    all_there(&home, "file");
    let (new_key, new_file) = (std::fs::read(home.key()).unwrap(), std::fs::read(home.credentials()).unwrap());
    assert!(new_key != old_key);
    assert!(new_file != old_file);
    home.loom(&["agent", "stop"]).ok();
    // Cut short between file and key: the file has the new one, the old one is still in place.
    let waiting = home.key().with_file_name("store.key.new");
    std::fs::rename(home.key(), &waiting).unwrap();
    std::fs::write(home.key(), &old_key).unwrap();
    std::fs::set_permissions(home.key(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    all_there(&home, "file");
    assert!(!waiting.exists(), "it is finished");
    assert!(std::fs::read(home.key()).unwrap() == new_key, "it is finished");
    home.loom(&["agent", "stop"]).ok();
    // Cut short before the file changed: the new key is of no use, and in nobody's way.
    std::fs::write(&waiting, &old_key).unwrap();
    std::fs::set_permissions(&waiting, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    all_there(&home, "file");
    home.loom(&["store", "rekey"]).ok();
    all_there(&home, "file");
    home.loom(&["doctor"]).ok();
}
