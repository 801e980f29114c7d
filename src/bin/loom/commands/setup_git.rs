//! `loom setup git`: makes git ask loom. Other helpers stay as they are; what will happen with them, and where loom is
//! not asked, is said. Removing takes away only what loom put into git's settings.

use std::collections::BTreeSet;
use std::path::PathBuf;

use loom_credentials::base::{Config, Paths, ServerUrl, printable, shell_word};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::git::{Helpers, Scope, example};
use loom_credentials::msg;
use loom_credentials::os::machine;
use loom_credentials::wire::{Fault, reason};

use crate::args::setup::SetupGit;
use crate::git_program::{configuration, git, is_loom, refused};
use crate::helper_program;
use crate::{Context, term};

/// Finds our own line again among other helpers, wherever the helper lay when it was written.
const OURS: &str = "(^|[/! ])git-credential-loom(\\.exe)?$|^loom( credential-helper)?$";

/// What makes git name the path.
const NAMES_PATH: &str = "useHttpPath";

pub fn run(args: &SetupGit, context: &Context) -> Result<u8, Fault> {
    let paths = Paths::from_environment().map_err(reason::Below::Place)?;
    refuse_directories_of_another(&paths)?;
    let scope = if args.local { "--local" } else { "--global" };
    let key = match &context.named {
        Some(server) => format!("credential.{server}.helper"),
        None => "credential.helper".to_owned(),
    };
    if args.remove {
        return remove(scope, &key, context);
    }
    let helper = if args.windows { helper_of_windows()? } else { helper_program::path()? };
    let helper = word(&helper.to_string_lossy(), std::path::MAIN_SEPARATOR);
    change(&["config", scope, "--replace-all", &key, &helper, OURS])?;
    if context.named.as_ref().is_some_and(is_left_out) {
        // It stood before an empty value, which makes git forget it; behind it, it counts.
        git(&["config", scope, "--unset-all", &key, OURS])?;
        change(&["config", scope, "--add", &key, &helper])?;
    }
    term::data_line(&format!("{key} = {helper}"));
    name_paths(scope)?;
    explain(context)
}

fn remove(scope: &str, key: &str, context: &Context) -> Result<u8, Fault> {
    let removed = git(&["config", scope, "--unset-all", key, OURS])?;
    let done = match removed.status.code() {
        Some(0) => msg!("git-removed", key = key),
        Some(5) => msg!("git-not-there", key = key),
        _ => return Err(refused(&removed)),
    };
    term::say(context.locale, &done);
    stop_naming_paths(scope, context)?;
    Ok(0)
}

/// Where a rule depends on the path, git has to be told to name it. A line of our own says that it was us, so that what
/// somebody else wrote stays, whatever becomes of the rule.
fn name_paths(scope: &str) -> Result<(), Fault> {
    for origin in origins_with_paths()? {
        let key = names_path(&origin);
        let there = git(&["config", scope, "--type=bool", "--get", &key])?;
        if there.stdout != b"true\n" {
            // Behind what stands there, which counts again once ours is gone.
            change(&["config", scope, "--add", &key, "true"])?;
            change(&["config", scope, &names_path_by_us(&origin), NAMES_PATH])?;
        }
        term::data_line(&format!("{key} = true"));
    }
    Ok(())
}

/// Where loom is not asked any more, nobody else needs the path: a helper that does not know it finds nothing then.
fn stop_naming_paths(scope: &str, context: &Context) -> Result<(), Fault> {
    let configuration = configuration().ok();
    let is_asked = |origin: &ServerUrl| {
        let asked = configuration.as_ref().map(|configuration| configuration.helpers(origin, None).asked);
        asked.is_some_and(|asked| asked.iter().any(|helper| is_loom(helper)))
    };
    let named = |origin: &ServerUrl| context.named.as_ref().is_none_or(|named| named.same_origin(origin));
    for origin in origins_written(scope)?.iter().filter(|origin| named(origin) && !is_asked(origin)) {
        let key = names_path(origin);
        if git(&["config", scope, "--unset", &key, "^true$"])?.status.success() {
            term::say(context.locale, &msg!("git-removed", key = key));
        }
        git(&["config", scope, "--unset-all", &names_path_by_us(origin)])?;
    }
    Ok(())
}

fn names_path(origin: &ServerUrl) -> String {
    format!("credential.{origin}.{NAMES_PATH}")
}

/// Git passes over a name that it does not know.
fn names_path_by_us(origin: &ServerUrl) -> String {
    format!("credential.{origin}.loom")
}

/// The origins for which setup has told git to name the path.
fn origins_written(scope: &str) -> Result<Vec<ServerUrl>, Fault> {
    let said = git(&["config", scope, "-z", "--name-only", "--get-regexp", r"^credential\..*\.loom$", NAMES_PATH])?;
    let keys = String::from_utf8_lossy(&said.stdout);
    let origin = |key: &str| ServerUrl::parse(key.strip_prefix("credential.")?.strip_suffix(".loom")?).ok();
    Ok(keys.split('\0').filter_map(origin).collect())
}

