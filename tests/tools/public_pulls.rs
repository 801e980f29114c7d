//! What docker's helper says while something is in loom's way: a person's public images are pulled whatever that is.

use rustix::process::{Pid, Signal, kill_process};

use super::bench::Bench;
use super::docker::NOTHING;
use crate::support::{Output, Session};

impl Bench {
    /// Asserts that docker goes on without, and that whoever looks sees why.
    fn goes_on(&self, host: &str, why: &str) {
        let got = self.helper("docker-credential-loom", &["get"], host);
        assert_eq!((got.code, got.out.as_str()), (1, NOTHING), "{host}: {got:?}");
        assert!(if why.is_empty() { got.err.is_empty() } else { got.err.contains(why) }, "{host}: {got:?}");
    }

    fn is_told(&self, host: &str) -> Output {
        self.helper("docker-credential-loom", &["get"], host)
    }

    fn logged_in(&self, host: &str) {
        self.home.loom_in(&["login", "--server", host, "--with-token"], "tok_0123456789\n").ok();
    }
}

#[test]
fn without_an_agent_docker_goes_on() {
    let mut bench = Bench::new();
    bench.home.set("LOOM_AUTOSTART", "0");
    bench.goes_on("registry.example", "loom: the agent");
}

#[test]
fn without_the_keyring_docker_goes_on() {
    let mut bench = Bench::new();
    bench.home.set("LOOM_STORE", "keyring");
    let Some(_session) = Session::without_keyring(&mut bench.home) else { return };
    bench.goes_on("registry.example", "the keyring cannot be used");
}

#[test]
fn while_the_keyring_is_locked_docker_goes_on() {
    let mut bench = Bench::new();
    bench.home.set("LOOM_STORE", "keyring");
    let Some(session) = Session::unlocked(&mut bench.home) else { return };
    bench.logged_in("registry.example");
    bench.home.loom(&["lock"]).ok();
    session.lock();
    bench.goes_on("public.example", "the keyring is locked");
}

#[test]
fn docker_goes_on_where_a_token_may_not_show_what_is_kept() {
    let mut bench = Bench::new();
    bench.logged_in("registry.example");
    let token = bench.home.issue("job", &["--scopes", "read"]);
    bench.home.set("LOOM_TOKEN", token);
    bench.goes_on("registry.example", "hint: ");
    bench.home.set("LOOM_TOKEN", "loom_that_nobody_issued");
    bench.goes_on("registry.example", "loom: ");
}

#[test]
fn docker_goes_on_where_a_token_for_other_servers_is_locked() {
    let mut bench = Bench::new();
    bench.logged_in("registry.example");
    let token = bench.home.issue("job", &["--scopes", "read", "--reveal", "--for", "registry.example"]);
    bench.home.loom(&["lock"]).ok();
    bench.home.set("LOOM_TOKEN", token);
    bench.goes_on("public.example", "");
    let told = bench.is_told("registry.example");
    assert!(told.code == 1 && told.out.starts_with("loom: "), "{told:?}");
}

#[test]
fn docker_goes_on_where_the_agent_says_nothing() {
    let bench = Bench::new();
    let agent = bench.home.agent(&[]);
    bench.logged_in("registry.example");
    let agent = Pid::from_child(&agent.0);
    kill_process(agent, Signal::STOP).unwrap();
    bench.goes_on("registry.example", "the agent does not answer");
    kill_process(agent, Signal::CONT).unwrap();
}

#[test]
fn whoever_asks_for_a_helper_in_vain_hears_it_in_their_words() {
    let bench = Bench::new();
    let agent = bench.home.agent(&[]);
    bench.logged_in("registry.example");
    kill_process(Pid::from_child(&agent.0), Signal::STOP).unwrap();
    let question = "{\"v\":1,\"registry\":{\"index-url\":\"sparse+https://registry.example/\"},\"kind\":\"get\",\"operation\":\"read\"}\n";
    let told = bench.helper("cargo-credential-loom", &["--cargo-plugin"], question);
    assert!(told.code == 0 && told.out.contains(r#"{"Err":{"kind":"other","message":""#), "{told:?}");
    kill_process(Pid::from_child(&agent.0), Signal::CONT).unwrap();
}
