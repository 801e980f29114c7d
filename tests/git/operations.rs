use base64::Engine;

use crate::support::{Home, LoomServer, gits, loom_server};

/// What the server was sent, with the user name and password of Basic in clear.
fn authorizations(server: &LoomServer) -> Vec<String> {
    let decode = |text: &str| match text.strip_prefix("Basic ") {
        Some(pair) => String::from_utf8(base64::engine::general_purpose::STANDARD.decode(pair).unwrap()).unwrap(),
        None => text.to_owned(),
    };
    server
        .script()
        .seen
        .iter()
        .filter(|(_, path, _)| path.starts_with("/git/"))
        .filter_map(|seen| seen.2.as_deref().map(decode))
        .collect()
}

#[test]
fn clone_and_push_work_and_each_server_sees_only_its_own_token() {
    for git in gits() {
        let home = Home::new();
        let (one, two) = (loom_server(&home), loom_server(&home));
        for (name, server) in [("one", &one), ("two", &two)] {
            home.loom(&["login", "--server", server.url()]).ok();
            let repository = format!("{}/git/team/app.git", server.url());
            home.git(&git, &["clone", "--quiet", &repository, name]).ok();
            home.git(&git, &["-C", name, "commit", "--quiet", "--allow-empty", "-m", "More"]).ok();
            home.git(&git, &["-C", name, "push", "--quiet", "origin", "HEAD:main"]).ok();
        }
        for (own, other) in [(&one, &two), (&two, &one)] {
            let own_token = format!("oauth2:{}", own.tokens().first().unwrap());
            let others = other.tokens().first().cloned().unwrap();
            let sent = authorizations(own);
            assert!(sent.contains(&own_token), "{sent:?}");
            assert!(!sent.iter().any(|sent| sent.contains(&others)), "{sent:?}");
        }
        let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
        assert_eq!(status["accounts"].as_array().unwrap().len(), 2, "what git approved is no second account: {status}");
    }
}

#[test]
fn a_third_port_of_the_same_host_gets_nothing() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    let port: u16 = server.url().rsplit_once(':').unwrap().1.parse().unwrap();
    for other in [port.wrapping_add(1), port.wrapping_sub(1), 80, 443] {
        assert_eq!(home.get("http", &format!("127.0.0.1:{other}")).ok().out, "");
    }
    for host in ["127.0.0.1", "localhost", "127.0.0.2"] {
        assert_eq!(home.get("http", host).ok().out, "");
    }
    assert_eq!(home.get("https", &format!("127.0.0.1:{port}")).ok().out, "");
}

#[test]
fn both_spellings_of_the_helper_answer_like_git_wants() {
    for git in gits() {
        let home = Home::new();
        home.store("https", "git.example", "alice", "pw").ok();
        let fill = "protocol=https\nhost=git.example\n\n";
        for helper in ["loom", "loom credential-helper", env!("CARGO_BIN_EXE_git-credential-loom")] {
            let mut command = home.command(&git);
            command.args(["-c", &format!("credential.helper={helper}"), "credential", "fill"]);
            let filled = crate::support::run(&mut command, fill.as_bytes()).ok();
            assert!(filled.out.contains("username=alice\npassword=pw\n"), "{helper}: {filled:?}");
        }
    }
}

#[test]
fn what_git_approves_is_kept_and_what_it_rejects_is_forgotten() {
    let home = Home::new();
    home.store("https", "git.example", "alice", "first").ok();
    home.loom(&["agent", "stop"]).ok();
    assert_eq!(home.get("https", "git.example").ok().out, "username=alice\npassword=first\n");
    home.store("https", "git.example", "alice", "second").ok();
    let erase = |password| format!("protocol=https\nhost=git.example\nusername=alice\npassword={password}\n\n");
    home.helper("erase", erase("first")).ok();
    assert!(
        home.get("https", "git.example").ok().out.contains("second"),
        "an old refusal does not touch a newer password"
    );
    home.helper("erase", erase("second")).ok();
    assert_eq!(home.get("https", "git.example").ok().out, "");
    assert_eq!(home.helper("erase", "protocol=https\nhost=git.example\n\n").ok().out, "");
}

#[test]
fn a_login_that_the_server_refuses_is_kept_but_not_served_again() {
    let home = Home::new();
    let server = loom_server(&home);
    home.loom(&["login", "--server", server.url()]).ok();
    server.tokens().clear();
    let repository = format!("{}/git/team/app.git", server.url());
    let git = &gits()[0];
    assert_ne!(home.git(git, &["ls-remote", &repository]).code, 0);
    assert_eq!(authorizations(&server).len(), 1);
    assert_ne!(home.git(git, &["ls-remote", &repository]).code, 0);
    assert_eq!(authorizations(&server).len(), 1, "a refused token is not offered again");
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    assert_eq!(status["accounts"][0]["state"], "refused");
    home.loom(&["token"]).fails(4).says("refused");
    home.loom(&["login", "--server", server.url()]).ok();
    home.git(git, &["ls-remote", &repository]).ok();
}

