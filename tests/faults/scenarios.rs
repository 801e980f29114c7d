//! The operations that faults are tried on.

use crate::faults::bench::{Scenario, Seen, private_dir};
use crate::support::{Dialogue, Home, Output, Rotating};

pub const NEW: Scenario = Scenario {
    name: "storing a new password",
    prepare: |home, _| keep_others(home),
    warm: others_are_whole,
    operate: |home, _| home.store("https", "new.example", "u", "pw_new"),
    check: |home, _, seen| {
        old_or_new(home, "new.example", None, Some("pw_new"), seen);
        others_are_whole(home);
    },
};

pub const REPLACE: Scenario = Scenario {
    name: "replacing a password",
    prepare: |home, _| keep_others_and_old(home),
    warm: others_are_whole,
    operate: |home, _| home.store("https", "old.example", "u", "pw_new"),
    check: |home, _, seen| {
        old_or_new(home, "old.example", Some("pw_old"), Some("pw_new"), seen);
        others_are_whole(home);
    },
};

pub const ERASE: Scenario = Scenario {
    name: "erasing a password",
    prepare: |home, _| keep_others_and_old(home),
    warm: others_are_whole,
    operate: |home, _| home.helper("erase", "protocol=https\nhost=old.example\nusername=u\n\n"),
    check: |home, _, seen| {
        old_or_new(home, "old.example", Some("pw_old"), None, seen);
        others_are_whole(home);
    },
};

pub const FIRST: Scenario = Scenario {
    name: "storing the first password of all",
    prepare: |_, _| {},
    warm: |home| assert_eq!(home.get("https", "new.example").ok().out, ""),
    operate: |home, _| home.store("https", "new.example", "u", "pw_new"),
    check: |home, _, seen| old_or_new(home, "new.example", None, Some("pw_new"), seen),
};

/// Most of the file is what others took the place of.
pub const ANEW: Scenario = Scenario {
    name: "storing a password as the file is written anew",
    prepare: |home, _| {
        keep_others(home);
        let long = "x".repeat(15_000);
        (0..7).for_each(|n| drop(home.store("https", "long.example", "u", &format!("{n}{long}")).ok()));
    },
    ..NEW
};

pub const LOGIN: Scenario = Scenario {
    name: "logging in by device",
    prepare: |home, _| keep_others(home),
    warm: others_are_whole,
    operate: |home, server| device_login(home, server, &["--client-id", "c"]),
    check: logged_in_or_not,
};

pub const REGISTERED_LOGIN: Scenario = Scenario {
    name: "registering and logging in by device",
    operate: |home, server| device_login(home, server, &[]),
    ..LOGIN
};

pub const REFRESH: Scenario = Scenario {
    name: "renewing a token",
    prepare: log_in,
    warm: others_are_whole,
    operate: |home, server| token(home, server, FRESH),
    check: |home, server, seen| {
        let rotated = server.renewals() == Some(1);
        let done = token(home, server, FRESH);
        match (done.code, rotated && !seen.acknowledged && !seen.changed) {
            // The server has used up what is on the disk, and its answer got lost with the agent.
            (4, true) => assert!(done.err.contains("log"), "{done:?}"),
            _ => assert_eq!(done.ok().out, format!("at_{}\n", server.renewals().unwrap()), "{seen:?}"),
        }
        others_are_whole(home);
    },
};

pub const LOGOUT: Scenario = Scenario {
    name: "logging out",
    prepare: log_in,
    warm: others_are_whole,
    operate: |home, server| home.loom(&["logout", "--server", server.url()]),
    check: |home, server, seen| {
        let done = token(home, server, &[]);
        match (done.code, seen.acknowledged || seen.changed) {
            (0, false) => assert_eq!(done.out, "at_0\n"),
            _ => drop(done.fails(4)),
        }
        others_are_whole(home);
    },
};

pub const TAKE_OVER: Scenario = Scenario {
    name: "taking over an older Loom's file",
    prepare: |home, _| {
        let old = r#"{"https___10_1_2_3_8443":{"type":"api","key":"lt_one"},
            "https___10_1_2_4":{"type":"api","key":"lt_two"},"https___git_lab_example":{"type":"api","key":"lt_lab"}}"#;
        private_dir(home.credentials().parent().unwrap());
        std::fs::write(home.credentials(), old).unwrap();
        std::fs::set_permissions(home.credentials(), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    },
    warm: |_| {},
    operate: |home, _| home.get("https", "10.1.2.3:8443"),
    check: |home, _, _| {
        for (host, key) in [("10.1.2.3:8443", "lt_one"), ("10.1.2.4", "lt_two")] {
            assert!(home.get("https", host).ok().out.contains(&format!("password={key}\n")), "{host}");
        }
        assert_eq!(home.loom(&["token", "--server", "https://git-lab.example"]).ok().out, "lt_lab\n");
    },
};

pub const REKEY: Scenario = Scenario {
    name: "giving the file a new key",
    prepare: |home, server| {
        (TAKE_OVER.prepare)(home, server);
        log_in(home, server);
    },
    warm: others_are_whole,
    operate: |home, _| home.loom(&["store", "rekey"]),
    check: |home, server, seen| {
        others_are_whole(home);
        assert_eq!(token(home, server, &[]).ok().out, "at_0\n");
        home.loom(&["doctor"]).ok();
        (TAKE_OVER.check)(home, server, seen);
    },
};

/// More than the token at hand can give, so that it is renewed.
const FRESH: &[&str] = &["--min-validity", "2h"];

const OTHERS: [(&str, &str); 2] = [("one.example", "pw_one"), ("two.example", "pw_two")];

fn keep_others(home: &Home) {
    OTHERS.iter().for_each(|(host, password)| drop(home.store("https", host, "u", password).ok()));
}

fn keep_others_and_old(home: &Home) {
    home.store("https", "old.example", "u", "pw_old").ok();
    keep_others(home);
}

fn log_in(home: &Home, server: &Rotating) {
    keep_others(home);
    (LOGIN.operate)(home, server).ok();
}

pub fn others_are_whole(home: &Home) {
    for (host, kept) in OTHERS {
        assert_eq!(password(home, host).as_deref(), Some(kept), "{host}");
    }
}

fn old_or_new(home: &Home, host: &str, old: Option<&str>, new: Option<&str>, seen: Seen) {
    let found = password(home, host);
    let expected = if seen.acknowledged || seen.changed { new } else { old };
    assert_eq!(found.as_deref(), expected, "{seen:?}");
}

pub fn password(home: &Home, host: &str) -> Option<String> {
    let said = home.get("https", host).ok().out;
    said.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned)
}

fn device_login(home: &Home, server: &Rotating, more: &[&str]) -> Output {
    Dialogue::start(home, &[&["--server", server.url(), "--flow", "device"], more].concat()).end()
}

fn logged_in_or_not(home: &Home, server: &Rotating, seen: Seen) {
    let done = token(home, server, &[]);
    match (done.code, seen.acknowledged || seen.changed) {
        (4, false) => {}
        _ => assert_eq!(done.ok().out, "at_0\n", "{seen:?}"),
    }
    others_are_whole(home);
}

fn token(home: &Home, server: &Rotating, more: &[&str]) -> Output {
    home.loom(&[&["token", "--server", server.url()], more].concat())
}
