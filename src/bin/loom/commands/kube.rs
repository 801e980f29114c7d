//! `loom kube`: what kubectl, helm and their like run for a credential, with what they say in the environment.

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
        Err(_) => None,
    };
    // Never a default: a kubeconfig may be somebody else's, and kubectl sends the token to the cluster in it.
    let server = match (&context.named, request.as_ref().and_then(KubeRequest::server)) {
        (Some(named), _) => named.clone(),
        (None, Some(cluster)) => parse(cluster)?,
        (None, None) => return Err(reason::Command::UsageMissing { what: "--server".to_owned() }.into()),
    };
    let (account, audience, id_token) = (args.account, args.audience, args.id_token);
    let question = Token { server: Some(server), account, audience, id_token, ..Token::default() };
    let client = context.client()?;
    let reply = match client.ask(&question) {
        Err(fault)
            if fault.code() == Code::LoginRequired && request.as_ref().is_some_and(KubeRequest::is_interactive) =>
        {
            log_in(&fault)?;
            client.ask(&question)
        }
        answered => answered,
    }?;
    let said = print_credential(request.as_ref(), &reply.token, reply.expires_at);
    term::data(&String::from_utf8_lossy(&said));
    Ok(0)
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
