use std::path::PathBuf;

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::gate::open_http::NamedIssuer;
use crate::base::TlsFiles;
use crate::wire::{Empty, Fault, Serve, ServeEnd, ServeReply, reason};

impl Handle for Serve {
    const EVENT: Noted = Noted::Done("agent.serve");

    fn gives_rights(&self) -> bool {
        true
    }

    /// Which issuers and files count is the user's to say, and that of their settings: an issuer lets people in, and is
    /// sent what the files hold. A door that a token opened is like a socket of its own.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<ServeReply, Fault> {
        let says_more = self.issuer.is_some() || self.tls_cert.is_some() || self.tls_key.is_some();
        let the_user = says_more.then(|| caller.the_user()).transpose()?;
        let standing = caller.authority().lasting().ok_or(reason::Rights::OnlyTheUser)?.clone();
        let config = agent.settings.config()?.http().cloned().unwrap_or_default();
        let tls = match (self.tls_cert, self.tls_key) {
            (Some(cert), Some(key)) => Some(TlsFiles { cert: PathBuf::from(cert), key: PathBuf::from(key) }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => return Err(reason::Door::HalfTls.into()),
        };
        let door = config.door(self.listen.as_deref(), tls).map_err(reason::Below::HttpOptions)?;
        let issuer = the_user.zip(self.issuer).map(|(the_user, issuer)| NamedIssuer::new(the_user, issuer));
        let url = agent.doors.open_http(door, standing, issuer).await?;
        caller.notes_done();
        Ok(ServeReply { url, warnings: agent.doors.http_warnings(caller.authority(), caller.locale) })
    }
}

impl Handle for ServeEnd {
    const EVENT: Noted = Noted::Done("agent.serve_end");

    /// Who may replace a door may close it, and nobody else.
    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        if agent.doors.end_http(caller.authority().standing()).await? {
            caller.notes_done();
        }
        Ok(Empty {})
    }
}
