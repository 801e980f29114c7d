//! What `loom exec --env` and the lines of `--env-file` say: a variable, and whose secret it gets.

use std::error::Error;

use loom_credentials::base::{ServerUrl, ServerUrlError, server_from_user};
use percent_encoding::percent_decode_str;

/// What a reference to a secret looks like, and nothing else does.
const FORM: &str = "NAME=loom://SERVER[/ACCOUNT]";

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
    if url.as_ref().is_some_and(|url| url.has_password) {
        return Err("a password, which others can read there".into());
    }
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
        let value = value.trim();
        let Some(reference) = unquoted(value).strip_prefix("loom://") else {
            // What was meant for a secret is never one itself: the command would run with these words as its token.
            return if names_loom(value) {
                Err(FORM.to_owned())
            } else {
                Ok(EnvLine::Plain(name, unquoted(value).to_owned()))
            };
        };
        if reference.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '#' | ';')) {
            return Err(FORM.to_owned());
        }
        let (server, account) =
            reference.split_once('/').map_or((reference, None), |(server, account)| (server, Some(account)));
        let server = ServerUrl::from_user(server).map_err(|error: ServerUrlError| error.to_string())?;
        let account = account.filter(|account| !account.is_empty());
        let account = account.map(|account| percent_decode_str(account).decode_utf8().map(|text| text.into_owned()));
        let account = account.transpose().map_err(|error| error.to_string())?;
        Ok(EnvLine::Secret(EnvSecret { name, of: Some((server, account)) }))
    }
}

/// Whether a word is in it with which a reference begins, in whatever case.
fn names_loom(value: &str) -> bool {
    let value = value.to_ascii_lowercase();
    value.match_indices("loom:").any(|(at, _)| !value[..at].ends_with(char::is_alphanumeric))
}

/// What stands in quotation marks, of which a comment behind is no part; else all of it.
fn unquoted(value: &str) -> &str {
    let within = |mark: char| {
        let (text, behind) = value.strip_prefix(mark)?.rsplit_once(mark)?;
        let is_comment = behind.is_empty() || behind.starts_with([' ', '\t']) && behind.trim_start().starts_with('#');
        (is_comment && (behind.is_empty() || !text.contains(mark))).then_some(text)
    };
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
            ("A=\"loom://git.example\"   # deploy", secret("https://git.example", None)),
            ("A=\"b c\" # why", plain("b c")),
            ("A=heirloom: a clock", plain("heirloom: a clock")),
            ("A=", plain("")),
            ("  # A=b", EnvLine::Empty),
            ("", EnvLine::Empty),
        ] {
            assert_eq!(EnvLine::parse(line), Ok(means), "{line}");
        }
        for wrong in [
            "A",
            "9A=b",
            "A=loom://",
            "A=loom://a b",
            "A=loom://git@git.example",
            "A=\"loom://git.example\";",
            "A=\"loom://git.example",
            "A=loom://git.example # deploy",
            "A=loom://git.example/me;x",
            "A=LOOM://git.example",
            "A=loom:git.example",
            "A=\u{201c}loom://git.example\u{201d}",
            "A=\"loom://a\" # \"loom://b\"",
        ] {
            assert!(EnvLine::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_password_on_the_command_line_is_refused() {
        assert!(env_secret("A=https://me:pw@git.example").is_err());
        assert!(env_secret("A=https://me@git.example").unwrap().of.unwrap().1.is_some());
    }
}
