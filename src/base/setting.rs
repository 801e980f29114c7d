use std::path::Path;

use toml_edit::{Item, value};

use super::config::{parse, parse_document};
use super::{Message, ServerUrl, settings_file};
use crate::msg;

/// A setting that `loom config` reads and writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setting {
    /// `default_server`: the server that is meant where a command names none.
    DefaultServer,
    /// `store`: where new credentials are kept.
    Store,
    /// `language`: the language of loom's texts.
    Language,
    /// `autologin`: whether git may ask a person to log in, `true` or `false`.
    Autologin,
    /// `lock_after`: after how long without a request the agent locks itself, such as `15m`.
    LockAfter,
}

impl Setting {
    /// Every setting, in the order in which `loom config` lists them.
    pub const ALL: [Setting; 5] =
        [Setting::DefaultServer, Setting::Store, Setting::Language, Setting::Autologin, Setting::LockAfter];

    /// The setting's key in the file.
    pub fn name(self) -> &'static str {
        match self {
            Setting::DefaultServer => "default_server",
            Setting::Store => "store",
            Setting::Language => "language",
            Setting::Autologin => "autologin",
            Setting::LockAfter => "lock_after",
        }
    }

    /// The setting with this key; `None` if there is none.
    pub fn from_name(name: &str) -> Option<Setting> {
        Setting::ALL.into_iter().find(|setting| setting.name() == name)
    }

    /// Reads the setting's value as text from the file at `path`; `None` if the file does not set it.
    pub fn get(self, path: &Path) -> Result<Option<String>, Message> {
        let document = parse_document(path)?;
        let item = document.get(self.name());
        let flag = item.and_then(|item| item.as_bool()).map(|flag| flag.to_string());
        Ok(item.and_then(|item| item.as_str()).map(str::to_owned).or(flag))
    }

    /// Writes the value into the file at `path` and leaves the rest of the file, comments included, as it is. An
    /// invalid value is an error and changes nothing.
    pub fn set(self, path: &Path, new: &str) -> Result<(), Message> {
        let new = match self {
            Setting::DefaultServer => ServerUrl::from_user(new)
                .map_err(|error| msg!("bad-server", server = new).because(error.message()))?
                .to_string(),
            Setting::Store | Setting::Language | Setting::Autologin | Setting::LockAfter => new.to_owned(),
        };
        if parse(&format!("{} = {}", self.name(), self.written(&new))).is_err() {
            let (setting, values) = (self.name(), self.values());
            return Err(msg!("bad-setting", value = new, setting = setting, values = values));
        }
        settings_file::change(path, |document| {
            document[self.name()] = self.written(&new);
        })
    }

    /// The value as the file has it.
    fn written(self, new: &str) -> Item {
        match (self, new) {
            (Setting::Autologin, "true" | "false") => value(new == "true"),
            _ => value(new),
        }
    }

    /// What may stand there, for whoever wrote something else.
    fn values(self) -> &'static str {
        match self {
            Setting::DefaultServer => "https://git.example",
            Setting::Store => "auto, keyring, file, memory",
            Setting::Language => "en, es, ar",
            Setting::Autologin => "true, false",
            Setting::LockAfter => "15m, 1h 30m",
        }
    }

    /// Takes the setting out of the file, so that its default counts again. Returns whether it was there.
    pub fn unset(self, path: &Path) -> Result<bool, Message> {
        if parse_document(path)?.get(self.name()).is_none() {
            return Ok(false);
        }
        settings_file::change(path, |document| drop(document.remove(self.name())))?;
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_a_value_keeps_comments_and_refuses_nonsense() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        std::fs::write(&path, "# mine\nlanguage = 'es' # yes\n").unwrap();
        Setting::DefaultServer.set(&path, "Git.Example").unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains("# mine"), "{text}");
        assert!(text.contains("# yes"), "{text}");
        assert!(text.contains("\"https://git.example\""), "{text}");
        assert!(Setting::Store.set(&path, "floppy").is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        assert!(Setting::DefaultServer.unset(&path).unwrap());
        assert!(!Setting::DefaultServer.unset(&path).unwrap());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "# mine\nlanguage = 'es' # yes\n");
    }
}
