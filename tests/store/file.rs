use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Home, find_program, loom_server, unique, wait_until};

/// A home with one login kept in the file and no agent running.
fn kept() -> Home {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_kept_in_file").ok();
    home.loom(&["agent", "stop"]).ok();
    home
}

fn token(home: &Home) -> crate::support::Output {
    home.loom(&["token", "--server", "https://a.example"])
}

fn login(home: &Home) -> crate::support::Output {
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_other")
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().mode() & 0o777
}

#[test]
fn everything_is_for_the_owner_only_whatever_the_umask() {
    let home = Home::new();
    let script = "umask 000; printf tok_umask | loom login --with-token --server https://a.example";
    crate::support::run(home.command("sh").args(["-c", script]), b"").ok();
    for dir in ["config/loom", "state/loom", "run/loom"] {
        assert_eq!(mode(&home.path().join(dir)), 0o700, "{dir}");
    }
    for file in [home.credentials(), home.key(), home.socket(), home.path().join("config/loom/config.toml")] {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    home.assert_nowhere_in_clear("tok_umask");
}

#[test]
fn a_damaged_file_is_reported_and_left_as_it_is() {
    let home = kept();
    let whole = std::fs::read(home.credentials()).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [&whole[..whole.len() / 2], &whole[..0], &flipped[..], b"{}x"] {
        std::fs::write(home.credentials(), damaged).unwrap();
        token(&home).fails(1).says("damaged").says("hint: ");
        login(&home).fails(1);
        home.loom(&["status"]).fails(1);
        assert_eq!(std::fs::read(home.credentials()).unwrap(), damaged, "it was overwritten");
        home.loom(&["agent", "stop"]).ok();
    }
    std::fs::write(home.credentials(), &whole).unwrap();
    assert_eq!(token(&home).ok().out, "tok_kept_in_file\n");
}

#[test]
fn another_key_or_none_is_reported_and_no_new_key_is_made() {
    let home = kept();
    let key = std::fs::read(home.key()).unwrap();
    std::fs::remove_file(home.key()).unwrap();
    token(&home).fails(1).says("another key");
    login(&home).fails(1);
    assert!(!home.key().exists());
    let other = kept();
    std::fs::copy(other.key(), home.key()).unwrap();
    token(&home).fails(1).says("another key");
    std::fs::write(home.key(), key).unwrap();
    assert_eq!(token(&home).ok().out, "tok_kept_in_file\n", "the agent tries again by itself");
}

#[test]
fn a_file_of_a_newer_version_is_refused_untouched() {
    let home = kept();
    let newer = std::fs::read_to_string(home.credentials()).unwrap().replace("\"version\":2", "\"version\":3");
    std::fs::write(home.credentials(), &newer).unwrap();
    token(&home).fails(1).says("newer version");
    login(&home).fails(1);
    assert_eq!(std::fs::read_to_string(home.credentials()).unwrap(), newer);
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_command_that_mends_it() {
    let home = kept();
    for path in [home.credentials(), home.key()] {
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o644)).unwrap();
        token(&home).fails(1).says("open to other users").says(&format!("hint: chmod go= {}", path.display()));
        let mended = home.command("sh").args(["-c", &format!("chmod go= {}", path.display())]).status().unwrap();
        assert!(mended.success());
        token(&home).ok();
        home.loom(&["agent", "stop"]).ok();
    }
}

#[test]
fn links_and_fifos_in_place_of_a_file_are_refused() {
    for name in
        ["config/loom/credentials.json", "state/loom/store.key", "state/loom/store.lock", "run/loom/agent.sock.lock"]
    {
        let home = kept();
        let path = home.path().join(name);
        let target = home.path().join(format!("target-{}", unique()));
        std::fs::write(&target, "untouched").unwrap();
        let _ = std::fs::remove_file(&path);
        symlink(&target, &path).unwrap();
        login(&home).fails(1);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched", "{name}");
        std::fs::remove_file(&path).unwrap();
        std::fs::hard_link(&target, &path).unwrap();
        login(&home).fails(1);
        assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched", "{name}");
        std::fs::remove_file(&path).unwrap();
        assert!(home.command("mkfifo").arg(&path).status().unwrap().success());
        login(&home).fails(1);
    }
}

