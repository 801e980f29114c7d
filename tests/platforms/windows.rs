//! The programs of Windows under Wine, asked by this system's git. What Wine does not hold – who may open a pipe, and
//! that it has one listener – is not seen here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::support::{Home, LoomServer, Output, gits, loom_server, skip, unique};

const BUILT: &str = "target/cross/x86_64-pc-windows-gnu/debug";

/// A person on Windows, with directories and a pipe of their own. Their agent ends with them.
struct Windows {
    home: Home,
    pipe: String,
    store: &'static str,
}

impl Windows {
    /// `None`, said by `skip`, where the programs were not built or there is no Wine.
    fn with_store(store: &'static str) -> Option<Windows> {
        let missing = [root().join(BUILT).join("loom.exe"), "/usr/lib/wine/wine64".into()];
        if let Some(missing) = missing.iter().find(|path| !path.exists()) {
            skip(&format!("there is no {}; tests/run builds and installs it", missing.display()));
            return None;
        }
        let pipe = format!(r"\\.\pipe\loom-test-{}-{}", std::process::id(), unique());
        Some(Windows { home: Home::new(), pipe, store })
    }

    fn command(&self, program: &str) -> Command {
        let mut command = self.home.command(root().join("tests/platforms/wine"));
        let dir = |name: &str| format!("Z:{}", self.home.path().join(name).display()).replace('/', "\\");
        command
            .arg(root().join(BUILT).join(program))
            .env("WINEPREFIX", root().join("target/cross/wine"))
            .env("LOOM_CONFIG_DIR", dir("config\\loom"))
            .env("LOOM_STATE_DIR", dir("state\\loom"))
            .env("LOOM_AGENT_SOCK", &self.pipe)
            .env("LOOM_STORE", self.store);
        command
    }

    fn loom(&self, arguments: &[&str]) -> Output {
        self.loom_in(arguments, "")
    }

    fn loom_in(&self, arguments: &[&str], stdin: &str) -> Output {
        self.run(self.command("loom.exe").args(arguments), stdin)
    }

    fn helper(&self, operation: &str, stdin: &str) -> Output {
        self.run(self.command("git-credential-loom.exe").arg(operation), stdin)
    }

    /// Runs a program to its end. What it says as an error goes to a file: under Wine a program keeps that stream of
    /// this system's from whoever started it, so that a pipe would not end before the agent does.
    fn run(&self, command: &mut Command, stdin: &str) -> Output {
        let said = self.home.path().join(format!("said-{}", unique()));
        let file = std::fs::File::create(&said).unwrap();
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        // It may refuse before it has read everything.
        let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
        let done = child.wait_with_output().unwrap();
        let out = String::from_utf8_lossy(&done.stdout).into_owned();
        Output { code: done.status.code().unwrap_or(-1), out, err: std::fs::read_to_string(said).unwrap() }
    }

    fn keep(&self, host: &str, user: &str, password: &str) -> Output {
        self.helper("store", &format!("protocol=https\nhost={host}\nusername={user}\npassword={password}\n\n"))
    }

    fn get(&self, host: &str) -> Output {
        self.helper("get", &format!("protocol=https\nhost={host}\n\n"))
    }

    /// This system's git, with the helper of Windows as its only one.
    fn git(&self, git: &Path, arguments: &[&str]) -> Output {
        let (wine, helper) = (root().join("tests/platforms/wine"), root().join(BUILT).join("git-credential-loom.exe"));
        let helper = format!("credential.helper=!'{}' '{}'", wine.display(), helper.display());
        let mut command = self.home.command(git);
        for (name, value) in self.command("loom.exe").get_envs().filter_map(|(name, value)| Some((name, value?))) {
            command.env(name, value);
        }
        self.run(command.args(["-c", "credential.helper=", "-c", &helper]).args(arguments), "")
    }

    fn pid(&self) -> u64 {
        let status = self.loom(&["agent", "status", "--json"]);
        let status: serde_json::Value = serde_json::from_str(&status.out).unwrap_or_else(|_| panic!("{status:?}"));
        status["pid"].as_u64().unwrap_or_else(|| panic!("{status}"))
    }

    /// What the Credential Manager has, as Wine keeps it.
    fn manager(&self) -> String {
        self.wine(&["reg", "query", r"HKCU\Software\Wine\Credential Manager", "/s"]).out
    }

