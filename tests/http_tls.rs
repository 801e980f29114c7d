//! The HTTP door with TLS: for other machines, under the names of its certificate.

use std::path::{Path, PathBuf};

use crate::support::{Home, Output, certificates, find_program, run};

/// A home with the files of a certificate, and where the door then is.
fn home() -> Option<(Home, PathBuf)> {
    find_program("openssl")?;
    find_program("curl")?;
    let mut home = Home::new();
    home.issue("ci", &["--scopes", "read"]);
    let dir = home.path().join("tls");
    std::fs::create_dir(&dir).unwrap();
    certificates(&mut home, &dir);
    Some((home, dir))
}

fn serve(home: &Home, dir: &Path, listen: &str) -> String {
    let file = |name: &str| dir.join(name).display().to_string();
    home.serve(&["--listen", listen, "--tls-cert", &file("cert.pem"), "--tls-key", &file("cert.key")]).url
}

/// `curl` that knows the CA in this directory.
fn curl(home: &Home, dir: &Path, url: &str, arguments: &[&str]) -> Output {
    let mut command = home.command("curl");
    command
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "20", "--cacert"])
        .arg(dir.join("ca.pem"));
    run(command.args(["--write-out", "\n%{http_code}"]).args(arguments).arg(url), b"")
}

/// Asserts that it was answered with this status.
#[track_caller]
fn said(output: Output, status: &str) {
    assert_eq!(output.code, 0, "{output:?}");
    assert_eq!(output.out.lines().last(), Some(status), "{output:?}");
}

#[test]
fn who_knows_the_ca_comes_in_under_the_names_of_the_certificate() {
    let Some((home, dir)) = home() else { return };
    let url = serve(&home, &dir, "127.0.0.1:0");
    let port = url.rsplit(':').next().unwrap().to_owned();
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    said(curl(&home, &dir, &format!("{url}/api/auth/info"), &[]), "200");
    said(curl(&home, &dir, &format!("https://localhost:{port}/api/auth/info"), &[]), "200");
    said(curl(&home, &dir, &format!("{url}/api/status"), &[]), "401");
    said(curl(&home, &dir, &format!("{url}/api/status"), &["--http2"]), "401");
    for host in ["evil.example", "localhost.evil.example", "xlocalhost"] {
        said(curl(&home, &dir, &format!("{url}/api/auth/info"), &["-H", &format!("Host: {host}")]), "403");
    }
    let mut strange = home.command("curl");
    let strange = run(
        strange.args(["--silent", "--noproxy", "*", &format!("{url}/api/auth/info")]).env_remove("SSL_CERT_FILE"),
        b"",
    );
    assert_eq!(strange.code, 60, "who does not know the CA goes away: {strange:?}");
    let clear = run(
        home.command("curl").args(["--silent", "--noproxy", "*", "--max-time", "20", &url.replace("https", "http")]),
        b"",
    );
    assert!(clear.code != 0 && clear.out.is_empty(), "nothing is said in clear: {clear:?}");
    for old in ["1.0", "1.1"] {
        let done = curl(&home, &dir, &format!("{url}/api/auth/info"), &["--tls-max", old, "--tlsv1.0"]);
        assert!(done.code != 0, "{old}: {done:?}");
    }
    said(curl(&home, &dir, &format!("{url}/api/auth/info"), &["--tls-max", "1.2"]), "200");
}

#[test]
fn with_tls_the_door_is_open_to_other_machines_and_knows_its_names_only() {
    let Some((home, dir)) = home() else { return };
    home.configure("[http]\nhosts = ['loom.corp.example']\n");
    let url = serve(&home, &dir, "0.0.0.0:0");
    let port = url.rsplit(':').next().unwrap().to_owned();
    assert!(url.starts_with("https://loom.corp.example:"), "{url}");
    let at = format!("https://127.0.0.1:{port}/api/auth/info");
    for (host, status) in [
        ("loom.corp.example", "200"),
        ("LOOM.corp.example:8443", "200"),
        ("localhost", "200"),
        ("corp.example", "403"),
        ("0.0.0.0", "403"),
        ("192.0.2.1", "403"),
    ] {
        said(curl(&home, &dir, &at, &["-H", &format!("Host: {host}")]), status);
    }
}

#[test]
fn a_certificate_that_is_replaced_counts_for_the_next_connection() {
    let Some((mut home, dir)) = home() else { return };
    let url = serve(&home, &dir, "127.0.0.1:0") + "/api/auth/info";
    said(curl(&home, &dir, &url, &[]), "200");
    let old = home.path().join("old");
    std::fs::create_dir(&old).unwrap();
    std::fs::copy(dir.join("ca.pem"), old.join("ca.pem")).unwrap();
    let new = home.path().join("new");
    std::fs::create_dir(&new).unwrap();
    certificates(&mut home, &new);
    // Half of the new pair is there for a moment: what was there goes on.
    std::fs::rename(new.join("cert.pem"), dir.join("cert.pem")).unwrap();
    said(curl(&home, &old, &url, &[]), "200");
    std::fs::rename(new.join("cert.key"), dir.join("cert.key")).unwrap();
    said(curl(&home, &new, &url, &[]), "200");
    assert_eq!(curl(&home, &old, &url, &[]).code, 60);
    // Nonsense is no certificate, and so is nothing.
    std::fs::write(dir.join("cert.pem"), "nonsense").unwrap();
    said(curl(&home, &new, &url, &[]), "200");
    std::fs::remove_file(dir.join("cert.pem")).unwrap();
    said(curl(&home, &new, &url, &[]), "200");
}

#[test]
fn half_of_tls_is_no_tls_and_files_that_do_not_fit_are_named() {
    let Some((mut home, dir)) = home() else { return };
    let file = |name: &str| dir.join(name).display().to_string();
    let serve =
        |home: &Home, arguments: &[&str]| home.loom(&[&["serve", "--listen", "127.0.0.1:0"], arguments].concat());
    let half = serve(&home, &["--tls-cert", &file("cert.pem")]);
    assert!(matches!(half.code, 1 | 2), "{half:?}");
    let half = serve(&home, &["--tls-key", &file("cert.key")]);
    assert!(matches!(half.code, 1 | 2), "{half:?}");
    home.configure(&format!("[http]\ntls_cert = '{}'\n", file("cert.pem")));
    serve(&home, &[]).fails(1).says("a certificate needs its key");
    home.configure("");
    let other = home.path().join("other");
    std::fs::create_dir(&other).unwrap();
    certificates(&mut home, &other);
    let key = other.join("cert.key").display().to_string();
    serve(&home, &["--tls-cert", &file("cert.pem"), "--tls-key", &key]).fails(1).says("cert.pem");
    serve(&home, &["--tls-cert", &file("cert.key"), "--tls-key", &file("cert.key")]).fails(1).says("cert.key");
    serve(&home, &["--tls-cert", &file("nothing"), "--tls-key", &file("cert.key")]).fails(1).says("nothing");
    std::fs::write(dir.join("empty"), "").unwrap();
    serve(&home, &["--tls-cert", &file("empty"), "--tls-key", &file("cert.key")]).fails(1).says("empty");
    assert!(!home.loom(&["agent", "status"]).out.contains("127.0.0.1"));
}
