//! The HTTP door between two machines: TLS, a login by code, calls through it, and the end of what was granted.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use crate::support::{FIRST, Home, Machines, Output, Running, SECOND, certificates_for, run, wait_until};

const LOOM: &str = env!("CARGO_BIN_EXE_loom");

/// Runs on the first machine, where the agent with the door is.
fn first(machines: &Machines, home: &Home, arguments: &[&str]) -> Output {
    run(machines.on_first(home, LOOM).args(arguments), b"")
}

fn second(machines: &Machines, home: &Home, arguments: &[&str]) -> Output {
    run(machines.on_second(home, LOOM).args(arguments), b"")
}

#[test]
fn a_machine_elsewhere_gets_what_a_person_here_approves_and_no_more() {
    let Some(machines) = Machines::start() else { return };
    let (mut here, mut there) = (Home::new(), Home::new());
    let dir = here.path().join("tls");
    std::fs::create_dir(&dir).unwrap();
    certificates_for(&mut here, &dir, &format!("IP:{FIRST},DNS:laptop.example"));
    let pem = |name: &str| dir.join(name).display().to_string();
    let url = format!("https://{FIRST}:57374");
    // In clear nothing opens beyond this machine.
    let address = format!("{FIRST}:57374");
    first(&machines, &here, &["serve", "--listen", &address]).fails(1).says("certificate");
    let opened = first(
        &machines,
        &here,
        &["serve", "--listen", &address, "--tls-cert", &pem("cert.pem"), "--tls-key", &pem("cert.key")],
    );
    assert_eq!(opened.ok().out.trim(), url);

    // Somebody who does not know the authority gets nowhere.
    second(&machines, &there, &["login", "--server", &url, "--no-browser"]).fails(1);
    there.set("SSL_CERT_FILE", dir.join("ca.pem"));
    second(&machines, &there, &["agent", "restart"]).ok();
    let mut login = machines.on_second(&there, LOOM);
    login.args(["login", "--server", &url, "--no-browser"]).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut login = Running(login.spawn().unwrap());
    let mut said = BufReader::new(login.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let code = said.by_ref().skip_while(|line| !line.starts_with("And enter the code")).nth(1).unwrap();
    let code = code.trim();

    let about = format!("{url}/auth/device/complete");
    let admin = token(&machines, &here, &["--role", "admin"]);
    let body = format!("{{\"user_code\":\"{code}\",\"scopes\":[\"read\"],\"expires_days\":1}}");
    assert!(curl(&machines, &here, &dir, &admin, &about, &body).contains("\"completed\""));
    wait_until("the login has ended", || login.0.try_wait().unwrap().is_some());
    assert!(login.0.wait().unwrap().success(), "{:?}", said.collect::<Vec<_>>());

    let seen = second(&machines, &there, &["api", "--server", &url, "/api/status"]).ok();
    assert!(seen.out.contains("\"accounts\":[]"), "{seen:?}");
    let refused = second(&machines, &there, &["api", "--server", &url, "-X", "POST", "/api/control/stop"]);
    assert!(refused.out.contains("Required scope: control") || refused.code != 0, "{refused:?}");
    let audit = first(&machines, &here, &["audit", "tail", "-n", "50"]).ok().out;
    assert!(audit.contains("device.token"), "{audit}");
    assert!(audit.contains(&format!("from={SECOND}")), "{audit}");
    let tokens = first(&machines, &here, &["token", "list", "--json"]).ok().out;
    let tokens: serde_json::Value = serde_json::from_str(&tokens).unwrap();
    let device =
        tokens.as_array().unwrap().iter().find(|token| token["name"].as_str().unwrap().contains(code)).unwrap();
    assert_eq!(device["scopes"], serde_json::json!(["read"]));

    // Logging out over there ends it here.
    second(&machines, &there, &["logout", "--server", &url]).ok().says("evoked");
    let after = first(&machines, &here, &["token", "list", "--all", "--json"]).ok().out;
    let after: serde_json::Value = serde_json::from_str(&after).unwrap();
    let device = after.as_array().unwrap().iter().find(|token| token["id"] == device["id"]).unwrap();
    assert_eq!(device["revoked"], true);
}

fn token(machines: &Machines, home: &Home, rights: &[&str]) -> String {
    let arguments = [&["token", "generate", "approver", "--json"], rights].concat();
    let made: serde_json::Value = serde_json::from_str(&first(machines, home, &arguments).ok().out).unwrap();
    made["token"].as_str().unwrap().to_owned()
}

/// What the door answers, with the status before it.
fn curl(machines: &Machines, home: &Home, dir: &Path, token: &str, url: &str, body: &str) -> String {
    let mut command = machines.on_first(home, "curl");
    command.args(["-s", "-i", "--cacert"]).arg(dir.join("ca.pem")).args(["-H", "content-type: application/json"]);
    let header = format!("header = \"Authorization: Bearer {token}\"");
    run(command.args(["-K", "-", "-d", body, url]), header.as_bytes()).ok().out
}
