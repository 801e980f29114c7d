use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine;
use rustix::process::{Pid, Signal, kill_process_group};

use super::{Home, Running, find_program, wait_until};

/// nginx with TLS under a CA of its own, and `git http-backend` behind fcgiwrap. One port wants Basic, one Bearer; both
/// serve the repositories below `served` at `/git/`.
pub struct Nginx {
    _nginx: Running,
    fcgiwrap: Running,
    dir: PathBuf,
    pub basic: String,
    pub bearer: String,
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // With the processes that it made in advance.
        let _ = kill_process_group(Pid::from_child(&self.fcgiwrap.0), Signal::KILL);
    }
}

impl Nginx {
    /// `None` where the programs are not installed. `home` trusts the CA from then on.
    pub fn start(home: &mut Home) -> Option<Nginx> {
        let (nginx, fcgiwrap, _) = (find_program("nginx")?, find_program("fcgiwrap")?, find_program("openssl")?);
        let dir = home.path().join("nginx");
        std::fs::create_dir_all(dir.join("served")).unwrap();
        certificates(home, &dir);
        let ports: Vec<u16> = (0..2).map(|_| free_port()).collect();
        std::fs::write(dir.join("nginx.conf"), configuration(&dir, &ports)).unwrap();
        std::fs::write(dir.join("users"), "").unwrap();
        let mut command = home.command(&fcgiwrap);
        command.args(["-c", "8", "-s"]).arg(format!("unix:{}", dir.join("fcgi.sock").display()));
        command.process_group(0).stdout(Stdio::null()).stderr(Stdio::null());
        let fcgiwrap = Running(command.spawn().unwrap());
        wait_until("fcgiwrap listens", || dir.join("fcgi.sock").exists());
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(&dir).arg("-c").arg(dir.join("nginx.conf")).stdin(Stdio::null()).stderr(Stdio::null());
        let nginx = Running(command.spawn().unwrap());
        wait_until("nginx listens", || std::net::TcpStream::connect(("127.0.0.1", ports[0])).is_ok());
        let basic = format!("https://localhost:{}", ports[0]);
        Some(Nginx { _nginx: nginx, fcgiwrap, dir, basic, bearer: format!("https://127.0.0.1:{}", ports[1]) })
    }

    /// From the next request on only this user and password are accepted at the Basic port.
    pub fn accept_basic(&self, user: &str, password: &str) {
        let hashed = base64::engine::general_purpose::STANDARD.encode(sha1(&self.dir, password));
        std::fs::write(self.dir.join("users"), format!("{user}:{{SHA}}{hashed}\n")).unwrap();
    }

    /// Serves a new repository of one commit; `submodule` is a URL it refers to.
    pub fn repository(&self, name: &str, submodule: Option<&str>) {
        repository(&self.dir, name, submodule);
    }

    /// What nginx wrote down of each request: port, path, user and whether a header came.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("access.log")).unwrap_or_default()
    }
}

/// A new bare repository of one commit in `served` of this directory; `submodule` is a URL it refers to.
pub(super) fn repository(dir: &Path, name: &str, submodule: Option<&str>) {
    let repository = dir.join("served").join(name);
    let work = dir.join(format!("{name}.work"));
    let git = |arguments: &[&str], at: &Path| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t.example"]).args(arguments).current_dir(at);
        let done = command.env("GIT_CONFIG_GLOBAL", "/dev/null").output().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    std::fs::create_dir_all(&work).unwrap();
    git(&["init", "-q", "-b", "main"], &work);
    git(&["commit", "-q", "--allow-empty", "-m", "Start"], &work);
    if let Some(url) = submodule {
        let commit = git(&["ls-remote", &dir.join("served/sub.git").display().to_string(), "main"], &work);
        let commit = commit.split('\t').next().unwrap().to_owned();
        std::fs::write(work.join(".gitmodules"), format!("[submodule \"sub\"]\n\tpath = sub\n\turl = {url}\n"))
            .unwrap();
        git(&["add", ".gitmodules"], &work);
        git(&["update-index", "--add", "--cacheinfo", &format!("160000,{commit},sub")], &work);
        git(&["commit", "-q", "-m", "Sub"], &work);
    }
    git(&["clone", "-q", "--bare", ".", &repository.display().to_string()], &work);
    git(&["config", "http.receivepack", "true"], &repository);
}

