use std::path::PathBuf;

use crate::agent::dispatch::Handle;
use crate::agent::{Agent, Caller};
use crate::base::TlsFiles;
use crate::msg;
use crate::wire::{Code, Empty, Fault, Serve, ServeEnd, ServeReply};

impl Handle for Serve {
    const EVENT: Option<&'static str> = Some("agent.serve");

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<ServeReply, Fault> {
        let config = agent.config()?.http().cloned().unwrap_or_default();
        let wrong = |message| Fault::new(Code::BadRequest, message).hint(msg!("hint-serve"));
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert: PathBuf::from(cert), key: PathBuf::from(key) }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(wrong(msg!("http-half-tls"))),
        };
        let door = config.door(self.listen.as_deref(), tls).map_err(wrong)?;
        if let Some(issuer) = self.issuer {
            agent.people.issuers.name(issuer);
        }
        let url = agent.open_http(door).await?;
        Ok(ServeReply { url, warnings: agent.http_warnings(caller) })
    }
}

impl Handle for ServeEnd {
    const EVENT: Option<&'static str> = Some("agent.serve_end");

    async fn handle(self, agent: &Agent, _: &mut Caller<'_>) -> Result<Empty, Fault> {
        agent.close_http().await;
        Ok(Empty {})
    }
}
