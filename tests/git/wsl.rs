//! `loom setup git --windows` in WSL, which is a system here whose kernel has the name of WSL's: git asks the loom of
//! Windows.

use std::os::unix::fs::PermissionsExt;

use crate::support::{Home, find_program, run, skip};

/// Runs what follows with this text as the kernel's name.
const WITHIN: &str = "mount --bind \"$1\" /proc/sys/kernel/osrelease && shift && exec \"$@\"";

#[test]
fn git_in_wsl_asks_the_loom_of_windows() {
    let Some(unshare) = find_program("unshare") else { return };
    let home = Home::new();
    let kernel = home.path().join("kernel");
    std::fs::write(&kernel, "5.15.153.1-microsoft-standard-WSL2\n").unwrap();
    let windows = home.path().join("mnt/c/Program Files/loom");
    std::fs::create_dir_all(&windows).unwrap();
    let program = windows.join("git-credential-loom.exe");
    std::fs::write(&program, "#!/bin/sh\ncat >/dev/null\necho username=ada\necho password=of-windows\n").unwrap();
    std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
    let system = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::env::split_paths(&system).chain([windows])).unwrap();
    let within = |program: &str, arguments: &[&str], stdin: &[u8]| {
        let mut command = home.command(&unshare);
        command.args(["-m", "sh", "-c", WITHIN, "sh"]).arg(&kernel).arg(program).args(arguments);
        run(command.env("PATH", &path), stdin)
    };
    if within("true", &[], b"").code != 0 {
        return skip("nobody may mount here");
    }
    let loom = env!("CARGO_BIN_EXE_loom");
    within(loom, &["setup", "git", "--windows"], b"").ok();
    let filled = within("git", &["credential", "fill"], b"protocol=https\nhost=git.example\n\n").ok();
    assert!(filled.out.contains("password=of-windows"), "{filled:?}");
    within(loom, &["setup", "git", "--remove"], b"").ok();
    assert_eq!(home.git_config(&["config", "--global", "--list"]).out, "");
}

#[test]
fn where_no_windows_is_around_its_helper_is_not_named() {
    let home = Home::new();
    home.loom(&["setup", "git", "--windows"]).fails(2).says("no WSL");
    assert_eq!(home.git_config(&["config", "--global", "--list"]).out, "");
}
