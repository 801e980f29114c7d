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
    assert_ne!(clear.code, 0, "nothing is said in clear: {clear:?}");
    assert!(clear.out.is_empty(), "nothing is said in clear: {clear:?}");
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

/// Puts a new key and a certificate there that is valid between these two times.
fn sign(home: &mut Home, dir: &Path, from: &str, to: &str) {
    let name = format!("new-{from}-{to}");
    let new = home.path().join(&name);
    let _ = std::fs::remove_dir_all(&new);
    std::fs::create_dir(&new).unwrap();
    certificates(home, &new);
    let policy = "[ca]\ndefault_ca=c\n[c]\ndatabase=index\nrand_serial=yes\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n";
    std::fs::write(new.join("config"), policy).unwrap();
    std::fs::write(new.join("index"), "").unwrap();
    let mut command = home.command("openssl");
    command.args([
        "ca", "-batch", "-notext", "-config", "config", "-cert", "ca.pem", "-keyfile", "ca.key", "-outdir", ".",
    ]);
    command.args(["-startdate", from, "-enddate", to, "-extfile", "ext", "-in", "cert.csr", "-out", "cert.pem"]);
    run(command.current_dir(&new), b"").ok();
    for file in ["cert.key", "cert.pem"] {
        std::fs::rename(new.join(file), dir.join(file)).unwrap();
    }
}

/// The ids of the warnings in this JSON.
fn warned(said: &str) -> Vec<String> {
    let said: serde_json::Value = serde_json::from_str(said).unwrap();
    let all = said["warnings"].as_array().cloned().unwrap_or_default();
    all.iter().map(|warning| warning["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_wrong_certificate_is_said_and_replaces_no_good_one() {
    let Some((mut home, dir)) = home() else { return };
    let key = dir.join("cert.key");
    let mode = |mode| std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    let seen = |home: &Home| {
        let status = warned(&home.loom(&["status", "--json"]).out);
        let doctor = home.loom(&["doctor", "--json"]);
        assert_eq!(warned(&doctor.out), status);
        assert_eq!(doctor.code, i32::from(status.iter().any(|id| id != "tls-cert-expires")), "{status:?}");
        status
    };
    let file = |name: &str| dir.join(name).display().to_string();
    let (cert, key) = (file("cert.pem"), file("cert.key"));
    let serve = |home: &Home| home.loom(&["serve", "--listen", "127.0.0.1:0", "--tls-cert", &cert, "--tls-key", &key]);
    let opened = serve(&home);
    // It is good for two days.
    let url = opened.ok().says("expires on").out.trim().to_owned() + "/api/auth/info";
    assert_eq!(seen(&home), ["tls-cert-expires"]);
    mode(0o644);
    assert_eq!(seen(&home), ["tls-cert-expires", "tls-key-readable"]);
    home.loom(&["status"]).says("others can read the key").says("chmod 600");
    mode(0o600);
    let good = home.path().join("good");
    std::fs::create_dir(&good).unwrap();
    for file in ["cert.key", "cert.pem"] {
        std::fs::copy(dir.join(file), good.join(file)).unwrap();
    }
    let still_good = |home: &Home| said(curl(home, &dir, &url, &[]), "200");
    still_good(&home);
    sign(&mut home, &dir, "20200101000000Z", "20200201000000Z");
    still_good(&home);
    assert_eq!(seen(&home), ["tls-cert-expires", "tls-not-used"]);
    home.loom(&["status"]).says("expired on 2020-02-01").says("is not used");
    let again = serve(&home);
    again.fails(1).says("expired on 2020-02-01");
    still_good(&home);
    sign(&mut home, &dir, "20990101000000Z", "20990201000000Z");
    still_good(&home);
    home.loom(&["status"]).says("is not valid before 2099");
    for file in ["cert.key", "cert.pem"] {
        std::fs::copy(good.join(file), dir.join(file)).unwrap();
    }
    mode(0o604);
    still_good(&home);
    assert_eq!(seen(&home), ["tls-cert-expires", "tls-key-readable", "tls-not-used"]);
    mode(0o600);
    assert_eq!(seen(&home), ["tls-cert-expires"]);
    // Where there is none before, a bad one is better than none, and said.
    home.loom(&["serve", "--stop"]).ok();
    sign(&mut home, &dir, "20200101000000Z", "20200201000000Z");
    let opened = serve(&home);
    opened.ok().says("expired on 2020-02-01");
    assert_eq!(seen(&home), ["tls-cert-expired"]);
}
