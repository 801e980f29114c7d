//! Where loom keeps its things when the usual place is missing, another's, too long or not to be written to.

use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Home, Output, as_root, find_program, run, wait_until};

/// Somebody who is nobody on a usual system, with programs of their own: where the tests are built they may not go.
struct Person {
    home: Home,
    user: u32,
    setpriv: PathBuf,
}

impl Person {
    fn new(user: u32) -> Option<Person> {
        let setpriv = find_program("setpriv")?;
        as_root("only root tries other users")?;
        let home = Home::new();
        std::fs::create_dir(home.path().join("bin")).unwrap();
        let built = Path::new(env!("CARGO_BIN_EXE_loom")).parent().unwrap();
        for name in ["loom", "loom-agent", "git-credential-loom"] {
            let to = home.path().join("bin").join(name);
            if std::fs::hard_link(built.join(name), &to).is_err() {
                std::fs::copy(built.join(name), &to).unwrap();
            }
        }
        for name in ["", "home", "run", "config", "state"] {
            chown(home.path().join(name), Some(user), Some(user)).unwrap();
        }
        Some(Person { home, user, setpriv })
    }

    fn command(&self, program: &str, change: impl FnOnce(&mut Command)) -> Command {
        let ids = [format!("--reuid={}", self.user), format!("--regid={}", self.user)];
        let mut command = self.home.command(&self.setpriv);
        command.args(ids).args(["--clear-groups", "--inh-caps=-all"]);
        command.arg(self.home.path().join("bin").join(program)).current_dir("/");
        change(&mut command);
        command
    }

    fn loom(&self, arguments: &[&str], change: impl FnOnce(&mut Command)) -> Output {
        run(self.command("loom", change).args(arguments), b"")
    }

    fn helper(&self, operation: &str, input: &str, change: impl FnOnce(&mut Command)) -> Output {
        run(self.command("git-credential-loom", change).arg(operation), input.as_bytes())
    }

    /// Stores, gets and ends, with the environment changed so; where the socket was in between.
    #[track_caller]
    fn works(&self, change: impl Fn(&mut Command)) -> PathBuf {
        let asked = "protocol=https\nhost=a.example\nusername=u\n";
        self.helper("store", &format!("{asked}password=hunter2\n\n"), &change).ok();
        let got = self.helper("get", &format!("{asked}\n"), &change).ok();
        assert!(got.out.contains("hunter2"), "{got:?}");
        assert!(got.err.is_empty(), "{got:?}");
        self.loom(&["status"], &change).ok();
        let socket = self.socket();
        self.loom(&["agent", "stop"], &change).ok();
        assert!(!socket.exists());
        socket
    }

    /// Where this person's agent listens, as the system says it.
    fn socket(&self) -> PathBuf {
        let sockets = std::fs::read_to_string("/proc/net/unix").unwrap();
        let of_agent = |path: &&str| {
            (path.starts_with(&*self.home.path().to_string_lossy()) || path.starts_with(&self.below_tmp()))
                && path.ends_with(".sock")
        };
        sockets.lines().filter_map(|line| line.split_whitespace().nth(7)).find(of_agent).expect("it listens").into()
    }

    fn below_tmp(&self) -> String {
        format!("/tmp/loom-{}", self.user)
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(self.below_tmp());
    }
}

fn without_runtime_dir(command: &mut Command) {
    command.env_remove("XDG_RUNTIME_DIR");
}

#[test]
fn an_unusable_runtime_directory_is_replaced_without_a_word() {
    let Some(person) = Person::new(61_011) else { return };
    let usual = person.home.path().join("run/loom/agent.sock");
    assert_eq!(person.works(|_| {}), usual);
    std::fs::remove_dir_all(person.home.path().join("run/loom")).unwrap();
    let state = person.home.path().join("state/loom");
    let in_state = |socket: PathBuf| {
        let name = socket.file_name().unwrap().to_string_lossy().into_owned();
        assert!(socket.parent() == Some(&state), "{socket:?}");
        assert!(name.starts_with("agent-"), "{socket:?}");
        assert!(name.len() < 20, "{socket:?}");
    };
    in_state(person.works(without_runtime_dir));
    in_state(person.works(|command| _ = command.env("XDG_RUNTIME_DIR", "/nowhere/at/all")));
    in_state(person.works(|command| _ = command.env("XDG_RUNTIME_DIR", "relative")));
    // As after su.
    chown(person.home.path().join("run"), Some(0), Some(0)).unwrap();
    in_state(person.works(|_| {}));
    chown(person.home.path().join("run"), Some(person.user), None).unwrap();
    for mode in [0o755, 0o777, 0o500] {
        std::fs::set_permissions(person.home.path().join("run"), PermissionsExt::from_mode(mode)).unwrap();
        if mode != 0o500 {
            in_state(person.works(|_| {}));
        }
    }
}

