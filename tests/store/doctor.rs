//! A sealed file that a disk spoiled: found, reported, put aside, and restored as far as it is whole.

use crate::support::{Dialogue, Home, Rotating};

fn kept(home: &Home, users: &[&str]) {
    for user in users {
        home.store("https", "git.example", user, &format!("pw-of-{user}")).ok();
    }
    // What is in memory hides what is on the disk.
    home.loom(&["agent", "stop"]).ok();
}

/// Changes one byte of the sealed part of this user's record.
fn spoil(home: &Home, user: &str) {
    let text = std::fs::read_to_string(home.credentials()).unwrap();
    let label = text.find(&format!("\"user\":\"{user}\"")).unwrap();
    let sealed = label + text[label..].find("\"sealed\":").unwrap() + 40;
    let mut bytes = text.into_bytes();
    bytes[sealed] = if bytes[sealed] == b'A' { b'B' } else { b'A' };
    std::fs::write(home.credentials(), bytes).unwrap();
}

#[test]
fn a_spoiled_record_is_restored_from_the_copy_the_others_stay() {
    let home = Home::new();
    kept(&home, &["one", "two", "three"]);
    spoil(&home, "one");
    let spoiled = std::fs::read(home.credentials()).unwrap();
    let done = home.get("https", "git.example");
    assert!(done.out.is_empty(), "{done:?}");
    assert!(done.err.contains("damaged"), "{done:?}");
    assert!(done.err.contains("loom doctor"), "{done:?}");
    home.store("https", "git.example", "four", "pw");
    assert_eq!(std::fs::read(home.credentials()).unwrap(), spoiled, "nothing is written over it");
    let found = home.loom(&["doctor"]);
    assert_eq!(found.code, 1, "{found:?}");
    for user in ["one", "two", "three"] {
        assert!(found.out.contains(user), "{found:?}");
    }
    home.loom(&["doctor", "--restore"]).ok();
    home.loom(&["doctor"]).ok();
    for user in ["one", "two", "three"] {
        let got = home.helper("get", format!("protocol=https\nhost=git.example\nusername={user}\n\n")).ok();
        assert!(got.out.contains(&format!("pw-of-{user}")), "{got:?}");
    }
    let aside: Vec<_> = std::fs::read_dir(home.path().join("config/loom")).unwrap().flatten().collect();
    let aside =
        aside.iter().find(|entry| entry.file_name().to_string_lossy().contains(".damaged-")).expect("it is kept");
    assert_eq!(std::fs::read(aside.path()).unwrap(), spoiled);
    home.assert_nowhere_in_clear("pw-of-one");
}

#[test]
fn wherever_a_file_is_cut_what_is_before_the_cut_is_restored() {
    let home = Home::new();
    kept(&home, &["one", "two", "three"]);
    let whole = std::fs::read(home.credentials()).unwrap();
    std::fs::remove_file(home.path().join("config/loom/credentials.json.previous")).unwrap();
    let ends: Vec<usize> = (1..=3).map(|n| whole.len() * n / 4).collect();
    for end in ends {
        std::fs::write(home.credentials(), &whole[..end]).unwrap();
        let found: serde_json::Value = serde_json::from_str(&home.loom(&["doctor", "--json"]).out).unwrap();
        assert_eq!(found["file"]["state"], "damaged", "{found}");
        let count = found["file"]["accounts"].as_array().unwrap().len();
        let before = String::from_utf8_lossy(&whole[..end]).matches("\"sealed\":").count();
        assert!(count + 1 >= before, "{count} of {before} at {end}");
        home.loom(&["agent", "stop"]).ok();
    }
}

#[test]
fn the_copy_before_holds_nobody_who_logged_out() {
    let home = Home::new();
    for user in ["one", "two"] {
        home.loom_in(&["login", "--with-token", "--server", "api.example", "--account", user], "tok").ok();
    }
    home.loom(&["logout", "--server", "api.example", "--account", "one", "--local"]).ok();
    for file in ["credentials.json", "credentials.json.previous"] {
        let text = std::fs::read_to_string(home.path().join("config/loom").join(file)).unwrap();
        assert!(text.contains("\"two\""), "{file}: {text}");
        assert!(!text.contains("\"one\""), "{file}: {text}");
    }
    home.loom(&["doctor"]).ok();
}

/// The hint's last command, as a person would run it.
fn start_anew(home: &Home, said: &str) {
    let command =
        said.lines().find(|line| line.starts_with("hint: ")).and_then(|hint| hint.rsplit_once(": ")).unwrap().1;
    assert!(home.command("sh").args(["-c", command]).status().unwrap().success(), "{command}");
}

/// Removes these files of the home, or the directories.
fn remove(home: &Home, names: &[&str]) {
    for path in names.iter().map(|name| home.path().join(name)) {
        if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
    }
}

