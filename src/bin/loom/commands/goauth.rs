//! `loom goauth`: what `GOAUTH` runs for the headers of Go's module proxies.

use std::io::Read;

use loom_credentials::client::Client;
use loom_credentials::git::schemes;
use loom_credentials::tools::{GoRequest, MAX_INPUT, challenges};
use loom_credentials::wire::{Code, Fault, reason};

use crate::args::GoAuth;
use crate::{Context, term};

pub fn run(args: &GoAuth, context: &Context) -> Result<u8, Fault> {
    let client = context.client()?;
    match &args.url {
        Some(url) => say(GoRequest::parse(url, offered()?), &client, context)?,
        // The first time, Go asks nobody in particular: only what was named is said.
        None => {
            for pattern in &context.patterns {
                let server = pattern.server().ok_or(reason::Command::OneServer)?;
                say(GoRequest::parse(&server.to_string(), Vec::new()), &client, context)?;
            }
        }
    }
    Ok(0)
}

/// The schemes of the server that refused Go, whose answer is on standard input.
fn offered() -> Result<Vec<String>, Fault> {
    let mut head = Vec::new();
    let bound = u64::try_from(MAX_INPUT).unwrap_or(u64::MAX);
    let read = std::io::stdin().lock().take(bound).read_to_end(&mut head);
    read.map_err(|error| Fault::from(reason::Command::StdinUnreadable { error: error.to_string() }))?;
    Ok(challenges(&head).iter().flat_map(|value| schemes(value)).collect())
}

/// Where there is nothing, Go learns nothing and goes on.
fn say(request: Option<GoRequest>, client: &Client, context: &Context) -> Result<(), Fault> {
    let Some((request, question)) = request.and_then(|request| request.question().map(|get| (request, get))) else {
        return Ok(());
    };
    match client.ask(&question) {
        Ok(reply) => {
            let of_origin = request.question_of_origin().and_then(|question| client.ask(&question).ok());
            let said = request.print(&reply.proof, of_origin.as_ref().map(|reply| &reply.proof));
            term::data(&String::from_utf8_lossy(&said));
        }
        // Go shows it with -x.
        Err(fault) if fault.code() == Code::LoginRequired => term::fault(context.locale, &fault),
        Err(fault) if fault.code() == Code::NotFound => {}
        Err(fault) => return Err(fault),
    }
    Ok(())
}
