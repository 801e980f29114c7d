use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use loom_credentials::base::StoredIn;

use super::Json;

#[derive(Subcommand)]
#[command(defer = true)]
pub enum StoreAction {
    Status(Json),
    Migrate {
        #[arg(long, value_parser = lasting_place())]
        to: StoredIn,
    },
    Rekey(Rekey),
}

#[derive(Args)]
pub struct Rekey {
    #[arg(long, conflicts_with = "no_passphrase")]
    pub passphrase: bool,
    #[arg(long)]
    pub no_passphrase: bool,
}

/// Nothing moves to where it ends with the agent.
fn lasting_place() -> impl TypedValueParser<Value = StoredIn> {
    let lasting = StoredIn::ALL.into_iter().filter(|place| place.outlives_the_agent());
    let word = |name: String| StoredIn::from_name(&name).ok_or("no such place");
    PossibleValuesParser::new(lasting.map(StoredIn::name)).try_map(word)
}
