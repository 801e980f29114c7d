//! What git expects of any credential helper: the behaviour its own tests check (`t/lib-credential.sh`), asked through
//! `git credential` with loom as the only helper. Whoever is not answered by the helper is asked by the askpass
//! program.

use crate::support::{Home, gits, run};

struct Git {
    home: Home,
    program: std::path::PathBuf,
    config: Vec<&'static str>,
}

/// One for each git on this machine.
fn each(check: impl Fn(&Git)) {
    for program in gits() {
        let mut home = Home::new();
        let askpass = home.path().join("askpass");
        let script = "#!/bin/sh\ncase $1 in Username*) echo askpass-username;; *) echo askpass-password;; esac\n";
        std::fs::write(&askpass, script).unwrap();
        std::fs::set_permissions(&askpass, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        home.set("GIT_ASKPASS", askpass);
        check(&Git { home, program, config: Vec::new() });
    }
}

impl Git {
    fn credential(&self, operation: &str, lines: &str) -> String {
        let mut command = self.home.command(&self.program);
        command.args(["-c", "credential.helper=loom"]);
        command.args(self.config.iter().flat_map(|setting| ["-c", setting]));
        let done = run(command.args(["credential", operation]), lines.as_bytes()).ok();
        assert_eq!(done.err, "", "{operation} {lines}");
        done.out
    }

    fn approve(&self, lines: &str) {
        self.credential("approve", lines);
    }

    fn reject(&self, lines: &str) {
        self.credential("reject", lines);
    }

    /// Asserts what `fill` prints, in any order.
    #[track_caller]
    fn fills(&self, lines: &str, wanted: &str) {
        let sorted = |text: &str| {
            let mut lines: Vec<&str> = text.lines().collect();
            lines.sort_unstable();
            lines.join("\n")
        };
        let filled = self.credential("fill", lines);
        assert_eq!(
            sorted(&filled),
            sorted(&format!("{}{wanted}", without_capability(lines, &filled))),
            "{}",
            self.program.display()
        );
    }

    /// Asserts that the helper has nothing, so that the person is asked.
    #[track_caller]
    fn asks(&self, lines: &str) {
        let filled = self.credential("fill", lines);
        assert!(filled.contains("password=askpass-password\n"), "{filled}");
    }

    /// Git 2.46 and newer; those older than 2.41 drop expiries and refresh tokens.
    fn speaks_authtype(&self) -> bool {
        let mut command = self.home.command(&self.program);
        run(command.args(["credential", "capability"]), b"").out.contains("capability authtype")
    }
}

/// Git says a capability only where the answer uses it.
fn without_capability(lines: &str, filled: &str) -> String {
    lines
        .lines()
        .filter(|line| !line.starts_with("capability[]") || filled.contains(line))
        .map(|line| format!("{line}\n"))
        .collect()
}

const HOST: &str = "protocol=https\nhost=example.com\n";

#[test]
fn a_password_is_stored_and_found_by_protocol_host_and_user() {
    each(|git| {
        git.asks(HOST);
        git.approve(&format!("{HOST}username=store-user\npassword=store-pass\n"));
        git.fills(HOST, "username=store-user\npassword=store-pass\n");
        git.asks("protocol=http\nhost=example.com\n");
        git.asks("protocol=https\nhost=other.example\n");
        git.asks(&format!("{HOST}username=other\n"));
    });
}

#[test]
fn a_path_counts_where_git_is_told_to_name_it() {
    each(|git| {
        let git = Git { config: vec!["credential.useHttpPath=true"], home: Home::new(), program: git.program.clone() };
        let path = |path: &str| format!("protocol=https\nhost=path.example\npath={path}\n");
        git.approve(&format!("{}username=user\npassword=pass\n", path("foo.git")));
        git.fills(&path("foo.git"), "username=user\npassword=pass\n");
        assert_eq!(git.home.helper("get", path("bar.git") + "\n").ok().out, "");
        // Over http nothing is kept, and nothing is said about it.
        git.approve("protocol=http\nhost=path.example\npath=foo.git\nusername=user\npassword=pass\n");
        assert_eq!(git.home.helper("get", "protocol=http\nhost=path.example\npath=foo.git\n\n").ok().out, "");
    });
}

#[test]
fn a_host_is_forgotten_and_users_are_forgotten_one_by_one() {
    each(|git| {
        git.approve(&format!("{HOST}username=store-user\npassword=store-pass\n"));
        git.reject(HOST);
        git.asks(HOST);
        for number in ["1", "2"] {
            git.approve(&format!("{HOST}username=user{number}\npassword=pass{number}\n"));
        }
        git.fills(&format!("{HOST}username=user1\n"), "password=pass1\n");
        git.fills(&format!("{HOST}username=user2\n"), "password=pass2\n");
        git.reject(&format!("{HOST}username=user1\n"));
        git.asks(&format!("{HOST}username=user1\n"));
        git.fills(&format!("{HOST}username=user2\n"), "password=pass2\n");
    });
}

#[test]
fn a_new_password_replaces_the_old_and_only_the_named_one_is_erased() {
    each(|git| {
        git.approve(&format!("{HOST}username=user\npassword=first\n"));
        git.approve(&format!("{HOST}username=user\npassword=second\n"));
        git.fills(HOST, "username=user\npassword=second\n");
        git.reject(&format!("{HOST}username=user\npassword=first\n"));
        git.fills(HOST, "username=user\npassword=second\n");
        git.reject(&format!("{HOST}username=user\npassword=second\n"));
        git.asks(HOST);
        // The same password, typed in again and accepted, is served again.
        git.approve(&format!("{HOST}username=user\npassword=second\n"));
        git.fills(HOST, "username=user\npassword=second\n");
    });
}

#[test]
fn an_empty_user_name_and_password_are_stored() {
    each(|git| {
        let sso = "protocol=https\nhost=sso.example\n";
        git.approve(&format!("{sso}username=\npassword=\n"));
        git.fills(sso, "username=\npassword=\n");
    });
}

#[test]
fn an_expiry_comes_back_and_a_new_one_takes_its_place() {
    each(|git| {
        if !git.speaks_authtype() {
            return;
        }
        let with = |expiry: &str| format!("username=user\npassword=pass\npassword_expiry_utc={expiry}\n");
        git.approve(&(HOST.to_owned() + &with("9999999998")));
        git.fills(HOST, &with("9999999998"));
        git.approve(&(HOST.to_owned() + "username=user\npassword=pass2\npassword_expiry_utc=9999999999\n"));
        git.fills(HOST, "username=user\npassword=pass2\npassword_expiry_utc=9999999999\n");
    });
}

#[test]
fn an_oauth_refresh_token_comes_back() {
    each(|git| {
        if !git.speaks_authtype() {
            return;
        }
        let kept = "username=user\npassword=pass\noauth_refresh_token=xyzzy\n";
        git.approve(&(HOST.to_owned() + kept));
        git.fills(HOST, kept);
    });
}

#[test]
fn a_header_is_stored_and_given_only_to_a_git_that_understands_it() {
    each(|git| {
        if !git.speaks_authtype() {
            return;
        }
        let (ask, header) = (format!("capability[]=authtype\n{HOST}"), "authtype=Bearer\ncredential=random-token\n");
        git.approve(&(ask.clone() + header));
        git.fills(&ask, header);
        git.asks(HOST);
        git.approve(&format!("{ask}authtype=Bearer\ncredential=other-token\nusername=foobar\n"));
        git.fills(&format!("{ask}username=foobar\n"), "authtype=Bearer\ncredential=other-token\n");
        git.asks(&format!("{ask}username=barbaz\n"));
        let other = "capability[]=authtype\nprotocol=https\nhost=ephemeral.example\n";
        git.approve(&format!("{other}authtype=Bearer\ncredential=e\nephemeral=1\n"));
        git.asks(other);
        git.reject(&(ask.clone() + header));
        let left = git.home.helper("get", ask + "\n").ok().out;
        assert!(left.contains("other-token"), "{left}");
        assert!(!left.contains("random-token"), "{left}");
    });
}

#[test]
fn a_password_times_out_when_its_expiry_comes() {
    let home = Home::new();
    let soon = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() + 2;
    let lines = format!("{HOST}username=user\npassword=pass\npassword_expiry_utc={soon}\n\n");
    home.helper("store", lines).ok();
    assert!(home.get("https", "example.com").ok().out.contains("password=pass"));
    crate::support::wait_until("it is served no more", || home.get("https", "example.com").ok().out.is_empty());
}
