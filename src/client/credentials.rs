use super::Client;
use crate::base::{Credential, Expiry, Secret, ServerUrl, TokenSource};
use crate::wire::{Code, Fault, Logout, Save, Token};

/// A credential as another program gets it.
#[derive(Debug)]
pub struct Account {
    pub server: ServerUrl,
    /// The user name it is kept under.
    pub user: String,
    /// The password or access token.
    pub secret: Secret,
    pub expires: Option<Expiry>,
}

/// What other Rust programs use: load, save and delete credentials, and ask for a token.
impl Client {
    /// The credential for a server, of this user or of the default account. `None` if there is no login.
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

    /// Keeps a token for a server. It is in the store when this returns; what the account had before is replaced.
    pub fn save(&self, server: &ServerUrl, user: Option<&str>, token: Secret) -> Result<(), Fault> {
        let credential = Credential::token(token, TokenSource::Given);
        self.ask(&Save { server: Some(server.clone()), account: user.map(str::to_owned), credential }).map(|_| ())
    }

    /// Forgets a credential without telling the server. Nothing to forget is no error.
    pub fn delete(&self, server: &ServerUrl, user: Option<&str>) -> Result<(), Fault> {
        let question =
            Logout { server: Some(server.clone()), account: user.map(str::to_owned), all: false, local: true };
        match self.ask(&question) {
            Err(fault) if fault.code() != Code::LoginRequired => Err(fault),
            _ => Ok(()),
        }
    }

    /// An access token that is valid for `min_validity` seconds more, as far as that is known.
    pub fn token(&self, server: &ServerUrl, user: Option<&str>, min_validity: u32) -> Result<Secret, Fault> {
        let question =
            Token { server: Some(server.clone()), account: user.map(str::to_owned), min_validity, ..Token::default() };
        self.ask(&question).map(|reply| reply.token)
    }
}
