use crate::agent::fault;
use crate::base::ServerUrl;
use crate::wire::{Fault, GitCredential};

/// The server git means.
pub(crate) fn git_server(wanted: &GitCredential) -> Result<ServerUrl, Fault> {
    let of = if wanted.escaped { ServerUrl::from_escaped_parts } else { ServerUrl::from_parts };
    of(&wanted.protocol, &wanted.host, wanted.path.as_deref())
        .map_err(|error| fault::from_server_url(format_args!("{}://{}", wanted.protocol, wanted.host), &error))
}
