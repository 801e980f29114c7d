use zeroize::Zeroizing;

use super::url::Place;
use crate::wire::{Get, Proof};

/// The question for what a line of a netrc file is to say of this server, which was parsed already.
pub fn netrc_question(server: &str) -> Option<Get> {
    Place::parse(server)?.passwords(None).pop()
}

/// A line of a netrc file, as curl, git and Python's libraries read it; `None` where a word of it would have to be
/// quoted, which they do in different ways, or where there is no secret.
///
/// The file knows neither scheme nor port, so the host stands there alone.
pub fn print_netrc(get: &Get, proof: &Proof) -> Option<Zeroizing<Vec<u8>>> {
    let Proof::Password { username, password } = proof else { return None };
    let is_word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_graphic() && !"\"'\\#".contains(c));
    let host = match get.wanted.host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => &get.wanted.host,
    };
    if ![host, username, password.expose()].into_iter().all(is_word) {
        return None;
    }
    let line = Zeroizing::new(format!("machine {host} login {username} password {}\n", password.expose()));
    Some(Zeroizing::new(line.as_bytes().to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Secret;

    fn line(server: &str, username: &str, password: &str) -> Option<String> {
        let (username, password) = (username.to_owned(), Secret::new(password.to_owned()));
        let said = print_netrc(&netrc_question(server)?, &Proof::Password { username, password })?;
        Some(String::from_utf8_lossy(&said).into_owned())
    }

    #[test]
    fn a_line_names_the_host_alone() {
        let expected = "machine h.example login u password p\n";
        assert_eq!(line("https://h.example:8443/team", "u", "p").as_deref(), Some(expected));
    }

    #[test]
    fn a_word_that_would_have_to_be_quoted_is_not_said() {
        for bad in ["", "a b", "a\nb", "a\"", "a\\", "a#b", "ä"] {
            assert_eq!(line("https://h.example", "u", bad), None, "{bad:?}");
        }
    }
}
