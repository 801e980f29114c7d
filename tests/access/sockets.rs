//! Sockets with a token of their own: what can be reached through one, and what cannot.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{ADMIN, Dashboard, Home, Output, Running, find_program, gits, loom_server, run};

/// A home with two logins and a socket of a token with these options.
fn with_socket(options: &[&str]) -> (Home, PathBuf) {
    let home = Home::new();
    home.loom_in(&["login", "--with-token", "--server", "https://a.example"], "tok_of_a").ok();
    home.loom_in(&["login", "--with-token", "--server", "https://b.example"], "tok_of_b").ok();
    home.loom(&[&["token", "generate", "build"], options].concat()).ok();
    let socket = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &socket.to_string_lossy(), "--token", "build"]).ok();
    (home, socket)
}

fn through(home: &Home, socket: &Path, arguments: &[&str]) -> Output {
    let mut command = home.command(env!("CARGO_BIN_EXE_loom"));
    run(command.args(arguments).env("LOOM_AGENT_SOCK", socket).env("LOOM_AUTOSTART", "0"), b"")
}

#[test]
fn a_socket_accepts_nothing_broader_than_its_token() {
    let (home, socket) = with_socket(&["--scopes", "read", "--for", "a.example", "--reveal"]);
    assert_eq!(through(&home, &socket, &["token", "--server", "https://a.example"]).ok().out.trim(), "tok_of_a");
    through(&home, &socket, &["token", "--server", "https://b.example"]).fails(1).without("tok_of_b");
    through(&home, &socket, &["logout", "--server", "https://a.example"]).fails(1).says("scope control");
    through(&home, &socket, &["token", "generate", "more", "--scopes", "read"]).fails(1).says("scope *");
    through(&home, &socket, &["agent", "stop"]).fails(1);
    let wide = home.loom(&["token", "generate", "wide", "--scopes", "*", "--reveal", "--json"]).ok().out;
    let wide: serde_json::Value = serde_json::from_str(&wide).unwrap();
    let mut both = home.command(env!("CARGO_BIN_EXE_loom"));
    both.args(["token", "--server", "https://b.example"]);
    both.env("LOOM_AGENT_SOCK", &socket).env("LOOM_AUTOSTART", "0").env("LOOM_TOKEN", wide["token"].as_str().unwrap());
    run(&mut both, b"").fails(1).without("tok_of_b");
    assert_eq!(
        home.loom(&["token", "--server", "https://b.example"]).ok().out.trim(),
        "tok_of_b",
        "others are as before"
    );
}

#[test]
fn a_socket_is_there_again_with_the_next_agent_and_ends_with_its_token() {
    let (home, socket) = with_socket(&["--role", "viewer"]);
    assert_eq!(socket.symlink_metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let path = socket.to_string_lossy().into_owned();
    home.loom(&["agent", "socket", "add", &path, "--token", "build"]).fails(1).says("already");
    home.loom(&["agent", "restart"]).ok();
    through(&home, &socket, &["status"]).ok();
    let agent = rustix::process::Pid::from_raw(home.agent_pid()).unwrap();
    rustix::process::kill_process(agent, rustix::process::Signal::KILL).unwrap();
    crate::support::wait_until("it is dead", || !home.is_listening());
    home.loom(&["status"]).ok();
    crate::support::wait_until("the socket is back", || through(&home, &socket, &["status"]).code == 0);
    assert!(home.loom(&["agent", "socket", "list"]).ok().out.contains("build"));
    for _ in 0..10 {
        home.loom(&["agent", "socket", "remove", &path]).ok();
        assert!(!socket.exists());
        home.loom(&["agent", "socket", "add", &path, "--token", "build"]).ok();
        through(&home, &socket, &["status"]).ok();
        home.loom(&["agent", "restart"]).ok();
        crate::support::wait_until("the socket is back", || through(&home, &socket, &["status"]).code == 0);
    }
    home.loom(&["token", "revoke", "build"]).ok();
    through(&home, &socket, &["status"]).fails(1).says("not known");
    home.loom(&["agent", "socket", "remove", &path]).ok();
    assert!(!socket.exists());
    home.loom(&["agent", "socket", "remove", &path]).fails(1).says("no such socket");
    home.loom(&["agent", "socket", "add", &path, "--token", "build"]).fails(1).says("no token build");
}

#[test]
fn a_socket_is_not_opened_where_others_reach_it_or_something_lies() {
    let (home, _) = with_socket(&["--scopes", "read"]);
    let open = home.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, PermissionsExt::from_mode(0o755)).unwrap();
    let at = |path: &Path| home.loom(&["agent", "socket", "add", &path.to_string_lossy(), "--token", "build"]);
    at(&open.join("agent.sock")).fails(1).says("mkdir -m 700");
    std::os::unix::fs::symlink(home.path().join("sock"), home.path().join("link")).unwrap();
    at(&home.path().join("link/agent.sock")).fails(1);
    std::fs::write(home.path().join("sock/file"), "mine").unwrap();
    at(&home.path().join("sock/file")).fails(1);
    assert_eq!(std::fs::read_to_string(home.path().join("sock/file")).unwrap(), "mine");
    at(&home.socket()).fails(1);
    home.loom(&["status"]).ok();
}

