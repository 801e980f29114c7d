//! A random life of two agents on one store beside a model of what must be there. `LOOM_SOAK` and `--full` make it
//! longer,
//! `LOOM_SEED` repeats one.

use std::collections::BTreeMap;

use fastrand::Rng;

use crate::support::{Home, Output, Running, every, run, say};

const HOSTS: [&str; 4] = ["a.example", "b.example", "c.example", "d.example:8443"];

/// What happens through one of the two.
#[derive(Clone, Copy, Debug)]
enum Step {
    Store,
    Approve,
    Erase,
    Reject,
    LogOut,
    LockAndUnlock,
    Rekey,
    Crash,
}

use Step::*;

const DICE: [Step; 14] =
    [Store, Store, Store, Store, Approve, Approve, Erase, Reject, Reject, LogOut, LockAndUnlock, Rekey, Crash, Crash];

struct Two {
    home: Home,
    agents: [Running; 2],
    /// Of each host the password, and whether its server refused it.
    kept: BTreeMap<&'static str, (String, bool)>,
}

impl Two {
    fn socket(&self, agent: usize) -> std::path::PathBuf {
        self.home.path().join(format!("agent-{agent}/agent.sock"))
    }

    fn ask(&self, agent: usize, program: &str, arguments: &[&str], stdin: &str) -> Output {
        let mut command = self.home.command(program);
        run(command.args(arguments).env("LOOM_AGENT_SOCK", self.socket(agent)), stdin.as_bytes())
    }

    fn loom(&self, agent: usize, arguments: &[&str]) -> Output {
        self.ask(agent, env!("CARGO_BIN_EXE_loom"), arguments, "")
    }

    fn helper(&self, agent: usize, operation: &str, host: &str, more: &str) -> Output {
        let input = format!("protocol=https\nhost={host}\n{more}\n");
        self.ask(agent, env!("CARGO_BIN_EXE_git-credential-loom"), &[operation], &input)
    }

    fn given(&self, agent: usize, host: &str) -> Option<String> {
        let said = self.helper(agent, "get", host, "").ok().out;
        said.lines().find_map(|line| line.strip_prefix("password=")).map(str::to_owned)
    }

    fn restart(&mut self, agent: usize) {
        let _ = self.agents[agent].0.kill();
        self.agents[agent].0.wait().unwrap();
        self.agents[agent] = self.home.agent_at(&self.socket(agent), &[]);
    }

    fn go(&mut self, step: Step, agent: usize, host: &'static str, number: usize) {
        let before = self.kept.get(host).cloned();
        let with = |password: &str| format!("username=u\npassword={password}\n");
        match (step, before) {
            (Store, _) => {
                let password = format!("pw_{number}");
                self.helper(agent, "store", host, &with(&password)).ok();
                self.kept.insert(host, (password, false));
            }
            // What git had from here and the server took, or did not.
            (Approve, Some((password, _))) => {
                self.helper(agent, "store", host, &with(&password)).ok();
                self.kept.insert(host, (password, false));
            }
            (Reject, Some((password, _))) => {
                self.helper(agent, "erase", host, &with(&password)).ok();
                // A 401 of a password that is no more changes nothing.
                self.helper(1 - agent, "erase", host, &with("pw_of_before")).ok();
                self.kept.insert(host, (password, true));
            }
            (Erase, Some(_)) => {
                self.helper(agent, "erase", host, "username=u\n").ok();
                self.kept.remove(host);
            }
            (LogOut, Some(_)) => {
                self.loom(agent, &["logout", "--server", host]).ok();
                self.kept.remove(host);
            }
            (Approve | Reject | Erase | LogOut, None) => {}
            (LockAndUnlock, _) => {
                self.loom(agent, &["lock"]).ok();
                for agent in [0, 1] {
                    assert_eq!(self.helper(agent, "get", host, "").out, "", "agent {agent} is locked");
                }
                self.loom(1 - agent, &["unlock"]).ok();
            }
            (Rekey, _) => drop(self.loom(agent, &["store", "rekey"]).ok()),
            (Crash, _) => self.restart(agent),
        }
    }
}

#[test]
fn after_any_life_of_two_agents_both_give_what_was_acknowledged_last() {
    let number = |name| std::env::var(name).ok().and_then(|text| text.parse::<usize>().ok());
    let steps = number("LOOM_SOAK").unwrap_or(if every(2) == 1 { 600 } else { 60 });
    let seed = number("LOOM_SEED").map_or_else(|| fastrand::u64(..), |seed| seed as u64);
    let mut rng = Rng::with_seed(seed);
    let home = Home::new();
    let agents = [0, 1].map(|agent| home.agent_at(&home.path().join(format!("agent-{agent}/agent.sock")), &[]));
    let mut two = Two { home, agents, kept: BTreeMap::new() };
    let mut life = Vec::new();
    for number in 0..steps {
        let (step, agent) = (rng.choice(DICE).unwrap(), rng.usize(..2));
        let host = rng.choice(HOSTS).unwrap();
        life.push((step, agent, host));
        two.go(step, agent, host, number);
        for host in HOSTS {
            let expected = two.kept.get(host).filter(|(_, refused)| !refused).map(|(password, _)| password.clone());
            for agent in [0, 1] {
                let found = two.given(agent, host);
                assert_eq!(found, expected, "{host} of agent {agent}, seed {seed}, after {life:?}");
            }
        }
    }
    say(format_args!("two agents: {steps} steps, {} of 4 kept at the end, 0 lost", two.kept.len()));
}
