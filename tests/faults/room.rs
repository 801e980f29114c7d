//! No room: a disk that is full, and a limit on the size of files.

use std::io::Write;
use std::path::{Path, PathBuf};

use crate::faults::bench::strays;
use crate::faults::scenarios::others_are_whole;
use crate::support::{Home, Running, find_program, say, skip, wait_until};

fn with_others() -> Home {
    let home = Home::with(&[("LOOM_STORE", "file"), ("LOOM_AUTOSTART", "0")]);
    let _agent = home.agent(&[]);
    for (host, password) in [("one.example", "pw_one"), ("two.example", "pw_two")] {
        home.store("https", host, "u", password).ok();
    }
    home
}

/// The agent with its settings on a small disk of their own, which only it sees and which ends with it.
fn on_small_disk(home: &Home) -> Option<(Running, PathBuf)> {
    find_program("unshare")?;
    let dir = home.path().join("config/loom");
    let kept = home.path().join("kept");
    std::fs::rename(&dir, &kept).unwrap();
    std::fs::create_dir(&dir).unwrap();
    let (dir, kept) = (dir.display(), kept.display());
    let script = format!("mount -t tmpfs -o size=64k,mode=700 none {dir} && cp -p {kept}/* {dir}/ && exec \"$@\"");
    let may = home.command("unshare").args(["-m", "sh", "-c", &script, "sh", "true"]).status().unwrap();
    if !may.success() {
        skip("only root mounts a small disk");
        return None;
    }
    let agent = home.agent_through(std::path::Path::new("unshare"), &["-m", "sh", "-c", &script, "sh"]);
    let seen_by_agent = PathBuf::from(format!("/proc/{}/root{dir}", agent.0.id()));
    Some((agent, seen_by_agent))
}

/// Fills a small disk to its last page. A page that was given back a moment ago may count only then.
fn fill(disk: &Path) {
    let mut filling = std::fs::File::create(disk.join("filling")).unwrap();
    wait_until("the disk is full", || {
        let full = loop {
            if let Err(error) = filling.write_all(&[0; 512]) {
                break error;
            }
        };
        assert_eq!(full.kind(), std::io::ErrorKind::StorageFull, "{full}");
        rustix::fs::statvfs(disk).unwrap().f_bavail == 0
    });
}

#[test]
fn a_full_disk_is_said_and_the_next_write_works_once_there_is_room() {
    let home = with_others();
    let Some((_agent, disk)) = on_small_disk(&home) else { return };
    home.store("https", "old.example", "u", "pw_old").ok();
    // What is added may find room in the last block that the file has; this much does not.
    let long = |begin: &str| format!("{begin}_{}", "x".repeat(9_000));
    for _ in 0..3 {
        fill(&disk);
        let before = std::fs::read(disk.join("credentials.json")).unwrap();
        let refused = home.store("https", "new.example", "u", &long("pw_new")).fails(1);
        refused.says("No space left").says("hint: check the disk");
        home.store("https", "old.example", "u", &long("pw_new")).fails(1);
        home.loom_in(&["login", "--with-token", "--server", "https://c.example"], &long("tok")).fails(1);
        assert_eq!(std::fs::read(disk.join("credentials.json")).unwrap(), before);
        assert!(home.get("https", "old.example").ok().out.contains("password=pw_old\n"));
        assert_eq!(home.get("https", "new.example").ok().out, "");
        others_are_whole(&home);
        std::fs::remove_file(disk.join("filling")).unwrap();
        let names = disk.read_dir().unwrap().flatten().map(|entry| entry.file_name());
        assert!(!names.into_iter().any(|name| name.to_string_lossy().ends_with(".tmp")), "it left half a file");
    }
    home.store("https", "new.example", "u", "pw_new").ok();
    assert!(home.get("https", "new.example").ok().out.contains("password=pw_new\n"));
    others_are_whole(&home);
    say(format_args!("full disk: 3 times, 9 writes refused, 0 entries lost, 0 next writes blocked"));
}

#[test]
fn a_logout_on_a_full_disk_takes_the_secret_away_or_says_that_it_did_not() {
    for has_copy in [true, false] {
        let home = with_others();
        let Some((_agent, disk)) = on_small_disk(&home) else { return };
        home.loom_in(&["login", "--with-token", "--server", "https://gone.example"], "tok_gone").ok();
        if !has_copy {
            std::fs::remove_file(disk.join("credentials.json.previous")).unwrap();
        }
        fill(&disk);
        let out = home.loom(&["logout", "--server", "https://gone.example", "--local"]);
        if has_copy {
            // The copy, which holds the secret too, makes room for what is left.
            out.ok();
        } else {
            out.fails(1).says("No space left").says("hint: check the disk");
            assert_eq!(home.loom(&["token", "--server", "https://gone.example"]).ok().out, "tok_gone\n");
            std::fs::remove_file(disk.join("filling")).unwrap();
            home.loom(&["logout", "--server", "https://gone.example", "--local"]).ok();
        }
        home.loom(&["token", "--server", "https://gone.example"]).fails(4);
        for name in ["credentials.json", "credentials.json.previous"] {
            let left = std::fs::read_to_string(disk.join(name)).unwrap_or_default();
            assert!(!left.contains("gone.example"), "{name}: {left}");
        }
        others_are_whole(&home);
        let _ = std::fs::remove_file(disk.join("filling"));
        home.store("https", "next.example", "u", "pw_next").ok();
        home.loom(&["doctor"]).ok();
    }
}

#[test]
fn a_limit_on_the_size_of_files_fails_a_write_and_does_not_end_the_agent() {
    let Some(prlimit) = find_program("prlimit") else { return };
    for limit in ["0", "100", "700"] {
        let home = with_others();
        let mut agent = home.agent_through(&prlimit, &[&format!("--fsize={limit}:"), "--"]);
        for _ in 0..2 {
            home.store("https", "new.example", "u", "pw_new").fails(1);
            assert!(agent.0.try_wait().unwrap().is_none(), "the signal of the limit ended the agent");
            assert_eq!(strays(&home), 0);
            others_are_whole(&home);
        }
        let raised = home.command(&prlimit).args(["--pid", &agent.0.id().to_string(), "--fsize=unlimited:"]).status();
        assert!(raised.unwrap().success());
        home.store("https", "new.example", "u", "pw_new").ok();
        others_are_whole(&home);
    }
    say(format_args!("limit on the size of files: 6 writes refused, 0 agents ended, 0 next writes blocked"));
}