/// What a container has: the system's programs, loom's front-ends, and one directory with a socket in it.
const CONTAINER: &str = r#"
set -e
root=$1 sock=$2 programs=$3; shift 3
mount -t tmpfs tmpfs "$root"
for dir in /usr /etc /bin /lib /lib64 /sbin; do
  if [ -L "$dir" ]; then cp -P "$dir" "$root$dir"; elif [ -d "$dir" ]; then mkdir "$root$dir"; mount --rbind "$dir" "$root$dir"; fi
done
mkdir -p "$root/proc" "$root/dev" "$root/tmp" "$root/loom" "$root/sock" "$root/work"
mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount --rbind "$programs" "$root/loom"; mount --bind "$sock" "$root/sock"
exec chroot "$root" /usr/bin/env -i PATH=/loom:/usr/bin:/bin HOME=/work LOOM_AGENT_SOCK=/sock/agent.sock LOOM_AUTOSTART=0 GIT_CONFIG_NOSYSTEM=1 \
  sh -c "cd /work && $*"
"#;

#[test]
fn in_a_container_only_the_servers_of_its_socket_work() {
    let (Some(unshare), Some(_)) = (find_program("unshare"), find_program("chroot")) else { return };
    let home = Home::new();
    let (ours, other) = (loom_server(&home), loom_server(&home));
    home.loom(&["login", "--server", ours.url()]).ok();
    home.loom(&["login", "--server", other.url()]).ok();
    let (api, hidden) = (Dashboard::start(), Dashboard::start());
    for dashboard in [&api, &hidden] {
        home.loom_in(&["login", "--with-token", "--server", dashboard.url(), "--account", "me"], ADMIN).ok();
    }
    let servers = ["--for", ours.url(), "--for", api.url()];
    home.loom(&[&["token", "generate", "build", "--scopes", "read", "--reveal"][..], &servers].concat()).ok();
    let sock = home.path().join("sock");
    home.loom(&["agent", "socket", "add", &sock.join("agent.sock").to_string_lossy(), "--token", "build"]).ok();
    let programs = Path::new(env!("CARGO_BIN_EXE_loom")).parent().unwrap();
    let root = home.path().join("root");
    std::fs::create_dir(&root).unwrap();
    let inside = |script: &str| {
        let mut command = home.command(&unshare);
        command.args(["--mount", "--pid", "--fork", "--propagation", "private", "sh", "-c", CONTAINER, "sh"]);
        run(command.arg(&root).arg(&sock).arg(programs).arg(script), b"")
    };
    let found = inside("ls -a /work /home /root /tmp 2>/dev/null | sort | uniq | tr '\\n' ' '; test ! -e /run").ok();
    assert!(!found.out.contains("loom"), "nothing of the home is in reach: {found:?}");
    if !gits().iter().any(|git| git == Path::new("/usr/bin/git")) {
        return;
    }
    let clone =
        |url: &str| format!("/usr/bin/git -c credential.helper=loom clone -q {url}/git/team/app.git && ls -d app/.git");
    let cloned = inside(&clone(ours.url())).ok();
    assert!(cloned.out.contains("app/.git"), "{cloned:?}");
    let refused = inside(&format!("GIT_TERMINAL_PROMPT=0 {}", clone(other.url())));
    assert_ne!(refused.code, 0, "{refused:?}");
    assert!(!refused.err.contains("hint: loom login"), "{refused:?}");
    inside("loom status --json").ok();
    let status = inside(&format!("loom api --server {} /api/status", api.url())).ok().without(ADMIN);
    assert!(status.out.contains("admin"), "{status:?}");
    let before = (api.requests(), hidden.requests());
    inside(&format!("loom api --server {} -X POST /api/tasks", api.url())).fails(1).says("scope control");
    inside(&format!("loom api --server {} /api/status", hidden.url())).fails(1);
    assert_eq!((api.requests(), hidden.requests()), before, "nothing was sent");
    inside("loom logout --all").fails(1).says("scope control");
}

/// What keeps a connection: a question that is never over, or an answer that nobody reads.
const HOLDERS: [&str; 2] =
    ["{\"v\":1,\"verb\":\"audit\",\"params\":{\"follow\":true}}\n", "{\"v\":1,\"verb\":\"status\"}\n"];

#[test]
fn many_processes_of_a_narrow_token_that_never_read_keep_nobody_out() {
    let (Some(prlimit), Some(socat)) = (find_program("prlimit"), find_program("socat")) else { return };
    let home = Home::new();
    home.loom(&["token", "generate", "build", "--scopes", "read,audit"]).ok();
    let socket = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &socket.to_string_lossy(), "--token", "build"]).ok();
    home.store("https", "a.example", "u", "pw").ok();
    home.loom(&["agent", "stop"]).ok();
    // A small one: what it takes to fill it is the same.
    let _agent = home.agent_through(&prlimit, &["--nofile=60:60"]);
    crate::support::wait_until("the socket is there", || socket.exists());
    let question = home.path().join("question");
    for holder in HOLDERS {
        std::fs::write(&question, holder.repeat(2000)).unwrap();
        // Each a process of its own, that asks, and then neither reads nor goes.
        let hold = |_| {
            let mut command = home.command(&socat);
            command.args(["-u", &format!("OPEN:{},ignoreeof", question.display())]);
            command.arg(format!("UNIX-CONNECT:{}", socket.display())).stderr(Stdio::null());
            Running(command.spawn().unwrap())
        };
        let _held: Vec<Running> = (0..68).map(hold).collect();
        for _ in 0..5 {
            // Git's helper itself ends in time, also on a machine that is busy with other things.
            assert!(home.get("https", "a.example").ok().out.contains("pw"));
        }
    }
}