#[test]
fn a_home_with_a_long_name_has_its_socket_elsewhere() {
    let Some(person) = Person::new(61_012) else { return };
    let long = person.home.path().join("a-name-that-nobody-would-choose".repeat(4));
    std::fs::create_dir(&long).unwrap();
    chown(&long, Some(person.user), None).unwrap();
    let in_long = |command: &mut Command| {
        command.env("HOME", &long).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    };
    let below_tmp = PathBuf::from(person.below_tmp()).join("agent.sock");
    assert_eq!(
        person.works(|command| {
            in_long(command);
            without_runtime_dir(command);
        }),
        below_tmp
    );
    assert_eq!(
        person.works(|command| {
            in_long(command);
            command.env("XDG_RUNTIME_DIR", &long);
        }),
        below_tmp
    );
    assert_eq!(Path::new(&person.below_tmp()).metadata().unwrap().mode() & 0o777, 0o700);
    let named = |command: &mut Command| _ = command.env("LOOM_AGENT_SOCK", long.join("agent.sock"));
    person.loom(&["status"], named).fails(1).says("LOOM_AGENT_SOCK").says("107");
}

#[test]
fn what_somebody_else_made_below_tmp_is_not_used() {
    let Some(person) = Person::new(61_013) else { return };
    std::fs::create_dir(person.below_tmp()).unwrap();
    std::fs::set_permissions(person.below_tmp(), PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::set_permissions(person.home.path().join("state"), PermissionsExt::from_mode(0o500)).unwrap();
    let said = person.loom(&["status"], without_runtime_dir).fails(1).says("belongs to another user");
    assert!(said.err.contains("XDG_RUNTIME_DIR"), "{said:?}");
    assert_eq!(std::fs::read_dir(person.below_tmp()).unwrap().count(), 0, "nothing was put there");
}

#[test]
fn what_is_kept_is_read_where_nothing_can_be_written() {
    let Some(person) = Person::new(61_014) else { return };
    let asked = "protocol=https\nhost=a.example\nusername=u\n";
    person.works(|_| {});
    let (config, state) = (person.home.path().join("config/loom"), person.home.path().join("state/loom"));
    let set = |mode| {
        for dir in [&config, &state] {
            std::fs::set_permissions(dir, PermissionsExt::from_mode(mode)).unwrap();
        }
    };
    set(0o500);
    // With a runtime directory, and without one.
    for change in [|_: &mut Command| {}, without_runtime_dir] {
        let got = person.helper("get", &format!("{asked}\n"), change).ok();
        assert!(got.out.contains("hunter2"), "{got:?}");
        person.loom(&["status"], change).ok();
        let token = person.loom(&["token", "--server", "https://a.example", "--account", "u"], change).ok();
        assert_eq!(token.out.trim(), "hunter2");
        person.helper("store", &format!("{asked}password=other\n\n"), change).fails(1).says("XDG_");
        person.loom(&["agent", "stop"], change).ok();
    }
    set(0o700);
}

#[test]
fn a_home_that_cannot_be_written_says_which_variable_names_it() {
    let Some(person) = Person::new(61_015) else { return };
    let nowhere = |command: &mut Command| {
        command.env("HOME", "/nonexistent").env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
        without_runtime_dir(command);
    };
    let asked = "protocol=https\nhost=a.example\nusername=u\n";
    assert_eq!(person.helper("get", &format!("{asked}\n"), nowhere).ok().out, "");
    person.helper("store", &format!("{asked}password=other\n\n"), nowhere).fails(1).says("HOME");
    // Somebody else's, as after sudo -E.
    let others = |command: &mut Command| {
        let root = person.home.path().join("root");
        std::fs::create_dir_all(root.join(".config/loom")).unwrap();
        command.env("HOME", root).env_remove("XDG_CONFIG_HOME").env_remove("XDG_STATE_HOME");
    };
    person.helper("store", &format!("{asked}password=other\n\n"), others).fails(1).says("HOME");
    person.loom(&["agent", "stop"], nowhere).ok();
    person.loom(&["agent", "stop"], others).ok();
}

#[test]
fn two_machines_that_share_a_home_have_an_agent_each() {
    let (Some(person), Some(unshare)) = (Person::new(61_016), find_program("unshare")) else { return };
    let there = |arguments: &[&str]| {
        let mut command = person.home.command(&unshare);
        command.args(["--uts", "sh", "-c", "hostname other-box && exec \"$0\" \"$@\""]).arg(&person.setpriv);
        command.args([&format!("--reuid={}", person.user), &format!("--regid={}", person.user)]);
        command.args(["--clear-groups", "--inh-caps=-all"]).arg(person.home.path().join("bin/loom")).args(arguments);
        without_runtime_dir(&mut command);
        run(command.current_dir("/"), b"")
    };
    person.loom(&["agent", "start"], without_runtime_dir).ok();
    let here = person.loom(&["agent", "status", "--json"], without_runtime_dir).ok().out;
    let said = there(&["agent", "start"]).ok();
    assert!(said.err.contains("process"), "{said:?}");
    assert_ne!(there(&["agent", "status", "--json"]).ok().out, here, "one agent for both");
    there(&["agent", "stop"]).ok();
    assert_eq!(person.loom(&["agent", "status", "--json"], without_runtime_dir).ok().out, here);
    person.loom(&["agent", "stop"], without_runtime_dir).ok();
    let state = person.home.path().join("state/loom");
    wait_until("both sockets are gone", || {
        let names = std::fs::read_dir(&state).unwrap().flatten().map(|entry| entry.file_name());
        !names.into_iter().any(|name| name.to_string_lossy().ends_with(".sock"))
    });
}

#[test]
fn a_renamed_machine_keeps_its_agent_and_old_leftovers_go() {
    let (Some(person), Some(unshare)) = (Person::new(61_017), find_program("unshare")) else { return };
    let state = person.home.path().join("state/loom");
    let as_person = format!(
        "setpriv --reuid={0} --regid={0} --clear-groups --inh-caps=-all {1}",
        person.user,
        person.home.path().join("bin/loom").display()
    );
    person.loom(&["config", "list"], without_runtime_dir).ok();
    let left = ["agent-0badcafe.sock.lock", "agent-0badcafe.sock.start", "agent-0badcafe.sock", "agent-0ddba11.sock"];
    std::fs::create_dir_all(&state).unwrap();
    for path in left.map(|name| state.join(name)).iter().chain([&state]) {
        if path != &state {
            std::fs::write(path, "").unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(0o600)).unwrap();
        }
        chown(path, Some(person.user), Some(person.user)).unwrap();
    }
    std::fs::set_permissions(&state, PermissionsExt::from_mode(0o700)).unwrap();
    let script = format!(
        "hostname first-name && {as_person} agent start && {as_person} agent status --json >$HOME/one &&
        hostname second-name && {as_person} agent status --json >$HOME/two &&
        kill -STOP $(sed 's/.*\"pid\":\\([0-9]*\\).*/\\1/' $HOME/one) && hostname third-name && {as_person} agent stop"
    );
    let mut command = person.home.command(&unshare);
    without_runtime_dir(&mut command);
    let said = run(command.args(["--uts", "sh", "-c", &script]).current_dir("/"), b"").ok();
    let read = |name: &str| std::fs::read_to_string(person.home.path().join("home").join(name)).unwrap();
    assert_eq!(read("one"), read("two"));
    assert!(read("one").contains("\"pid\""), "{said:?}");
    assert!(said.err.contains("did not answer and was ended"), "{said:?}");
    assert_eq!(left.map(|name| state.join(name).exists()), [false, false, false, true], "the last is none of ours");
}
