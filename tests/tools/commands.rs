//! The dialects that are commands of `loom`: kubectl's, Go's, and a line of a netrc file.

use serde_json::Value;

use super::bench::Bench;
use crate::support::run;

const INFO: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",
    "spec":{"interactive":false,"cluster":{"server":"https://k.example:6443"}}}"#;

fn with_token(server: &str) -> Bench {
    let bench = Bench::new();
    bench.home.loom_in(&["login", "--server", server, "--with-token"], "tok_0123456789\n").ok();
    bench
}

#[test]
fn kubectl_is_given_the_token_of_its_cluster() {
    let mut bench = with_token("https://k.example:6443");
    bench.home.set("KUBERNETES_EXEC_INFO", INFO);
    let said: Value = serde_json::from_str(&bench.home.loom(&["kube"]).ok().out).unwrap();
    assert_eq!(said["status"]["token"], "tok_0123456789");
}

#[test]
fn kubectl_is_told_that_a_person_has_to_log_in() {
    let mut bench = Bench::new();
    bench.home.set("KUBERNETES_EXEC_INFO", INFO);
    let said = bench.home.loom(&["kube"]);
    assert!(said.code == 4 && said.out.is_empty(), "{said:?}");
}

#[test]
fn kubectl_is_never_given_the_token_of_another_server_by_default() {
    let mut bench = with_token("https://git.example");
    bench.home.loom(&["config", "set-default-server", "https://git.example"]).ok();
    for info in [None, Some(r#"{"apiVersion":"client.authentication.k8s.io/v9"}"#)] {
        info.iter().for_each(|info| bench.home.set("KUBERNETES_EXEC_INFO", info));
        let said = bench.home.loom(&["kube"]);
        assert!(said.code != 0 && said.out.is_empty(), "{info:?} {said:?}");
    }
}

#[test]
fn a_strangers_kubeconfig_has_no_token_of_another_server() {
    let mut bench = with_token("https://git.example");
    bench.home.set("KUBERNETES_EXEC_INFO", INFO);
    bench
        .home
        .loom(&["kube", "--server", "https://git.example"])
        .fails(1)
        .says("do not lend it")
        .without("tok_0123456789");
    // Nor where the cluster has one of its own.
    bench.home.loom_in(&["login", "--server", "https://k.example:6443", "--with-token"], "tok_of_k\n").ok();
    bench
        .home
        .loom(&["kube", "--server", "https://git.example"])
        .fails(1)
        .without("tok_0123456789")
        .without("tok_of_k");
    let unsaid =
        r#"{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","spec":{"interactive":false}}"#;
    bench.home.set("KUBERNETES_EXEC_INFO", unsaid);
    let said = bench.home.loom(&["kube", "--server", "https://git.example"]).fails(1);
    said.says("hint: put provideClusterInfo: true").without("tok_0123456789");
}

#[test]
fn a_login_that_the_settings_lend_to_a_cluster_is_given_to_it() {
    let mut bench = with_token("https://issuer.example");
    bench.home.configure("[[server]]\nurl = 'https://k.example:6443'\nlogin = 'https://issuer.example'\n");
    bench.home.set("KUBERNETES_EXEC_INFO", INFO);
    for arguments in [&["kube"][..], &["kube", "--server", "https://issuer.example"]] {
        let said: Value = serde_json::from_str(&bench.home.loom(arguments).ok().out).unwrap();
        assert_eq!(said["status"]["token"], "tok_0123456789");
    }
}

#[test]
fn go_is_told_at_first_of_what_was_named() {
    let bench = with_token("https://proxy.example");
    let said = bench.home.loom(&["goauth", "--server", "https://proxy.example"]).ok();
    assert!(said.out.starts_with("https://proxy.example\n\nAuthorization: Basic "), "{said:?}");
}

#[test]
fn go_is_given_a_bearer_token_where_the_server_offers_nothing_else() {
    let bench = with_token("https://proxy.example");
    let head = "HTTP/1.1 401 Unauthorized\r\nWww-Authenticate: Bearer realm=\"x\"\r\n\r\n";
    let said = bench.home.loom_in(&["goauth", "https://proxy.example/mod/@v/list"], head).ok();
    assert_eq!(said.out, "https://proxy.example\n\nAuthorization: Bearer tok_0123456789\n\n");
}

#[test]
fn go_learns_nothing_where_there_is_nothing() {
    let said = Bench::new().home.loom_in(&["goauth", "https://proxy.example/mod"], "").ok();
    assert_eq!((said.out.as_str(), said.err.as_str()), ("", ""));
}

#[test]
fn go_is_given_no_more_than_its_question_where_only_a_path_is_kept() {
    let bench = with_token("https://proxy.example/team");
    let said = bench.home.loom_in(&["goauth", "https://proxy.example/team/@v/list"], "").ok();
    assert!(said.out.starts_with("https://proxy.example/team/@v/list\n\n"), "{said:?}");
}

#[test]
fn curl_reads_a_line_of_netrc() {
    let bench = with_token("https://api.example");
    let said = bench.home.loom(&["netrc", "--server", "https://api.example"]).ok();
    let words: Vec<&str> = said.out.split_whitespace().collect();
    assert_eq!([words[0], words[1], words[4], words[5]], ["machine", "api.example", "password", "tok_0123456789"]);
}

#[test]
fn who_starts_a_helper_by_hand_is_told_in_their_language() {
    let mut bench = Bench::new();
    bench.home.set("LC_ALL", "es_ES.UTF-8");
    for (program, args) in
        [("docker-credential-loom", &[][..]), ("keyring", &["get"]), ("vault-token-loom", &["get", "x"])]
    {
        let said = bench.helper(program, args, "");
        assert!(said.out.is_empty() && said.err.contains("rara vez") && said.err.contains(program), "{said:?}");
    }
}

#[test]
fn a_token_without_reveal_is_given_to_no_tool() {
    let mut bench = with_token("https://api.example");
    let made = ["token", "generate", "ci", "--scopes", "read", "--expires", "1"];
    let issued = bench.home.loom(&made).ok().out;
    bench.home.set("LOOM_TOKEN", issued.trim());
    let said = run(bench.home.command(bench.program("docker-credential-loom")).arg("get"), b"api.example");
    assert!(!said.out.contains("tok_0123456789") && said.code == 1, "{said:?}");
}
