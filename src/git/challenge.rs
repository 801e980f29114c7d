/// The authentication schemes that a `WWW-Authenticate` value offers, in lower case (RFC 9110 §11.6.1).
///
/// Only the schemes: their parameters are the server's words and nothing here depends on them.
pub fn schemes(value: &str) -> Vec<String> {
    let mut schemes = Vec::new();
    for part in outside_quotes(value) {
        // A part is either `scheme`, `scheme first=parameter`, `scheme token68`, or a further `parameter=value`.
        let word = part.trim().split(' ').next().unwrap_or_default();
        if !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
            schemes.push(word.to_ascii_lowercase());
        }
    }
    schemes
}

/// Splits at commas that are not inside a quoted string.
fn outside_quotes(value: &str) -> Vec<&str> {
    let mut quoted = false;
    let mut escaped = false;
    let at_comma = |c: char| {
        match c {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            _ => {}
        }
        c == ',' && !quoted
    };
    value.split(at_comma).collect()
}

#[cfg(test)]
mod tests {
    use super::schemes;

    #[test]
    fn schemes_are_told_from_their_parameters() {
        assert_eq!(schemes("Basic realm=\"a, Bearer b\""), ["basic"]);
        assert_eq!(schemes("Bearer realm=\"x\", error=\"y\", Basic realm=\"z\""), ["bearer", "basic"]);
        assert_eq!(schemes("Negotiate, NTLM"), ["negotiate", "ntlm"]);
        assert_eq!(schemes("Basic realm=\"quote \\\", Bearer\""), ["basic"]);
        assert!(schemes("").is_empty());
        assert!(schemes("=,\"").is_empty());
    }
}
