//! `loom setup kubectl`: the block that kubectl itself writes.

use super::setup_bench::SetupBench;
use crate::support::{machine_program, run};

const FILE: &str = ".kube/config";

const CONFIG: &str = "# my clusters\napiVersion: v1\nkind: Config\ncurrent-context: work\nclusters:\n- name: work\n  \
                      cluster: {server: 'https://127.0.0.1:1'}\ncontexts:\n- name: work\n  context:\n    cluster: work\n    \
                      user: alice@corp\nusers:\n- name: alice@corp\n  user: {}\n- name: other\n  user:\n    token: tok-1\n";

#[test]
fn kubectl_runs_loom_for_the_user_of_the_context() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(FILE, CONFIG);
    bench.setup(&["kubectl"]).ok().without("tok-1");
    let path = "{.users[?(@.name==\"alice@corp\")].user.exec}";
    let output = format!("--output=jsonpath={path}");
    let said = run(bench.tool("kubectl").args(["config", "view", "--raw", &output]), b"").ok().out;
    let exec: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(exec["args"], serde_json::json!(["kube"]));
    assert_eq!(exec["interactiveMode"], "IfAvailable");
}

#[test]
fn what_kubectl_had_comes_back() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.comes_back(&["kubectl"], FILE, &CONFIG.replace("    token: tok-1\n", "    username: bob\n"));
}

#[test]
fn a_second_run_for_kubectl_changes_nothing() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(FILE, CONFIG);
    bench.setup(&["kubectl"]).ok();
    let first = bench.read(FILE);
    bench.setup(&["kubectl"]).ok().says("asks loom already");
    assert_eq!(bench.read(FILE), first);
}

#[test]
fn kubectls_helper_of_others_stays_unless_it_is_said_to_go() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: other-login, interactiveMode: Never}}";
    let config = CONFIG.replace("user: {}", &format!("user: {exec}"));
    bench.write(FILE, &config);
    bench.setup(&["kubectl"]).fails(1).says("other-login");
    assert_eq!(bench.read(FILE), config);
    bench.comes_back(&["kubectl", "--force"], FILE, &config.replace("    token: tok-1\n", "    username: bob\n"));
}

#[test]
fn the_token_of_the_contexts_user_goes_over_to_loom() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(FILE, &CONFIG.replace("user: {}", "user: {token: tok-2}"));
    bench.setup(&["kubectl"]).ok().without("tok-2").says("in loom now");
    bench.home.assert_nowhere_in_clear("tok-2");
    let token = run(bench.tool("loom").args(["kube", "--server", "https://127.0.0.1:1"]), b"").ok();
    assert!(token.out.contains("\"tok-2\""), "{token:?}");
}
