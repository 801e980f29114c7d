//! `loom agent start --at-login` where the user has systemd, which is a script here that notes what it is told: which
//! units are written, that nobody's are written over, and what taking it back leaves.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::support::Home;

/// A home in which `systemctl` ends with this code.
fn with_systemd(code: u8) -> Home {
    with_systemctl(&format!("echo no bus >&2\nexit {code}\n"))
}

/// A home in which `systemctl` notes what it is told and does this.
fn with_systemctl(does: &str) -> Home {
    let mut home = Home::new();
    let bin = home.path().join("bin");
    std::fs::create_dir(&bin).unwrap();
    let script = format!("#!/bin/sh\necho \"$*\" >>'{}/told'\n{does}", home.path().display());
    std::fs::write(bin.join("systemctl"), script).unwrap();
    std::fs::set_permissions(bin.join("systemctl"), PermissionsExt::from_mode(0o755)).unwrap();
    let system = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(bin).chain(std::env::split_paths(&system))).unwrap();
    home.set("PATH", path);
    home
}

/// What `systemctl` was told since the last time.
fn told(home: &Home) -> Vec<String> {
    let file = home.path().join("told");
    let told = std::fs::read_to_string(&file).unwrap_or_default();
    let _ = std::fs::remove_file(file);
    told.lines().map(str::to_owned).collect()
}

fn unit(home: &Home, name: &str) -> PathBuf {
    home.path().join("config/systemd/user").join(name)
}

#[test]
fn units_are_written_for_the_agent_and_taken_out_again() {
    let home = with_systemd(0);
    home.loom(&["agent", "start", "--at-login"]).ok().says("loom-agent.socket");
    assert_eq!(told(&home), ["--user daemon-reload", "--user enable --now loom-agent.socket"]);
    let service = std::fs::read_to_string(unit(&home, "loom-agent.service")).unwrap();
    let agent = env!("CARGO_BIN_EXE_loom-agent");
    assert!(service.contains(&format!("ExecStart=\"{agent}\" --foreground\n")), "{service}");
    let socket = std::fs::read_to_string(unit(&home, "loom-agent.socket")).unwrap();
    assert!(socket.contains("\nSocketMode=0600\n"), "{socket}");
    let place = home.path().join("run/loom/agent.sock");
    assert!(socket.contains(&format!("\nListenStream={}\n", place.display())), "{socket}");
    home.loom(&["agent", "status"]).ok();
    home.loom(&["agent", "stop", "--at-login"]).ok();
    let disabled = "--user disable --now loom-agent.socket loom-agent.service";
    assert_eq!(told(&home), [disabled, "--user daemon-reload"]);
    assert!(!unit(&home, "loom-agent.service").exists());
    assert!(!unit(&home, "loom-agent.socket").exists());
    assert_eq!(home.loom(&["agent", "status"]).code, 1);
    home.loom(&["agent", "stop", "--at-logon"]).ok().says("Nothing that loom wrote");
    assert!(told(&home).is_empty());
}

#[test]
fn an_agent_that_runs_goes_on_when_the_next_is_started_at_login() {
    let home = with_systemd(0);
    home.loom(&["agent", "start"]).ok();
    let pid = home.agent_pid();
    for _ in 0..2 {
        home.loom(&["agent", "start", "--at-login"]).ok();
        assert_eq!(told(&home), ["--user daemon-reload", "--user enable loom-agent.socket"]);
        assert_eq!(home.agent_pid(), pid);
    }
}

#[test]
fn a_unit_that_somebody_else_wrote_stays_as_it_is() {
    let home = with_systemd(0);
    let theirs = unit(&home, "loom-agent.service");
    std::fs::create_dir_all(theirs.parent().unwrap()).unwrap();
    std::fs::write(&theirs, "[Service]\nExecStart=/opt/mine\n").unwrap();
    for order in ["start", "stop"] {
        home.loom(&["agent", order, "--at-login"]).fails(1).says("leaves it as it is");
    }
    assert_eq!(std::fs::read_to_string(&theirs).unwrap(), "[Service]\nExecStart=/opt/mine\n");
    assert!(!unit(&home, "loom-agent.socket").exists());
    assert!(told(&home).is_empty());
}

