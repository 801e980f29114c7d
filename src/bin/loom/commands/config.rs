use loom_credentials::base::{Config, Paths, Setting};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::args::ConfigAction;
use crate::{Context, term};

pub fn run(action: &ConfigAction, context: &Context) -> Result<u8, Fault> {
    let fault = reason::Below::Settings;
    let paths = Paths::from_environment().map_err(fault)?;
    let path = paths.config_file();
    if matches!(action, ConfigAction::Set { .. } | ConfigAction::SetDefaultServer { .. }) {
        refuse_directories_of_another(&paths)?;
    }
    match action {
        ConfigAction::Get { key } => {
            let Some(value) = setting(key)?.get(&path).map_err(fault)? else { return Ok(1) };
            term::data_line(&value);
        }
        ConfigAction::Set { key, value } => setting(key)?.set(&path, value).map_err(fault)?,
        ConfigAction::SetDefaultServer { url } => {
            Setting::DefaultServer.set(&path, url).map_err(fault)?;
            let server = Setting::DefaultServer.get(&path).map_err(fault)?.unwrap_or_default();
            term::say(context.locale, &msg!("became-default", server = server));
        }
        ConfigAction::List => {
            Config::load(&path).map_err(fault)?;
            for setting in Setting::ALL {
                if let Some(value) = setting.get(&path).map_err(fault)? {
                    term::data_line(&format!("{} = {value}", setting.name()));
                }
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