    /// One of Windows' own programs.
    fn wine(&self, arguments: &[&str]) -> Output {
        let mut command = self.command("loom.exe");
        let environment = command.get_envs().filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())));
        let environment: Vec<_> = environment.collect();
        command = Command::new(root().join("tests/platforms/wine"));
        command.env_clear().envs(environment).args(arguments);
        self.run(&mut command, "")
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        self.loom(&["agent", "stop"]);
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// With Windows' ends of lines as with others.
fn lines(text: &str) -> Vec<&str> {
    text.lines().map(str::trim_end).collect()
}

#[test]
fn gits_helper_keeps_gives_and_forgets_on_windows() {
    let Some(windows) = Windows::with_store("file") else { return };
    windows.keep("git.example", "ada", "s3cret-of-ada").ok();
    let given = windows.get("git.example").ok();
    assert!(lines(&given.out).contains(&"password=s3cret-of-ada"), "{given:?}");
    assert!(!given.out.contains('\r'), "{given:?}");
    let token = windows.loom(&["token", "--server", "https://git.example"]).ok();
    assert_eq!(token.out.trim(), "s3cret-of-ada");
    windows.home.assert_nowhere_in_clear("s3cret-of-ada");
    let erase = "protocol=https\nhost=git.example\nusername=ada\npassword=s3cret-of-ada\n\n";
    windows.helper("erase", erase).ok();
    assert_eq!(windows.get("git.example").out, "");
    windows.loom(&["logout", "--server", "https://git.example"]).ok();
    let status = windows.loom(&["status", "--json"]);
    assert_eq!((status.code, status.out.contains("git.example")), (4, false), "{status:?}");
    let missing = windows.loom(&["token", "--server", "https://git.example"]);
    assert_eq!(missing.code, 4, "{missing:?}");
}

#[test]
fn git_clones_and_pushes_with_a_login_made_on_windows() {
    let Some(windows) = Windows::with_store("file") else { return };
    let server: LoomServer = loom_server(&windows.home);
    let login = windows.loom(&["login", "--server", server.url(), "--no-browser"]).ok();
    assert!(login.err.contains("ABCD-1234"), "{login:?}");
    let git = gits().remove(0);
    let url = format!("{}/git/team/app.git", server.url());
    windows.git(&git, &["clone", &url, "clone"]).ok();
    let clone = windows.home.path().join("clone");
    let clone = clone.to_str().unwrap();
    windows.git(&git, &["-C", clone, "commit", "--allow-empty", "-m", "more"]).ok();
    windows.git(&git, &["-C", clone, "push", "origin", "HEAD"]).ok();
    windows.loom(&["logout", "--server", server.url()]).ok();
    assert!(server.tokens().is_empty(), "the login was ended at its server");
    assert_ne!(windows.git(&git, &["-C", clone, "fetch"]).code, 0);
}

#[test]
fn the_credential_manager_keeps_what_is_longer_than_its_entries() {
    let Some(windows) = Windows::with_store("keyring") else { return };
    let host = format!("long-{}-{}.example", std::process::id(), unique());
    let server = format!("https://{host}");
    let long = "x1".repeat(3_500);
    windows.loom_in(&["login", "--server", &server, "--with-token"], &long).ok();
    windows.keep(&host, "Ada", "short-of-Ada").ok();
    let entries = windows.manager();
    assert!(entries.contains(&format!("loom:{server}")), "{entries}");
    windows.loom(&["agent", "restart"]).ok();
    let token = windows.loom(&["token", "--server", &server, "--account", "oauth2"]).ok();
    assert_eq!(token.out.trim(), long);
    let other = windows.loom(&["token", "--server", &server, "--account", "Ada"]).ok();
    assert_eq!(other.out.trim(), "short-of-Ada");
    // A shorter one in its place leaves nothing of the longer one behind.
    windows.loom_in(&["login", "--server", &server, "--with-token"], "short").ok();
    let entries = windows.manager();
    assert!(!entries.contains(&format!("{host} (oauth2) [")), "{entries}");
    for account in ["oauth2", "Ada"] {
        windows.loom(&["logout", "--server", &server, "--account", account]).ok();
    }
    let entries = windows.manager();
    assert!(!entries.contains(&host), "{entries}");
}

