use std::path::{Path, PathBuf};

use loom_credentials::wire::{Fault, reason};

/// The helper of the same installation, by the path under which PATH finds it: what lies behind a link there may have a
/// version in its name, and be gone with the next. By an absolute path git runs it without a process in between.
pub fn path() -> Result<PathBuf, Fault> {
    let name = format!("git-credential-loom{}", std::env::consts::EXE_SUFFIX);
    let missing = || reason::Command::HelperMissing;
    let own = std::env::current_exe().map_err(|_| missing())?;
    let beside = [Some(own.with_file_name(&name)), own.canonicalize().ok().map(|own| own.with_file_name(&name))];
    let beside = beside.into_iter().flatten().find(|path| path.is_file()).ok_or_else(missing)?;
    let same = |path: &PathBuf| path.canonicalize().ok().is_some_and(|real| beside.canonicalize().ok() == Some(real));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join(&name));
    let called = std::env::args_os().next().map(PathBuf::from).filter(|own| own.components().count() > 1);
    let called = called.and_then(|own| std::path::absolute(own).ok()).map(|own| own.with_file_name(&name));
    Ok(on_path.chain(called).filter(|path| is_sayable(path)).find(same).unwrap_or(beside))
}

/// Settings are text, git's and other tools'.
pub fn is_sayable(path: &Path) -> bool {
    path.to_str().is_some_and(|path| !path.contains(['\n', '\r']))
}

/// This program itself, by the path under which PATH finds it, for what starts `loom` with arguments.
pub fn loom() -> Result<PathBuf, Fault> {
    let name = format!("loom{}", std::env::consts::EXE_SUFFIX);
    Ok(path()?.with_file_name(name))
}
