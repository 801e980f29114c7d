use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::wire::Proof;

/// What stands after `Authorization: ` (RFC 9110 §11.6.2), of one line; `None` where there is no secret, and where it
/// would not fit in a line.
pub fn authorization(proof: &Proof) -> Option<Zeroizing<String>> {
    let value = match proof {
        Proof::Header { authtype, credential, .. } => Zeroizing::new(format!("{authtype} {}", credential.expose())),
        // RFC 7617 §2: a user name with a colon would be read as another one.
        Proof::Password { username, .. } if username.contains(':') => return None,
        Proof::Password { username, password } => {
            let pair = Zeroizing::new(format!("{username}:{}", password.expose()));
            Zeroizing::new(format!("Basic {}", *Zeroizing::new(STANDARD.encode(pair.as_bytes()))))
        }
        Proof::Refresh { .. } => return None,
    };
    (!value.contains(|c: char| c.is_control())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn password(username: &str, password: &str) -> Option<String> {
        let (username, password) = (username.to_owned(), Secret::new(password.to_owned()));
        authorization(&Proof::Password { username, password }).map(|value| value.to_string())
    }

    fn header(credential: &str) -> Option<String> {
        let (authtype, credential) = ("Bearer".to_owned(), Secret::new(credential.to_owned()));
        authorization(&Proof::Header { authtype, credential, ephemeral: true }).map(|value| value.to_string())
    }

    #[test]
    fn a_password_is_said_with_its_user() {
        // RFC 7617 §2.
        assert_eq!(password("Aladdin", "open sesame").as_deref(), Some("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));
    }

    #[test]
    fn a_user_with_a_colon_would_be_another_user() {
        assert_eq!(password("a:b", "pw"), None);
    }

    #[test]
    fn a_token_is_said_by_its_scheme() {
        assert_eq!(header("tok").as_deref(), Some("Bearer tok"));
    }

    #[test]
    fn what_would_be_two_lines_is_not_said() {
        assert_eq!(header("tok\r\nX: y"), None);
    }
}
