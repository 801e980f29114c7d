use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault, select};
use crate::base::ServerUrl;
use crate::msg;
use crate::wire::{Code, Condition, Fault, Get, GetReply, GitCredential};

impl Handle for Get {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<GetReply, Fault> {
        let server = server(&self.wanted)?;
        if server.is_cleartext() && !agent.config()?.permits(&server) {
            // Not an error: git may have it from elsewhere.
            return Err(Fault::new(Code::NotFound, msg!("not-logged-in", server = server)));
        }
        let user = self.wanted.username.as_deref();
        let reply = agent.with_accounts(|accounts| {
            let found = select::candidates(accounts, &server, user);
            found.iter().find(|held| held.condition(0) == Condition::Valid).map(|held| GetReply {
                username: held.git_user().to_owned(),
                password: held.secret().clone(),
                password_expiry_utc: held.credential().expires().map(|expiry| expiry.as_unix()),
                oauth_refresh_token: held.credential().git_refresh_token().cloned(),
            })
        });
        reply.await?.ok_or_else(|| Fault::new(Code::NotFound, msg!("not-logged-in", server = server)))
    }
}

/// The server git means.
pub(super) fn server(wanted: &GitCredential) -> Result<ServerUrl, Fault> {
    ServerUrl::from_parts(&wanted.protocol, &wanted.host, wanted.path.as_deref())
        .map_err(|error| fault::from_server_url(format_args!("{}://{}", wanted.protocol, wanted.host), &error))
}
