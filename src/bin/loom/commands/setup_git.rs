use std::path::PathBuf;
use std::process::{Command, Output};

use loom_credentials::base::{Config, Paths};
use loom_credentials::msg;
use loom_credentials::wire::{Code, Fault};

use crate::args::SetupGit;
use crate::{Context, term};

/// Finds our own line again among other helpers, wherever the helper lay when it was written.
const OURS: &str = "git-credential-loom$|^loom$";

pub fn run(args: &SetupGit, context: &Context) -> Result<u8, Fault> {
    let scope = if args.local { "--local" } else { "--global" };
    let key = match &context.named {
        Some(server) => format!("credential.{server}.helper"),
        None => "credential.helper".to_owned(),
    };
    if args.remove {
        let removed = git(&["config", scope, "--unset-all", &key, OURS])?;
        let done = match removed.status.code() {
            Some(0) => msg!("git-removed", key = key),
            Some(5) => msg!("git-not-there", key = key),
            _ => return Err(refused(&removed)),
        };
        term::say(context.locale, &done);
        return Ok(0);
    }
    let helper = shell_word(&helper()?.to_string_lossy());
    let written = git(&["config", scope, "--replace-all", &key, &helper, OURS])?;
    if !written.status.success() {
        return Err(refused(&written));
    }
    term::data_line(&format!("{key} = {helper}"));
    name_paths(scope)?;
    explain(context)
}

/// Where a rule depends on the path, git has to be told to name it.
fn name_paths(scope: &str) -> Result<(), Fault> {
    let fault = |message| Fault::new(Code::BadRequest, message).hint(msg!("hint-config"));
    let config = Paths::from_environment().and_then(|paths| Config::load(&paths.config_file())).map_err(fault)?;
    let mut origins: Vec<String> =
        config.rules().iter().filter_map(|rule| rule.needs_path()).map(|url| url.origin().to_string()).collect();
    origins.dedup();
    for origin in origins {
        let key = format!("credential.{origin}.useHttpPath");
        let written = git(&["config", scope, &key, "true"])?;
        if !written.status.success() {
            return Err(refused(&written));
        }
        term::data_line(&format!("{key} = true"));
    }
    Ok(())
}

/// What will happen with the helpers that are configured already, which stay as they are.
fn explain(context: &Context) -> Result<u8, Fault> {
    let listed = git(&["config", "--get-all", "credential.helper"])?;
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    // An empty value makes git forget those before it.
    let helpers: Vec<&str> = listed.lines().rev().take_while(|helper| !helper.is_empty()).collect();
    let helpers: Vec<&str> = helpers.into_iter().rev().collect();
    if helpers.len() > 1 {
        let names: Vec<&str> = helpers.iter().map(|helper| if is_ours(helper) { "loom" } else { helper }).collect();
        term::say(context.locale, &msg!("git-order", helpers = names.join(", ")));
    }
    if helpers.iter().any(|helper| helper.split(' ').next() == Some("store")) {
        term::say(context.locale, &msg!("git-store-in-clear"));
    }
    Ok(0)
}

fn is_ours(helper: &str) -> bool {
    helper == "loom" || helper.ends_with("git-credential-loom")
}

/// The helper of the same installation. By its absolute path git runs it without a process in between.
fn helper() -> Result<PathBuf, Fault> {
    let beside = std::env::current_exe().ok().map(|own| own.with_file_name("git-credential-loom"));
    let missing = || Fault::new(Code::Unavailable, msg!("helper-missing")).hint(msg!("hint-helper-missing"));
    beside.filter(|path| path.is_file()).ok_or_else(missing)
}

/// Git hands the path to a shell; what is special there is escaped, and the word still begins with `/`.
fn shell_word(path: &str) -> String {
    let mut word = String::with_capacity(path.len());
    for c in path.chars() {
        if !(c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@' | '%')) {
            word.push('\\');
        }
        word.push(c);
    }
    word
}

fn git(arguments: &[&str]) -> Result<Output, Fault> {
    let failed =
        |error| Fault::new(Code::Unavailable, msg!("git-missing", error = error)).hint(msg!("hint-git-missing"));
    Command::new("git").args(arguments).output().map_err(failed)
}

fn refused(output: &Output) -> Fault {
    let said = String::from_utf8_lossy(&output.stderr);
    Fault::new(Code::Unavailable, msg!("git-refused", error = said.lines().next().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use super::shell_word;

    #[test]
    fn a_path_survives_the_shell() {
        assert_eq!(shell_word("/opt/loom/bin/git-credential-loom"), "/opt/loom/bin/git-credential-loom");
        assert_eq!(shell_word("/home/a b/it's/x"), "/home/a\\ b/it\\'s/x");
    }
}
