use percent_encoding::percent_decode_str;

use super::{RequestError, challenge};
use crate::base::Secret;
use crate::wire::{Erase, Get, GitCredential, Store};

/// The longest input in bytes. Git's own has a few hundred.
pub const MAX_INPUT: usize = 1024 * 1024;

/// The most lines in one input.
const MAX_LINES: usize = 1000;

/// The longest line in bytes with its LF: what git itself reads.
const MAX_LINE: usize = 65_535;

/// How our own states begin, so that several helpers can have theirs.
pub(super) const STATE_PREFIX: &str = "loom:";

/// What git said on standard input: the attributes that loom uses (git-credential(1), "INPUT/OUTPUT FORMAT").
///
/// Parsed strictly, since a line that two programs read differently is how credentials were stolen before
/// (CVE-2020-5260, CVE-2024-50338, CVE-2024-52006).
#[derive(Debug, Default)]
pub struct Request {
    protocol: Option<String>,
    host: Option<String>,
    path: Option<String>,
    username: Option<String>,
    password: Option<Secret>,
    oauth_refresh_token: Option<Secret>,
    password_expiry_utc: Option<i64>,
    ephemeral: bool,
    authtype: Option<String>,
    credential: Option<Secret>,
    /// Of `capability[]`: which extensions git speaks.
    speaks_authtype: bool,
    speaks_state: bool,
    schemes: Vec<String>,
    /// Of `state[]`: what an answer of ours said earlier in the same command.
    state: Option<String>,
}

impl Request {
    /// Parses the whole input, up to an empty line.
    pub fn parse(input: &[u8]) -> Result<Request, RequestError> {
        if input.len() > MAX_INPUT {
            return Err(RequestError::TooLong);
        }
        let mut request = Request::default();
        for (number, line) in input.split_inclusive(|byte| *byte == b'\n').enumerate() {
            if number >= MAX_LINES || line.len() > MAX_LINE {
                return Err(RequestError::TooLong);
            }
            // The writer may have died: what is cut off here could be half a host or half a password.
            let line = line.strip_suffix(b"\n").ok_or(RequestError::Truncated)?;
            if line.is_empty() {
                break;
            }
            request.take_line(line)?;
        }
        if request.is_complete() { Ok(request) } else { Err(RequestError::Incomplete) }
    }

    /// Whether it says what it is about: a host, or for the passphrase of a client certificate the file that holds it.
    fn is_complete(&self) -> bool {
        let Some((protocol, host)) = self.protocol.as_deref().zip(self.host.as_deref()) else { return false };
        let is_file = protocol == "cert" && self.path.as_deref().is_some_and(|path| !path.is_empty());
        !protocol.is_empty() && (!host.is_empty() || is_file)
    }

    /// The question for `get`. `directory` is where git works, an absolute path without symbolic links.
    pub fn into_get(mut self, directory: Option<String>) -> Get {
        let schemes = std::mem::take(&mut self.schemes);
        let (authtype, state, refused) = (self.speaks_authtype, self.speaks_state, self.state.take());
        Get {
            wanted: self.into_parts().0,
            authtype,
            state,
            schemes,
            refused,
            refresh: true,
            directory,
            named_directory: None,
            changes: false,
            tool: None,
        }
    }

    /// What to keep for `store`; `None` if there is nothing: no secret, a password without its user name, or one that
    /// git says is ephemeral.
    pub fn into_store(mut self) -> Option<Store> {
        let keep = !self.ephemeral && (self.username.is_some() || self.authtype.is_some());
        let password_expiry_utc = self.password_expiry_utc;
        let oauth_refresh_token = self.oauth_refresh_token.take();
        let authtype = self.authtype.take().filter(|_| self.credential.is_some());
        let (which, secret) = self.into_parts();
        let secret = secret.filter(|_| keep)?;
        Some(Store { which, authtype, secret, password_expiry_utc, oauth_refresh_token, tool: None })
    }

    /// What to forget for `erase`.
    pub fn into_erase(self) -> Erase {
        let (which, secret) = self.into_parts();
        Erase { which, secret, tool: None }
    }

    fn into_parts(self) -> (GitCredential, Option<Secret>) {
        let Request { protocol, host, path, username, password, credential, .. } = self;
        let path = path.filter(|path| !path.is_empty());
        let which = GitCredential {
            protocol: protocol.unwrap_or_default(),
            host: host.unwrap_or_default(),
            path,
            username,
            escaped: false,
            exact: false,
        };
        (which, credential.or(password))
    }

