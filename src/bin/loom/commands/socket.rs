use loom_credentials::base::printable;
use loom_credentials::msg;
use loom_credentials::wire::{self, Fault, RestrictedSocket};

use crate::absolute::absolute;
use crate::args::{Json, SocketAction};
use crate::{Context, term};

/// Sockets with a token of their own, to mount into a container or to forward to another machine.
pub fn run(action: &SocketAction, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    match action {
        SocketAction::Add { path, token } => {
            let path = absolute(path)?;
            client.ask(&wire::SocketAdd { path: path.clone(), token: token.clone() })?;
            term::say(context.locale, &msg!("socket-added", path = path));
        }
        SocketAction::Remove { path } => {
            let path = absolute(path)?;
            client.ask(&wire::SocketRemove { path: path.clone() })?;
            term::say(context.locale, &msg!("socket-removed", path = path));
        }
        SocketAction::List(Json { json }) => {
            let wire::SocketsReply { sockets } = client.ask(&wire::Sockets {})?;
            match json {
                true => term::data_line(&serde_json::to_string(&sockets).unwrap_or_default()),
                false => show(&sockets, context),
            }
        }
    }
    Ok(0)
}

fn show(sockets: &[RestrictedSocket], context: &Context) {
    let text = |message| context.locale.render(&message);
    let rows = sockets.iter().map(|socket| {
        let name = socket.name.as_deref().unwrap_or(&socket.token);
        let state = if socket.active { msg!("state-valid") } else { msg!("token-state-ended") };
        vec![printable(&socket.path), printable(name), text(state)]
    });
    term::table(rows.collect());
}
