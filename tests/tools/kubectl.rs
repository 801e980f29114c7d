//! kubectl itself, which runs `loom kube` for its token.

use std::path::Path;

use super::bench::Bench;
use super::site::Site;
use crate::support::{Output, machine_program, run};

/// A cluster that takes one token and says its version.
fn cluster(bench: &mut Bench) -> Option<Site> {
    let location = "location / { default_type application/json;
        if ($http_authorization != 'Bearer tok_0123456789') { return 401 '{\"kind\":\"Status\",\"code\":401}'; }
        return 200 '{\"major\":\"1\",\"minor\":\"32\",\"gitVersion\":\"v1.32.0\"}'; }";
    Site::start(&mut bench.home, location)
}

impl Bench {
    fn kubectl(&self, kubectl: &Path, cluster: &Site, args: &[&str]) -> Output {
        let config = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {{server: '{}', certificate-authority: '{}'}}\n\
             contexts:\n- name: c\n  context: {{cluster: c, user: me}}\nusers:\n- name: me\n  user:\n    exec:\n      \
             apiVersion: client.authentication.k8s.io/v1\n      command: loom\n      args: [kube]\n      \
             interactiveMode: IfAvailable\n      provideClusterInfo: true\n",
            cluster.url,
            cluster.ca.display(),
        );
        std::fs::write(self.home.path().join("kubeconfig"), config).unwrap();
        let mut command = self.home.command(kubectl);
        command.env("KUBECONFIG", self.home.path().join("kubeconfig")).args(args);
        run(&mut command, b"")
    }
}

#[test]
fn kubectl_reaches_its_cluster_with_the_token_that_loom_holds() {
    let Some(kubectl) = machine_program("kubectl") else { return };
    let mut bench = Bench::new();
    let Some(cluster) = cluster(&mut bench) else { return };
    bench.home.loom_in(&["login", "--server", &cluster.url, "--with-token"], "tok_0123456789\n").ok();
    let said = bench.kubectl(&kubectl, &cluster, &["get", "--raw", "/version"]).ok();
    assert!(said.out.contains("v1.32.0"), "{said:?}");
}

#[test]
fn kubectl_shows_what_loom_says_where_a_person_has_to_log_in() {
    let Some(kubectl) = machine_program("kubectl") else { return };
    let mut bench = Bench::new();
    let Some(cluster) = cluster(&mut bench) else { return };
    let said = bench.kubectl(&kubectl, &cluster, &["get", "--raw", "/version"]);
    assert!(said.code != 0 && said.err.contains("hint: loom login --server"), "{said:?}");
}
