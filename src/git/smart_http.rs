//! Which requests to a server are git's, told by the end of their path alone.
//!
//! A path that some server could take for git's is git's, whatever else it could be: else a right to call an API would
//! be a right to push. Of those only the ones that have their one spelling are handed on.

use percent_encoding::percent_decode_str;

use super::advertisement::Service;

/// What a path of git's asks of which repository. The repository is the path up to there, as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitPath<'a> {
    /// `REPOSITORY/info/refs`, with the service in the query.
    Refs(&'a str),
    /// `REPOSITORY/git-upload-pack`, `REPOSITORY/git-receive-pack`.
    Rpc(&'a str, Service),
    /// `REPOSITORY/info/lfs/objects/batch`: where large files are.
    LfsBatch(&'a str),
    /// `REPOSITORY/info/lfs/locks`, to read them or to make one, by the method.
    LfsLocks(&'a str),
    /// `REPOSITORY/info/lfs/locks/verify` or `…/ID/unlock`: for who pushes.
    LfsLockChange(&'a str),
    /// Git's for some server, and none that is handed on: another spelling, the dumb protocol, archives.
    Odd,
}

/// How often a path is decoded to see what it is: as often as any server would.
const DECODED: usize = 3;

impl<'a> GitPath<'a> {
    /// What this path of a URL is; `None` if no server takes it for git's.
    pub fn of(path: &'a str) -> Option<GitPath<'a>> {
        exact(path).or_else(|| readings(path).any(|read| looks_like_gits(&read)).then_some(GitPath::Odd))
    }
}

/// The service that the query of `info/refs` names: byte for byte one of two. Of several, servers take different ones.
pub fn service_of(query: Option<&str>) -> Option<Service> {
    match query? {
        "service=git-upload-pack" => Some(Service::Fetch),
        "service=git-receive-pack" => Some(Service::Push),
        _ => None,
    }
}

/// The name of a repository without the `.git` that servers take or leave.
pub fn repository_name(path: &str) -> &str {
    path.strip_suffix(".git").filter(|name| !name.ends_with('/')).unwrap_or(path)
}

fn exact(path: &str) -> Option<GitPath<'_>> {
    let repository = |end: &str| path.strip_suffix(end).filter(|repository| is_repository(repository));
    let unlocked = || {
        let (before, id) = path.strip_suffix("/unlock")?.rsplit_once('/')?;
        let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
        before.strip_suffix("/info/lfs/locks").filter(|repository| is_id && is_repository(repository))
    };
    let rpc = |service: Service| repository(&format!("/{}", service.name())).map(|path| GitPath::Rpc(path, service));
    repository("/info/refs")
        .map(GitPath::Refs)
        .or_else(|| rpc(Service::Fetch))
        .or_else(|| rpc(Service::Push))
        .or_else(|| repository("/info/lfs/objects/batch").map(GitPath::LfsBatch))
        .or_else(|| repository("/info/lfs/locks").map(GitPath::LfsLocks))
        .or_else(|| repository("/info/lfs/locks/verify").map(GitPath::LfsLockChange))
        .or_else(|| unlocked().map(GitPath::LfsLockChange))
}

/// What stands before the end of a path of git's may not be one itself: whose it is would be read in two ways.
fn is_repository(path: &str) -> bool {
    path.len() > 1 && !path.ends_with('/') && !readings(path).any(|read| looks_like_gits(&read))
}

/// The path as servers read it that decode it, and that see no difference between capitals and small letters.
fn readings(path: &str) -> impl Iterator<Item = String> {
    let mut read = path.to_owned();
    (0..=DECODED).map(move |_| {
        let now = read.to_ascii_lowercase().replace('\\', "/");
        read = percent_decode_str(&read).decode_utf8_lossy().into_owned();
        now
    })
}

fn looks_like_gits(path: &str) -> bool {
    let plain = |segment: &'_ str| segment.split(';').next().unwrap_or_default().trim().to_owned();
    let segments: Vec<String> = path.split('/').map(plain).filter(|segment| !segment.is_empty()).collect();
    let all: Vec<&str> = segments.iter().map(String::as_str).collect();
    let has = |one: &str, other: &str| all.windows(2).any(|two| two == [one, other]);
    let is_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let is_object = |one: &str, other: &str| is_hex(one, 2) && (is_hex(other, 38) || is_hex(other, 62));
    let is_program = |segment: &&str| matches!(*segment, "git-upload-pack" | "git-receive-pack" | "git-upload-archive");
    has("info", "refs")
        || has("info", "lfs")
        || has("objects", "info")
        || has("objects", "pack")
        || all.iter().any(is_program)
        || all.windows(3).any(|three| three[0] == "objects" && is_object(three[1], three[2]))
        || all.iter().rev().skip(1).any(|segment| segment.ends_with(".git"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_path_says_what_it_is() {
        for (path, expected) in [
            ("/org/app.git/info/refs", Some(GitPath::Refs("/org/app.git"))),
            ("/org/app/git-upload-pack", Some(GitPath::Rpc("/org/app", Service::Fetch))),
            ("/a/b/c/git-receive-pack", Some(GitPath::Rpc("/a/b/c", Service::Push))),
            ("/org/app.git/info/lfs/objects/batch", Some(GitPath::LfsBatch("/org/app.git"))),
            ("/org/app/info/lfs/locks", Some(GitPath::LfsLocks("/org/app"))),
            ("/org/app/info/lfs/locks/verify", Some(GitPath::LfsLockChange("/org/app"))),
            ("/org/app/info/lfs/locks/7-x/unlock", Some(GitPath::LfsLockChange("/org/app"))),
            ("/api/v3/repos/org/app/git/refs/heads/main", None),
            ("/repos/org/app/commits/HEAD", None),
            ("/repos/org/app.git", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(GitPath::of(path), expected, "{path}");
        }
    }

    #[test]
    fn what_any_server_takes_for_gits_is_gits() {
        for path in [
            "/org/app/git-receive-pack/",
            "/org/app/GIT-receive-pack",
            "/org/app/git-receive-pack;x",
            "/org/app/git%2Dreceive-pack",
            "/org/app/git%252Dreceive-pack",
            "/org/app%2Fgit-receive-pack",
            "/org/app//info//refs",
            "/org/app/info%2frefs",
            "/org/app/Info/Refs",
            "/org/app.git/git-upload-archive",
            "/org/app.git/HEAD",
            "/org/app.git/objects/info/packs",
            "/org/app/objects/pack/pack-1.pack",
            "/org/app/objects/11/11111111111111111111111111111111111111",
            "/org/app/info/lfs/objects/batch/x",
            "/org/app/info/lfs/locks/a%2Fb/unlock",
            "/org/app/info/lfs",
            "/git-receive-pack",
            "/info/refs",
            "/org/app.git/info/lfs/locks/org/other/info/refs",
            "/org/app/info/refs/git-receive-pack",
            "/org/app.git/org/other/git-upload-pack",
        ] {
            assert_eq!(GitPath::of(path), Some(GitPath::Odd), "{path}");
        }
    }

    #[test]
    fn the_query_names_one_service_in_one_spelling() {
        assert_eq!(service_of(Some("service=git-upload-pack")), Some(Service::Fetch));
        for other in [
            None,
            Some(""),
            Some("service=git-upload-pack&service=git-receive-pack"),
            Some("service=git%2Dreceive-pack"),
            Some("service=git-receive-pack&x=1"),
            Some("Service=git-upload-pack"),
            Some("service=git-upload-archive"),
        ] {
            assert_eq!(service_of(other), None, "{other:?}");
        }
        assert_eq!(repository_name("/org/app.git"), "/org/app");
        assert_eq!(repository_name("/org/app"), "/org/app");
        assert_eq!(repository_name("/org/.git"), "/org/.git");
    }
}
