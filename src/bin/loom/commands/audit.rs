//! `loom audit`: reading, following and checking the log. Its columns stand in the same order in every language, since
//! scripts read them.

use loom_credentials::base::{Message, printable};
use loom_credentials::msg;
use loom_credentials::wire::{self, Actor, AuditChain, AuditEntry, AuditTrouble, Fault, reason};

use crate::args::{AuditAction, AuditTail, AuditVerify};
use crate::{Context, output, term};

pub fn run(action: AuditAction, context: &Context) -> Result<u8, Fault> {
    match action {
        AuditAction::Tail(args) => tail(args, context),
        AuditAction::Verify(args) => verify(&args, context),
    }
}

fn tail(args: AuditTail, context: &Context) -> Result<u8, Fault> {
    let question = wire::Audit { event: args.event, last: args.lines, follow: args.follow };
    let followed = context.client()?.follow(&question, |entry: AuditEntry| {
        if args.json {
            term::data_line(&serde_json::to_string(&entry).unwrap_or_default())
        } else {
            term::data_line(&line(&entry))
        }
        if output::has_arrived() { Ok(None) } else { Err(reason::Request::Cancelled.into()) }
    });
    match followed {
        // Nobody reads any more, and nobody would ever notice.
        Err(_) if !output::has_arrived() => Ok(0),
        followed => followed.map(|_| 0),
    }
}

/// One entry, in columns that stay in their order in every language: it is data.
fn line(entry: &AuditEntry) -> String {
    let actor = match &entry.actor {
        Actor::Process { uid, pid, exe, token_id } => {
            let token = token_id.as_ref().map(|id| format!("token={id} ")).unwrap_or_default();
            format!("{token}uid={uid} pid={pid} {}", exe.as_deref().unwrap_or("-"))
        }
        Actor::Person { person, subject, issuer, token_id, address } => {
            let token = token_id.as_ref().map(|id| format!("token={id} ")).unwrap_or_default();
            let by = issuer.as_ref().map(|issuer| format!(" by={issuer}")).unwrap_or_default();
            let subject = subject.as_ref().filter(|subject| *subject != person);
            let subject = subject.map(|subject| format!(" sub={subject}")).unwrap_or_default();
            format!("{token}person={person}{subject}{by} from={address}")
        }
        Actor::Token { token_id, address } => {
            let from = address.as_ref().map(|address| format!(" from={address}")).unwrap_or_default();
            format!("token={token_id}{from}")
        }
        Actor::Stranger { address } => format!("from={address}"),
    };
    let door = entry.door.as_ref().map(|door| format!(" door={door}")).unwrap_or_default();
    let server = entry.server.as_ref().map_or("-".to_owned(), ToString::to_string);
    let account = entry.account.as_deref().unwrap_or("-");
    let AuditEntry { time, event, outcome, .. } = entry;
    let more = match (entry.more, &entry.since) {
        (Some(count), Some(since)) => format!("  more={count} since={since}"),
        (Some(_), None) | (None, _) => String::new(),
    };
    let sent_to = entry.sent_to.as_ref().map(|second| format!("  sent_to={second}")).unwrap_or_default();
    let about = entry.about.as_ref().map(|about| format!("  about={about}")).unwrap_or_default();
    let call = entry.method.iter().chain(&entry.path).map(|word| format!(" {word}")).collect::<String>();
    let call = if call.is_empty() { call } else { format!("  call:{call}") };
    printable(&format!(
        "{time}  {event:<18}  {outcome:<14}  {server}  {account}  {actor}{door}{sent_to}{call}{about}{more}"
    ))
}

fn verify(args: &AuditVerify, context: &Context) -> Result<u8, Fault> {
    let found = context.client()?.ask(&wire::AuditVerify {})?;
    if args.json {
        term::data_line(&serde_json::to_string(&found).unwrap_or_default());
    }
    for chain in found.chains.iter().filter(|_| !args.json) {
        for text in about(chain) {
            match chain.broken {
                Some(_) => term::say(context.locale, &text),
                None => term::data_line(&context.locale.render(&text)),
            }
        }
    }
    if let Some(trouble) = found.trouble.as_ref().filter(|_| !args.json) {
        term::say(context.locale, &not_written(trouble));
    }
    Ok(if found.is_whole() { 0 } else { 1 })
}

/// Why the log is not written at the moment.
pub(super) fn not_written(trouble: &AuditTrouble) -> Message {
    let AuditTrouble { since, reason, waiting, lost } = trouble;
    msg!("audit-not-written", since = since, reason = reason, waiting = waiting, lost = lost)
}

/// How a chain was found, in sentences.
pub(super) fn about(chain: &AuditChain) -> Vec<Message> {
    let AuditChain { file, entries, head, .. } = chain;
    let since = chain.since.as_deref().unwrap_or("-");
    let mut texts = match &chain.broken {
        None if *entries == 0 => vec![msg!("audit-empty", file = file)],
        None => vec![msg!("audit-whole", file = file, count = entries, since = since, head = head)],
        Some(_) if chain.beginning_missing => vec![msg!("audit-missing", file = file, since = since)],
        Some(place) => vec![msg!("audit-broken", place = place)],
    };
    if chain.dropped_files > 0 {
        texts.push(msg!("audit-dropped", files = chain.dropped_files, entries = chain.dropped_entries));
    }
    if chain.cut > 0 {
        texts.push(msg!("audit-cut", count = chain.cut));
    }
    texts
}
