use serde::{Deserialize, Deserializer};

use super::{Grant, GrantError, Grants, Repository};

/// `[[grants]]`: grants that commands ask for by one name.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamedGrants {
    /// What they are called.
    pub name: String,
    #[serde(deserialize_with = "sentences")]
    allow: Vec<String>,
}

impl NamedGrants {
    /// The sentences, as they stand in the settings.
    pub fn sentences(&self) -> &[String] {
        &self.allow
    }
}

/// Sentences that are grants wherever a repository is meant. That there are grants is known when the settings are
/// read, and not when somebody relies on them.
fn sentences<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    let all = Vec::<String>::deserialize(from)?;
    let somewhere = Repository::parse("https://git.example/org/app").ok();
    let each = all.iter().map(|text| {
        Grant::parse_at(text, somewhere.as_ref()).map_err(|error| serde::de::Error::custom(format!("{text}: {error}")))
    });
    let grants = each.collect::<Result<Vec<_>, D::Error>>()?;
    let bounded = Grants::new(grants).map_err(|error: GrantError| serde::de::Error::custom(error))?;
    if bounded.is_empty() { Err(serde::de::Error::custom("`allow` names no grant")) } else { Ok(all) }
}
