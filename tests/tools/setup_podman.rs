//! `loom setup podman`: a file of loom's own, and podman's files of secrets.

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

const FILE: &str = ".config/containers/registries.conf.d/50-loom.conf";
const SECRETS: &str = ".config/containers/auth.json";

#[test]
fn podman_asks_loom_by_a_file_that_goes_again() {
    let bench = SetupBench::new();
    bench.setup(&["podman"]).ok();
    assert!(bench.read(FILE).contains("credential-helpers = [\"loom\"]"));
    bench.setup(&["podman", "--remove"]).ok();
    assert!(!bench.is_there(".config"));
}

#[test]
fn podman_is_not_told_about_single_registries() {
    let bench = SetupBench::new();
    bench.setup(&["podman", "--server", "registry.example"]).fails(2).says("every server");
}

#[test]
fn another_helper_of_podmans_stays_unless_it_is_said_to_go() {
    let bench = SetupBench::new();
    bench.write(".config/containers/registries.conf", "credential-helpers = [\"pass\"]\n");
    bench.setup(&["podman"]).fails(1).says("pass");
    assert!(!bench.is_there(FILE));
}

#[test]
fn podmans_clear_text_goes_over_to_loom_but_for_parts_of_a_registry() {
    let bench = SetupBench::new();
    let part = "\"a.example/team\": {\"auth\": \"YWxpY2U6cHctMg==\"}";
    bench.write(SECRETS, &format!("{{\"auths\": {{\"a.example\": {{\"auth\": \"YWxpY2U6cHctMQ==\"}}, {part}}}}}"));
    bench.setup(&["podman"]).ok().says("whole registries");
    assert_eq!(bench.read(SECRETS), format!("{{\"auths\": {{{part}}}}}"));
}

#[test]
fn docker_and_podman_share_the_helpers_name() {
    let bench = SetupBench::new();
    bench.setup(&["docker"]).ok();
    bench.setup(&["podman"]).ok();
    bench.setup(&["docker", "--remove"]).ok();
    assert!(bench.home.path().join("bin/docker-credential-loom").exists());
    bench.setup(&["podman", "--remove"]).ok();
    assert!(!bench.home.path().join("bin/docker-credential-loom").exists());
}

#[test]
fn podmans_own_program_asks_loom_once_it_is_set_up() {
    if machine_program("podman").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(SECRETS, "{\"auths\": {\"a.example\": {\"auth\": \"YWxpY2U6cHctMQ==\"}}}");
    bench.setup(&["podman"]).ok();
    let login = run(bench.tool("podman").args(["login", "--get-login", "a.example"]), b"").ok();
    assert_eq!(login.out.trim(), "alice");
}
