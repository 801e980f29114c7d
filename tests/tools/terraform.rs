//! terraform with a registry of its own, and loom as its credentials helper.

use std::os::unix::fs::symlink;

use super::bench::Bench;
use super::door::guarded;
use super::site::Site;
use crate::support::{Output, machine_program, run};

const TOKEN: &str = "tok_0123456789";

#[test]
fn terraform_is_given_what_it_stored_for_a_host() {
    let bench = Bench::new();
    let helper = |args: &[&str], input: &str| bench.helper("terraform-credentials-loom", args, input);
    let own = || helper(&["get", "registry.example:8443"], "").ok().out;
    assert_eq!(own(), "{}\n");
    helper(&["store", "registry.example:8443"], "{\"token\":\"tok_0123456789\"}").ok();
    assert_eq!(own(), "{\"token\":\"tok_0123456789\"}\n");
    assert_eq!(helper(&["get", "registry.example"], "").ok().out, "{}\n", "another port is another host");
    helper(&["forget", "registry.example:8443"], "").ok();
    helper(&["forget", "registry.example:8443"], "").ok();
    assert_eq!(own(), "{}\n");
}

#[test]
fn terraform_reads_a_private_registry_and_logs_out_of_it() {
    let Some(terraform) = machine_program("terraform") else { return };
    let mut bench = Bench::new();
    let guard = guarded("Bearer");
    let locations = format!(
        "default_type application/json;
         location = /.well-known/terraform.json {{ return 200 '{{\"modules.v1\":\"/modules/\"}}'; }}
         location = /modules/a/b/c/versions {{ {guard}
           return 200 '{{\"modules\":[{{\"versions\":[{{\"version\":\"1.0.0\"}}]}}]}}'; }}
         location = /modules/a/b/c/1.0.0/download {{ {guard} add_header X-Terraform-Get '../../../../../archive/c.tar.gz'; return 204; }}
         location /archive/ {{ root DIR/served; }}"
    );
    let Some(site) = Site::start(&mut bench.home, &locations) else { return };
    // A host needs a dot.
    let host = site.url.replace("https://localhost", "127.0.0.1");
    std::fs::write(site.dir.join("main.tf"), "").unwrap();
    let mut tar = std::process::Command::new("tar");
    run(tar.args(["-czf", "c.tar.gz", "main.tf"]).current_dir(&site.dir), b"").ok();
    site.serve("archive/c.tar.gz", std::fs::read(site.dir.join("c.tar.gz")).unwrap());
    let home = bench.home.path().to_owned();
    let plugins = home.join("home/.terraform.d/plugins");
    std::fs::create_dir_all(&plugins).unwrap();
    symlink(bench.program("terraform-credentials-loom"), plugins.join("terraform-credentials-loom")).unwrap();
    std::fs::write(home.join("home/.terraformrc"), "credentials_helper \"loom\" {\n  args = []\n}\n").unwrap();
    let project = home.join("project");
    std::fs::create_dir(&project).unwrap();
    std::fs::write(
        project.join("main.tf"),
        format!("module \"c\" {{\n  source  = \"{host}/a/b/c\"\n  version = \"1.0.0\"\n}}\n"),
    )
    .unwrap();
    let run_it = |args: &[&str]| -> Output {
        let mut command = bench.command(terraform.to_str().unwrap());
        command.args(args).env("CHECKPOINT_DISABLE", "1").current_dir(&project);
        run(&mut command, b"")
    };
    site.accept_only(&format!("Bearer {TOKEN}"));
    assert_ne!(run_it(&["get", "-no-color"]).code, 0);
    bench.helper("terraform-credentials-loom", &["store", &host], &format!("{{\"token\":\"{TOKEN}\"}}")).ok();
    run_it(&["get", "-no-color"]).ok();
    assert!(site.log().contains("GET /modules/a/b/c/1.0.0/download 204"), "{}", site.log());
    run_it(&["logout", &host]).ok();
    assert_eq!(bench.helper("terraform-credentials-loom", &["get", &host], "").ok().out, "{}\n");
}
