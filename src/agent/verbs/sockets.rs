//! Opens, lists and closes sockets that have a token of their own. Such a socket has no more rights than whoever opened
//! it, and closes when these end.

use std::path::PathBuf;

use crate::agent::Agent;
use crate::agent::call::caller::Caller;
use crate::agent::call::dispatch::Handle;
use crate::agent::call::noting::Noted;
use crate::agent::doors::RestrictedDoor;
use crate::agent::fault;
use crate::agent::gate::viewer::{Viewer, one_of_name};
use crate::wire::{Empty, Fault, RestrictedSocket, SocketAdd, SocketRemove, Sockets, SocketsReply, reason};

impl Handle for SocketAdd {
    const EVENT: Noted = Noted::Done("socket.add");

    fn gives_rights(&self) -> bool {
        true
    }

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        caller.concerns(&self.path);
        let path = PathBuf::from(&self.path);
        if !path.is_absolute() {
            return Err(reason::Door::SocketNotAbsolute { path }.into());
        }
        let viewer = Viewer::new(caller.asker(), caller.authority());
        let mut issued = agent.gate.issued(viewer).await?;
        issued.retain(|token| agent.gate.may_act_as(caller.authority(), token));
        let is_meant = |name: &str, id: &str| self.token == name || self.token == id;
        one_of_name(&issued, &self.token)?;
        let token = issued.iter().find(|token| token.active && !token.leased && is_meant(&token.name, &token.id));
        let token = token.ok_or_else(|| fault::no_such_token(&self.token))?.id.clone();
        let set_up_by = caller.authority().lasting().ok_or(reason::Rights::OnlyTheUser)?.clone();
        agent.doors.open(RestrictedDoor { path, token, set_up_by }).await?;
        caller.notes_done();
        Ok(Empty {})
    }
}

impl Handle for SocketRemove {
    const EVENT: Noted = Noted::Done("socket.remove");

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<Empty, Fault> {
        caller.concerns(&self.path);
        let written = agent.doors.close(&PathBuf::from(self.path), caller.authority().standing()).await?;
        // It is closed, whatever becomes of the list.
        caller.notes_done();
        written.map(|()| Empty {})
    }
}

impl Handle for Sockets {
    const EVENT: Noted = Noted::Never;

    async fn handle(self, agent: &Agent, caller: &mut Caller<'_>) -> Result<SocketsReply, Fault> {
        let issued = agent.gate.issued(Viewer::new(caller.asker(), caller.authority())).await?;
        let sockets = agent.doors.listed().await?.into_iter().map(|door| {
            let token = issued.iter().find(|token| token.id == door.token);
            Ok(RestrictedSocket {
                path: door.path.display().to_string(),
                name: token.map(|token| token.name.clone()),
                active: token.is_some() && agent.gate.rights_behind(&door.standing())?.is_some(),
                token: door.token,
            })
        });
        Ok(SocketsReply { sockets: sockets.collect::<Result<_, Fault>>()? })
    }
}
