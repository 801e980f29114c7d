//! The grants of a command line: written there, or in the settings under a name. Where one leaves out its repository
//! the `origin` of the directory is meant, which is looked up once and then written out.

use loom_credentials::base::{Config, Grant, GrantError, Grants, Paths};
use loom_credentials::wire::{Fault, reason};

use crate::args::token::GrantArgs;
use crate::remotes;

impl GrantArgs {
    /// Whether any are asked for.
    pub fn are_named(&self) -> bool {
        !self.allow.is_empty() || !self.named.is_empty()
    }
}

/// The grants that are asked for, written out; `None` if none are.
pub fn asked(args: &GrantArgs) -> Result<Option<Grants>, Fault> {
    if !args.are_named() {
        return Ok(None);
    }
    let mut texts = args.allow.clone();
    if !args.named.is_empty() {
        let paths = Paths::from_environment().map_err(reason::Below::Place)?;
        let config = Config::load(&paths.config_file()).map_err(reason::Below::Settings)?;
        for name in &args.named {
            let unknown = || Fault::from(reason::Command::UnknownGrants { name: name.clone() });
            texts.extend(config.grants(name).ok_or_else(unknown)?.sentences().iter().cloned());
        }
    }
    let mut here = None;
    let mut all = Vec::new();
    for text in &texts {
        let grant = match Grant::parse(text) {
            Err(GrantError::NoRepository) => {
                if here.is_none() {
                    here = Some(remotes::origin()?);
                }
                Grant::parse_at(text, here.as_ref())
            }
            parsed => parsed,
        };
        let bad = |error: GrantError| reason::Command::BadGrant { grant: text.clone(), reason: Some(error.message()) };
        all.push(grant.map_err(bad)?);
    }
    Grants::new(all).map(Some).map_err(|_| reason::Command::TooManyGrants.into())
}

/// The same as the agent is told them.
pub fn sentences(args: &GrantArgs) -> Result<Option<Vec<String>>, Fault> {
    Ok(asked(args)?.map(|grants| grants.iter().map(ToString::to_string).collect()))
}
