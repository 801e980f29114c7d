//! `loom setup docker --force` where another helper of docker's has the secrets: they are in loom before it gives way.

use std::os::unix::fs::PermissionsExt;

use super::setup_bench::SetupBench;

const FILE: &str = ".docker/config.json";
const ASKED: &str = "{\n\t\"credsStore\": \"old\"\n}\n";

/// Somebody whose secrets an old helper has: `answers` is what it says to `get` of `a.example`.
fn bench(answers: &str) -> SetupBench {
    let bench = SetupBench::new();
    bench.write(FILE, ASKED);
    let program = bench.home.path().join("bin/docker-credential-old");
    let script = format!(
        "#!/bin/sh\nread -r key\ncase $1 in\nlist) echo '{{\"a.example\":\"alice\",\"b.example\":\"bob\"}}';;\n\
         get) case $key in\na.example) {answers};;\n\
         *) echo '{{\"ServerURL\":\"b.example\",\"Username\":\"bob\",\"Secret\":\"pw_of_b\"}}';;\nesac;;\nesac\n"
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    bench
}

const SAYS: &str = "echo '{\"ServerURL\":\"a.example\",\"Username\":\"alice\",\"Secret\":\"pw_of_a\"}'";

#[test]
fn what_an_old_helper_has_is_in_loom_before_it_gives_way() {
    let bench = bench(SAYS);
    bench.setup(&["docker"]).fails(1).says("docker-credential-old");
    let said = bench.setup(&["docker", "--force"]).ok().says("docker-credential-old").without("pw_of_a");
    drop(said);
    assert!(bench.read(FILE).contains("\"loom\""));
    for (host, secret) in [("a.example", "pw_of_a"), ("b.example", "pw_of_b")] {
        let mut command = bench.tool("docker-credential-loom");
        let told = crate::support::run(command.arg("get"), host.as_bytes()).ok();
        assert!(told.out.contains(secret), "{told:?}");
    }
    bench.setup(&["docker", "--remove"]).ok();
    assert_eq!(bench.read(FILE), ASKED);
}

#[test]
fn an_old_helper_of_which_something_cannot_be_copied_stays() {
    let bench = bench("echo 'the keychain is locked'; exit 1");
    bench.setup(&["docker", "--force"]).fails(1).says("the keychain is locked").says("a.example");
    assert_eq!(bench.read(FILE), ASKED);
    assert!(!bench.is_there("../bin/docker-credential-loom"), "nothing is left of the attempt");
}

#[test]
fn an_old_helper_stays_where_no_agent_keeps_what_it_has() {
    let mut bench = bench(SAYS);
    bench.home.set("LOOM_AUTOSTART", "0");
    bench.setup(&["docker", "--force"]).fails(1).says("a.example").without("pw_of_a");
    assert_eq!(bench.read(FILE), ASKED);
}

#[test]
fn what_loom_has_is_not_replaced_by_what_an_old_helper_has() {
    let bench = bench(SAYS);
    bench.home.loom_in(&["login", "--with-token", "--server", "a.example", "--account", "me"], "tok_newer").ok();
    bench.setup(&["docker", "--force"]).ok().says("a.example");
    let mut command = bench.tool("docker-credential-loom");
    assert!(crate::support::run(command.arg("get"), b"a.example").ok().out.contains("tok_newer"));
}
