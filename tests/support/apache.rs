use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::nginx::{certificates, free_port, git_exec_path, repository};
use super::{Home, Provider, Running, find_program, unique, wait_until};

/// Where Debian has Apache's modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// Apache with TLS as a resource server: it serves `git http-backend` at `/git/` to whoever brings an access token that
/// the provider signed for `urn:loom:test`.
pub struct Apache {
    _running: Running,
    dir: PathBuf,
    url: String,
}

impl Apache {
    /// `None` where it is not installed. `home` trusts its CA from then on.
    pub fn start(home: &mut Home, provider: &Provider) -> Option<Apache> {
        let apache = find_program("apache2")?;
        super::provider::installed(&Path::new(MODULES).join("mod_auth_openidc.so"))?;
        let dir = home.path().join(format!("apache-{}", unique()));
        std::fs::create_dir_all(dir.join("served")).unwrap();
        std::fs::create_dir(dir.join("run")).unwrap();
        certificates(home, &dir);
        if rustix::process::geteuid().is_root() {
            // Apache refuses to serve as root, so nobody must get to the repositories.
            for path in [home.path(), dir.as_path()] {
                std::fs::set_permissions(path, Permissions::from_mode(0o711)).unwrap();
            }
        }
        let port = free_port();
        std::fs::write(dir.join("apache.conf"), configuration(&dir, port, provider)).unwrap();
        let mut command = home.command(&apache);
        // One process, which ends when it is killed.
        command.arg("-X").arg("-f").arg(dir.join("apache.conf"));
        let log = std::fs::File::create(dir.join("apache.log")).unwrap();
        let mut running = Running(command.stdout(Stdio::null()).stderr(log).spawn().unwrap());
        wait_until("Apache listens", || {
            let said = || std::fs::read_to_string(dir.join("apache.log")).unwrap_or_default();
            assert!(running.0.try_wait().unwrap().is_none(), "Apache ended at once: {}", said());
            std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Some(Apache { _running: running, dir, url: format!("https://localhost:{port}") })
    }

    pub fn url(&self) -> &str {
        &self.url
    }

    /// Serves a new repository of one commit at `/git/{name}`.
    pub fn repository(&self, name: &str) {
        repository(&self.dir, name, None);
        let done = Command::new("chmod").args(["-R", "a+rwX"]).arg(self.dir.join("served")).status().unwrap();
        assert!(done.success());
    }

    /// What Apache wrote down of each request: port, path, status and the header that came.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("access.log")).unwrap_or_default()
    }
}

fn configuration(dir: &Path, port: u16, provider: &Provider) -> String {
    let modules =
        ["mpm_prefork", "authn_core", "authz_core", "authz_user", "alias", "cgi", "env", "ssl", "auth_openidc"];
    let modules = modules.map(|name| format!("LoadModule {name}_module {MODULES}/mod_{name}.so\n")).concat();
    let user = if rustix::process::geteuid().is_root() { "User nobody\nGroup nogroup\n" } else { "" };
    format!(
        "{modules}{user}ServerName localhost
ServerRoot {dir}
DefaultRuntimeDir {dir}/run
PidFile {dir}/run/pid
Mutex file:{dir}/run
ErrorLog {dir}/error.log
LogFormat \"%{{local}}p %U%q %>s \\\"%{{Authorization}}i\\\"\" short
CustomLog {dir}/access.log short
Listen 127.0.0.1:{port}
KeepAlive Off
SSLEngine on
SSLCertificateFile {dir}/cert.pem
SSLCertificateKeyFile {dir}/cert.key
ScriptAlias /git/ {backend}/
SetEnv GIT_PROJECT_ROOT {dir}/served
SetEnv GIT_HTTP_EXPORT_ALL 1
SetEnv GIT_CONFIG_COUNT 1
SetEnv GIT_CONFIG_KEY_0 safe.directory
SetEnv GIT_CONFIG_VALUE_0 *
OIDCOAuthVerifyJwksUri {issuer}/jwks
OIDCOAuthSSLValidateServer On
OIDCCABundlePath {ca}
OIDCOAuthRemoteUserClaim sub
<Location /git/>
AuthType oauth20
<RequireAll>
Require claim iss:{issuer}
Require claim aud:urn:loom:test
</RequireAll>
</Location>
",
        dir = dir.display(),
        backend = git_exec_path().join("git-http-backend").display(),
        issuer = provider.issuer(),
        ca = provider.ca().display(),
    )
}