#[test]
fn several_users_of_one_host_are_told_apart() {
    let home = Home::new();
    home.store("https", "git.example", "bob", "of-bob").ok();
    home.store("https", "git.example", "alice", "of-alice").ok();
    let asked = |user| home.helper("get", format!("protocol=https\nhost=git.example\nusername={user}\n\n")).ok().out;
    assert!(asked("alice").contains("of-alice"));
    assert!(asked("bob").contains("of-bob"));
    assert_eq!(asked("carol"), "");
    assert!(home.get("https", "git.example").ok().out.contains("of-bob"), "the oldest is the default");
}

#[test]
fn a_path_is_a_prefix_of_whole_segments() {
    let home = Home::new();
    let input = |path: &str, rest: &str| format!("protocol=https\nhost=git.example\npath={path}\n{rest}\n");
    home.helper("store", input("org/repo", "username=u\npassword=narrow\n")).ok();
    let get = |path: &str| home.helper("get", input(path, ""));
    assert!(get("org/repo").ok().out.contains("narrow"));
    assert!(get("org/repo/x").ok().out.contains("narrow"));
    for other in ["org/repo-evil", "org", "other", "org%2frepo"] {
        assert_eq!(get(other).ok().out, "", "{other}");
    }
    for odd in ["org/../org/repo", "/org//repo", "org\\repo", "org/./repo", "org/repo%2f..%2fother"] {
        get(odd).fails(1);
    }
}

#[test]
fn an_expired_password_is_never_served_and_an_odd_expiry_is_none() {
    let home = Home::new();
    let store = |host: &str, expiry: &str| {
        let lines = format!("protocol=https\nhost={host}\nusername=u\npassword=p\npassword_expiry_utc={expiry}\n\n");
        home.helper("store", lines).ok();
        home.get("https", host).ok().out
    };
    assert_eq!(store("past.example", "1000000000"), "");
    assert!(store("future.example", "4102444800").contains("password_expiry_utc=4102444800\n"));
    for (number, odd) in ["0", "abc", "99999999999999999999999", "-5", ""].iter().enumerate() {
        assert_eq!(store(&format!("odd{number}.example"), odd), "username=u\npassword=p\n", "{odd}");
    }
}

#[test]
fn a_refresh_token_that_git_keeps_comes_back() {
    let home = Home::new();
    let lines = "protocol=https\nhost=git.example\nusername=u\npassword=p\noauth_refresh_token=rt\n\n";
    home.helper("store", lines).ok();
    assert_eq!(home.get("https", "git.example").ok().out, "username=u\npassword=p\noauth_refresh_token=rt\n");
}

#[test]
fn setup_git_writes_the_absolute_path_once_and_takes_it_out_again() {
    let home = Home::new();
    let path = env!("CARGO_BIN_EXE_git-credential-loom");
    let read = || home.git_config(&["config", "--global", "--get-all", "credential.helper"]).out;
    home.git_config(&["config", "--global", "credential.helper", "cache"]).ok();
    home.configure("[[account]]\nmatch = \"https://git.example/acme/*\"\nuser = \"work\"\n");
    for _ in 0..2 {
        let wrote = home.loom(&["setup", "git"]).ok().says("cache, loom").out;
        assert!(wrote.contains("credential.https://git.example.useHttpPath = true"), "{wrote}");
        assert!(wrote.contains(path), "{wrote}");
        assert_eq!(read(), format!("cache\n{path}\n"), "the other helper stays, ours is there once");
    }
    home.loom(&["setup", "git", "--remove"]).ok();
    assert_eq!(read(), "cache\n");
    home.loom(&["setup", "git", "--remove"]).ok();
    home.loom(&["setup", "git", "--server", "https://git.example"]).ok();
    let own = home.git_config(&["config", "--global", "--get", "credential.https://git.example.helper"]).ok().out;
    assert_eq!(own.trim(), path);
}

#[test]
fn setup_git_works_from_a_directory_with_spaces_and_quotes() {
    let home = Home::new();
    let dir = home.path().join("it's a place");
    std::fs::create_dir(&dir).unwrap();
    for program in ["loom", "git-credential-loom", "loom-agent"] {
        let from = std::path::Path::new(env!("CARGO_BIN_EXE_loom")).with_file_name(program);
        std::os::unix::fs::symlink(from, dir.join(program)).unwrap();
    }
    std::fs::remove_file(dir.join("loom")).unwrap();
    std::fs::copy(env!("CARGO_BIN_EXE_loom"), dir.join("loom")).unwrap();
    home.store("https", "git.example", "alice", "pw").ok();
    crate::support::run(home.command(dir.join("loom")).args(["setup", "git"]), b"").ok();
    for git in gits() {
        let mut fill = home.command(&git);
        let filled =
            crate::support::run(fill.args(["credential", "fill"]), b"protocol=https\nhost=git.example\n\n").ok();
        assert!(filled.out.contains("password=pw"), "{filled:?}");
    }
}

#[test]
fn an_unknown_operation_is_ignored_in_silence() {
    let home = Home::new();
    let done = home.helper("frobnicate", "protocol=https\nhost=git.example\n\n").ok();
    assert_eq!((done.out.as_str(), done.err.as_str()), ("", ""));
    assert_eq!(home.helper("capability", "").ok().out, "version 0\ncapability authtype\ncapability state\n");
    assert!(!home.socket().exists(), "no agent was started for nothing");
}
