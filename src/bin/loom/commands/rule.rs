//! `loom rule`: which account is meant at a URL or in a directory, as the settings have it. The first rule that fits
//! decides.

use std::path::Path;

use loom_credentials::base::{AccountRule, Config, Paths, printable, settings_file};
use loom_credentials::client::refuse_directories_of_another;
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};
use serde_json::json;

use crate::absolute::absolute;
use crate::args::people::{RuleAction, RuleAdd};
use crate::{Context, term};

pub fn run(action: RuleAction, context: &Context) -> Result<u8, Fault> {
    let fault = reason::Below::Settings;
    let paths = Paths::from_environment().map_err(fault)?;
    let path = paths.config_file();
    match action {
        RuleAction::Add(args) => {
            refuse_directories_of_another(&paths)?;
            add(&args, &path)?;
            let count = Config::load(&path).map_err(fault)?.rules().len();
            term::say(context.locale, &msg!("rule-added", place = count));
        }
        RuleAction::Remove { place } => {
            refuse_directories_of_another(&paths)?;
            if !settings_file::remove_rule(&path, place).map_err(fault)? {
                return Err(reason::Command::NoSuchRule { place }.into());
            }
        }
        RuleAction::List(args) => {
            let config = Config::load(&path).map_err(fault)?;
            if args.json {
                let all: Vec<_> = config.rules().iter().enumerate().map(to_json).collect();
                term::data_line(&serde_json::Value::from(all).to_string());
            } else {
                let rows = config.rules().iter().enumerate();
                let row = |(place, rule): (usize, &AccountRule)| {
                    vec![(place + 1).to_string(), printable(&rule.subject()), printable(rule.user())]
                };
                term::table(rows.map(row).collect());
            }
        }
    }
    Ok(0)
}

fn to_json((place, rule): (usize, &AccountRule)) -> serde_json::Value {
    json!({ "n": place + 1, "match": rule.pattern(), "directory": rule.directory_as_written(), "user": rule.user() })
}

fn add(args: &RuleAdd, path: &Path) -> Result<(), Fault> {
    // The settings know what `~` is.
    let written = |directory: &Path| {
        if directory.starts_with("~") { Ok(directory.display().to_string()) } else { absolute(directory) }
    };
    let directory = args.directory.as_deref().map(written).transpose()?;
    settings_file::add_rule(path, args.pattern.as_deref(), directory.as_deref(), &args.user)
        .map_err(|message| reason::Below::Settings(message).into())
}
