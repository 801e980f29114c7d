use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

/// Parses one JSON object. A key that stands twice is refused, for two readers could take either.
pub(super) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    serde_json::from_slice(bytes).ok()
}

/// Prints one JSON object and a line feed, into memory that is cleared.
pub(super) fn print_json(value: &impl Serialize) -> Zeroizing<Vec<u8>> {
    // So long that no half of a secret stays behind where it grew; what is longer is rare.
    let mut out = Zeroizing::new(Vec::with_capacity(16 * 1024));
    if serde_json::to_writer(&mut *out, value).is_err() {
        out.clear();
    }
    out.push(b'\n');
    out
}

/// What a tool said in one line, without what stands around it; `None` where it is no text, or of more than one line.
pub(super) fn one_line(bytes: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(bytes).ok()?.trim();
    (!text.contains(|c: char| c.is_control())).then_some(text)
}
