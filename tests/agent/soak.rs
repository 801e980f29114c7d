//! A long random life of an agent beside a model of what must be there. `tests/run --soak N` makes it N steps long;
//! `LOOM_SEED` repeats one.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};
use std::time::Duration;

use fastrand::Rng;
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Dialogue, Home, Output, Rotating, Running, say, wait_until};

const HOSTS: [&str; 5] = ["a.example", "b.example", "c.example", "d.example:8443", "e.example"];

/// More than the token at hand can give, so that it is renewed.
const FRESH: &str = "2h";

const STEPS: usize = 100;

/// What happens in one step.
#[derive(Clone, Copy, Debug)]
enum Step {
    Store,
    Erase,
    Get,
    LogIn,
    Renew,
    LogOut,
    LockAndUnlock,
    Rekey,
    ChangePassphrase,
    Restart,
    Crash,
    CrashInStore,
    CrashInRenewal,
    CrashInRekey,
}

use Step::*;

/// The more often a step stands here, the more often it is taken.
const DICE: [&[Step]; 4] = [
    &[Store, Get, Get, CrashInStore, Store, CrashInStore],
    &[Renew, CrashInRenewal, LogIn, Renew, CrashInRenewal],
    &[Erase, LogOut, LockAndUnlock, Rekey, ChangePassphrase, CrashInRekey],
    &[Restart, Crash, Store, Get, CrashInStore],
];

/// The agent's world, and what it must remember.
struct World {
    home: Home,
    server: Rotating,
    rng: Rng,
    passwords: BTreeMap<&'static str, String>,
    logged_in: bool,
    passphrase: Option<String>,
    number: usize,
    /// Crashes, and logins whose new tokens went with the agent between the server and the disk.
    crashes: usize,
    ended: usize,
}

#[test]
fn after_any_life_everything_that_was_acknowledged_is_there() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let steps = number("LOOM_SOAK").map_or(STEPS, |steps| steps as usize);
    let seed = number("LOOM_SEED").unwrap_or_else(|| fastrand::u64(..));
    let mut world = World {
        home: Home::new(),
        server: Rotating::start(),
        rng: Rng::with_seed(seed),
        passwords: BTreeMap::new(),
        logged_in: false,
        passphrase: None,
        number: 0,
        crashes: 0,
        ended: 0,
    };
    for _ in 0..steps {
        let step = world.rng.choice(DICE.concat()).unwrap();
        eprintln!("LOOM_SEED={seed}, step {}: {step:?}", world.number);
        world.take(step);
    }
    world.home.loom(&["doctor"]).ok();
    world.home.loom(&["audit", "verify"]).ok();
    let World { crashes, ended, .. } = world;
    say(format_args!(
        "soak: {steps} steps, {crashes} crashes, 0 acknowledged changes lost; {ended} logins ended between server and disk"
    ));
}

