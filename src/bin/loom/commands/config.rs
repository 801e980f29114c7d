//! `loom config`: the settings of the file, read and changed one by one or in an editor. What a person wrote beside
//! them stays.

use std::io::Write;
use std::path::Path;
use std::process::Command;

use loom_credentials::base::{Config, Paths, Setting, plain_file, private_file, settings_file};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::args::people::ConfigAction;
use crate::{Context, term};

pub fn run(action: &ConfigAction, context: &Context) -> Result<u8, Fault> {
    let fault = reason::Below::Settings;
    let paths = Paths::from_environment().map_err(fault)?;
    let path = paths.config_file();
    match action {
        ConfigAction::Get { .. } | ConfigAction::List(_) | ConfigAction::Path => {}
        ConfigAction::Set { .. }
        | ConfigAction::Unset { .. }
        | ConfigAction::Edit
        | ConfigAction::SetDefaultServer { .. } => refuse_directories_of_another(&paths)?,
    }
    match action {
        ConfigAction::Get { key } => {
            let Some(value) = setting(key)?.get(&path).map_err(fault)? else { return Ok(1) };
            term::data_line(&value);
        }
        ConfigAction::Set { key, value } => setting(key)?.set(&path, value).map_err(fault)?,
        ConfigAction::Unset { key } => {
            // As for git, there is nothing to take out where nothing is set.
            let was_set = setting(key)?.unset(&path).map_err(fault)?;
            return Ok(if was_set { 0 } else { 1 });
        }
        ConfigAction::Path => term::data_line(&path.display().to_string()),
        ConfigAction::Edit => edit(&path, context)?,
        ConfigAction::SetDefaultServer { url } => {
            Setting::DefaultServer.set(&path, url).map_err(fault)?;
            let server = Setting::DefaultServer.get(&path).map_err(fault)?.unwrap_or_default();
            term::say(context.locale, &msg!("became-default", server = server));
        }
        ConfigAction::List(args) => {
            Config::load(&path).map_err(fault)?;
            let mut document = serde_json::Map::new();
            for setting in Setting::ALL {
                if let Some(value) = setting.get(&path).map_err(fault)? {
                    if !args.json {
                        term::data_line(&format!("{} = {value}", setting.name()));
                    }
                    document.insert(setting.name().to_owned(), value.into());
                }
            }
            if args.json {
                term::data_line(&serde_json::Value::from(document).to_string());
            }
        }
    }
    Ok(0)
}

fn setting(key: &str) -> Result<Setting, Fault> {
    // `default-server` is how the flags would spell it.
    Setting::from_name(&key.replace('-', "_")).ok_or_else(|| {
        let known = Setting::ALL.map(Setting::name).join(", ");
        reason::Command::UnknownSetting { key: key.to_owned(), known }.into()
    })
}

/// Has the person's editor change a copy, which takes the file's place once it makes sense. One that does not stays
/// where it is, and the settings are as they were.
fn edit(path: &Path, context: &Context) -> Result<(), Fault> {
    let trouble = |error: std::io::Error| {
        Fault::from(reason::Command::FileTrouble { path: path.to_owned(), error: error.to_string() })
    };
    let before = match plain_file::read_text(path, plain_file::MAX_TEXT) {
        Ok(text) => text.to_string(),
        Err(error) if error.is_not_found() => NEW_FILE.to_owned(),
        Err(error) => return Err(reason::Below::Settings(error.message()).into()),
    };
    let dir = path.parent().unwrap_or(Path::new("."));
    private_file::private_dir(dir)?;
    let mut copy = tempfile::Builder::new().prefix("config-").suffix(".toml").tempfile_in(dir).map_err(trouble)?;
    copy.write_all(before.as_bytes()).map_err(trouble)?;
    let editor = editor();
    let status = edited_by(&editor, copy.path()).status();
    let status =
        status.map_err(|error| reason::Command::NotRun { program: editor.clone(), error: error.to_string() })?;
    if !status.success() {
        return Err(reason::Command::EditorFailed { program: editor }.into());
    }
    let after = plain_file::read_text(copy.path(), plain_file::MAX_TEXT);
    let after = after.map_err(|error| Fault::from(reason::Below::Settings(error.message())))?;
    if *after == before {
        return Ok(());
    }
    // What another command wrote meanwhile is not lost in silence.
    let now = plain_file::read_text(path, plain_file::MAX_TEXT).map(|text| text.to_string());
    let is_as_before = now.as_deref().unwrap_or(NEW_FILE) == before;
    let written = if is_as_before { settings_file::write(path, &after) } else { Err(msg!("config-changed-meanwhile")) };
    if let Err(message) = written {
        let (_, left) = copy.keep().map_err(|error| trouble(error.error))?;
        let hint = msg!("hint-config-left", path = left.display());
        return Err(Fault::from(reason::Below::Settings(message)).hint(hint));
    }
    term::say(context.locale, &msg!("config-changed", path = path.display()));
    Ok(())
}

/// What an editor shows where there are no settings yet.
const NEW_FILE: &str = "# The settings of loom; see loom.toml(5).\n";

/// The editor that a person wishes for, with its own arguments.
fn editor() -> String {
    let wished = ["VISUAL", "EDITOR"].into_iter().find_map(|name| std::env::var(name).ok());
    let wished = wished.filter(|text| !text.trim().is_empty());
    let usual = if cfg!(windows) { "notepad" } else { "vi" };
    wished.unwrap_or_else(|| usual.to_owned())
}

/// What shows a file in this editor. A shell reads what the person wrote, as it does for other programs, where there is
/// one.
fn edited_by(editor: &str, path: &Path) -> Command {
    if cfg!(windows) {
        let mut words = editor.split_whitespace();
        let mut command = Command::new(words.next().unwrap_or_default());
        command.args(words).arg(path);
        return command;
    }
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor).arg(path);
    command
}
