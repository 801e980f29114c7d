//! podman, skopeo and buildah, which start docker's helper as well: who logs in, and who pulls what is public.

use std::path::{Path, PathBuf};

use super::bench::Bench;
use super::docker::{NOTHING, registry};
use super::door::basic;
use super::site::Site;
use crate::support::{Output, machine_program, provided, run};

/// The three programs, unpacked somewhere, with settings of their own.
struct Containers {
    packages: PathBuf,
    settings: PathBuf,
}

impl Containers {
    fn new(bench: &Bench) -> Option<Containers> {
        let packages = provided("containers")?;
        let settings = bench.home.path().join("home/.config/containers");
        std::fs::create_dir_all(settings.join("registries.conf.d")).unwrap();
        std::fs::write(settings.join("registries.conf.d/50-loom.conf"), "credential-helpers = [\"loom\"]\n").unwrap();
        std::fs::write(settings.join("policy.json"), r#"{"default":[{"type":"insecureAcceptAnything"}]}"#).unwrap();
        let at = bench.home.path().display();
        let storage =
            format!("[storage]\ndriver = \"vfs\"\nrunroot = \"{at}/runroot\"\ngraphroot = \"{at}/graphroot\"\n");
        std::fs::write(settings.join("storage.conf"), storage).unwrap();
        let own = packages.join("usr/bin");
        let engine = format!(
            "[engine]\nconmon_path = [\"{0}/conmon\"]\nruntime = \"crun\"\n[engine.runtimes]\ncrun = [\"{0}/crun\"]\n",
            own.display()
        );
        std::fs::write(settings.join("containers.conf"), engine).unwrap();
        Some(Containers { packages, settings })
    }

    fn call(&self, bench: &Bench, tool: &str, args: &[&str], input: &str) -> Output {
        let mut command = bench.command(self.packages.join("usr/bin").join(tool).to_str().unwrap());
        command.env("LD_LIBRARY_PATH", self.packages.join("usr/lib/x86_64-linux-gnu"));
        command.env("CONTAINERS_STORAGE_CONF", self.settings.join("storage.conf"));
        command.env("CONTAINERS_CONF", self.settings.join("containers.conf")).args(args);
        run(&mut command, input.as_bytes())
    }
}

#[test]
fn podman_skopeo_and_buildah_log_in_and_out_by_loom() {
    let mut bench = Bench::new();
    let (Some(containers), Some(site)) = (Containers::new(&bench), registry(&mut bench)) else { return };
    let host = host(&site);
    site.accept_only(&basic("alice", "pw_of_alice"));
    for tool in ["podman", "skopeo", "buildah"] {
        let call = |args: &[&str], input: &str| containers.call(&bench, tool, args, input);
        call(&["login", "--username=alice", "--password-stdin", &host], "pw_of_alice\n").ok();
        let got = bench.helper("docker-credential-loom", &["get"], &host).ok();
        assert!(got.out.contains("pw_of_alice"), "{tool}");
        call(&["logout", &host], "").ok();
        assert_eq!(bench.helper("docker-credential-loom", &["get"], &host).out, NOTHING, "{tool}");
    }
    bench.home.assert_nowhere_in_clear("pw_of_alice");
}

const CONFIG: &str = r#"{"architecture":"amd64","os":"linux","config":{},"rootfs":{"type":"layers","diff_ids":[]}}"#;
const DIGEST: &str = "sha256:dc570f145a7f2862c9ef3c30b8d6ae2feaceb0d364e4b2e08e67ae18815427d9";

/// A registry with one image, without a layer, that anybody may have.
fn public_registry(bench: &mut Bench) -> Option<Site> {
    let locations = "location = /v2/ { default_type application/json; return 200 '{}'; }
        location ~ /manifests/ { root DIR/served; default_type application/vnd.oci.image.manifest.v1+json; }
        location /v2/ { root DIR/served; default_type application/octet-stream; }";
    let site = Site::start(&mut bench.home, locations)?;
    let manifest = serde_json::json!({
        "schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "layers": [],
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json", "digest": DIGEST, "size": CONFIG.len()
        }
    });
    site.serve("v2/team/app/manifests/1", manifest.to_string());
    site.serve(&format!("v2/team/app/blobs/{DIGEST}"), CONFIG);
    Some(site)
}

/// The pulls of every client, each of which asks loom first.
fn pull_all(bench: &Bench, containers: &Containers, image: &str) {
    let url = format!("docker://{image}");
    let pulls: [(&str, &[&str]); 3] = [
        ("skopeo", &["inspect", "--config", &url]),
        ("podman", &["pull", "--quiet", image]),
        ("buildah", &["pull", "--quiet", image]),
    ];
    for (tool, args) in pulls {
        containers.call(bench, tool, args, "").ok();
    }
}

#[test]
fn what_is_public_is_pulled_by_each_client_where_loom_has_nothing() {
    let mut bench = Bench::new();
    let (Some(containers), Some(site)) = (Containers::new(&bench), public_registry(&mut bench)) else { return };
    pull_all(&bench, &containers, &format!("{}/team/app:1", host(&site)));
}

#[test]
fn what_is_public_is_pulled_by_each_client_with_a_token_to_look_by() {
    let mut bench = Bench::new();
    let (Some(containers), Some(site)) = (Containers::new(&bench), public_registry(&mut bench)) else { return };
    bench.home.loom_in(&["login", "--with-token", "--server", &site.url], "tok_0123456789").ok();
    let token = bench.home.issue("job", &["--scopes", "read"]);
    bench.home.set("LOOM_TOKEN", token);
    pull_all(&bench, &containers, &format!("{}/team/app:1", host(&site)));
}

#[test]
fn docker_reads_what_is_public_where_loom_has_nothing_or_is_not_there() {
    let mut bench = Bench::new();
    let (Some(docker), Some(site)) = (machine_program("docker"), public_registry(&mut bench)) else { return };
    std::fs::create_dir(bench.home.path().join("home/.docker")).unwrap();
    std::fs::write(bench.home.path().join("home/.docker/config.json"), r#"{"credsStore":"loom"}"#).unwrap();
    let image = format!("{}/team/app:1", host(&site));
    let inspect = |bench: &Bench| inspected(bench, &docker, &image);
    assert!(inspect(&bench).ok().out.contains(DIGEST));
    bench.home.loom(&["agent", "stop"]).ok();
    bench.home.set("LOOM_AUTOSTART", "0");
    assert!(inspect(&bench).ok().out.contains(DIGEST));
}

fn inspected(bench: &Bench, docker: &Path, image: &str) -> Output {
    let mut command = bench.command(docker.to_str().unwrap());
    run(command.args(["manifest", "inspect", image]).env_remove("DOCKER_AUTH_CONFIG"), b"")
}

fn host(site: &Site) -> String {
    site.url.trim_start_matches("https://").to_owned()
}
