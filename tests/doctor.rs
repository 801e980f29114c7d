//! A sealed file that a disk spoiled: found, reported, put aside, and restored as far as it is whole.

use crate::support::Home;

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
fn a_spoiled_record_is_restored_from_the_copy_before_and_the_others_as_they_are() {
    let home = Home::new();
    kept(&home, &["one", "two", "three"]);
    spoil(&home, "one");
    let spoiled = std::fs::read(home.credentials()).unwrap();
    let done = home.get("https", "git.example");
    assert!(done.out.is_empty() && done.err.contains("damaged") && done.err.contains("loom doctor"), "{done:?}");
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
        assert!(text.contains("\"two\"") && !text.contains("\"one\""), "{file}: {text}");
    }
    home.loom(&["doctor"]).ok();
}
