use serde::{Deserialize, Deserializer, Serialize};

use super::Message;
use crate::msg;

/// A place in which credentials are kept. Everything that differs between the places is said in this file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StoredIn {
    /// The keyring of the desktop.
    Keyring,
    /// Loom's sealed file.
    File,
    /// The agent's memory, which ends with the agent.
    Memory,
}

/// The setting `store`: where new credentials are to be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreChoice {
    /// The keyring if it answers, else the file.
    #[default]
    Auto,
    /// Always this place.
    In(StoredIn),
}

/// The words for [`StoreChoice::Auto`] and each place.
const CHOICES: &[&str] = &["auto", StoredIn::Keyring.name(), StoredIn::File.name(), StoredIn::Memory.name()];

impl StoredIn {
    /// Every place, in the order in which they are shown.
    pub const ALL: [StoredIn; 3] = [StoredIn::Keyring, StoredIn::File, StoredIn::Memory];

    /// The place's name in settings, arguments and replies.
    pub const fn name(self) -> &'static str {
        match self {
            StoredIn::Keyring => "keyring",
            StoredIn::File => "file",
            StoredIn::Memory => "memory",
        }
    }

    /// The place with this name; `None` if there is none.
    pub fn from_name(name: &str) -> Option<StoredIn> {
        StoredIn::ALL.into_iter().find(|place| place.name() == name)
    }

    /// The place's name, as people read it.
    pub fn message(self) -> Message {
        match self {
            StoredIn::Keyring => msg!("in-keyring"),
            StoredIn::File => msg!("in-file"),
            StoredIn::Memory => msg!("in-memory"),
        }
    }

    /// The sentence that a login is kept in this place.
    pub fn kept(self) -> Message {
        match self {
            StoredIn::Keyring => msg!("kept-in-keyring"),
            StoredIn::File => msg!("kept-in-file"),
            StoredIn::Memory => msg!("kept-in-memory"),
        }
    }

    /// Whether what is kept there is still there when the agent has ended.
    pub fn outlives_the_agent(self) -> bool {
        match self {
            StoredIn::Keyring | StoredIn::File => true,
            StoredIn::Memory => false,
        }
    }

    /// Whether another program provides the place and may be absent for a while. The agent then goes on with its copy
    /// in memory.
    pub fn may_be_away(self) -> bool {
        match self {
            StoredIn::Keyring => true,
            StoredIn::File | StoredIn::Memory => false,
        }
    }
}

impl StoreChoice {
    /// From the text of `LOOM_STORE`: `auto`, or the name of a place. `None` if it is neither.
    pub fn from_name(name: &str) -> Option<StoreChoice> {
        match name {
            "auto" => Some(StoreChoice::Auto),
            name => StoredIn::from_name(name).map(StoreChoice::In),
        }
    }

    /// Whether other agents see what is kept there.
    pub fn is_shared(self) -> bool {
        match self {
            StoreChoice::Auto => true,
            StoreChoice::In(place) => place.outlives_the_agent(),
        }
    }
}

impl<'de> Deserialize<'de> for StoreChoice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let name = String::deserialize(from)?;
        StoreChoice::from_name(&name).ok_or_else(|| serde::de::Error::unknown_variant(&name, CHOICES))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_one_name_wherever_it_stands() {
        for place in StoredIn::ALL {
            assert_eq!(serde_json::to_value(place).unwrap(), place.name());
            assert_eq!(StoreChoice::from_name(place.name()), Some(StoreChoice::In(place)));
            assert!(CHOICES.contains(&place.name()));
        }
        assert_eq!(CHOICES.len(), 1 + StoredIn::ALL.len());
        let unknown = serde_json::from_str::<StoreChoice>("\"cloud\"").unwrap_err().to_string();
        assert!(unknown.contains("expected one of `auto`, `keyring`, `file`, `memory`"), "{unknown}");
    }
}
