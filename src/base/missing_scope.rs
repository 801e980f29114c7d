use serde_json::Value;

/// The scope that a server asks for when it refuses a call with 403: from its challenges (RFC 6750 §3.1), or from a
/// body as Loki's servers write it, `{"detail":"Insufficient permissions. Required scope: read"}`. `None` if the answer
/// names none.
pub fn missing_scope<'a>(challenges: impl IntoIterator<Item = &'a str>, body: &[u8]) -> Option<String> {
    challenged(challenges).or_else(|| {
        let body: Value = serde_json::from_slice(body).ok()?;
        let (_, scope) = body.get("detail")?.as_str()?.split_once("Required scope: ")?;
        named(scope)
    })
}

fn challenged<'a>(challenges: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let challenge = challenges.into_iter().find(|challenge| challenge.contains("insufficient_scope"))?;
    let (before, scope) = challenge.split_once("scope=")?;
    // Not a parameter of another name that ends so.
    let scope = scope.strip_prefix('"').filter(|_| before.ends_with([' ', ',', '\t']))?;
    named(scope.split('"').next().unwrap_or_default())
}

fn named(scope: &str) -> Option<String> {
    let scope = scope.trim();
    (!scope.is_empty() && scope.len() <= 500).then(|| scope.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_scope_is_found_in_either_wording() {
        let loki = br#"{"detail":"Insufficient permissions. Required scope: admin"}"#;
        assert_eq!(missing_scope([], loki).as_deref(), Some("admin"));
        let challenge = r#"Bearer realm="x", error="insufficient_scope", scope="repo user""#;
        assert_eq!(missing_scope(["Basic", challenge], b"<html>").as_deref(), Some("repo user"));
        for (challenge, body) in [
            ("Bearer", r#"{"detail":"Forbidden"}"#),
            (r#"Bearer error="insufficient_scope""#, r#"{"detail":["Required scope: x"]}"#),
            (r#"Bearer error="invalid_token", scope="repo""#, "Required scope: x"),
            (r#"Bearer error="insufficient_scope", scope="""#, ""),
        ] {
            assert_eq!(missing_scope([challenge], body.as_bytes()), None, "{challenge} {body}");
        }
    }
}