#[test]
fn a_directory_that_cannot_be_written_reads_on_and_says_so() {
    let home = kept();
    let dir = home.path().join("config/loom");
    let Some(setpriv) = find_program("setpriv") else { return };
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o500)).unwrap();
    // Root ignores modes, so the agent runs without that privilege.
    let _agent = home.agent_through(&setpriv, &["--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]);
    assert_eq!(token(&home).ok().out, "tok_kept_in_file\n");
    login(&home).fails(1).says("config/loom");
    std::fs::set_permissions(&dir, PermissionsExt::from_mode(0o700)).unwrap();
    login(&home).ok();
}

#[test]
fn a_full_disk_keeps_what_was_there_and_the_next_write_works() {
    let home = kept();
    // No file may grow over 0 bytes: each write fails the way a full disk makes it fail.
    let script = "ulimit -f 0; trap '' XFSZ; exec \"$@\"";
    let agent = home.agent_through(Path::new("sh"), &["-c", script, "sh"]);
    login(&home).fails(1).says("hint: check the disk");
    assert_eq!(token(&home).ok().out, "tok_kept_in_file\n");
    drop(agent);
    let _ = std::fs::remove_file(home.socket());
    login(&home).ok();
    assert_eq!(token(&home).ok().out, "tok_kept_in_file\n");
}

#[test]
fn what_was_acknowledged_survives_kill_9() {
    let home = Home::new();
    for number in 0..20 {
        home.store("https", &format!("h{number}.example"), "u", &format!("pw{number}")).ok();
        let pid = rustix::process::Pid::from_raw(home.agent_pid()).unwrap();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        wait_until("the agent is gone", || !home.is_listening());
    }
    for number in 0..20 {
        assert!(home.get("https", &format!("h{number}.example")).ok().out.contains(&format!("password=pw{number}\n")));
    }
}

#[test]
fn many_writers_at_once_all_get_through() {
    let home = Home::new();
    home.loom(&["agent", "start"]).ok();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for number in 0..10 {
                    home.store("https", &format!("w{writer}-{number}.example"), "u", "pw").ok();
                }
            });
        }
    });
    home.loom(&["agent", "stop"]).ok();
    let status: serde_json::Value = serde_json::from_str(&home.loom(&["status", "--json"]).ok().out).unwrap();
    assert_eq!(status["accounts"].as_array().unwrap().len(), 40);
}

#[test]
fn memory_keeps_nothing_on_disk() {
    let home = Home::with(&[("LOOM_STORE", "memory")]);
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_memory").ok().says("in memory");
    token(&home).ok();
    assert!(!home.credentials().exists());
    home.loom(&["agent", "stop"]).ok();
    token(&home).fails(4);
}

#[test]
fn an_older_looms_clear_text_file_is_taken_over_and_sealed() {
    let home = Home::new();
    let server = loom_server(&home);
    let key = |url: &str| url.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect::<String>();
    let old = serde_json::json!({
        key(server.url()): {"type": "api", "key": "lt_old_local"},
        "https___git_lab_example": {"type": "api", "key": "lt_old_lab"},
        "https___10_1_2_3_8443": {"type": "oauth", "refresh": "rt_old", "access": "at_old", "expires": 4_102_444_800_000_i64},
    });
    home.configure("");
    std::fs::write(home.credentials(), old.to_string()).unwrap();
    std::fs::set_permissions(home.credentials(), PermissionsExt::from_mode(0o600)).unwrap();
    // One server only can be meant by these two, so git has them at once.
    let port = server.url().rsplit_once(':').unwrap().1;
    assert_eq!(home.get("http", &format!("127.0.0.1:{port}")).ok().out, "username=oauth2\npassword=lt_old_local\n");
    assert!(home.get("https", "10.1.2.3:8443").ok().out.contains("password=at_old\n"));
    for secret in ["lt_old_local", "lt_old_lab", "rt_old", "at_old"] {
        home.assert_nowhere_in_clear(secret);
    }
    home.loom(&["status"]).ok().says("https___git_lab_example");
    // Two hosts share this key; a person says which one it is, git cannot.
    assert_eq!(home.get("https", "git-lab.example").ok().out, "");
    assert_eq!(home.get("https", "git.lab.example").ok().out, "");
    assert_eq!(home.loom(&["token", "--server", "https://git-lab.example"]).ok().out, "lt_old_lab\n");
    home.loom(&["token", "--server", "https://git.lab.example"]).fails(4);
    home.loom(&["agent", "stop"]).ok();
    assert!(home.get("https", "git-lab.example").ok().out.contains("lt_old_lab"));
}
