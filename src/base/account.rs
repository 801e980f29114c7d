use std::fmt;

use serde::{Deserialize, Serialize};

use super::ServerUrl;

/// The user name of a login that was made without naming one; what a Loom server's git expects beside a token.
const DEFAULT_USER: &str = "oauth2";

/// What identifies one stored credential: a server, and one user name at that server.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AccountKey {
    server: ServerUrl,
    user: String,
}

impl AccountKey {
    /// The account of this user at this server. A login that named no user has the account `oauth2`.
    pub fn new(server: ServerUrl, user: Option<String>) -> Self {
        AccountKey { server, user: user.unwrap_or_else(|| DEFAULT_USER.to_owned()) }
    }

    /// The server at which the credential is valid.
    pub fn server(&self) -> &ServerUrl {
        &self.server
    }

    /// The user name at that server; `oauth2` for a login that named none.
    pub fn user(&self) -> &str {
        &self.user
    }
}

impl fmt::Display for AccountKey {
    /// `SERVER|USER`: a canonical URL holds no `|`, so the first one splits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}|{}", self.server, self.user)
    }
}

impl std::str::FromStr for AccountKey {
    type Err = super::ServerUrlError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (server, user) = text.split_once('|').ok_or(super::ServerUrlError::Malformed)?;
        Ok(AccountKey { server: ServerUrl::parse(server)?, user: user.to_owned() })
    }
}
