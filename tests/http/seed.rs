//! What the documents that loom was asked for with tell people to run, as it stands there; only the token's prefix
//! differs.

use std::path::Path;

use crate::support::{Home, find_program, installed, run};

/// The client class of the document, word for word.
const CLIENT: &str = r#"
import requests

class LokiClient:
    def __init__(self, base_url, token):
        self.base_url = base_url
        self.headers = {"Authorization": f"Bearer {token}"}

    def get_status(self):
        response = requests.get(
            f"{self.base_url}/api/status",
            headers=self.headers
        )
        return response.json()

    def start_session(self, prd_file):
        response = requests.post(
            f"{self.base_url}/api/control/start",
            json={"prd": prd_file},
            headers=self.headers
        )
        return response.json()
"#;

/// The job of the document, but for where the name leads.
const JOB: &str = r#"
curl --silent --show-error --include --connect-to "loki-server:57374:$DOOR" \
  -H "Authorization: Bearer $LOKI_TOKEN" \
  -X POST \
  -d '{"prd": "./prd.md"}' \
  http://loki-server:57374/api/control/start
"#;

/// The door of a home, and a token of its agent.
fn door(home: &Home, scopes: &str) -> (String, String) {
    let url = home.loom(&["serve", "--listen", "127.0.0.1:0"]).ok().out.trim().to_owned();
    let made = home.loom(&["token", "generate", "ci-bot", "--scopes", scopes, "--expires", "30", "--json"]).ok();
    let made: serde_json::Value = serde_json::from_str(&made.out).unwrap();
    (url, made["token"].as_str().unwrap().to_owned())
}

#[test]
fn the_python_client_of_the_document_runs_as_it_stands() {
    let packages = concat!(env!("CARGO_MANIFEST_DIR"), "/target/schemathesis");
    let (Some(()), Some(python)) = (installed(Path::new(packages)), find_program("python3")) else { return };
    let home = Home::new();
    let (url, token) = door(&home, "control");
    let script = format!(
        "{CLIENT}\nimport os\nclient = LokiClient(\"{url}\", os.environ[\"LOOM_TOKEN\"])\n\
         status = client.get_status()\nassert status[\"agent\"][\"running\"], status\n\
         started = client.start_session(\"./prd.md\")\nassert started[\"status\"] == \"running\", started\n"
    );
    let python = |script: &str, token: &str| {
        let mut command = home.command(&python);
        run(command.args(["-c", script]).env("PYTHONPATH", packages).env("LOOM_TOKEN", token), b"").ok();
    };
    python(&script, &token);
    let weaker = home.loom(&["token", "generate", "viewer-bot", "--role", "viewer", "--json"]).ok().out;
    let weaker: serde_json::Value = serde_json::from_str(&weaker).unwrap();
    let script = format!(
        "{CLIENT}\nimport os\nclient = LokiClient(\"{url}\", os.environ[\"LOOM_TOKEN\"])\n\
         said = client.start_session(\"./prd.md\")\n\
         assert said == {{\"detail\": \"Insufficient permissions. Required scope: control\"}}, said\n"
    );
    python(&script, weaker["token"].as_str().unwrap());
}

#[test]
fn the_curl_lines_and_the_ci_job_of_the_document_run_as_they_stand() {
    let home = Home::new();
    home.configure("[http]\nlisten = \"127.0.0.1:0\"\nhosts = [\"loki-server\"]\n");
    let (url, token) = door(&home, "control");
    let sh = |script: &str| {
        let mut command = home.command("sh");
        command.args(["-c", script]).env("LOKI_TOKEN", &token).env("DOOR", url.trim_start_matches("http://"));
        run(&mut command, b"").ok().out
    };
    let answered = sh(JOB);
    assert!(answered.starts_with("HTTP/1.1 200"), "{answered}");
    assert!(answered.contains("\"running\""), "{answered}");
    let status = sh(&format!("curl -s -H \"Authorization: Bearer $LOKI_TOKEN\" \\\n{url}/api/status"));
    assert!(status.contains("\"accounts\":[]"), "{status}");
    let verbose = sh(&format!("curl -s -H \"Authorization: Bearer $LOKI_TOKEN\" \\\n{url}/api/status -v 2>&1"));
    assert!(verbose.contains("200 OK"), "{verbose}");
    // The same job with no token, or sent by a form of some page, does nothing.
    let without = JOB.replace("  -H \"Authorization: Bearer $LOKI_TOKEN\" \\\n", "");
    assert!(sh(&without).starts_with("HTTP/1.1 403"));
}