#[test]
fn where_systemd_refuses_nothing_is_left_behind() {
    let home = with_systemd(1);
    home.loom(&["agent", "start", "--at-login"]).fails(1).says("no bus");
    assert!(!unit(&home, "loom-agent.service").exists());
    assert!(!unit(&home, "loom-agent.socket").exists());
    assert_eq!(home.loom(&["agent", "status"]).code, 1);
}

/// What `systemctl enable` makes, and `disable` takes out.
fn link(home: &Home) -> PathBuf {
    unit(home, "sockets.target.wants/loom-agent.socket")
}

#[test]
fn a_unit_that_is_enabled_and_does_not_start_is_no_longer_enabled() {
    let home = with_systemctl(
        "case $2 in enable) cd \"$XDG_CONFIG_HOME/systemd/user\" && mkdir -p sockets.target.wants && \
         ln -s \"$PWD/loom-agent.socket\" sockets.target.wants/; echo no place >&2; exit 1;; esac\n",
    );
    home.loom(&["agent", "start", "--at-login"]).fails(1).says("no place");
    assert!(link(&home).parent().unwrap().is_dir());
    assert!(link(&home).symlink_metadata().is_err());
    assert!(!unit(&home, "loom-agent.socket").exists());
    assert_eq!(told(&home).last().unwrap(), "--user daemon-reload");
}

#[test]
fn units_are_taken_out_where_no_systemd_can_be_told() {
    let home = with_systemd(0);
    home.loom(&["agent", "start", "--at-login"]).ok();
    std::fs::create_dir(link(&home).parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(unit(&home, "loom-agent.socket"), link(&home)).unwrap();
    std::fs::write(home.path().join("bin/systemctl"), "#!/bin/sh\necho no bus >&2\nexit 1\n").unwrap();
    home.loom(&["agent", "stop", "--at-login"]).ok().says("until you log out: systemctl does not do it: no bus");
    assert!(link(&home).symlink_metadata().is_err());
    assert!(!unit(&home, "loom-agent.socket").exists());
    assert!(!unit(&home, "loom-agent.service").exists());
}

#[test]
fn a_link_of_somebody_else_to_another_unit_stays() {
    let home = with_systemd(0);
    home.loom(&["agent", "start", "--at-login"]).ok();
    let theirs = home.path().join("loom-agent.socket");
    std::fs::write(&theirs, "").unwrap();
    std::fs::create_dir(link(&home).parent().unwrap()).unwrap();
    std::os::unix::fs::symlink(&theirs, link(&home)).unwrap();
    home.loom(&["agent", "stop", "--at-login"]).ok();
    assert_eq!(std::fs::read_link(link(&home)).unwrap(), theirs);
}

#[test]
fn systemd_listens_where_the_agent_would_that_is_meant() {
    let mut home = with_systemd(0);
    home.loom(&["agent", "start"]).ok();
    let other = home.path().join("other 100%/agent.sock");
    home.set("LOOM_AGENT_SOCK", &other);
    home.loom(&["agent", "start", "--at-login"]).ok();
    let socket = std::fs::read_to_string(unit(&home, "loom-agent.socket")).unwrap();
    let place = other.to_string_lossy().replace('%', "%%");
    assert!(socket.contains(&format!("\nListenStream={place}\n")), "{socket}");
    home.loom(&["agent", "stop", "--at-login"]).ok();
}

#[test]
fn the_mark_of_what_loom_wrote_may_stand_in_a_comment_of_xml() {
    let home = with_systemd(0);
    home.loom(&["agent", "start", "--at-login"]).ok();
    let service = std::fs::read_to_string(unit(&home, "loom-agent.service")).unwrap();
    let mark = service.lines().last().unwrap();
    assert!(mark.starts_with("# Written by loom"), "{mark}");
    assert!(!mark.contains("--"), "{mark}");
    home.loom(&["agent", "stop", "--at-login"]).ok();
}
