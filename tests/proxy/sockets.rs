//! HTTP on a socket that has rights of its own, and at the HTTP door: git, curl and the frames over one name.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use super::fetch::served;
use crate::support::{Home, SOON, Stub, http, run};

/// A socket at which everybody has these grants.
fn socket(home: &Home, grants: &[&str]) -> PathBuf {
    home.granted("box", grants);
    let path = home.path().join("sock/agent.sock");
    home.loom(&["agent", "socket", "add", &path.to_string_lossy(), "--token", "box"]).ok();
    path
}

fn stub(home: &Home) -> Stub {
    let stub = Stub::start(|_, _, stream| {
        let _ = stream.write_all(http("200 OK", "Content-Type: text/plain\r\n", "fine").as_bytes());
    });
    home.loom_in(&["login", "--with-token", "--server", stub.url()], "tok_s3cr3t").ok();
    stub
}

fn said(socket: &Path, bytes: &str) -> String {
    let mut stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(SOON)).unwrap();
    stream.write_all(bytes.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[test]
fn a_restricted_socket_speaks_http_beside_frames_and_shows_no_secret() {
    let home = Home::new();
    let stub = stub(&home);
    let socket = socket(&home, &[&format!("GET {}/v1/**", stub.url())]);
    let path = socket.to_string_lossy().into_owned();
    let curl = |arguments: &[&str]| run(home.command("curl").args(["-sS", "-i"]).args(arguments), b"").ok().out;
    let host = stub.url().trim_start_matches("http://").to_owned();
    for (url, status) in [
        (format!("http://{host}/v1/x"), "200"),
        (format!("http://localhost/{host}/v1/x"), "200"),
        (format!("http://{host}/v2/x"), "403"),
        ("http://localhost/evil.example/v1/x".into(), "404"),
        ("http://evil.example/v1/x".into(), "404"),
    ] {
        let answer = curl(&["--unix-socket", &path, &url]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{url}: {answer}");
    }
    let (to, elsewhere) = (format!("http://{host}/v1/x"), format!("socks5h://localhost{path}"));
    let answer = curl(&["--proxy", &elsewhere, &to]);
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let answer = curl(&["--proxy", &elsewhere, "-H", &format!("Host: {host}"), "http://evil.example/v1/x"]);
    assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    let seen = stub.seen();
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen.iter().all(|seen| seen.contains("tok_s3cr3t")), "{seen:?}");
    let mut loom = home.command(env!("CARGO_BIN_EXE_loom"));
    let frames = run(loom.args(["api", "--server", stub.url(), "/v1/x"]).env("LOOM_AGENT_SOCK", &socket), b"").ok();
    assert_eq!(frames.out, "fine");
}

#[test]
fn the_users_own_socket_speaks_frames_only() {
    let home = Home::new();
    let stub = stub(&home);
    let host = stub.url().trim_start_matches("http://");
    let answer = said(&home.socket(), &format!("GET /v1/x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
    assert!(!answer.starts_with("HTTP"), "{answer}");
    assert_eq!(stub.requests(), 0);
}

#[test]
fn git_clones_over_the_socket_without_any_port() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let socket = socket(&home, &[&format!("push {app} agent/*")]);
    let proxy = format!("http.proxy=socks5h://localhost{}", socket.display());
    let url = app.replace("https://", "http://");
    let git = |arguments: &[&str]| home.git(Path::new("git"), &[&["-c", &proxy], arguments].concat());
    git(&["clone", "-q", &url, "work"]).ok();
    git(&["-C", "work", "commit", "-q", "--allow-empty", "-m", "More"]).ok();
    git(&["-C", "work", "push", "-q", "origin", "HEAD:agent/x"]).ok();
    git(&["-C", "work", "push", "-q", "origin", "HEAD:main"]).ends(1);
}

#[test]
fn the_http_door_serves_the_same_for_who_shows_a_token() {
    let mut home = Home::new();
    let Some(nginx) = served(&mut home) else { return };
    let app = format!("{}/git/app.git", nginx.basic);
    let token = home.granted("ci", &[&format!("push {app} agent/*")]);
    let door = home.serve(&["--listen", "127.0.0.1:0"]);
    let host = nginx.basic.trim_start_matches("https://");
    let url = format!("http://ci:{token}@{}/via/{host}/git/app.git", door.authority());
    let git = |arguments: &[&str]| home.git(Path::new("git"), arguments);
    git(&["clone", "-q", &url, "work"]).ok();
    git(&["-C", "work", "commit", "-q", "--allow-empty", "-m", "More"]).ok();
    git(&["-C", "work", "push", "-q", "origin", "HEAD:agent/x"]).ok();
    let refused = git(&["-C", "work", "push", "origin", "HEAD:main"]).ends(1);
    assert!(refused.err.contains("! [remote rejected] HEAD -> main ("), "{}", refused.err);
    let path = format!("/via/{host}/git/app.git/info/refs?service=git-upload-pack");
    door.ask("GET", &path, &[], "").fails(401);
    assert_ne!(door.ask("GET", &path, &["Authorization: Bearer loom_wrong"], "").status, 200);
    let other = home.granted("other", &["GET https://other.example/**"]);
    assert_eq!(door.ask("GET", &path, &[&format!("Authorization: Bearer {other}")], "").status, 404);
}
