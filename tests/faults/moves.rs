//! Crashes while credentials move between the file and a real keyring: of the agent, and of the keyring.

use crate::faults::bench::{stop, wait_until_idle};
use crate::faults::scenarios::password;
use crate::support::injection::{self, Call};
use crate::support::{Home, Output, Running, Session, every, say};

const HOSTS: [&str; 3] = ["a.example", "b.example", "c.example"];

/// A home with credentials, and a keyring that can be ended.
struct Bench {
    home: Home,
    session: Session,
    keyring: Running,
    from: &'static str,
    to: &'static str,
}

impl Bench {
    fn new(from: &'static str, to: &'static str) -> Option<Bench> {
        injection::tracer()?;
        let mut home = Home::with(&[("LOOM_AUTOSTART", "0")]);
        let session = Session::without_keyring(&mut home)?;
        let keyring = session.keyring(&home)?;
        home.configure(&format!("store = '{from}'\n"));
        let agent = home.agent(&[]);
        HOSTS.iter().for_each(|host| drop(home.store("https", host, "u", &format!("pw_of_{host}")).ok()));
        stop(&home, agent);
        Some(Bench { home, session, keyring, from, to })
    }

    /// An agent right before the move.
    fn agent(&self) -> Running {
        let agent = self.home.agent(&[]);
        self.all_there("the move");
        wait_until_idle(&agent);
        agent
    }

    fn migrate(&self, to: &str) -> Output {
        self.home.loom(&["store", "migrate", "--to", to])
    }

    fn kept_in(&self) -> Vec<String> {
        let status: serde_json::Value = serde_json::from_str(&self.home.loom(&["status", "--json"]).ok().out).unwrap();
        let accounts = status["accounts"].as_array().unwrap().iter();
        accounts.map(|account| account["stored_in"].as_str().unwrap().to_owned()).collect()
    }

    fn all_there(&self, at: &str) {
        for host in HOSTS {
            assert_eq!(password(&self.home, host), Some(format!("pw_of_{host}")), "{at}");
        }
    }

    /// Asserts that nothing is lost, that the next write works and that the move can be done again; then goes back.
    fn check(&self, at: &str) {
        let agent = self.home.agent(&[]);
        self.all_there(at);
        self.home.store("https", "next.example", "u", "pw_next").ok();
        self.migrate(self.to).ok();
        assert_eq!(self.kept_in(), [self.to; 4], "{at}");
        self.all_there(at);
        self.home.helper("erase", "protocol=https\nhost=next.example\nusername=u\n\n").ok();
        self.migrate(self.from).ok();
        assert_eq!(self.kept_in(), [self.from; 3], "{at}");
        stop(&self.home, agent);
    }
}

/// Whom the crash hits.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Victim {
    Agent,
    Keyring,
}

fn crash_everywhere(victim: Victim, from: &'static str, to: &'static str, nth: usize) {
    let Some(mut bench) = Bench::new(from, to) else { return };
    let agent = bench.agent();
    let whom = if victim == Victim::Agent { &agent } else { &bench.keyring };
    let calls = injection::record(&bench.home, whom, || drop(bench.migrate(to).ok()));
    bench.migrate(from).ok();
    drop(agent);
    // The keyring's own files are its own business; here it matters between which answers it goes.
    let is_point = |call: &&Call| call.is_point(&bench.home) && (victim == Victim::Agent || call.name == "sendmsg");
    let points: Vec<&Call> = calls.iter().filter(is_point).collect();
    let (mut tried, mut hit, mut acknowledged) = (0, 0, 0);
    for call in points.iter().step_by(every(nth)) {
        let (is_hit, is_acknowledged) = crash(&mut bench, victim, call);
        tried += 1;
        hit += usize::from(is_hit);
        acknowledged += usize::from(is_acknowledged);
    }
    // Which thread does what differs from run to run, more so where each talks to the keyring.
    assert!(hit * 2 >= tried, "only {hit} of {tried} calls were hit");
    say(format_args!(
        "kill -9 of the {victim:?} while everything moves to the {to}: {tried} of {} points, {hit} hit; acknowledged \
         {acknowledged}; lost 0; next writes blocked 0",
        points.len()
    ));
}

/// Whether the victim died where it should, and whether the move was acknowledged.
fn crash(bench: &mut Bench, victim: Victim, call: &Call) -> (bool, bool) {
    let mut agent = bench.agent();
    let whom = if victim == Victim::Agent { &agent } else { &bench.keyring };
    let strace = injection::inject(&bench.home, whom, call, "signal=KILL");
    let acknowledged = bench.migrate(bench.to).code == 0;
    let mut hit = !acknowledged || agent.0.try_wait().unwrap().is_some();
    if victim == Victim::Keyring {
        hit = bench.keyring.0.try_wait().unwrap().is_some();
        assert!(agent.0.try_wait().unwrap().is_none(), "the agent ended: {}", call.shown);
        bench.all_there(&call.shown);
        let _ = bench.keyring.0.kill();
        bench.keyring = bench.session.keyring(&bench.home).unwrap();
    }
    let _ = agent.0.kill();
    agent.0.wait().unwrap();
    drop(strace);
    bench.check(&call.shown);
    (hit, acknowledged)
}

#[test]
fn a_crash_while_everything_moves_to_the_keyring_loses_nothing() {
    crash_everywhere(Victim::Agent, "file", "keyring", 12);
}

#[test]
fn a_crash_while_everything_moves_to_the_file_loses_nothing() {
    crash_everywhere(Victim::Agent, "keyring", "file", 12);
}

#[test]
fn a_keyring_that_crashes_while_everything_moves_to_it_loses_nothing() {
    crash_everywhere(Victim::Keyring, "file", "keyring", 12);
}

#[test]
fn a_keyring_that_crashes_while_everything_moves_out_of_it_loses_nothing() {
    crash_everywhere(Victim::Keyring, "keyring", "file", 12);
}
