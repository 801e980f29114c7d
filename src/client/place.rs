//! Where git works, under all names that a rule may have for it: with and without symbolic links, and the place of the
//! repository that `GIT_DIR` names. A link inside a work tree decides nothing: whoever made it would choose the
//! account.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::base::plain_file;
use crate::os::file::{FileFacts, resolve};

/// The longest file that names where a repository is kept.
const MAX_LINK: u64 = 4096;

/// Where git works, for rules that depend on it, under the names that it has. A path that is not UTF-8 can stand in no
/// rule, and is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The absolute path without symbolic links.
    pub directory: Option<String>,
    /// Another path to `directory`, as the person's shell names it, if there is one.
    pub named: Option<String>,
}

impl Place {
    /// Where this process works, as git or a person started it: by its current directory, and by `PWD`, `GIT_WORK_TREE`
    /// and `GIT_DIR`.
    pub fn here() -> Place {
        let Ok(own) = std::env::current_dir() else { return Place::default() };
        let variable = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        let (work_tree, git_dir) = (variable("GIT_WORK_TREE"), variable("GIT_DIR"));
        Place::of(&own, variable("PWD"), work_tree, git_dir)
    }

    fn of(own: &Path, pwd: Option<OsString>, work_tree: Option<OsString>, git_dir: Option<OsString>) -> Place {
        let elsewhere = work_tree.map(PathBuf::from).or_else(|| repository(own, git_dir?.into()));
        let elsewhere = elsewhere.filter(|path| path.components().any(|part| part != Component::CurDir));
        let named = pwd.and_then(|pwd| as_named(own, pwd.into()));
        let (directory, named) = match elsewhere {
            None => (own.to_owned(), named),
            Some(path) => {
                let named = named.as_deref().unwrap_or(own).join(&path);
                (resolve(&own.join(&path)).unwrap_or(own.join(path)), Some(named))
            }
        };
        let text = |path: PathBuf| is_plain(&path).then(|| path.into_os_string().into_string().ok()).flatten();
        let named = named.filter(|named| *named != directory).and_then(text);
        Place { directory: text(directory), named }
    }
}

/// The path to this directory that the shell came by: `PWD`, or what lies above it, since git goes to the top of the
/// work tree.
fn as_named(own: &Path, pwd: PathBuf) -> Option<PathBuf> {
    if pwd == own || !is_plain(&pwd) {
        return None;
    }
    let id = |path: &Path| FileFacts::of_target(path).ok().map(|found| found.id());
    let wanted = id(own)?;
    pwd.ancestors().find(|path| id(path) == Some(wanted)).map(Path::to_owned)
}

/// Where the repository lies that git names in `GIT_DIR`, if that is elsewhere than here: what `git clone` makes, for
/// instance. `None` means here.
fn repository(own: &Path, git_dir: PathBuf) -> Option<PathBuf> {
    if git_dir == Path::new(".git") || is_linked(own, &git_dir) {
        return None;
    }
    let parts: Vec<Component<'_>> = git_dir.components().collect();
    match parts.iter().rposition(|part| part.as_os_str() == ".git") {
        Some(at) => Some(parts.iter().take(at).collect()),
        None => Some(git_dir),
    }
}

/// Whether this is the top of a work tree whose repository is kept elsewhere: a submodule, or one of several work
/// trees. It counts by its own place then. Else whoever made the link would choose the place.
fn is_linked(own: &Path, git_dir: &Path) -> bool {
    let linked = || {
        let link = plain_file::read_text(&own.join(".git"), MAX_LINK).ok()?;
        let kept = resolve(&own.join(link.strip_prefix("gitdir: ")?.trim_end_matches(['\n', '\r']))).ok()?;
        resolve(&own.join(git_dir)).ok().map(|git_dir| git_dir.starts_with(kept))
    };
    linked().unwrap_or(false)
}

/// Whether the path says where it leads, part by part.
fn is_plain(path: &Path) -> bool {
    path.is_absolute() && !path.components().any(|part| part == Component::ParentDir)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory with a link `link` to `real`, in which there is a repository `app`.
    fn prepared() -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let base = resolve(dir.path()).unwrap();
        for sub in ["real/app/.git/modules/sub", "real/app/src", "real/app/sub", "elsewhere"] {
            std::fs::create_dir_all(base.join(sub)).unwrap();
        }
        std::fs::write(base.join("real/app/sub/.git"), "gitdir: ../.git/modules/sub\n").unwrap();
        crate::os::fixture::link("real", &base.join("link"));
        (dir, base)
    }

    fn place(base: &Path, own: &str, pwd: &str, git_dir: Option<&str>) -> (String, Option<String>) {
        let in_base = |path: String| match Path::new(&path).strip_prefix(base) {
            Ok(inside) => inside.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/"),
            Err(_) => path,
        };
        let git_dir = git_dir.map(|path| OsString::from(path.replace("BASE", base.to_str().unwrap())));
        let place = Place::of(&base.join(own), Some(base.join(pwd).into_os_string()), None, git_dir);
        (in_base(place.directory.unwrap_or_default()), place.named.map(in_base))
    }

    #[test]
    fn here_has_the_name_that_the_shell_came_by() {
        let (_dir, base) = prepared();
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(place(&base, "real/app", "link/app", None), ("real/app".into(), named("link/app")));
        assert_eq!(place(&base, "real/app", "link/app", Some(".git")), ("real/app".into(), named("link/app")));
        assert_eq!(place(&base, "real/app", "link/app/src", Some(".git")), ("real/app".into(), named("link/app")));
        for other in ["elsewhere", "real/app", "link/../real/app", "nowhere"] {
            assert_eq!(place(&base, "real/app", other, None), ("real/app".into(), None), "{other}");
        }
    }

    #[test]
    fn what_git_says_of_its_repository_is_the_place() {
        let (_dir, base) = prepared();
        let at = |own: &str, git_dir: &str| place(&base, own, own, Some(git_dir)).0;
        assert_eq!(at("elsewhere", "BASE/real/app/.git"), "real/app", "git clone into another place");
        assert_eq!(at("elsewhere", "BASE/link/app/.git"), "real/app");
        assert_eq!(at("elsewhere", "../real/app/.git"), "real/app", "--git-dir");
        assert_eq!(at("elsewhere", "BASE/real/app"), "real/app", "a bare one");
        assert_eq!(at("real/app", "."), "real/app");
        assert_eq!(at("real/app", "BASE/real/app/.git/modules/sub"), "real/app", "git submodule update");
        assert_eq!(at("real/app/sub", "BASE/real/app/.git/modules/sub"), "real/app/sub", "fetch in a submodule");
        let relative = place(&base, "elsewhere", "elsewhere", Some("../real/app/.git"));
        assert_eq!(relative.1, None, "a name with .. says nothing by its parts");
    }

    #[test]
    fn a_link_to_a_repository_elsewhere_does_not_move_the_work_tree_there() {
        let (_dir, base) = prepared();
        std::fs::write(base.join("elsewhere/.git"), format!("gitdir: {}\n", base.join("real/app/.git").display()))
            .unwrap();
        assert_eq!(place(&base, "elsewhere", "elsewhere", Some("BASE/real/app/.git")).0, "elsewhere");
        std::fs::create_dir_all(base.join("target/.git")).unwrap();
        assert_eq!(place(&base, "elsewhere", "elsewhere", Some("BASE/target/.git")).0, "target", "a clone begun there");
        let tree = Place::of(&base.join("elsewhere"), None, Some(base.join("link/app").into()), Some("x.git".into()));
        assert_eq!(tree.directory, base.join("real/app").to_str().map(str::to_owned));
    }
}
