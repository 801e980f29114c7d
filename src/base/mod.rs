//! Floor 0: what things are. Nothing here talks to anybody.

mod account;
mod account_rule;
pub mod clock;
mod config;
mod credential;
mod endpoint;
mod grant;
mod hex;
mod locale;
mod message;
mod oauth_settings;
mod paths;
mod printable;
pub mod private_file;
mod secret;
mod server_config;
mod server_url;
mod server_url_error;

pub use account::AccountKey;
pub use account_rule::AccountRule;
pub use clock::Expiry;
pub use config::{Config, Setting, StoreChoice};
pub use credential::{Credential, Kind, TokenSource};
pub use endpoint::{Endpoint, EndpointError};
pub use grant::{Grant, GrantKind};
pub use hex::hex;
pub use locale::Locale;
pub use message::Message;
pub use oauth_settings::OAuthSettings;
pub use paths::Paths;
pub use printable::printable;
pub use secret::{Secret, reveal, reveal_some};
pub use server_config::{ServerConfig, TlsSettings, from_home};
pub use server_url::ServerUrl;
pub use server_url_error::ServerUrlError;