#[test]
fn the_agent_on_windows_is_locked_and_started_by_many_at_once() {
    let Some(windows) = Windows::with_store("file") else { return };
    let kept: Vec<_> = std::thread::scope(|scope| {
        let keep = |n: usize| windows.keep(&format!("h{n}.example"), "u", &format!("p{n}"));
        let all: Vec<_> = (0..4).map(|n| scope.spawn(move || keep(n))).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for done in kept {
        done.ok();
    }
    let pid = windows.pid();
    for n in 0..4 {
        assert!(windows.get(&format!("h{n}.example")).out.contains(&format!("password=p{n}")));
    }
    assert_eq!(windows.pid(), pid, "they started one agent");
    windows.loom(&["lock"]).ok();
    assert_eq!(windows.get("h0.example").out, "");
    windows.loom(&["unlock"]).ok();
    assert!(windows.get("h0.example").out.contains("password=p0"));
    let log = windows.loom(&["audit", "tail", "--json"]).ok();
    assert!(log.out.contains("\"uid\":\"S-1-5-"), "{log:?}");
}

#[test]
fn what_was_acknowledged_on_windows_is_there_after_the_agent_was_killed() {
    let Some(windows) = Windows::with_store("file") else { return };
    let mut acknowledged = Vec::new();
    for round in 0..3 {
        windows.keep("warm.example", "u", "p").ok();
        let pid = windows.pid();
        let writer = |n: usize| {
            let host = format!("k{round}-{n}.example");
            (windows.keep(&host, "u", "kept-for-long").code == 0).then_some(host)
        };
        let kept: Vec<_> = std::thread::scope(|scope| {
            let all: Vec<_> = (0..4).map(|n| scope.spawn(move || writer(n))).collect();
            kill(pid);
            all.into_iter().filter_map(|one| one.join().unwrap()).collect()
        });
        acknowledged.extend(kept);
    }
    for host in acknowledged {
        let given = windows.get(&host);
        assert!(given.out.contains("password=kept-for-long"), "{host}: {given:?}");
    }
}

#[test]
fn the_probe_for_a_real_windows_says_what_wine_holds() {
    let Some(windows) = Windows::with_store("file") else { return };
    let said = windows.run(&mut windows.command("examples/probe.exe"), "").ok();
    let held = [
        "listener: listens",
        "second listener: refused",
        "own client: let in",
        "own client's user: own",
        "own client's process: this one",
        "listener's user, asked by the client: own",
        "file: for nobody else",
    ];
    let lines = lines(&said.out);
    assert_eq!(lines[1..=held.len()], held, "{said:?}");
    assert!(lines[0].starts_with("user: S-1-5-"), "{said:?}");
}

#[test]
fn the_doctor_on_windows_names_the_pipe_and_the_credential_manager() {
    let Some(windows) = Windows::with_store("file") else { return };
    let found: serde_json::Value = serde_json::from_str(&windows.loom(&["doctor", "--json"]).ok().out).unwrap();
    assert_eq!(found["door"]["path"], windows.pipe);
    assert_eq!(found["keyring"]["name"], "Credential Manager");
    assert_eq!(found["keyring"]["used"], false);
}

#[test]
fn the_agent_is_started_at_logon_and_another_program_of_that_name_stays() {
    let Some(windows) = Windows::with_store("file") else { return };
    let key = r"HKCU\Software\Microsoft\Windows\CurrentVersion\Run";
    let entry = || windows.wine(&["reg", "query", key, "/v", "loom-agent"]).out;
    let pid = || windows.pid();
    windows.loom(&["agent", "start"]).ok();
    let before = pid();
    for _ in 0..2 {
        windows.loom(&["agent", "start", "--at-logon"]).ok();
    }
    assert_eq!(pid(), before);
    let written = entry();
    assert!(written.contains("loom-agent.exe\""), "{written}");
    windows.loom(&["agent", "stop", "--at-login"]).ok();
    assert!(!entry().contains("loom-agent.exe"));
    windows.wine(&["reg", "add", key, "/v", "loom-agent", "/d", r"C:\mine.exe", "/f"]);
    let refused = windows.loom(&["agent", "start", "--at-logon"]);
    assert_eq!(refused.code, 1, "{refused:?}");
    let left = entry();
    windows.wine(&["reg", "delete", key, "/v", "loom-agent", "/f"]);
    assert!(left.contains(r"C:\mine.exe"), "{left}");
}

/// Ends the agent with this number of Windows', in the middle of whatever it does.
fn kill(pid: u64) {
    let mut command = Command::new(root().join("tests/platforms/wine"));
    command.env("WINEPREFIX", root().join("target/cross/wine")).stdout(Stdio::null()).stderr(Stdio::null());
    let done = command.args(["taskkill", "/f", "/pid", &pid.to_string()]).status().unwrap();
    assert!(done.success());
}
