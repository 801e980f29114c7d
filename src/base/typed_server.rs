//! What a person types where a server is meant: the one place that says which texts are no server at all.

use super::{ServerUrl, ServerUrlError};

/// The text without what came along when it was copied. Fails for an address of SSH, where git uses a key and asks no
/// helper: what stands there would be read as a host with an odd port, or as a user name.
pub(super) fn typed(text: &str) -> Result<&str, ServerUrlError> {
    // Marks of direction come along when an address is copied out of a right-to-left sentence.
    let text = text.trim_matches(|c: char| matches!(c, '\u{2066}'..='\u{2069}'));
    let Some(host) = ssh_host(text) else { return Ok(text) };
    let https = ServerUrl::parse(&format!("https://{}", web_host(host)))?;
    Err(ServerUrlError::Ssh { https: https.to_string() })
}

/// The host of an address of SSH: `ssh://[user@]host[:port]/path`, or `[user@]host:path` as scp has it.
fn ssh_host(text: &str) -> Option<&str> {
    if let Some((scheme, rest)) = text.split_once("://") {
        let is_ssh = ["ssh", "git+ssh", "ssh+git"].iter().any(|ssh| scheme.eq_ignore_ascii_case(ssh));
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        return is_ssh.then(|| host.split_once(':').map_or(host, |(host, _)| host));
    }
    let authority = text.split('/').next().unwrap_or_default();
    let (user, host) = match authority.split_once('@') {
        // A password in front of the host is no path behind it.
        Some((user, _)) if user.contains(':') => return None,
        Some((user, host)) => (Some(user), host),
        None => (None, authority),
    };
    match host.split_once(':') {
        Some(("", _)) => None,
        Some((host, rest)) => {
            let is_port = !rest.is_empty() && rest.bytes().all(|c| c.is_ascii_digit());
            let is_path = rest.starts_with(|c: char| c.is_ascii_alphanumeric() || matches!(c, '~' | '_' | '-' | '.'))
                || (rest.is_empty() && text.len() > authority.len());
            let is_host = host.contains('.') || user.is_some() || host.len() > 1;
            (!is_port && is_path && is_host && !host.starts_with('[')).then_some(host)
        }
        // As `ssh -T git@host` has it.
        None => (user == Some("git") && text.len() == authority.len()).then_some(host),
    }
}

/// Some forges have a name of its own for SSH, at which no website is.
fn web_host(host: &str) -> &str {
    match host {
        "ssh.github.com" => "github.com",
        "altssh.gitlab.com" => "gitlab.com",
        "altssh.bitbucket.org" => "bitbucket.org",
        "ssh.dev.azure.com" => "dev.azure.com",
        host => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ssh_is_told_with_its_origin_over_https() {
        for (text, https) in [
            ("git@git.example:team/app.git", "https://git.example"),
            ("git.example:team/app.git", "https://git.example"),
            ("me@git.example:~/app", "https://git.example"),
            ("git@Git.Example", "https://git.example"),
            ("ssh://git@git.example:2222/team/app.git", "https://git.example"),
            ("git+ssh://git.example/team/app.git", "https://git.example"),
            ("git@ssh.dev.azure.com:v3/acme/app/app", "https://dev.azure.com"),
            ("ssh://git@ssh.github.com:443/acme/app.git", "https://github.com"),
        ] {
            assert_eq!(typed(text), Err(ServerUrlError::Ssh { https: https.to_owned() }), "{text}");
        }
        for text in [
            "git.example",
            "git.example:8443",
            "git.example:8443/base",
            "https://git.example:x",
            "alice@git.example/a/b.git",
            "user:pw@git.example",
            "[::1]:8080",
            "c:\\repositories",
            "localhost:3000",
            "a b",
            "git.example:",
        ] {
            assert_eq!(typed(text), Ok(text), "{text}");
        }
    }
}
