use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::support::{Home, Running, certificates, find_program, free_port, unique, wait_until};

/// nginx with TLS, which does what a test says in nginx' own words.
pub struct Site {
    _running: Running,
    /// Its origin.
    pub url: String,
    /// Who signed its certificate; the home that it was started for trusts it.
    pub ca: PathBuf,
    /// Its directory, for what it serves.
    pub dir: PathBuf,
}

impl Site {
    /// Starts one with these locations, in which `DIR` is its directory. `None` where nginx is not installed.
    pub fn start(home: &mut Home, locations: &str) -> Option<Site> {
        let (nginx, _) = (find_program("nginx")?, find_program("openssl")?);
        let dir = home.path().join(format!("site-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        certificates(home, &dir);
        let (port, at) = (free_port(), dir.display());
        let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
        let configuration = format!(
            "{user} daemon off; master_process off; pid {at}/nginx.pid; error_log {at}/error.log;
             events {{ worker_connections 512; }}
             http {{ client_body_temp_path {at}/b; proxy_temp_path {at}/p; fastcgi_temp_path {at}/f; uwsgi_temp_path {at}/u;
             scgi_temp_path {at}/s; log_format short '$request_method $request_uri $status';
             server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {at}/cert.pem; ssl_certificate_key {at}/cert.key;
             access_log {at}/access.log short; {} }} }}\n",
            locations.replace("DIR", &at.to_string())
        );
        std::fs::write(dir.join("nginx.conf"), configuration).unwrap();
        let mut command = Command::new(nginx);
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
        let running = Running(command.spawn().unwrap());
        wait_until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        let (url, ca) = (format!("https://localhost:{port}"), dir.join("ca.pem"));
        Some(Site { _running: running, url, ca, dir })
    }

    /// The requests so far: method, path and status.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("access.log")).unwrap_or_default()
    }
}
