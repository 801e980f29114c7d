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

/// What kubectl itself reads in its file.
fn seen(bench: &SetupBench) -> String {
    run(bench.tool("kubectl").args(["config", "view", "--raw", "--output=json"]), b"").ok().out
}

#[test]
fn only_looms_block_goes_again_from_kubectls_file() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    bench.write(FILE, CONFIG);
    let before = seen(&bench);
    bench.setup(&["kubectl"]).ok();
    bench.setup(&["kubectl", "--remove"]).ok().says("layout of its own").without("tok-1");
    assert_eq!(seen(&bench), before);
}

#[test]
fn no_secret_of_kubectls_is_shown_or_remembered() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    let env = "exec: {command: x, apiVersion: client.authentication.k8s.io/v1, env: [{name: A, value: sec-2}]}";
    let provider = "auth-provider: {name: oidc, config: {client-secret: sec-3, refresh-token: sec-4}}";
    let others = format!("- name: b\n  user: {{{env}}}\n- name: c\n  user: {{{provider}, password: sec-5}}\n");
    bench.write(FILE, &format!("{CONFIG}{others}"));
    let first = bench.setup(&["kubectl"]).ok();
    let record = std::fs::read_to_string(bench.home.path().join("state/loom/setup.json")).unwrap();
    let last = bench.setup(&["kubectl", "--remove"]).ok();
    let all = format!("{first:?} {last:?} {record}");
    for secret in ["tok-1", "sec-2", "sec-3", "sec-4", "sec-5"] {
        assert!(!all.contains(secret), "{all}");
    }
}

#[test]
fn looms_block_is_found_again_after_the_context_changed() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    let context = "- name: second\n  context: {cluster: work, user: other}\n";
    bench
        .write(FILE, &CONFIG.replace("users:\n", &format!("{context}users:\n")).replace("token: tok-1", "username: b"));
    let before = seen(&bench);
    bench.setup(&["kubectl"]).ok();
    let used = |name| run(bench.tool("kubectl").args(["config", "use-context", name]), b"").ok();
    used("second");
    bench.setup(&["kubectl"]).ok();
    assert_eq!(seen(&bench).matches("\"kube\"").count(), 2);
    used("work");
    bench.setup(&["kubectl", "--remove"]).ok();
    assert_eq!(seen(&bench), before);
}

#[test]
fn a_file_of_kubectls_that_the_environment_names_no_more_is_undone_too() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let mut bench = SetupBench::new();
    bench.write("elsewhere", CONFIG);
    bench.home.set("KUBECONFIG", bench.path("elsewhere"));
    bench.setup(&["kubectl"]).ok();
    bench.home.set("KUBECONFIG", "");
    bench.write(FILE, CONFIG);
    bench.setup(&["kubectl", "--remove"]).ok();
    assert!(!bench.read("elsewhere").contains("exec"), "{}", bench.read("elsewhere"));
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
fn another_way_to_log_in_of_kubectls_stays() {
    if machine_program("kubectl").is_none() {
        return;
    }
    let bench = SetupBench::new();
    let exec = "{exec: {apiVersion: client.authentication.k8s.io/v1, command: other-login, interactiveMode: Never}}";
    for (way, user) in [("exec", exec), ("auth-provider", "{auth-provider: {name: oidc}}")] {
        let config = CONFIG.replace("user: {}", &format!("user: {user}"));
        bench.write(FILE, &config);
        let said = format!("users.alice@corp.{way}");
        bench.setup(&["kubectl"]).fails(1).says(&said).says("kubectl config unset");
        bench.setup(&["kubectl", "--force"]).fails(1).says(&said);
        assert_eq!(bench.read(FILE), config);
    }
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