const FILE: &str = "config/loom/credentials.json";
const COPY: &str = "config/loom/credentials.json.previous";
const KEY: &str = "state/loom/store.key";

/// Asserts that everybody says it, and that nobody puts a new file in the place of the old one.
fn assert_said(home: &Home, what: &str) {
    let before = std::fs::read(home.credentials()).ok();
    let got = home.get("https", "git.example");
    assert_eq!(got.code, 1, "{got:?}");
    assert!(got.out.is_empty(), "{got:?}");
    assert!(got.err.contains(what), "{got:?}");
    assert!(got.err.contains("hint: "), "{got:?}");
    home.store("https", "new.example", "u", "pw").fails(1).says(what);
    home.loom_in(&["login", "--with-token", "--server", "https://new.example"], "tok").fails(1).says(what);
    home.loom(&["status"]).fails(1).says(what);
    home.loom(&["token", "--server", "https://git.example"]).fails(1).says(what);
    home.loom(&["store", "rekey"]).fails(1).says(what);
    assert_eq!(std::fs::read(home.credentials()).ok(), before, "nothing is written in its place");
}

#[test]
fn only_a_person_brings_back_the_copy_of_a_file_that_is_gone() {
    for gone in [&[FILE][..], &[FILE, "config/loom/config.toml"]] {
        let home = Home::new();
        home.configure("");
        kept(&home, &["one", "two", "three"]);
        remove(&home, gone);
        assert_said(&home, "credentials.json is missing");
        let found = home.loom(&["doctor"]);
        assert_eq!(found.code, 1, "{found:?}");
        assert!(found.out.contains("one"), "{found:?}");
        assert!(found.out.contains("--restore"), "{found:?}");
        assert!(!home.credentials().exists());
        home.loom(&["doctor", "--restore"]).ok();
        home.loom(&["doctor"]).ok();
        for user in ["one", "two"] {
            let got = home.helper("get", format!("protocol=https\nhost=git.example\nusername={user}\n\n")).ok();
            assert!(got.out.contains(&format!("pw-of-{user}")), "{got:?}");
        }
    }
}

#[test]
fn a_file_that_is_gone_without_a_copy_is_said_and_a_person_may_start_anew() {
    for gone in [&[FILE, COPY][..], &[FILE, KEY], &[FILE]] {
        let home = Home::new();
        // With one record there never was a copy.
        kept(&home, if gone.len() == 1 { &["one"] } else { &["one", "two"] });
        remove(&home, gone);
        assert_said(&home, "credentials.json is missing");
        home.loom(&["doctor", "--restore"]).fails(1).says("is missing");
        assert!(!home.credentials().exists());
        start_anew(&home, &home.loom(&["status"]).err);
        home.store("https", "new.example", "u", "pw").ok();
        home.loom(&["doctor"]).ok();
        assert!(home.get("https", "new.example").ok().out.contains("password=pw\n"));
    }
}

