//! pnpm with a registry that wants a token, and bazel's helper by its bytes.

use std::os::unix::fs::symlink;

use super::bench::Bench;
use super::door::guarded;
use super::site::Site;
use crate::support::{Output, find_program, provided, run};

const TOKEN: &str = "tok_0123456789";

#[test]
fn pnpm_installs_from_a_registry_by_the_link_of_its_host() {
    let (Some(pnpm), Some(node)) = (provided("pnpm/node_modules/pnpm/bin/pnpm.cjs"), find_program("node")) else {
        return;
    };
    let mut bench = Bench::new();
    let guard = guarded("Bearer");
    let locations = format!(
        "location = /abcd {{ {guard} default_type application/json; root DIR/served; try_files /abcd.json =404; }}
         location /files/ {{ {guard} root DIR/served; }}"
    );
    let Some(site) = Site::start(&mut bench.home, &locations) else { return };
    let host = site.url.trim_start_matches("https://").to_owned();
    std::fs::create_dir(site.dir.join("package")).unwrap();
    std::fs::write(site.dir.join("package/package.json"), "{\"name\":\"abcd\",\"version\":\"1.0.0\"}").unwrap();
    run(std::process::Command::new("tar").args(["-czf", "abcd.tgz", "package"]).current_dir(&site.dir), b"").ok();
    site.serve("files/abcd.tgz", std::fs::read(site.dir.join("abcd.tgz")).unwrap());
    let dist = serde_json::json!({ "tarball": format!("{}/files/abcd.tgz", site.url) });
    let version = serde_json::json!({ "name": "abcd", "version": "1.0.0", "dist": dist });
    let document =
        serde_json::json!({ "name": "abcd", "dist-tags": { "latest": "1.0.0" }, "versions": { "1.0.0": version } });
    site.serve("abcd.json", document.to_string());
    let helper = bench.home.path().join(format!("bin/npm-token-loom@{host}"));
    symlink(bench.program("npm-token-loom"), &helper).unwrap();
    let settings = format!(
        "registry={0}/\n//{host}/:tokenHelper={1}\ncafile={2}\nupdate-notifier=false\n",
        site.url,
        helper.display(),
        site.ca.display()
    );
    std::fs::write(bench.home.path().join("home/.npmrc"), settings).unwrap();
    let project = bench.home.path().join("project");
    std::fs::create_dir(&project).unwrap();
    std::fs::write(project.join("package.json"), "{\"dependencies\":{\"abcd\":\"1.0.0\"}}").unwrap();
    let install = || -> Output {
        let mut command = bench.command(node.to_str().unwrap());
        command.arg(&pnpm).args(["install", "--no-frozen-lockfile", "--store-dir=store"]).current_dir(&project);
        run(&mut command, b"")
    };
    site.accept_only(&format!("Bearer {TOKEN}"));
    let nothing = install();
    assert_ne!(nothing.code, 0, "{nothing:?}");
    bench.home.loom_in(&["login", "--with-token", "--server", &site.url], TOKEN).ok();
    install().ok();
    assert!(project.join("node_modules/abcd/package.json").is_file());
}

#[test]
fn bazel_is_told_a_header_for_a_url_and_nothing_for_another() {
    let bench = Bench::new();
    bench.home.loom_in(&["login", "--with-token", "--server", "https://modules.example"], TOKEN).ok();
    let helper =
        |uri: &str| bench.helper("bazel-credential-loom", &["get"], &format!("{{\"uri\":\"{uri}\"}}")).ok().out;
    let expected = format!("{{\"headers\":{{\"Authorization\":[\"Bearer {TOKEN}\"]}}}}\n");
    assert_eq!(helper("https://modules.example/modules/a/1.0/source.json?x=1"), expected);
    assert_eq!(helper("https://other.example/modules"), "{\"headers\":{}}\n");
    bench.home.loom(&["lock"]).ok();
    let locked = bench.helper("bazel-credential-loom", &["get"], "{\"uri\":\"https://modules.example/x\"}");
    assert!(locked.code == 1 && locked.out.is_empty() && locked.err.contains("loom: "), "{locked:?}");
    assert_eq!(helper("https://other.example/modules"), "{\"headers\":{}}\n", "locked is not for everybody");
}