    fn take_line(&mut self, line: &[u8]) -> Result<(), RequestError> {
        if line.contains(&b'\0') || line.contains(&b'\r') {
            return Err(RequestError::Control);
        }
        let at = line.iter().position(|byte| *byte == b'=').ok_or(RequestError::NoEquals)?;
        let (key, value) = (&line[..at], &line[at + 1..]);
        match key {
            b"protocol" => set(&mut self.protocol, text(value)?.to_owned()),
            b"host" => set(&mut self.host, text(value)?.to_owned()),
            b"path" => set(&mut self.path, text(value)?.to_owned()),
            b"username" => set(&mut self.username, text(value)?.to_owned()),
            b"password" => set_secret(&mut self.password, text(value)?),
            b"oauth_refresh_token" => set_secret(&mut self.oauth_refresh_token, text(value)?),
            // As git does: what is no number means no expiry.
            b"password_expiry_utc" => {
                self.password_expiry_utc = text(value)?.parse().ok();
                Ok(())
            }
            b"ephemeral" => {
                self.ephemeral = matches!(value, b"1" | b"true" | b"yes" | b"on");
                Ok(())
            }
            b"authtype" => set(&mut self.authtype, text(value)?.to_owned()),
            b"credential" => set_secret(&mut self.credential, text(value)?),
            b"capability[]" => {
                self.take_capability(value);
                Ok(())
            }
            b"wwwauth[]" => {
                self.take_challenge(value);
                Ok(())
            }
            b"state[]" => {
                // Other helpers' states pass by; an empty one starts the list anew.
                if value.is_empty() || value.starts_with(STATE_PREFIX.as_bytes()) {
                    self.state =
                        std::str::from_utf8(value).ok().and_then(|s| s.strip_prefix(STATE_PREFIX)).map(str::to_owned);
                }
                Ok(())
            }
            b"url" => self.take_url(text(value)?),
            // Attributes of newer gits, and those of no use here.
            _ => Ok(()),
        }
    }

    fn take_capability(&mut self, value: &[u8]) {
        match value {
            b"authtype" => self.speaks_authtype = true,
            b"state" => self.speaks_state = true,
            b"" => (self.speaks_authtype, self.speaks_state) = (false, false),
            _ => {}
        }
    }

    /// A header may hold any bytes; what is not UTF-8 is in a parameter, and those are not looked at.
    fn take_challenge(&mut self, value: &[u8]) {
        match value {
            b"" => self.schemes.clear(),
            value => self.schemes.extend(challenge::schemes(&String::from_utf8_lossy(value))),
        }
    }

    /// `url=` stands for the attributes it contains, which git decodes once. A password in it is not taken: URLs end in
    /// logs and histories.
    fn take_url(&mut self, url: &str) -> Result<(), RequestError> {
        decoded(url)?;
        let (protocol, rest) = url.split_once("://").ok_or(RequestError::BadUrl)?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, host) = match authority.split_once('@') {
            Some((user, host)) if !user.contains(':') => (Some(user), host),
            Some(_) => return Err(RequestError::BadUrl),
            None => (None, authority),
        };
        set(&mut self.protocol, protocol.to_owned())?;
        set(&mut self.host, decoded(host)?)?;
        if !path.is_empty() {
            set(&mut self.path, decoded(path)?)?;
        }
        user.map_or(Ok(()), |user| set(&mut self.username, decoded(user)?))
    }
}

/// A part of a URL as git reads it. What is a line break once decoded would end git's line (CVE-2020-5260).
fn decoded(part: &str) -> Result<String, RequestError> {
    let decoded = percent_decode_str(part).decode_utf8().map_err(|_| RequestError::NotUtf8)?;
    if decoded.contains(['\n', '\r', '\0']) { Err(RequestError::Control) } else { Ok(decoded.into_owned()) }
}

fn text(value: &[u8]) -> Result<&str, RequestError> {
    std::str::from_utf8(value).map_err(|_| RequestError::NotUtf8)
}

fn set(slot: &mut Option<String>, value: String) -> Result<(), RequestError> {
    match slot.replace(value) {
        Some(before) if Some(&before) != slot.as_ref() => Err(RequestError::Contradiction),
        _ => Ok(()),
    }
}

