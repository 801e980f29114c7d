//! Networks as they are: proxies, authorities of one's own, certificates of clients.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::support::{Dialogue, Home, Provider, Running, find_program, wait_until};

/// A proxy that speaks `CONNECT` and remembers for whom.
fn proxy() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = asked.clone();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let seen = seen.clone();
            std::thread::spawn(move || tunnel(client, &seen));
        }
    });
    (url, asked)
}

fn tunnel(mut client: TcpStream, seen: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = BufReader::new(client.try_clone().ok()?);
    let mut line = String::new();
    head.read_line(&mut line).ok()?;
    let target = line.strip_prefix("CONNECT ")?.split(' ').next()?.to_owned();
    seen.lock().unwrap().push(target.clone());
    while line != "\r\n" {
        line.clear();
        head.read_line(&mut line).ok()?;
    }
    let server = TcpStream::connect(target).ok()?;
    client.write_all(b"HTTP/1.1 200 Connected\r\n\r\n").ok()?;
    let (mut from, mut to) = (server.try_clone().ok()?, client.try_clone().ok()?);
    std::thread::spawn(move || std::io::copy(&mut from, &mut to));
    std::io::copy(&mut client, &mut &server).ok()?;
    Some(())
}

#[test]
fn the_proxy_of_whoever_asks_is_used_not_that_of_who_started_the_agent() {
    let mut home = Home::new();
    let Some(provider) = Provider::start_with(&mut home, &[("DC_INTERVAL", "1")]) else { return };
    let host = provider.issuer().strip_prefix("https://").unwrap().to_owned();
    let [(first, asked_first), (second, asked_second)] = [proxy(), proxy()];
    let asked = || {
        let count = |asked: &Mutex<Vec<String>>| std::mem::take(&mut *asked.lock().unwrap()).contains(&host);
        (count(&asked_first), count(&asked_second))
    };
    home.set("HTTPS_PROXY", &first);
    log_in(&home, &provider);
    let agent = home.agent_pid();
    assert_eq!(asked(), (true, false));
    home.set("NO_PROXY", "localhost");
    log_in(&home, &provider);
    assert_eq!(asked(), (false, false), "what is excepted");
    home.set("NO_PROXY", "");
    // What is said in lower case goes first, as with git and curl.
    home.set("https_proxy", second.strip_prefix("http://").unwrap());
    log_in(&home, &provider);
    assert_eq!(asked(), (false, true));
    home.loom(&["logout", "--server", provider.issuer()]).ok().says("revoked");
    assert_eq!(asked(), (false, true), "a token is revoked the same way");
    home.set("https_proxy", "");
    home.set("HTTPS_PROXY", "");
    log_in(&home, &provider);
    assert_eq!(asked(), (false, false), "another session has no proxy");
    home.set("ALL_PROXY", "http://127.0.0.1:1");
    let settings =
        |proxy: &str| home.configure(&format!("[[server]]\nurl = '{}'\nproxy = '{proxy}'\n", provider.issuer()));
    for (proxy, expected) in [("none", (false, false)), (&first, (true, false)), ("", (false, false))] {
        settings(proxy);
        log_in(&home, &provider);
        assert_eq!(asked(), expected, "the settings go first: {proxy:?}");
    }
    settings("ftp://user:letmein@127.0.0.1:1");
    home.loom(&["logout", "--server", provider.issuer()]).fails(1).says("line 3").without("letmein");
    assert_eq!(home.agent_pid(), agent, "the agent was started anew");
}

#[test]
fn a_proxys_password_is_not_given_in_clear_and_that_is_said_once() {
    let home = Home::new();
    let asked = || home.get("http", "proxy.example:3128").ok();
    let told = asked();
    assert_eq!(told.out, "");
    let lines = "[[server]]\nurl = \"http://proxy.example:3128\"\nallow_http = true\n";
    told.says("http://proxy.example:3128").says("hint: ").says(lines);
    assert_eq!(asked().err, "", "it is said again");
    home.store("http", "proxy.example:3128", "me", "letmein").ok();
    assert_eq!(asked().out, "");
    home.configure(lines);
    home.store("http", "proxy.example:3128", "me", "letmein").ok();
    assert!(asked().out.contains("password=letmein\n"));
}

