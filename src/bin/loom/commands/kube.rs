//! `loom kube`: what kubectl, helm and their like run for a credential, with what they say in the environment.
//!
//! The command line stands in a kubeconfig, which may be somebody else's, and kubectl sends the token to the cluster in
//! that file. So whom the token is for is said by kubectl alone, in a variable that the file cannot set. A token of
//! another server goes to the cluster only where the user's settings lend that login to it.

use std::env::VarError;
use std::process::{Command, Stdio};

use loom_credentials::base::ServerUrl;
use loom_credentials::os::terminal;
use loom_credentials::tools::{KubeRequest, print_credential};
use loom_credentials::wire::{Code, Fault, Token, reason};

use crate::args::Kube;
use crate::{Context, term};

pub fn run(args: Kube, context: &Context) -> Result<u8, Fault> {
    let request = match std::env::var("KUBERNETES_EXEC_INFO") {
        Ok(text) => Some(KubeRequest::parse(&text).ok_or(reason::Command::KubeUnread)?),
        Err(VarError::NotPresent) => None,
        // Whom it is for is said there, and not in the file.
        Err(VarError::NotUnicode(_)) => return Err(reason::Command::KubeUnread.into()),
    };
    let cluster = match &request {
        Some(request) => Some(parse(request.server().ok_or(reason::Command::KubeNoCluster)?)?),
        None => None,
    };
    // Never a default.
    let missing = || reason::Command::UsageMissing { what: "--server".to_owned() };
    let server = cluster.clone().or_else(|| context.named.clone()).ok_or_else(missing)?;
    let other = context.named.as_ref().filter(|named| !named.same_origin(&server));
    let (account, audience, id_token) = (args.account, args.audience, args.id_token);
    let question = Token { server: Some(server.clone()), account, audience, id_token, ..Token::default() };
    let client = context.client()?;
    let ask = || match (client.ask(&question), other) {
        (Ok(reply), Some(other)) if !reply.server.same_origin(other) => Err(not_lent(other, &server)),
        // Whoever logs in at the cluster has not what the command line names.
        (Err(fault), Some(other)) if fault.login().is_some_and(|(at, _)| !is_at(at, other)) => {
            Err(not_lent(other, &server))
        }
        (answered, _) => answered,
    };
    let reply = match ask() {
        Err(fault)
            if fault.code() == Code::LoginRequired && request.as_ref().is_some_and(KubeRequest::is_interactive) =>
        {
            log_in(&fault)?;
            ask()
        }
        answered => answered,
    }?;
    let said = print_credential(request.as_ref(), &reply.token, reply.expires_at);
    term::data(&String::from_utf8_lossy(&said));
    Ok(0)
}

fn not_lent(server: &ServerUrl, cluster: &ServerUrl) -> Fault {
    reason::Command::KubeNotLent { server: server.clone(), cluster: cluster.clone() }.into()
}

fn is_at(url: &str, server: &ServerUrl) -> bool {
    ServerUrl::parse(url).is_ok_and(|url| url.same_origin(server))
}

fn parse(cluster: &str) -> Result<ServerUrl, Fault> {
    ServerUrl::from_user(cluster).map_err(|error| {
        reason::Command::BadServer { server: cluster.to_owned(), reason: Some(error.message()) }.into()
    })
}

/// Has the person at kubectl's terminal log in. Standard output is kubectl's to read, so the login talks past it.
fn log_in(fault: &Fault) -> Result<(), Fault> {
    let (Some((server, account)), Some(terminal)) = (fault.login(), terminal::to_write()) else {
        return Err(fault.clone());
    };
    let own = std::env::current_exe().map_err(|_| fault.clone())?;
    let mut login = Command::new(own);
    login.args(["login", "--server", server]).args(account.map(|account| format!("--account={account}")));
    let done = login.stdin(Stdio::inherit()).stdout(terminal).status();
    if done.is_ok_and(|status| status.success()) { Ok(()) } else { Err(fault.clone()) }
}
