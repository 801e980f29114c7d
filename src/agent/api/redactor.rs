//! Takes secrets out of a stream, also where one is cut in two by the pieces in which the stream comes. As much is held
//! back as could be the beginning of a secret, and every removed byte becomes one `*`, so that lengths stay true.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::Secret;

/// Shorter secrets are not looked for: they would be found where they are not.
const SHORTEST: usize = 6;

/// Takes secrets out of what a server says: one that shows what it was sent, to be helpful or not, shows no token. What
/// it shows in a disguise of its own making is not found.
#[derive(Default)]
pub(crate) struct Redactor {
    /// The longest first.
    needles: Vec<Zeroizing<Vec<u8>>>,
    /// The end of the stream so far that may be the beginning of a secret.
    held: Zeroizing<Vec<u8>>,
}

impl Redactor {
    /// From now on this is taken out: as it is, as in JSON, as in a URL, and in base64.
    pub(crate) fn hide(&mut self, secret: &Secret) {
        let text = secret.expose();
        let json = Zeroizing::new(serde_json::to_string(text).unwrap_or_default());
        let base64 = STANDARD.encode(text);
        let trimmed = base64.trim_end_matches('=').to_owned();
        let mut forms = vec![text.to_owned(), json[1..json.len() - 1].to_owned(), base64, trimmed];
        for (space, upper) in [("+", true), ("+", false), ("%20", true), ("%20", false)] {
            forms.push(in_url(text, space, upper));
        }
        for form in forms.into_iter().map(|form| Zeroizing::new(form.into_bytes())) {
            if form.len() >= SHORTEST && !self.needles.contains(&form) {
                self.needles.push(form);
            }
        }
        self.needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
    }

    /// A text that is whole.
    pub(crate) fn text(&self, text: &str) -> String {
        let mut alone = Redactor { needles: self.needles.clone(), held: Zeroizing::default() };
        let mut bytes = alone.next(text.as_bytes());
        bytes.extend(alone.rest());
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// What of the stream can be said after this part of it. Every byte of a secret becomes `*`, so lengths stay true.
    pub(crate) fn next(&mut self, part: &[u8]) -> Vec<u8> {
        let mut stream = std::mem::take(&mut self.held);
        stream.extend_from_slice(part);
        let mut begins = [false; 256];
        self.needles.iter().for_each(|needle| begins[usize::from(needle[0])] = true);
        let mut at = 0;
        while let Some(next) = stream[at..].iter().position(|byte| begins[usize::from(*byte)]) {
            at += next;
            let rest = &stream[at..];
            if let Some(length) = self.needles.iter().find(|needle| rest.starts_with(needle)).map(|needle| needle.len())
            {
                stream[at..at + length].fill(b'*');
                at += length;
            } else if self.needles.iter().any(|needle| needle.starts_with(rest)) {
                self.held = Zeroizing::new(stream.split_off(at));
                return std::mem::take(&mut *stream);
            } else {
                at += 1;
            }
        }
        std::mem::take(&mut *stream)
    }

    /// What was held back, at the end of the stream.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        std::mem::take(&mut *self.held)
    }
}

/// The text as it stands in a URL.
fn in_url(text: &str, space: &str, upper: bool) -> String {
    let encode = |byte: u8| match byte {
        b' ' => space.to_owned(),
        byte if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => char::from(byte).to_string(),
        byte if upper => format!("%{byte:02X}"),
        byte => format!("%{byte:02x}"),
    };
    text.bytes().map(encode).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn redacted(secret: &str, parts: &[&[u8]]) -> Vec<u8> {
        let mut redactor = Redactor::default();
        redactor.hide(&Secret::new(secret.to_owned()));
        let mut out: Vec<u8> = parts.iter().flat_map(|part| redactor.next(part)).collect();
        out.extend(redactor.rest());
        out
    }

    proptest! {
        #[test]
        fn a_secret_is_taken_out_wherever_the_stream_is_cut(before in "[ab]{0,20}", secret in "[ab]{6,10}", after in "[ab]{0,20}", cuts in prop::collection::vec(0..50_usize, 0..6)) {
            let whole = format!("{before}{secret}{after}").into_bytes();
            let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(whole.len())).chain([0, whole.len()]).collect();
            cuts.sort_unstable();
            let parts: Vec<&[u8]> = cuts.windows(2).map(|cut| &whole[cut[0]..cut[1]]).collect();
            let out = redacted(&secret, &parts);
            prop_assert_eq!(out.len(), whole.len());
            prop_assert!(!String::from_utf8(out.clone()).unwrap().contains(&secret));
            prop_assert_eq!(out, redacted(&secret, &[&whole]));
        }

        #[test]
        fn what_holds_no_secret_goes_through_as_it_is(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0..300_usize) {
            let cut = cut.min(bytes.len());
            prop_assert_eq!(redacted("lt_0123456789abcdef", &[&bytes[..cut], &bytes[cut..]]), bytes);
        }
    }

    #[test]
    fn a_secret_is_found_in_the_forms_in_which_servers_show_it() {
        let secret = r#"Pa"ss w/rd+1"#;
        let json = serde_json::to_string(secret).unwrap();
        for shown in [secret, &json, "Pa%22ss%20w%2Frd%2B1", "Pa%22ss+w%2frd%2b1", &STANDARD.encode(secret)] {
            let out = String::from_utf8(redacted(secret, &[shown.as_bytes()])).unwrap();
            assert!(out.chars().all(|c| c == '*' || c == '"'), "{shown}: {out}");
        }
    }
}
