//! What `loom exec --env` and the lines of `--env-file` say: a variable, and whose secret it gets.

use std::error::Error;

use loom_credentials::base::{ServerUrl, ServerUrlError, server_from_user};
use percent_encoding::percent_decode_str;

/// A variable that gets a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnvSecret {
    pub name: String,
    /// The server that is named beside it, and perhaps the account there.
    pub of: Option<(ServerUrl, Option<String>)>,
}

/// A line of an `--env-file`.
#[derive(Debug, PartialEq, Eq)]
pub enum EnvLine {
    Secret(EnvSecret),
    /// The variable has this value, which is no secret of loom's.
    Plain(String, String),
    /// A comment, or nothing.
    Empty,
}

/// Parses `NAME` or `NAME=SERVER`. A user name in front of the host is the account.
pub fn env_secret(text: &str) -> Result<EnvSecret, Box<dyn Error + Send + Sync>> {
    let (name, server) = text.split_once('=').map_or((text, None), |(name, server)| (name, Some(server)));
    let name = variable(name)?;
    let url = server.map(server_from_user).transpose()?;
    let of = url.map(|url| (url.server_meant(), url.user.filter(|user| !user.is_empty())));
    Ok(EnvSecret { name, of })
}

impl EnvLine {
    /// Parses `NAME=loom://SERVER[/ACCOUNT]` or `NAME=VALUE`, perhaps behind `export` and in quotation marks.
    pub fn parse(line: &str) -> Result<EnvLine, String> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return Ok(EnvLine::Empty);
        }
        let line = line.strip_prefix("export ").unwrap_or(line).trim_start();
        let (name, value) = line.split_once('=').ok_or("NAME=VALUE")?;
        let name = variable(name.trim_end())?;
        let value = unquoted(value.trim());
        let Some(reference) = value.strip_prefix("loom://") else {
            return Ok(EnvLine::Plain(name, value.to_owned()));
        };
        let (server, account) =
            reference.split_once('/').map_or((reference, None), |(server, account)| (server, Some(account)));
        let server = ServerUrl::from_user(server).map_err(|error: ServerUrlError| error.to_string())?;
        let account = account.filter(|account| !account.is_empty());
        let account = account.map(|account| percent_decode_str(account).decode_utf8().map(|text| text.into_owned()));
        let account = account.transpose().map_err(|error| error.to_string())?;
        Ok(EnvLine::Secret(EnvSecret { name, of: Some((server, account)) }))
    }
}

fn unquoted(value: &str) -> &str {
    let within = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    within('"').or_else(|| within('\'')).unwrap_or(value)
}

fn variable(text: &str) -> Result<String, String> {
    let valid = !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    valid.then(|| text.to_owned()).ok_or_else(|| "letters, digits and _".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_a_secret_of_a_server_or_a_plain_value() {
        let secret = |server: &str, account: Option<&str>| {
            let of = Some((ServerUrl::parse(server).unwrap(), account.map(str::to_owned)));
            EnvLine::Secret(EnvSecret { name: "A".to_owned(), of })
        };
        let plain = |value: &str| EnvLine::Plain("A".to_owned(), value.to_owned());
        for (line, means) in [
            ("A=loom://git.example", secret("https://git.example", None)),
            ("export A=\"loom://git.example:8443/al%2Fice\"", secret("https://git.example:8443", Some("al/ice"))),
            ("A=b=c # not a comment", plain("b=c # not a comment")),
            ("A='x y'", plain("x y")),
            ("A=", plain("")),
            ("  # A=b", EnvLine::Empty),
            ("", EnvLine::Empty),
        ] {
            assert_eq!(EnvLine::parse(line), Ok(means), "{line}");
        }
        for wrong in ["A", "9A=b", "A=loom://", "A=loom://a b", "A=loom://git@git.example"] {
            assert!(EnvLine::parse(wrong).is_err(), "{wrong}");
        }
    }
}