#[test]
fn where_git_reaches_a_server_otherwise_the_lines_for_loom_are_said() {
    let home = Home::new();
    let fails = || home.loom(&["login", "--server", "https://127.0.0.1:1", "--flow", "loom"]).fails(1);
    assert!(!fails().err.contains("[[server]]"));
    home.git_config(&["config", "--global", "http.https://127.0.0.1:1/.sslCAInfo", "/etc/corp.pem"]).ok();
    let lines = "[[server]]\nurl = \"https://127.0.0.1:1\"\nca_file = \"/etc/corp.pem\"\n";
    fails().says("hint: ").says(lines);
    home.git_config(&["config", "--global", "http.proxy", "http://127.0.0.1:2"]).ok();
    let lines = format!("{lines}proxy = \"http://127.0.0.1:2\"\n");
    fails().says(&lines);
    home.git_config(&["config", "--global", "http.proxy", "me:letmein@127.0.0.1:2"]).ok();
    fails().says("proxy = \"http://me:PASSWORD@127.0.0.1:2\"\n").without("letmein");
    // What is said holds, and is then not said again.
    home.configure(&lines.replace("ca_file = \"/etc/corp.pem\"\n", ""));
    assert!(!fails().err.contains("proxy = "));
}

fn log_in(home: &Home, provider: &Provider) {
    let own = ["--server", provider.issuer(), "--flow", "device", "--client-id", "loom-cli"];
    let mut login = Dialogue::start(home, &own);
    let (url, code) = (login.shown(), login.shown());
    provider.approve_device(&url, &code, "alice");
    login.end().ok();
}

#[test]
fn a_server_that_wants_to_see_a_certificate_is_shown_one_also_over_http_2() {
    let home = Home::new();
    let (Some(nginx), Some(_)) = (find_program("nginx"), find_program("openssl")) else { return };
    let dir = home.path().join("mtls");
    std::fs::create_dir(&dir).unwrap();
    let script = "set -e; cd \"$1\"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=mtls-ca -keyout ca.key -out ca.pem
        printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > ext
        for name in server client; do
          openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=$name -keyout $name.key -out $name.csr
          openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out $name.pem
        done";
    let made = home.command("sh").args(["-c", script, "sh"]).arg(&dir).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = dir.display();
    let start = r#"{"device_code":"d","user_code":"MTLS-1","verification_url":"https://localhost/x","expires_in":60}"#;
    let configuration = format!(
        "daemon off; master_process off; pid {at}/pid; error_log {at}/error.log; events {{}}
         http {{ log_format h '$server_protocol'; access_log {at}/access.log h; client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f;
         uwsgi_temp_path {at}/u; scgi_temp_path {at}/s; server {{ listen 127.0.0.1:{port} ssl http2;
         ssl_certificate {at}/server.pem; ssl_certificate_key {at}/server.key;
         ssl_client_certificate {at}/ca.pem; ssl_verify_client on;
         location /auth/device/start {{ return 200 '{start}'; }}
         location /auth/device/poll {{ return 200 '{{\"status\":\"completed\",\"access_token\":\"lt_mtls\"}}'; }} }} }}"
    );
    std::fs::write(dir.join("nginx.conf"), configuration).unwrap();
    let mut command = Command::new(nginx);
    command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
    let _nginx = Running(command.spawn().unwrap());
    wait_until("nginx listens", || TcpStream::connect(("127.0.0.1", port)).is_ok());
    let url = format!("https://localhost:{port}");
    let settings = |more: &str| home.configure(&format!("[[server]]\nurl = '{url}'\nca_file = '{at}/ca.pem'\n{more}"));
    settings("");
    home.loom(&["login", "--server", &url, "--flow", "loom"]).fails(1);
    settings(&format!("client_certificate = '{at}/client.pem'\nclient_key = '{at}/client.key'\n"));
    home.loom(&["login", "--server", &url]).ok();
    assert_eq!(home.loom(&["token", "--server", &url]).ok().out.trim(), "lt_mtls");
    // The providers of the other tests speak HTTP/1.1 only; this one offers both.
    let spoken = std::fs::read_to_string(dir.join("access.log")).unwrap();
    assert!(spoken.contains("HTTP/2.0"), "{spoken}");
}
