//! What was granted beside what was asked for (RFC 6749 §3.3).

/// The granted scopes that were not asked for. Empty if nothing was asked for, since the server then chose.
pub fn beyond(asked: &[String], granted: &[String]) -> Vec<String> {
    if asked.is_empty() {
        return Vec::new();
    }
    granted.iter().filter(|scope| !asked.iter().any(|asked| covers(asked, scope))).cloned().collect()
}

/// Whether whoever asked for `asked` had to expect `granted`, which may be another name of it.
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

    fn told(asked: &str, granted: &str) -> String {
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        beyond(&list(asked), &list(granted)).join(" ")
    }

    #[test]
    fn what_nobody_asked_for_is_beyond_and_other_names_of_the_same_are_not() {
        assert_eq!(told("read", "read write admin"), "write admin");
        assert_eq!(told("read write", "write"), "");
        assert_eq!(told("", "read write"), "");
        assert_eq!(told("read", "reader"), "reader");
        assert_eq!(told("openid email", "openid https://www.googleapis.com/auth/userinfo.email"), "");
        assert_eq!(told("api://x/.default openid", "api://x/Read api://y/Read openid"), "api://y/Read");
        assert_eq!(told(".default", "anything"), "anything");
    }
}
