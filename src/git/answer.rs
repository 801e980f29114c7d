//! What git is answered: a user name and a password, or a header.
//!
//! A token goes as a header only where the server offers `Bearer` and not `Basic`. Everywhere else it goes as a
//! password, which git servers take as well and every git can send. The header is marked ephemeral, so that no other
//! helper writes it down. A header that git stored itself is given only to a git that says it understands headers.

use std::borrow::Cow;

use zeroize::Zeroizing;

use super::request::STATE_PREFIX;
use crate::base::Secret;
use crate::wire::{GetReply, Proof};

/// The answer to `capability`: which extensions git may use with this helper (git-credential(1), "CAPABILITY
/// INPUT/OUTPUT FORMAT").
pub const CAPABILITIES: &[u8] = b"version 0\ncapability authtype\ncapability state\n";

/// The answer after which git asks no other helper and no person, and ends (gitcredentials(7)).
pub const QUIT: &[u8] = b"quit=1\n";

/// Prints what git may send to a server; `None` if a value cannot be said in git's line format.
///
/// Never protocol, host, path or url: git would take them over the request's (CVE-2020-11008 kind). The agent answers
/// with a header or a state only to a git that said it understands them.
pub fn print_answer(reply: &GetReply) -> Option<Zeroizing<Vec<u8>>> {
    let mut out = Lines::default();
    // Git takes the extensions in an answer only after their capability.
    if matches!(reply.proof, Proof::Header { .. }) {
        out.line("capability[]", "authtype")?;
    }
    if reply.state.is_some() {
        out.line("capability[]", "state")?;
    }
    match &reply.proof {
        Proof::Password { username, password } => {
            out.line("username", username)?;
            out.line("password", password.expose())?;
        }
        Proof::Header { authtype, credential, ephemeral } => {
            out.line("authtype", authtype)?;
            out.line("credential", credential.expose())?;
            if *ephemeral {
                out.line("ephemeral", "1")?;
            }
        }
        Proof::Refresh { username } => out.line("username", username)?,
    }
    if let Some(expiry) = reply.password_expiry_utc {
        out.line("password_expiry_utc", expiry.to_string())?;
    }
    if let Some(token) = reply.oauth_refresh_token.as_ref().map(Secret::expose) {
        out.line("oauth_refresh_token", token)?;
    }
    if let Some(state) = &reply.state {
        out.line("state[]", format!("{STATE_PREFIX}{state}"))?;
        out.line("continue", "1")?;
    }
    // At once: a buffer that grew would leave copies behind, and one with room to spare takes long to zero.
    Some(Zeroizing::new(out.0.concat().into_bytes()))
}

#[derive(Default)]
struct Lines<'a>(Vec<Cow<'a, str>>);

impl<'a> Lines<'a> {
    /// A line, unless the value has characters that would make it two, or that git refuses.
    fn line(&mut self, key: &'static str, value: impl Into<Cow<'a, str>>) -> Option<()> {
        let value = value.into();
        if value.contains(['\n', '\r', '\0']) {
            return None;
        }
        self.0.extend([key.into(), "=".into(), value, "\n".into()]);
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(proof: Proof) -> GetReply {
        GetReply {
            proof,
            password_expiry_utc: Some(5),
            oauth_refresh_token: None,
            state: None,
            kind: None,
            may_change: None,
        }
    }

    fn password(password: &str) -> Proof {
        Proof::Password { username: "u".into(), password: Secret::new(password.into()) }
    }

    #[test]
    fn a_secret_with_a_line_break_is_not_said() {
        let said = print_answer(&reply(password("p=w"))).unwrap();
        assert_eq!(&**said, b"username=u\npassword=p=w\npassword_expiry_utc=5\n");
        for bad in ["a\nhost=evil.example", "a\rb", "a\0b"] {
            assert!(print_answer(&reply(password(bad))).is_none());
        }
    }

    #[test]
    fn capabilities_come_before_what_needs_them() {
        let proof = Proof::Header { authtype: "Bearer".into(), credential: Secret::new("t".into()), ephemeral: true };
        let said = print_answer(&GetReply { state: Some("7".into()), ..reply(proof) }).unwrap();
        let wanted = "capability[]=authtype\ncapability[]=state\nauthtype=Bearer\ncredential=t\nephemeral=1\n\
                      password_expiry_utc=5\nstate[]=loom:7\ncontinue=1\n";
        assert_eq!(String::from_utf8_lossy(&said), wanted);
    }
}
