//! How git reaches a server, for whoever wonders why loom does not: git's settings are git's, and a front-end knows
//! them.

use loom_credentials::base::{Config, Paths, ServerUrl};
use loom_credentials::msg;
use loom_credentials::wire::{Fault, reason};

use crate::git_program::git;

/// The fault, and where a server was not reached that git is told to reach through a proxy or by an authority of its
/// own, with the lines that have loom do so too.
pub fn explained(fault: Fault) -> Fault {
    let Some(reason::Upstream::Unreachable { server, .. }) = fault.about() else { return fault };
    let config = Paths::from_environment().and_then(|paths| Config::load(&paths.config_file())).unwrap_or_default();
    let entry = config.server(&server);
    let proxy = git_says("http.proxy", &server)
        .map(|proxy| shown(&proxy))
        .filter(|_| entry.is_none_or(|entry| !entry.has_proxy()));
    let ca = git_says("http.sslCAInfo", &server).filter(|_| entry.is_none_or(|entry| entry.tls().ca_file.is_none()));
    match (proxy, ca) {
        (Some(proxy), Some(ca)) => fault.hint(msg!("hint-git-proxy-and-ca", server = server, proxy = proxy, ca = ca)),
        (Some(proxy), None) => fault.hint(msg!("hint-git-proxy", server = server, proxy = proxy)),
        (None, Some(ca)) => fault.hint(msg!("hint-git-ca", server = server, ca = ca)),
        (None, None) => fault,
    }
}

/// As the settings want it, and without what nobody should read over somebody's shoulder.
fn shown(proxy: &str) -> String {
    let whole = if proxy.contains("://") { proxy.to_owned() } else { format!("http://{proxy}") };
    match whole.split_once("://").and_then(|(scheme, rest)| Some((scheme, rest.rsplit_once('@')?))) {
        Some((scheme, (user, host))) => match user.split_once(':') {
            Some((user, _)) => format!("{scheme}://{user}:PASSWORD@{host}"),
            None => whole,
        },
        None => whole,
    }
}

fn git_says(key: &str, server: &ServerUrl) -> Option<String> {
    let said = git(&["config", "--get-urlmatch", key, &server.to_string()]).ok()?;
    let value = String::from_utf8(said.stdout).ok()?;
    Some(value.trim().to_owned()).filter(|value| !value.is_empty())
}
