//! Go itself, which runs `loom goauth` for a module proxy that wants to know who asks.

use std::process::Command;

use super::bench::Bench;
use super::site::Site;
use crate::support::{Output, provided, run};

/// A proxy with one module, for whoever shows one token.
fn proxy(bench: &mut Bench) -> Option<Site> {
    let location = "location / { root DIR/modules; default_type text/plain;
        if ($http_authorization != 'Basic b2F1dGgyOnRva18wMTIzNDU2Nzg5') {
            add_header WWW-Authenticate 'Basic realm=\"modules\"' always; return 401; } }";
    let site = Site::start(&mut bench.home, location)?;
    let at = site.dir.join("modules/corp.example/secret/@v");
    std::fs::create_dir_all(&at).unwrap();
    std::fs::write(at.join("list"), "v1.0.0\n").unwrap();
    std::fs::write(at.join("v1.0.0.info"), r#"{"Version":"v1.0.0","Time":"2026-01-01T00:00:00Z"}"#).unwrap();
    std::fs::write(at.join("v1.0.0.mod"), "module corp.example/secret\n").unwrap();
    let zip = "import sys, zipfile
with zipfile.ZipFile(sys.argv[1], 'w') as z:
    z.writestr('corp.example/secret@v1.0.0/go.mod', 'module corp.example/secret\\n')
    z.writestr('corp.example/secret@v1.0.0/a.go', 'package secret\\n')";
    run(Command::new("python3").args(["-c", zip]).arg(at.join("v1.0.0.zip")), b"").ok();
    Some(site)
}

/// Has Go fetch the module, asking loom with these words.
fn download(bench: &Bench, site: &Site, goauth: &str) -> Option<Output> {
    let mut go = bench.home.command(provided("go/go/bin/go")?);
    let cache = |name: &str| bench.home.path().join(name);
    go.env("GOPROXY", &site.url).env("GOAUTH", goauth).env("SSL_CERT_FILE", &site.ca);
    go.env("GOFLAGS", "-modcacherw").env("GOSUMDB", "off").env("GOTOOLCHAIN", "local").env("GOENV", "off");
    go.env("GOPATH", cache("gopath")).env("GOCACHE", cache("gocache")).env("GOTELEMETRY", "off");
    Some(run(go.args(["mod", "download", "corp.example/secret@v1.0.0"]), b""))
}

fn logged_in(bench: &Bench, site: &Site) {
    bench.home.loom_in(&["login", "--server", &site.url, "--with-token"], "tok_0123456789\n").ok();
}

#[test]
fn go_fetches_from_a_proxy_that_refused_it_at_first() {
    let mut bench = Bench::new();
    let Some(site) = proxy(&mut bench) else { return };
    logged_in(&bench, &site);
    let Some(done) = download(&bench, &site, "loom goauth") else { return };
    done.ok();
}

#[test]
fn go_shows_the_token_of_a_server_that_was_named_at_once() {
    let mut bench = Bench::new();
    let Some(site) = proxy(&mut bench) else { return };
    logged_in(&bench, &site);
    let Some(done) = download(&bench, &site, &format!("loom goauth --server {}", site.url)) else { return };
    done.ok();
    assert!(!site.log().contains(" 401"), "{}", site.log());
}

#[test]
fn go_goes_on_without_where_loom_has_nothing() {
    let mut bench = Bench::new();
    let Some(site) = proxy(&mut bench) else { return };
    let Some(done) = download(&bench, &site, "loom goauth") else { return };
    assert!(done.code != 0 && done.err.contains("401 Unauthorized"), "{done:?}");
}
