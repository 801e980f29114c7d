/// The longest place that is remembered.
const MAX: usize = 512;

/// Where people go on: pages that show something. Other places do something to whoever comes there, or are for
/// programs.
const PAGES: [&str; 2] = ["/", "/device"];

/// The place, if it is a page of this door and nothing that a browser could take for another one. It fits into a cookie
/// (RFC 6265 §4.1.1).
pub(super) fn local_path(text: &str) -> Option<&str> {
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\'));
    let path = text.split(['?', '#']).next().unwrap_or_default();
    (PAGES.contains(&path) && is_plain && text.len() <= MAX).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::local_path;

    #[test]
    fn a_place_to_go_on_to_is_a_path_of_this_door_or_nothing() {
        for path in ["/", "/device?user_code=BCDF-GHJK", "/?a=b%20c#log"] {
            assert_eq!(local_path(path), Some(path));
        }
        for bad in [
            "",
            "device",
            "//evil.example",
            "///evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "https://evil.example/",
            "javascript:alert(1)",
            " /",
            "/\t/evil.example",
            "/?a\r\nset-cookie: x=y",
            "/?a;b",
            "/auth/logout",
            "/auth/oidc/login?next=/auth/logout",
            "/device/../auth/logout",
            "/device/",
            "/%64evice",
            "/language/ar",
            "/sign-in",
            "/audit/live",
            "/api/status",
            "/Device",
            "/?a\u{202e}",
            &format!("/?{}", "x".repeat(600)),
        ] {
            assert_eq!(local_path(bad), None, "{bad:?}");
        }
    }
}