fn configuration(dir: &Path, ports: &[u16]) -> String {
    let dir = dir.display();
    let git = format!(
        "location /git/ {{ AUTH fastcgi_pass unix:{dir}/fcgi.sock; client_max_body_size 0;
           fastcgi_param SCRIPT_FILENAME {backend}; fastcgi_param GIT_PROJECT_ROOT {dir}/served; fastcgi_param GIT_HTTP_EXPORT_ALL 1;
           fastcgi_param REMOTE_USER git; fastcgi_param QUERY_STRING $query_string; fastcgi_param REQUEST_METHOD $request_method;
           fastcgi_param CONTENT_TYPE $content_type; fastcgi_param CONTENT_LENGTH $content_length;
           fastcgi_param HTTP_CONTENT_ENCODING $http_content_encoding; fastcgi_param GIT_PROTOCOL $http_git_protocol;
           rewrite ^/git(/.*)$ $1 break; fastcgi_param PATH_INFO $uri; }}",
        backend = git_exec_path().join("git-http-backend").display(),
    );
    let server = |port: u16, auth: &str| {
        format!(
            "server {{ rewrite ^/old/(.*)$ /git/$1 permanent; listen 127.0.0.1:{port} ssl; ssl_certificate {dir}/cert.pem; ssl_certificate_key {dir}/cert.key;
             access_log {dir}/access.log short; {} }}\n",
            git.replace("AUTH", auth)
        )
    };
    let basic = format!("auth_basic git; auth_basic_user_file {dir}/users;");
    let bearer = "if ($http_authorization !~ \"^Bearer tok_bearer$\") { add_header WWW-Authenticate 'Bearer realm=\"git\"' always; return 401; }";
    let user = if rustix::process::geteuid().is_root() { "user root;" } else { "" };
    format!(
        "{user} daemon off; master_process off; pid {dir}/nginx.pid; error_log {dir}/error.log;
         events {{ worker_connections 512; }}
         http {{ client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
         scgi_temp_path {dir}/s; log_format short '$server_port $request_uri $status \"$http_authorization\"';\n{}{} }}\n",
        server(ports[0], &basic),
        server(ports[1], bearer)
    )
}

/// A CA of its own (`ca.pem`) and a certificate of it (`cert.pem`, `cert.key`) for the names the tests use. `home`
/// trusts it from then on, beside the CAs of every other server of this home.
pub fn certificates(home: &mut Home, dir: &Path) {
    certificates_for(home, dir, "DNS:localhost,IP:127.0.0.1");
}

/// The same for other names, as OpenSSL spells them.
pub fn certificates_for(home: &mut Home, dir: &Path, names: &str) {
    // OpenSSL takes the first CA of a name and no second one, so each has a name of its own.
    let script = "set -e; cd \"$1\"
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj \"/CN=loom-test-ca-${1##*/}\" -keyout ca.key -out ca.pem
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout cert.key -out cert.csr
        printf 'subjectAltName=%s' \"$2\" > ext
        openssl x509 -req -in cert.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem";
    let done = home.command("sh").args(["-c", script, "sh"]).arg(dir).arg(names).output().unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let bundle = home.path().join("ca-bundle.pem");
    let mut trusted = std::fs::read(&bundle).unwrap_or_default();
    trusted.extend(std::fs::read(dir.join("ca.pem")).unwrap());
    std::fs::write(&bundle, trusted).unwrap();
    home.set("GIT_SSL_CAINFO", &bundle);
    home.set("SSL_CERT_FILE", &bundle);
}

fn sha1(dir: &Path, text: &str) -> Vec<u8> {
    let mut command = Command::new("openssl");
    command.args(["dgst", "-sha1", "-binary"]).current_dir(dir).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), text.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

pub(super) fn git_exec_path() -> PathBuf {
    let done = Command::new("git").arg("--exec-path").output().unwrap();
    PathBuf::from(String::from_utf8(done.stdout).unwrap().trim())
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
