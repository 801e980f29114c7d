//! Several accounts of one server: which is meant, and which is logged out, is never guessed.

use crate::support::{Home, at_terminal};

/// A home with these accounts at `https://git.example`, the oldest first.
fn home(accounts: &[&str]) -> Home {
    let home = Home::new();
    for account in accounts {
        let arguments = ["login", "git.example", "--account", account, "--with-token"];
        home.loom_in(&arguments, &format!("tok_{account}")).ok();
    }
    home
}

#[test]
fn switch_says_which_account_is_meant_and_writes_it_down() {
    let home = home(&["alice", "bob", "carol"]);
    home.configure("# mine\nlanguage = 'en' # yes\ndefault_server = 'https://git.example'\n");
    let token = |arguments: &[&str]| home.loom(&[&["token"], arguments].concat()).ok().out;
    assert_eq!(token(&[]), "tok_alice\n");
    home.loom(&["switch", "git.example", "bob"]).ok().says("bob");
    assert_eq!(token(&[]), "tok_bob\n");
    assert!(home.get("https", "git.example").ok().out.contains("password=tok_bob\n"));
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    let default: Vec<_> =
        status["accounts"].as_array().unwrap().iter().filter(|account| account["default"] == true).collect();
    assert_eq!((default.len(), &default[0]["account"]), (1, &"bob".into()));
    home.loom(&["switch", "carol"]).ok().says("https://git.example");
    assert_eq!(token(&["git.example"]), "tok_carol\n");
    assert_eq!(token(&["alice@git.example"]), "tok_alice\n");
    let text = std::fs::read_to_string(home.path().join("config/loom/config.toml")).unwrap();
    assert!(text.starts_with("# mine\nlanguage = 'en' # yes\n"), "{text}");
    assert!(text.ends_with("[default_accounts]\n\"https://git.example\" = \"carol\"\n"), "{text}");
    home.loom(&["logout", "git.example", "--account", "carol", "--local"]).ok();
    assert_eq!(token(&[]), "tok_alice\n", "the named one is not there, so it is the oldest");
}

#[test]
fn switch_of_two_takes_the_other_and_of_more_wants_a_name() {
    let two = home(&["alice", "bob"]);
    two.loom(&["switch"]).ok().says("bob");
    two.loom(&["switch", "https://git.example/team/app.git"]).ok().says("alice");
    let more = home(&["alice", "bob", "carol"]);
    more.loom(&["switch"]).fails(2).says("alice, bob, carol").says("hint: name one: loom switch https://git.example");
    more.loom(&["switch", "git.example", "carl"]).fails(4).says("no account carl").says("did you mean: carol");
    more.loom(&["switch", "other.example"]).fails(4).says("not logged in to https://other.example");
    let Some(said) = at_terminal(&more, &["switch"], "9\n3\n") else { return };
    assert!(said.out.contains("carol is meant at https://git.example"), "{said:?}");
    assert_eq!(more.loom(&["token", "git.example"]).ok().out, "tok_carol\n");
}

#[test]
fn a_logout_of_one_of_several_is_asked_about_or_named() {
    let home = home(&["alice", "bob", "carol"]);
    let hint = "hint: name one: loom logout https://git.example --account USER";
    home.loom(&["logout", "git.example"]).fails(2).says("alice, bob, carol").says(hint);
    assert_eq!(home.loom(&["token", "git.example"]).ok().out, "tok_alice\n");
    home.loom(&["logout", "git.example", "--account", "dave", "--local"]).fails(4).says("no account dave");
    home.loom(&["logout", "git.example", "--account", "alice", "--local"]).ok().says("(alice)");
    if let Some(said) = at_terminal(&home, &["logout", "git.example", "--local"], "2\n") {
        assert!(said.out.contains("(carol)"), "{said:?}");
        assert_eq!(home.loom(&["token", "git.example"]).ok().out, "tok_bob\n");
        home.loom_in(&["login", "git.example", "--account", "carol", "--with-token"], "tok").ok();
        let left = at_terminal(&home, &["logout", "git.example", "--local"], "\n").unwrap();
        assert_eq!(left.code, 130, "{left:?}");
    }
    home.loom_in(&["login", "other.example", "--with-token"], "tok").ok();
    let said = home.loom(&["logout", "git.example", "--all", "--local"]).ok();
    assert!(said.err.contains("(bob)") && said.err.contains("(carol)"), "{said:?}");
    home.loom(&["status", "other.example"]).ok();
    home.loom(&["logout", "--all", "--local"]).ok();
    home.loom(&["status"]).fails(4);
}

#[test]
fn beside_a_server_a_word_of_switch_is_the_account_there() {
    let home = Home::new();
    for (server, account) in [("a.example", "alice"), ("a.example", "bob"), ("b.example", "bob")] {
        let server = format!("https://{server}");
        home.loom_in(&["login", "--with-token", "--server", &server, "--account", account], "tok").ok();
    }
    home.loom(&["switch", "--server", "https://b.example", "alice"]).fails(4).says("no account alice");
    home.loom(&["switch", "--server", "https://a.example", "bob"]).ok().says("https://a.example");
    home.loom(&["switch", "--server", "https://a.example", "b.example", "bob"]).fails(2);
    let settings = std::fs::read_to_string(home.path().join("config/loom/config.toml")).unwrap();
    assert!(settings.contains("bob") && !settings.contains("b.example"), "{settings}");
}