fn set_secret(slot: &mut Option<Secret>, value: &str) -> Result<(), RequestError> {
    let value = Secret::new(value.to_owned());
    match slot {
        Some(before) if !before.matches(&value) => Err(RequestError::Contradiction),
        _ => {
            *slot = Some(value);
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(input: &[u8]) -> RequestError {
        Request::parse(input).expect_err("it should be refused")
    }

    #[test]
    fn what_two_programs_could_read_differently_is_refused() {
        use RequestError::*;
        for (input, why) in [
            (&b"protocol=https\nhost=evil.example\rhost=good.example\n\n"[..], Control),
            (b"protocol=https\nhost=a\0b\n\n", Control),
            (b"protocol=https\nhost=a\nhost=b\n\n", Contradiction),
            (b"protocol=https\nhost=a\nurl=https://b/\n\n", Contradiction),
            (b"protocol=https\nhost\n\n", NoEquals),
            (b"protocol=https\n\n", Incomplete),
            (b"protocol=https\nhost=\n\n", Incomplete),
            (b"", Incomplete),
            (b"protocol=https\nhost=a.example\npassword=hal", Truncated),
            (b"protocol=https\nhost=\xff.example\n\n", NotUtf8),
            (b"url=https://a:secret@b.example/\n\n", BadUrl),
            (b"protocol=https\nhost=\npath=/c.pem\n\n", Incomplete),
            (b"protocol=cert\nhost=\n\n", Incomplete),
            (b"protocol=cert\npath=/c.pem\n\n", Incomplete),
            (b"url=https:///c.pem\n\n", Incomplete),
        ] {
            assert_eq!(refused(input), why, "{}", String::from_utf8_lossy(input));
        }
        assert_eq!(refused(&[b"a=b\n".repeat(1001), b"\n".to_vec()].concat()), TooLong);
        assert_eq!(refused(&[b"wwwauth[]=".to_vec(), vec![b'x'; MAX_INPUT]].concat()), TooLong);
    }

    #[test]
    fn a_line_break_that_is_encoded_anywhere_in_a_url_is_refused() {
        for url in ["https://u@h.example/x", "cert:///x"] {
            for at in 0..=url.len() {
                for encoded in ["%0a", "%0A", "%0d", "%0D", "%00"] {
                    let (before, after) = url.split_at(at);
                    let line = format!("url={before}{encoded}{after}\n\n");
                    assert_eq!(refused(line.as_bytes()), RequestError::Control, "{line}");
                }
            }
        }
    }

    #[test]
    fn a_url_is_decoded_once_as_git_does() {
        let get =
            Request::parse(b"url=https://al%69ce%40corp@h.example/My%20Project/%250a\n\n").unwrap().into_get(None);
        assert_eq!(get.wanted.username.as_deref(), Some("alice@corp"));
        assert_eq!(get.wanted.path.as_deref(), Some("My Project/%0a"));
        let get = Request::parse(b"url=cert:///home/me/c.pem\n\n").unwrap().into_get(None);
        assert_eq!((get.wanted.host.as_str(), get.wanted.path.as_deref()), ("", Some("home/me/c.pem")));
    }

    #[test]
    fn the_longest_line_is_taken_whole_and_one_more_byte_is_not() {
        let line = |len: usize| [b"username=".to_vec(), vec![b'u'; len - 10], b"\n".to_vec()].concat();
        let input = |len| [line(len), b"protocol=https\nhost=h\n\n".to_vec()].concat();
        assert_eq!(Request::parse(&input(65_535)).unwrap().into_get(None).wanted.username.unwrap().len(), 65_525);
        assert_eq!(refused(&input(65_536)), RequestError::TooLong);
    }

    #[test]
    fn a_header_that_is_not_utf8_does_no_harm() {
        let request =
            Request::parse(b"protocol=https\nhost=a.example\nwwwauth[]=Basic realm=\"\xe9\"\n\nhost=evil\n").unwrap();
        assert_eq!(request.into_get(None).wanted.host, "a.example");
    }

    #[test]
    fn nothing_is_stored_without_user_and_password_or_when_ephemeral() {
        let store =
            |extra: &str| Request::parse(format!("protocol=https\nhost=h\n{extra}\n").as_bytes()).unwrap().into_store();
        assert!(store("username=u\npassword=p\n").is_some());
        assert!(store("username=u\npassword=p\nephemeral=1\n").is_none());
        assert!(store("username=u\n").is_none());
        assert!(store("password=p\n").is_none());
        assert_eq!(store("username=u\npassword=p\npassword_expiry_utc=abc\n").unwrap().password_expiry_utc, None);
    }
}
