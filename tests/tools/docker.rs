//! Docker's helper by its bytes, with docker's own program, and with docker-py.

use super::bench::Bench;
use super::door::{basic, guarded};
use super::site::Site;
use crate::support::{Output, machine_program, provided, run};

pub const NOTHING: &str = "credentials not found in native keychain\n";

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

/// A registry that lets in whoever it likes, and docker's own program with loom as its store.
pub fn registry(bench: &mut Bench) -> Option<Site> {
    let guard = guarded("Basic realm=\"registry\"");
    let site = Site::start(&mut bench.home, &format!("location = /v2/ {{ {guard} return 200 '{{}}'; }}"))?;
    std::fs::create_dir(bench.home.path().join("home/.docker")).unwrap();
    std::fs::write(bench.home.path().join("home/.docker/config.json"), r#"{"credsStore":"loom"}"#).unwrap();
    Some(site)
}

#[test]
fn dockers_own_program_logs_in_again_is_refused_and_logs_out() {
    let mut bench = Bench::new();
    let (Some(docker), Some(site)) = (machine_program("docker"), registry(&mut bench)) else { return };
    let host = site.url.trim_start_matches("https://").to_owned();
    let command = |args: &[&str], input: &str| {
        run(bench.command(docker.to_str().unwrap()).args(args).env_remove("DOCKER_AUTH_CONFIG"), input.as_bytes())
    };
    site.accept_only(&basic("alice", "pw_of_alice"));
    let login = || command(&["login", &host, "--username=alice", "--password-stdin"], "pw_of_alice");
    login().ok();
    let kept = std::fs::read_to_string(bench.home.path().join("home/.docker/config.json")).unwrap();
    assert!(!kept.contains("auth\""), "{kept}");
    assert!(bench.docker("get", &host).ok().out.contains("pw_of_alice"));
    login().ok();
    site.accept_only(&basic("alice", "another"));
    assert_ne!(login().code, 0);
    command(&["logout", &host], "").ok();
    assert_eq!(bench.docker("get", &host).out, NOTHING);
    assert_eq!(bench.docker("list", "unused").out, "{}\n");
}

#[test]
fn docker_py_finds_keeps_and_forgets_by_loom() {
    let Some(packages) = provided("python") else { return };
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw_1");
    let program = "import docker.credentials as c
store = c.Store('loom')
assert store.get('registry.example') == {'ServerURL': 'registry.example', 'Username': 'alice', 'Secret': 'pw_1'}
store.store('other.example:5000', 'bob', 'pw_2')
assert store.list() == {'registry.example': 'alice', 'other.example:5000': 'bob'}, store.list()
store.erase('other.example:5000')
try:
    store.get('other.example:5000')
except c.errors.CredentialsNotFound:
    pass
else:
    raise SystemExit('it is still there')";
    let mut command = bench.command("python3");
    run(command.args(["-c", program]).env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1"), b"").ok();
}

#[test]
fn what_a_person_and_git_have_is_not_listed_for_docker() {
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw_1");
    bench.home.loom_in(&["login", "--with-token", "--server", "git.example"], "tok_0123456789").ok();
    bench.home.store("https", "forge.example", "bob", "pw_2").ok();
    assert_eq!(bench.docker("list", "unused").ok().out, "{\"registry.example\":\"alice\"}\n");
    bench.docker("erase", "forge.example").ok();
    assert!(bench.docker("get", "forge.example").ok().out.contains("pw_2"), "it is git's");
}

#[test]
fn fifty_at_once_have_the_same_answer() {
    let bench = Bench::new();
    bench.stored("registry.example", "alice", "pw_1");
    let answers: Vec<Output> = std::thread::scope(|scope| {
        let ask = || scope.spawn(|| bench.docker("get", "registry.example"));
        let all: Vec<_> = (0..50).map(|_| ask()).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let expected = "{\"ServerURL\":\"registry.example\",\"Username\":\"alice\",\"Secret\":\"pw_1\"}\n";
    assert!(answers.iter().all(|answer| answer.out == expected), "{answers:?}");
}
