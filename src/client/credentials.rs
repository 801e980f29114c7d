//! The library's short way for other programs: load, save, delete, token. Each call is one question to the agent, so it
//! can do nothing that the verbs do not.

use super::Client;
use crate::base::{Credential, Expiry, Secret, ServerUrl, TokenSource};
use crate::wire::{Code, Fault, Logout, Save, Token};

/// A credential as another program gets it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Account {
    /// The server that the credential is kept for; its path may be a prefix of the one that was asked for.
    pub server: ServerUrl,
    /// The user name that the credential is kept under.
    pub user: String,
    /// The password or access token.
    pub secret: Secret,
    /// When the secret ends; absent if that is not known.
    pub expires: Option<Expiry>,
}

/// What other Rust programs use: load, save and delete credentials, and ask for a token.
impl Client {
    /// The credential for a server, of this user or of the default account. `None` where nobody is logged in, or a
    /// person has to log in again.
    pub fn load(&self, server: &ServerUrl, user: Option<&str>) -> Result<Option<Account>, Fault> {
        let question = Token { server: Some(server.clone()), account: user.map(str::to_owned), ..Token::default() };
        match self.ask(&question) {
            Ok(reply) => Ok(Some(Account {
                server: reply.server,
                user: reply.account,
                secret: reply.token,
                expires: reply.expires_at,
            })),
            Err(fault) if fault.code() == Code::LoginRequired => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// Keeps a token for a server, in the place of what the account had. When this returns, the token is in the store.
    pub fn save(&self, server: &ServerUrl, user: Option<&str>, token: Secret) -> Result<(), Fault> {
        let credential = Credential::token(token, TokenSource::Given);
        let (server, account) = (Some(server.clone()), user.map(str::to_owned));
        self.ask(&Save { server, account, credential, check: false, repository: None }).map(|_| ())
    }

    /// Forgets a credential without telling the server. That there is none is no error.
    pub fn delete(&self, server: &ServerUrl, user: Option<&str>) -> Result<(), Fault> {
        let question =
            Logout { server: Some(server.clone()), account: user.map(str::to_owned), all: false, local: true };
        match self.ask(&question) {
            Err(fault) if fault.code() != Code::LoginRequired => Err(fault),
            _ => Ok(()),
        }
    }

    /// An access token or password that is valid for `min_validity` seconds more, as far as that is known.
    ///
    /// Fails with [`Code::LoginRequired`] where a person has to log in, and [`Code::Unavailable`] where the server
    /// could not be asked for a new token.
    pub fn token(&self, server: &ServerUrl, user: Option<&str>, min_validity: u32) -> Result<Secret, Fault> {
        let question =
            Token { server: Some(server.clone()), account: user.map(str::to_owned), min_validity, ..Token::default() };
        self.ask(&question).map(|reply| reply.token)
    }
}
