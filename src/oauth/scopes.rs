//! What was granted beside what was asked for (RFC 6749 §3.3).

/// The granted scopes that nobody asked for. Where nothing was asked for the server chose, and nothing is beyond.
pub fn beyond(asked: &[String], granted: &[String]) -> Vec<String> {
    if asked.is_empty() {
        return Vec::new();
    }
    granted.iter().filter(|scope| !asked.iter().any(|asked| covers(asked, scope))).cloned().collect()
}

/// Whether who asked for the one knew that it may be called the other.
fn covers(asked: &str, granted: &str) -> bool {
    // Microsoft: all that was ever agreed to for this API.
    let all_of_api = asked.strip_suffix(".default").is_some_and(|api| api.ends_with('/') && granted.starts_with(api));
    // Google has longer names for OpenID's own.
    let by_longer_name = granted.strip_prefix("https://www.googleapis.com/auth/userinfo.") == Some(asked);
    asked == granted || all_of_api || by_longer_name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beyond(asked: &str, granted: &str) -> String {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        super::beyond(&list(asked), &list(granted)).join(" ")
    }

    #[test]
    fn what_nobody_asked_for_is_beyond_and_other_names_of_the_same_are_not() {
        assert_eq!(beyond("read", "read write admin"), "write admin");
        assert_eq!(beyond("read write", "write"), "");
        assert_eq!(beyond("", "read write"), "");
        assert_eq!(beyond("read", "reader"), "reader");
        assert_eq!(beyond("openid email", "openid https://www.googleapis.com/auth/userinfo.email"), "");
        assert_eq!(beyond("api://x/.default openid", "api://x/Read api://y/Read openid"), "api://y/Read");
        assert_eq!(beyond(".default", "anything"), "anything");
    }
}
