use zeroize::Zeroizing;

use crate::base::Secret;
use crate::wire::GetReply;

/// The answer to `capability`: which extensions git may use with this helper.
pub const CAPABILITIES: &[u8] = b"version 0\n";

/// Prints what git may send, or nothing if it cannot be said in git's line format.
///
/// Never protocol, host, path or url: git would take them over the request's (CVE-2020-11008 kind).
pub fn print_answer(reply: &GetReply) -> Option<Zeroizing<Vec<u8>>> {
    let sayable = reply.password.is_one_line()
        && reply.oauth_refresh_token.as_ref().is_none_or(Secret::is_one_line)
        && !reply.username.contains(['\n', '\r', '\0']);
    if !sayable {
        return None;
    }
    let mut out = Zeroizing::new(Vec::with_capacity(4096));
    let mut line = |key: &str, value: &str| {
        for part in [key, "=", value, "\n"] {
            out.extend_from_slice(part.as_bytes());
        }
    };
    line("username", &reply.username);
    line("password", reply.password.expose());
    if let Some(expiry) = reply.password_expiry_utc {
        line("password_expiry_utc", &expiry.to_string());
    }
    if let Some(token) = &reply.oauth_refresh_token {
        line("oauth_refresh_token", token.expose());
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_with_a_line_break_is_not_said() {
        let reply = |password: &str| GetReply {
            username: "u".into(),
            password: Secret::new(password.into()),
            password_expiry_utc: Some(5),
            oauth_refresh_token: None,
        };
        let said = print_answer(&reply("p=w")).unwrap();
        assert_eq!(&**said, b"username=u\npassword=p=w\npassword_expiry_utc=5\n");
        for bad in ["a\nhost=evil.example", "a\rb", "a\0b"] {
            assert!(print_answer(&reply(bad)).is_none());
        }
    }
}
