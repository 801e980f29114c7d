//! Kubernetes' credential plugins (client-go, "exec", `client.authentication.k8s.io`): a JSON object in the environment
//! says what is wanted, one on standard output what there is.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::text::{parse_json, print_json};
use crate::base::{Expiry, Secret, reveal};

const V1: &str = "client.authentication.k8s.io/v1";
const V1_BETA: &str = "client.authentication.k8s.io/v1beta1";

/// What kubectl says in `KUBERNETES_EXEC_INFO`.
#[derive(Deserialize)]
pub struct KubeRequest {
    #[serde(rename = "apiVersion")]
    api_version: String,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
struct Spec {
    #[serde(default)]
    interactive: bool,
    cluster: Option<Cluster>,
}

#[derive(Deserialize)]
struct Cluster {
    server: String,
}

impl KubeRequest {
    /// Parses the variable; `None` for what is no such object, and for a version that is not known.
    pub fn parse(text: &str) -> Option<KubeRequest> {
        parse_json(text.as_bytes())
            .filter(|request: &KubeRequest| [V1, V1_BETA].contains(&request.api_version.as_str()))
    }

    /// The URL of the cluster, where the kubeconfig has `provideClusterInfo`.
    pub fn server(&self) -> Option<&str> {
        self.spec.cluster.as_ref().map(|cluster| cluster.server.as_str())
    }

    /// Whether a person may be asked on standard input.
    pub fn is_interactive(&self) -> bool {
        self.spec.interactive
    }
}

/// Prints a token, in the version that was asked for. It counts until then, or for as long as kubectl runs.
pub fn print_credential(request: Option<&KubeRequest>, token: &Secret, expires: Option<Expiry>) -> Zeroizing<Vec<u8>> {
    let api_version = request.map_or(V1, |request| &request.api_version);
    print_json(&Credential { api_version, kind: "ExecCredential", status: Status { token, expires } })
}

#[derive(Serialize)]
struct Credential<'a> {
    #[serde(rename = "apiVersion")]
    api_version: &'a str,
    kind: &'a str,
    status: Status<'a>,
}

#[derive(Serialize)]
struct Status<'a> {
    #[serde(with = "reveal")]
    token: &'a Secret,
    #[serde(rename = "expirationTimestamp", skip_serializing_if = "Option::is_none")]
    expires: Option<Expiry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASKED: &str = r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","spec":
        {"interactive":true,"cluster":{"server":"https://k.example:6443","config":null}}}"#;

    #[test]
    fn the_cluster_is_the_server() {
        assert_eq!(KubeRequest::parse(ASKED).unwrap().server(), Some("https://k.example:6443"));
    }

    #[test]
    fn a_person_is_asked_only_where_kubectl_has_a_terminal() {
        assert!(KubeRequest::parse(ASKED).unwrap().is_interactive());
    }

    #[test]
    fn without_information_about_the_cluster_there_is_no_server() {
        let text = r#"{"apiVersion":"client.authentication.k8s.io/v1","spec":{"interactive":false}}"#;
        assert_eq!(KubeRequest::parse(text).unwrap().server(), None);
    }

    #[test]
    fn what_is_no_request_is_none() {
        for text in ["", "null", "{}", r#"{"apiVersion":"v1"}"#, r#"{"apiVersion":1}"#] {
            assert!(KubeRequest::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_is_said_in_the_version_that_was_asked_for() {
        let request = KubeRequest::parse(ASKED);
        let said = print_credential(request.as_ref(), &Secret::new("tok".to_owned()), Expiry::from_unix(1_900_000_000));
        let expected = concat!(
            r#"{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","#,
            r#""status":{"token":"tok","expirationTimestamp":"2030-03-17T17:46:40Z"}}"#,
            "\n"
        );
        assert_eq!(String::from_utf8_lossy(&said), expected);
    }
}