#[test]
fn a_file_of_nothing_is_damaged_and_no_empty_file_of_an_older_loom() {
    for nothing in ["", "{}", "{}\n", "null"] {
        let home = Home::new();
        kept(&home, &["one", "two"]);
        std::fs::write(home.credentials(), nothing).unwrap();
        assert_said(&home, "credentials.json is damaged");
        home.loom(&["doctor", "--restore"]).ok();
        assert!(home.get("https", "git.example").ok().out.contains("pw-of-one"));
    }
    let new = Home::new();
    new.configure("");
    std::fs::write(new.credentials(), "{}").unwrap();
    std::fs::set_permissions(new.credentials(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    assert_eq!(new.get("https", "git.example").ok().out, "", "an older Loom in which nobody was logged in");
    kept(&new, &["one"]);
    assert!(new.get("https", "git.example").ok().out.contains("pw-of-one"));
}

/// What is removed under an agent, and whether a new agent still knows that there was something.
const REMOVED: [(&[&str], bool); 6] = [
    (&[FILE], true),
    (&[KEY], true),
    (&[FILE, KEY], true),
    (&[FILE, COPY, KEY], false),
    (&["config/loom", "state/loom"], false),
    (&["config/loom"], true),
];

#[test]
fn files_that_are_removed_under_an_agent_are_not_begun_anew_by_it() {
    for (gone, is_known) in REMOVED {
        let home = Home::new();
        kept(&home, &["one", "two"]);
        assert!(home.get("https", "git.example").ok().out.contains("pw-of-one"));
        remove(&home, gone);
        home.store("https", "new.example", "u", "pw").fails(1).says("hint: ");
        home.loom(&["logout", "--server", "https://git.example", "--account", "one"]).fails(1).says("hint: ");
        home.loom(&["store", "rekey"]).fails(1).says("hint: ");
        assert!(!gone.contains(&FILE) || !home.credentials().exists(), "{gone:?}");
        assert!(!gone.contains(&KEY) || !home.key().exists(), "{gone:?}");
        if is_known {
            home.loom(&["agent", "restart"]).ok();
            home.store("https", "new.example", "u", "pw").fails(1).says("hint: ");
        }
    }
}

#[test]
fn a_file_that_is_gone_is_brought_back_with_its_passphrase() {
    for (gone, _) in REMOVED.iter().filter(|(gone, _)| *gone != [KEY]) {
        for passphrase in [None, Some("correct horse")] {
            let home = Home::new();
            kept(&home, &["one", "two"]);
            if let Some(passphrase) = passphrase {
                home.loom_in(&["store", "rekey", "--passphrase"], passphrase).ok();
            }
            home.store("https", "git.example", "three", "pw-of-three").ok();
            remove(&home, gone);
            home.loom(&["status"]).fails(1).says("is missing").says("loom doctor --restore");
            let found = home.loom(&["doctor"]);
            assert_eq!(found.code, 1, "{found:?}");
            assert!(found.out.contains("three"), "{found:?}");
            // What the audit log had does not come back.
            let left = i32::from(gone.contains(&"state/loom"));
            assert!(home.loom(&["doctor", "--restore"]).code <= left, "{gone:?}");
            home.loom(&["agent", "restart"]).ok();
            if let Some(passphrase) = passphrase {
                home.loom(&["status"]).fails(1).says("is locked");
                home.loom_in(&["unlock"], passphrase).ok();
            }
            for user in ["one", "two", "three"] {
                let got = home.helper("get", format!("protocol=https\nhost=git.example\nusername={user}\n\n")).ok();
                assert!(got.out.contains(&format!("pw-of-{user}")), "{gone:?}: {got:?}");
            }
            home.store("https", "next.example", "u", "pw").ok();
            assert!(home.loom(&["doctor"]).code <= left, "{gone:?}");
        }
    }
}

#[test]
fn each_damaged_file_that_is_put_aside_has_a_name_of_its_own() {
    let home = Home::new();
    kept(&home, &["one", "two"]);
    let whole = std::fs::read(home.credentials()).unwrap();
    for _ in 0..4 {
        std::fs::write(home.credentials(), &whole[..whole.len() / 2]).unwrap();
        home.loom(&["doctor", "--restore"]).ok();
    }
    let names = std::fs::read_dir(home.path().join("config/loom")).unwrap().flatten();
    let aside = names.filter(|entry| entry.file_name().to_string_lossy().contains(".damaged-")).count();
    assert_eq!(aside, 4);
}

#[test]
fn registrations_that_were_damaged_are_kept_beside_the_new_ones() {
    let (home, server) = (Home::new(), Rotating::start());
    let file = home.path().join("state/loom/clients.json");
    let log_in = || Dialogue::start(&home, &["--server", server.url(), "--flow", "device"]).end();
    assert_eq!(log_in().code, 0);
    let whole = std::fs::read_to_string(&file).unwrap();
    home.loom(&["logout", "--all"]).ok();
    std::fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(log_in().code, 0);
    let ids =
        |text: &str| text.lines().filter(|line| line.contains("client_id")).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(ids(&std::fs::read_to_string(&file).unwrap()), ids(&whole));
    let names = std::fs::read_dir(file.parent().unwrap()).unwrap().flatten().map(|entry| entry.path());
    let kept: Vec<_> = names.filter(|path| path.to_string_lossy().contains("clients.json.damaged-")).collect();
    assert_eq!(kept.len(), 1, "{kept:?}");
    assert_eq!(std::fs::read_to_string(&kept[0]).unwrap(), whole[..whole.len() / 2]);
}

#[test]
fn damaged_files_of_tokens_and_sockets_are_said_and_left_as_they_are() {
    let home = Home::new();
    home.loom(&["token", "generate", "t", "--scopes", "read"]).ok();
    home.loom(&["agent", "socket", "add", home.path().join("sock/a.sock").to_str().unwrap(), "--token", "t"]).ok();
    home.loom(&["agent", "stop"]).ok();
    for (name, commands) in [
        ("tokens.json", [&["token", "list"][..], &["token", "generate", "u", "--scopes", "read"]]),
        (
            "sockets.json",
            [&["agent", "socket", "list"][..], &["agent", "socket", "add", "/nowhere/x.sock", "--token", "t"]],
        ),
    ] {
        let file = home.path().join("state/loom").join(name);
        let whole = std::fs::read(&file).unwrap();
        for damaged in [&whole[..whole.len() / 2], b"", b"null"] {
            std::fs::write(&file, damaged).unwrap();
            for command in commands {
                home.loom(command).fails(1).says(name).says("hint: ");
            }
            assert_eq!(std::fs::read(&file).unwrap(), damaged, "{name}");
        }
        std::fs::write(&file, whole).unwrap();
        home.loom(commands[0]).ok();
    }
}
