use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller, fault};
use crate::msg;
use crate::wire::{Code, Condition, Fault, Token, TokenReply};

impl Handle for Token {
    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<TokenReply, Fault> {
        let server = agent.server(self.server)?;
        let margin = i64::from(self.min_validity);
        let found = agent.for_person(&server, self.account.as_deref(), |held| {
            let reply = TokenReply {
                server: held.key().server().clone(),
                account: held.key().user().to_owned(),
                token: held.secret().clone(),
                expires_at: held.credential().expires(),
                scopes: Vec::new(),
            };
            (held.condition(margin), reply)
        });
        let hint = msg!("hint-login", server = server);
        match found.await? {
            Some((Condition::Valid, reply)) => Ok(reply),
            Some((Condition::Expired, _)) => {
                Err(Fault::new(Code::LoginRequired, msg!("login-expired", server = server)).hint(hint))
            }
            Some((Condition::Refused, _)) => {
                Err(Fault::new(Code::LoginRequired, msg!("login-refused-by-server", server = server)).hint(hint))
            }
            None => Err(fault::not_logged_in(&server)),
        }
    }
}