/// The origins of the settings' rules that depend on a path.
fn origins_with_paths() -> Result<BTreeSet<ServerUrl>, Fault> {
    let config = Paths::from_environment().and_then(|paths| Config::load(&paths.config_file()));
    let config = config.map_err(reason::Below::Settings)?;
    Ok(config.rules().iter().filter_map(|rule| rule.needs_path()).map(ServerUrl::origin).collect())
}

/// What will happen with the helpers that are configured already, which stay as they are, and where loom is not asked.
fn explain(context: &Context) -> Result<u8, Fault> {
    // A git that cannot say it (older than 2.26) has been set up all the same.
    let Ok(configuration) = configuration() else { return Ok(0) };
    let helpers = match &context.named {
        Some(server) => configuration.helpers(server, None),
        None => configuration.common_helpers(),
    };
    let say = |message| term::say(context.locale, &message);
    if helpers.asked.len() > 1 {
        let names =
            helpers.asked.iter().map(|helper| if is_loom(helper) { "loom".to_owned() } else { printable(helper) });
        say(msg!("git-order", helpers = names.collect::<Vec<_>>().join(", ")));
    }
    if helpers.asked.iter().any(|helper| helper.split(' ').next() == Some("store")) {
        say(msg!("git-store-in-clear"));
    }
    if context.named.is_none() && leaves_out(&helpers) {
        say(msg!("git-left-out-everywhere", command = command(&helpers, None)));
    }
    for pattern in configuration.patterns() {
        let Some((server, user)) = example(pattern) else { continue };
        let meant = context.named.as_ref().is_none_or(|named| named.same_origin(&server));
        let helpers = configuration.helpers(&server, user.as_deref());
        if meant && leaves_out(&helpers) {
            say(msg!("git-left-out", url = printable(pattern), command = command(&helpers, Some(pattern))));
        }
    }
    Ok(0)
}

/// Whether git asks others and not loom, because its list was emptied somewhere.
fn leaves_out(helpers: &Helpers<'_>) -> bool {
    helpers.emptied.is_some() && !helpers.asked.iter().any(|helper| is_loom(helper))
}

fn is_left_out(server: &ServerUrl) -> bool {
    configuration().is_ok_and(|configuration| leaves_out(&configuration.helpers(server, None)))
}

/// What adds loom to a list that was emptied: where that was done, for what it was done.
fn command(helpers: &Helpers<'_>, pattern: Option<&str>) -> String {
    let (own, gits) = match helpers.emptied {
        Some(Scope::Local) => (" --local", "--local"),
        Some(Scope::Worktree) => ("", "--worktree"),
        Some(Scope::Other) | None => ("", "--global"),
    };
    // Git takes more for a pattern than one server, and has a file that loom does not write to.
    let server = pattern.map(|pattern| ServerUrl::parse(pattern).is_ok_and(|server| server.to_string() == pattern));
    match (server, helpers.emptied) {
        (None | Some(true), Some(Scope::Local | Scope::Other)) => {
            let server = pattern.map(|pattern| format!(" --server {}", quoted(pattern))).unwrap_or_default();
            format!("loom setup git{own}{server}")
        }
        _ => {
            let key = pattern.map(|pattern| format!("credential.{}.helper", printable(pattern)));
            format!("git config {gits} --add {} loom", quoted(key.as_deref().unwrap_or("credential.helper")))
        }
    }
}

/// As one word of a shell. The configuration may be a repository's, of whoever made that.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/:._@-".contains(c);
    if text.starts_with("credential.") || !text.chars().all(is_plain) {
        format!("'{}'", text.replace('\'', r"'\''"))
    } else {
        text.to_owned()
    }
}

fn change(arguments: &[&str]) -> Result<(), Fault> {
    let written = git(arguments)?;
    if written.status.success() { Ok(()) } else { Err(refused(&written)) }
}

/// The helper of the Windows that this system runs in, with whose logins git here works then. Windows' own `PATH` is
/// part of the one here.
fn helper_of_windows() -> Result<PathBuf, Fault> {
    if !machine::is_in_windows() {
        return Err(reason::Command::NotInWindows.into());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all =
        std::env::split_paths(&path).filter(|dir| dir.is_absolute()).map(|dir| dir.join("git-credential-loom.exe"));
    let mut found = all.filter(|path| helper_program::is_sayable(path) && path.is_file());
    found.next().ok_or_else(|| reason::Command::WindowsHelperMissing.into())
}

/// The path as git takes it for a helper, on Windows too: it hands it to a shell, which takes `\` for something else
/// everywhere, and knows nothing of the prefix by which Windows marks a path as complete.
fn word(path: &str, separator: char) -> String {
    let path = if separator == '\\' { path.strip_prefix(r"\\?\").unwrap_or(path) } else { path };
    shell_word(&path.replace(separator, "/"))
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn git_for_windows_finds_the_helper_by_the_word_for_its_shell() {
        let path = r"C:\Program Files\loom\git-credential-loom.exe";
        let wanted = r"C:/Program\ Files/loom/git-credential-loom.exe";
        assert_eq!(word(path, '\\'), wanted);
        assert_eq!(word(&format!(r"\\?\{path}"), '\\'), wanted);
        assert_eq!(word(r"\\box\share\git-credential-loom.exe", '\\'), "//box/share/git-credential-loom.exe");
    }
}
