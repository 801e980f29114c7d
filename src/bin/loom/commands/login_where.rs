//! Where to log in, if nobody said: at a terminal a person picks one, of the servers of this repository and those that
//! many have.

use loom_credentials::base::{CloneUrl, Config, ServerUrl, ServerUrlError, server_from_user};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::git_program::git;
use crate::{Context, pick};

/// Hosts at which many people have repositories.
const COMMON: [&str; 5] = [
    "https://github.com",
    "https://gitlab.com",
    "https://bitbucket.org",
    "https://dev.azure.com",
    "https://codeberg.org",
];

/// The server that a person picks; `None` where nobody can be asked, so that the default server is meant.
pub fn picked(context: &Context) -> Result<Option<ServerUrl>, Fault> {
    if !pick::is_possible() {
        return Ok(None);
    }
    let config = Config::load(&context.client()?.paths().config_file()).map_err(reason::Below::Settings)?;
    let mut servers = remotes();
    servers.extend(config.default_server().cloned());
    servers.extend(COMMON.iter().filter_map(|url| ServerUrl::parse(url).ok()));
    let mut seen: Vec<ServerUrl> = Vec::new();
    servers.into_iter().for_each(|server| {
        if !seen.contains(&server) {
            seen.push(server)
        }
    });
    let mut labels: Vec<String> = seen.iter().map(|server| server.to_string()).collect();
    labels.push(context.locale.render(&msg!("login-elsewhere-pick")));
    let place = pick::one(&msg!("login-where"), &labels, context)?;
    if let Some(server) = seen.get(place) {
        return Ok(Some(server.clone()));
    }
    let typed = pick::line(&msg!("login-where-else"), context)?;
    let bad = |error: ServerUrlError| {
        Fault::from(reason::Command::BadServer { server: typed.clone(), reason: Some(error.message()) })
    };
    server_from_user(&typed).map(|url| Some(url.server_meant())).map_err(bad)
}

/// The servers of this repository's remotes, by https also where git uses SSH there.
fn remotes() -> Vec<ServerUrl> {
    let said = git(&["remote", "-v"]).ok().filter(|said| said.status.success());
    let said = said.map(|said| String::from_utf8_lossy(&said.stdout).into_owned()).unwrap_or_default();
    let urls = said.lines().filter_map(|line| line.split_whitespace().nth(1));
    let server = |url: &str| match CloneUrl::from_user(url) {
        Ok(url) => Some(url.server.origin()),
        Err(ServerUrlError::Ssh { https }) => ServerUrl::parse(&https).ok(),
        Err(_) => None,
    };
    urls.filter_map(server).filter(|server| matches!(server.scheme(), "https" | "http")).collect()
}