impl World {
    fn take(&mut self, step: Step) {
        self.number += 1;
        match step {
            Store => {
                let (host, password) = self.draw();
                self.home.store("https", host, "u", &password).ok();
                self.passwords.insert(host, password);
            }
            Erase => {
                let (host, _) = self.draw();
                self.home.helper("erase", format!("protocol=https\nhost={host}\nusername=u\n\n")).ok();
                self.passwords.remove(host);
            }
            Get => {}
            LogIn => {
                let login = ["--server", self.server.url(), "--flow", "device", "--client-id", "c"];
                Dialogue::start(&self.home, &login).end().ok();
                self.logged_in = true;
            }
            Renew => drop(self.renew().map(Output::ok)),
            LogOut if self.logged_in => {
                self.home.loom(&["logout", "--server", self.server.url()]).ok();
                self.logged_in = false;
            }
            LogOut => {}
            LockAndUnlock => {
                self.home.loom(&["lock"]).ok();
                HOSTS.iter().for_each(|host| assert_eq!(self.home.get("https", host).out, "", "it is locked"));
                self.unlock();
            }
            Rekey => self.rekey(self.passphrase.clone()),
            ChangePassphrase => {
                let new = self.rng.bool().then(|| format!("passphrase number {}", self.number));
                self.rekey(new);
            }
            Restart => {
                self.home.loom(&["agent", "restart"]).ok();
                self.unlock();
            }
            Crash => self.crash(),
            CrashInStore => {
                let (host, password) = self.draw();
                let input = format!("protocol=https\nhost={host}\nusername=u\npassword={password}\n\n");
                let acknowledged = self.crash_in(env!("CARGO_BIN_EXE_git-credential-loom"), &["store"], &input);
                let found = self.password(host);
                assert!(
                    found.as_ref() == Some(&password) || !acknowledged && found.as_ref() == self.passwords.get(host)
                );
                found.and_then(|found| self.passwords.insert(host, found));
            }
            CrashInRenewal if self.logged_in => {
                let url = self.server.url().to_owned();
                let arguments = ["token", "--server", &url, "--min-validity", FRESH];
                let acknowledged = self.crash_in(env!("CARGO_BIN_EXE_loom"), &arguments, "");
                if self.home.loom(&["token", "--server", &url, "--min-validity", FRESH]).code == 4 {
                    assert!(!acknowledged, "a token that was given out was not stored");
                    self.logged_in = false;
                    self.ended += 1;
                }
            }
            CrashInRenewal => {}
            CrashInRekey => {
                let new = format!("passphrase number {}", self.number);
                self.crash_in(env!("CARGO_BIN_EXE_loom"), &["store", "rekey", "--passphrase"], &new);
                // Which of both opens it now is seen by trying.
                if self.home.loom(&["unlock"]).code != 0 {
                    if self.home.loom_in(&["unlock"], &new).code == 0 {
                        self.passphrase = Some(new);
                    }
                    self.unlock();
                }
                self.rekey(None);
            }
        }
        self.check();
    }

    /// Everything that was acknowledged, and nothing else.
    fn check(&self) {
        for host in HOSTS {
            assert_eq!(self.password(host).as_ref(), self.passwords.get(host), "{host}");
        }
        if self.logged_in {
            drop(self.home.loom(&["token", "--server", self.server.url()]).ok())
        } else {
            drop(self.home.loom(&["token", "--server", self.server.url()]).fails(4))
        }
    }

    fn draw(&mut self) -> (&'static str, String) {
        (self.rng.choice(HOSTS).unwrap(), format!("pw_{}", self.number))
    }

    fn password(&self, host: &str) -> Option<String> {
        let said = self.home.helper("get", format!("protocol=https\nhost={host}\nusername=u\n\n")).ok().out;
        said.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned)
    }

    fn renew(&self) -> Option<Output> {
        self.logged_in.then(|| self.home.loom(&["token", "--server", self.server.url(), "--min-validity", FRESH]))
    }

    fn rekey(&mut self, passphrase: Option<String>) {
        match &passphrase {
            Some(new) => self.home.loom_in(&["store", "rekey", "--passphrase"], new).ok(),
            None => self.home.loom(&["store", "rekey", "--no-passphrase"]).ok(),
        };
        self.passphrase = passphrase;
    }

    fn unlock(&self) {
        match &self.passphrase {
            Some(passphrase) => self.home.loom_in(&["unlock"], passphrase).ok(),
            None => self.home.loom(&["unlock"]).ok(),
        };
    }

    fn crash(&mut self) {
        self.home.loom(&["agent", "start"]).ok();
        self.kill(self.home.agent_pid());
        self.unlock();
    }

    /// Kills the agent at some moment of what this command asks of it. `true` if the command was told that it is done.
    fn crash_in(&mut self, program: &str, arguments: &[&str], stdin: &str) -> bool {
        self.home.loom(&["agent", "start"]).ok();
        let agent = self.home.agent_pid();
        let file = self.home.path().join("stdin");
        std::fs::write(&file, stdin).unwrap();
        let mut command: Command = self.home.command(program);
        command.args(arguments).stdin(std::fs::File::open(file).unwrap()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut running = Running(command.env("LOOM_AUTOSTART", "0").spawn().unwrap());
        // No sign to wait for: any moment will do.
        std::thread::sleep(Duration::from_micros(self.rng.u64(0..25_000)));
        self.kill(agent);
        let acknowledged = running.0.wait().unwrap().success();
        if !arguments.contains(&"rekey") {
            self.unlock();
        }
        acknowledged
    }

    fn kill(&mut self, agent: i32) {
        kill_process(Pid::from_raw(agent).unwrap(), Signal::KILL).unwrap();
        wait_until("the agent is dead", || !self.home.is_listening());
        self.crashes += 1;
    }
}
