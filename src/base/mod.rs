//! Floor 0: what things are. Nothing here talks to anybody.

mod account;
mod account_rule;
pub mod clock;
mod config;
mod credential;
mod locale;
mod message;
mod paths;
mod printable;
pub mod private_file;
mod secret;
mod server_url;
mod server_url_error;

pub use account::AccountKey;
pub use account_rule::AccountRule;
pub use clock::Expiry;
pub use config::{Config, Setting, StoreChoice};
pub use credential::{Credential, Kind, TokenSource};
pub use locale::Locale;
pub use message::Message;
pub use paths::Paths;
pub use printable::printable;
pub use secret::{Secret, reveal, reveal_some};
pub use server_url::ServerUrl;
pub use server_url_error::ServerUrlError;
