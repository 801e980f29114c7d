//! Docker's helper by its bytes.

use super::bench::Bench;
use crate::support::{Output, machine_program, run};

const NOTHING: &str = "credentials not found in native keychain\n";

impl Bench {
    fn docker(&self, verb: &str, input: &str) -> Output {
        self.helper("docker-credential-loom", &[verb], input)
    }

    fn stored(&self, server: &str, user: &str, secret: &str) {
        let entry = serde_json::json!({ "ServerURL": server, "Username": user, "Secret": secret });
        self.docker("store", &format!("{entry}\n")).ok();
    }
}

#[test]
fn what_docker_stored_it_gets_again() {
    let bench = Bench::new();
    bench.stored("registry.example:5000", "alice", "pw<&>1");
    let got = bench.docker("get", "registry.example:5000").ok();
    let expected = r#"{"ServerURL":"registry.example:5000","Username":"alice","Secret":"pw<&>1"}"#;
    assert_eq!(got.out, format!("{expected}\n"));
}

#[test]
fn an_unknown_registry_has_the_sentence_that_docker_knows() {
    let bench = Bench::new();
    let got = bench.docker("get", "registry.example");
    assert_eq!((got.code, got.out.as_str(), got.err.as_str()), (1, NOTHING, ""));
}

#[test]
fn what_docker_erased_is_gone() {
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw");
    bench.docker("erase", "registry.example").ok();
    assert_eq!(bench.docker("get", "registry.example").out, NOTHING);
}

#[test]
fn a_login_of_loom_serves_docker() {
    let bench = Bench::new();
    bench.home.loom_in(&["login", "--server", "https://registry.example", "--with-token"], "tok_0123456789\n").ok();
    assert!(bench.docker("get", "registry.example").ok().out.contains(r#""Secret":"tok_0123456789""#));
}

#[test]
fn docker_is_told_by_one_sentence_that_loom_is_locked() {
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw");
    bench.home.loom(&["lock"]).ok();
    let got = bench.docker("get", "registry.example");
    assert!(got.code == 1 && got.out.starts_with("loom: ") && got.out.lines().count() == 1, "{got:?}");
}

#[test]
fn without_an_agent_docker_is_told_why() {
    let mut bench = Bench::new();
    bench.home.set("LOOM_AUTOSTART", "0");
    let got = bench.docker("get", "registry.example");
    assert!(got.code == 1 && got.out.starts_with("loom: the agent"), "{got:?}");
}

#[test]
fn dockers_own_program_logs_out_what_it_stored() {
    if machine_program("docker").is_none() {
        return;
    }
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw");
    let config = bench.home.path().join("home/.docker");
    std::fs::create_dir(&config).unwrap();
    std::fs::write(config.join("config.json"), r#"{"credsStore":"loom"}"#).unwrap();
    run(bench.command("docker").args(["logout", "registry.example"]), b"").ok();
    assert_eq!(bench.docker("get", "registry.example").out, NOTHING);
}
