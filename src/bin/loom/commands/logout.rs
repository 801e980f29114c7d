use loom_credentials::msg;
use loom_credentials::wire::{self, Fault, Revocation};

use crate::args::Logout;
use crate::{Context, term};

pub fn run(args: Logout, context: &Context) -> Result<u8, Fault> {
    let question =
        wire::Logout { server: context.server.clone(), account: args.account, all: args.all, local: args.local };
    for done in context.client()?.ask(&question)?.accounts {
        let (server, account) = (&done.server, &done.account);
        let message = match done.revocation {
            Revocation::Revoked => msg!("logged-out-revoked", server = server, account = account),
            Revocation::AlreadyInvalid => msg!("logged-out-already-invalid", server = server, account = account),
            Revocation::NotSupported => msg!("logged-out-not-supported", server = server, account = account),
            Revocation::Pending => msg!("logged-out-pending", server = server, account = account),
            Revocation::NotAsked => msg!("logged-out-local", server = server, account = account),
        };
        term::say(context.locale, &message);
    }
    Ok(0)
}
