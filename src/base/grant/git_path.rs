use crate::base::{UrlPath, lenient_segments};

/// Whether a path is one of git's or of LFS, however it is spelled: judged by its end, as git's own server does. Such a
/// path takes a grant of git's and never one of an API, or `POST https://git.example/**` would open every repository.
pub fn is_git_path(path: &UrlPath) -> bool {
    let path = path.as_str().split(['?', '#']).next().unwrap_or_default();
    let written = lenient_segments(path);
    let folded: Vec<String> = written.iter().map(|segment| segment.to_lowercase()).collect();
    let folded: Vec<&str> = folded.iter().map(String::as_str).collect();
    let is_hex = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_lfs = folded.windows(2).any(|two| two == ["info", "lfs"]);
    is_lfs
        // A file of this name is asked for in capitals; `/HEAD` has no other reading in small letters.
        || written.last().is_some_and(|last| last == "HEAD")
        || match folded.as_slice() {
            [.., "git-upload-pack" | "git-receive-pack" | "git-upload-archive"] => true,
            [.., "info", "refs"] | [.., "objects", "info", _] => true,
            [.., "objects", "pack", pack] => pack.starts_with("pack-") || pack.ends_with(".pack") || pack.ends_with(".idx"),
            [.., "objects", two, rest] => two.len() == 2 && matches!(rest.len(), 38 | 62) && is_hex(two) && is_hex(rest),
            _ => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gits_paths_are_known_by_their_end_in_every_spelling() {
        let object = format!("/org/app/objects/ab/{}", "0".repeat(38));
        let long = format!("/org/app/objects/AB/{}", "f".repeat(62));
        for path in [
            "/org/app.git/info/refs",
            "/org/app/info/refs/",
            "/org/app/info/REFS",
            "/org/app/info;x/refs;y=z",
            "/org/app/info%2Frefs",
            "/org/app/info%252frefs",
            "/org/app/%69nfo/refs",
            "/org/app//info//refs",
            "/org/app/git-upload-pack",
            "/org/app/git-receive-pack",
            "/org/app/git%2dreceive%2Dpack",
            "/org/app/git-receive-pack;/",
            "/org/app/Git-Receive-Pack",
            "/org/app/git-upload-archive",
            "/org/app/info/lfs",
            "/org/app/info/lfs/objects/batch",
            "/org/app/info/lfs/locks/verify",
            "/org/app/HEAD",
            "/org/app/%48EAD",
            "/org/app/objects/info/packs",
            "/org/app/objects/info/alternates",
            "/org/app/objects/pack/pack-1.pack",
            "/org/app/objects/pack/x.idx",
            &object,
            &long,
        ] {
            assert!(is_git_path(&UrlPath::parse(path).unwrap()), "{path}");
        }
        for path in [
            "",
            "/",
            "/api/v1/info",
            "/info/refs2",
            "/v1/objects/7",
            "/v1/git-receive-packs",
            "/v1/objects",
            "/head",
            "/lfs/info",
        ] {
            assert!(!is_git_path(&UrlPath::parse(path).unwrap()), "{path}");
        }
    }
}
